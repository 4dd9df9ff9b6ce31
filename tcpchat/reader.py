"""
A reader has a place in the log, not a queue.

One who keeps up is *live*: the feeds that it follows hand it each batch at once. One whose screen
did not take all of a batch is handed nothing until the rest has drained; then it reads on from
the log where it stopped, until it is live again. So a slow reader costs the same however far it
is behind, misses nothing and sees nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import handed
from tcpchat.acknowledged import Acknowledged
from tcpchat.catching_up import CatchingUp
from tcpchat.events import Entry, Presence
from tcpchat.following import Followed, Following
from tcpchat.logs.interface import Log
from tcpchat.missed import Missed
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.replays import Part, Replay
from tcpchat.screen import Screen
from tcpchat.showing import Owner, Showing

# Seconds after which a peer is dead that acknowledges nothing while something is on its way to it.
# One that is alive and does not read acknowledges that it cannot take more.
DEAD_AFTER = 300

NOTHING: Mapping[str, Place] = {}


class Reader(Showing):
    """What one connection is shown: its place in each of the feeds that it follows, and answers."""

    __slots__ = (
        "_catching_up", "_following", "_is_reading", "_left_over", "_when_caught_up", "_when_let_go",
        "acknowledged", "is_holding", "waiting",
    )  # fmt: skip

    logger = Logger()

    def __init__(self, screen: Screen, owner: Owner, catching_up: CatchingUp) -> None:
        super().__init__(screen, owner)
        self.waiting = False  # for a turn: kept by CatchingUp
        self.acknowledged = Acknowledged()
        self._catching_up = catching_up
        self._following = Following(self)
        self.is_holding = False
        self._is_reading = False  # from the log, which may take its time
        self._left_over = NOTHING  # where what was missed goes on that is shown by /more
        self._when_caught_up: Callable[[], None] | None = None
        self._when_let_go: Callable[[], None] | None = None

    # What the session asks for

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""
        return self._owner.view(stream)

    def follow(self, feed: Followed, after: Place, certain: Place | None = None) -> None:
        """Show what comes after a place, from now on; only what is before ``certain`` was read, if given."""
        self.acknowledged.begin(feed.stream, certain or after)
        if not self._has_let_go:
            self._following.add(feed, self.view(feed.stream), after)
            self._advance()

    def follows_several(self) -> bool:
        """Tell whether the same thing may come by two feeds."""
        return len(self._following) > 1

    def unfollow(self, feed: Followed, upto: int = 0) -> None:
        """Show nothing more of a feed, if it was; who is behind is shown what comes ``upto`` an entry."""
        self.acknowledged.end(feed.stream)
        if feed.stream in self._left_over:
            self._left_over = {it: place for it, place in self._left_over.items() if it != feed.stream}
        if self._has_let_go or feed not in self._following:
            return
        place, is_behind = self._following.place(feed), not self.is_live
        self._following.remove(feed)
        if is_behind and place.seq < upto:
            self.replay(Missed([Part(feed, place, Place(upto, upto))], counts=False))

    def leave_over(self, places: Mapping[str, Place]) -> None:
        """What comes after these places has not been read, and is not shown unless that is asked for."""
        self._left_over = places

    def restyle(self) -> None:
        """The owner's view of something has changed."""
        self._following.restyle(self.view)

    @property
    def is_live(self) -> bool:
        """Is everything shown that there is?"""
        return self._following.is_live

    def hold(self) -> None:
        """Show nothing until `go`, but what is told before."""
        self.is_holding = True
        self._following.fall_behind()

    def go(self) -> None:
        """Show everything that was held."""
        if self.is_holding:
            self.is_holding = False
            self._advance()

    def when_caught_up(self, call: Callable[[], None]) -> None:
        """Call something as soon as everything there is has been shown."""
        if self.is_live or self._gone:
            call()
        else:
            self._when_caught_up = call

    def stop(self) -> None:
        """Show nothing more at all."""
        if not self._gone:
            self._gone = True
            self._stop_following()
            self._answers = ()
            self._call_when_caught_up()

    def end(self) -> None:
        """Nobody will ask for anything any more: refer to nothing that refers to this."""
        del self._owner, self._following

    def when_let_go(self, call: Callable[[], None]) -> None:
        """Call something as soon as nothing is followed any more."""
        if self._has_let_go:
            call()
        else:
            self._when_let_go = call

    def let_go(self) -> Acknowledged:
        """Follow nothing any more, and return how far everything was read; answers are shown still."""
        if not self._gone:
            self._stop_following()
            self._answers = [answer for answer in self._answers if isinstance(answer, bytes)]
            self._advance()
        return self.acknowledged

    def _stop_following(self) -> None:
        if not self._has_let_go:
            self._has_let_go = True
            self.acknowledged.stop(self.screen.traffic(), self._unsent, self.places())
            self._following.clear()
            if self._when_let_go:
                self._when_let_go()

    def look_at_traffic(self, floor: Mapping[str, Place]) -> None:
        """
        Look how much of what was shown has arrived; whose peer is dead is cut off.

        ``floor`` is up to where at least everybody has been shown who is live.
        """
        if self._gone:
            return
        traffic = self.screen.traffic()
        places = floor if self.is_live and not self._left_over else self.places()
        self.acknowledged.measure(traffic, self._unsent, places)
        if traffic and traffic.queued and traffic.silence > DEAD_AFTER:
            self.screen.abort()

    def read_for_certain(self) -> Mapping[str, Place]:
        """Return up to where everything has arrived by now; or was sent, where no more is known."""
        if not self._gone:
            traffic = self.screen.traffic()
            if traffic is None:
                return self.places()
            self.acknowledged.measure(traffic, self._unsent, self.places())
        return self.acknowledged.certain

    def places(self) -> dict[str, Place]:
        """Return the place in every stream that is followed; what is yet to be replayed lies behind it."""
        places = self._following.places()
        places.update((it, place) for it, place in self._left_over.items() if it in places)
        for waiting in self._answers:
            if not isinstance(waiting, bytes):
                places.update(waiting.places())
        return places

    def follows(self) -> dict[str, Place]:
        """Return the place in every stream from which it goes on behind all that is yet to be replayed."""
        return self._following.places()

    # From one process to the next

    @property
    def is_reading(self) -> bool:
        """Is something on its way from the log?"""
        return self._is_reading

    def hand_on(self, unsent: bytes) -> handed.Reading:
        """Return what was shown, and what is yet to be, for another process; nothing more is shown here."""
        it = handed.Reading(
            dict(self.follows()),
            dict(self.acknowledged.places),
            dict(self._left_over),
            list(self._following.renamings),
            [answer if isinstance(answer, bytes) else answer.hand_on() for answer in self._answers],
            unsent,
            self._held_answers,
            self.is_holding,
        )
        self.stop()
        return it

    def go_on_from(
        self,
        it: handed.Reading,
        feed: Callable[[str], Followed | None],
        waiting: Callable[[handed.Replay], Replay | None],
    ) -> None:
        """Show what another process would have shown next; of streams, and replays, that there still are."""
        if it.is_holding:
            self.hold()
        answers = [answer if isinstance(answer, bytes) else waiting(answer) for answer in it.answers]
        self._go_on_with([answer for answer in answers if answer is not None], it.unsent, it.held)
        self._following.remember(it.renamings)
        for stream, place in it.places.items():
            if (followed := feed(stream)) is not None:
                here = Place(*place)
                self.follow(followed, here, Place(*it.acknowledged.get(stream, here)))
        self._left_over = {it: Place(*place) for it, place in it.left_over.items()} or NOTHING
        self._advance()

    # What the feeds ask

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        """Return the numbers of the renamings that were shown by another feed; count the others as shown."""
        return self._following.seen_elsewhere(entries)

    def has_new(self, feed: Followed, upto: Place) -> bool:
        """Tell whether who came and went up to a place is new to the reader, and count it as shown now."""
        return self._following.has_new(feed, upto)

    # Falling behind and catching up

    def _fall_behind(self) -> None:
        self._following.fall_behind()

    def _advance(self) -> None:
        """Be live again, or wait for a turn to read on."""
        if self._gone or self._unsent or self.is_live or self.is_holding or self._is_reading:
            return
        if self._answers or self._following.behind():
            self._catching_up.wait(self)
        else:
            self._following.go_live()
            self._call_when_caught_up()

    def _call_when_caught_up(self) -> None:
        if self._when_caught_up:
            call, self._when_caught_up = self._when_caught_up, None
            call()

    def read_on(self, log: Log) -> None:
        """Show the next answer that waits, or one chunk that is read from the log."""
        if self._gone or self._unsent or self.is_holding or self._is_reading:
            return
        if self._answers:
            answer = self._answers[0]
            if isinstance(answer, bytes):
                self._answers = self._answers[1:]
                self._show_answer(answer)
                self._advance()
                return
            read = answer.read(log, self).addCallback(self._show_replay, answer)
        elif feed := self._following.behind():
            view = self._following.view(feed)
            place, here = self._following.place(feed), feed.here(view)
            fold = feed.fold(place, here.presence, view, self.person)
            if fold is not None:
                self._following.move(feed, place._replace(presence=here.presence))
                self._show_answer(fold)
                self._advance()
                return
            after = place.seq if place.presence >= here.presence else min(place)
            read = feed.read(log, after).addCallback(self._show, feed, here, log.kept_after(feed.stream))
        else:
            self._advance()
            return
        self._is_reading = True
        read.addBoth(self._has_read).addErrback(self._failed)

    def _has_read(self, outcome: Failure | None) -> Failure | None:
        self._is_reading = False
        if outcome is None:
            self._advance()
        return outcome

    def _show_replay(self, data: bytes, replay: Replay) -> None:
        if self._gone:
            return
        if replay.is_over:
            self._answers = self._answers[1:]
        self._show_answer(data)

    def _show(self, entries: list[Entry], feed: Followed, here: Place, kept_after: int) -> None:
        if feed not in self._following or self._unsent:
            return  # gone, or out of this room, since
        place, view = self._following.place(feed), self._following.view(feed)
        if entries:  # the log may have forgotten more than it has told yet
            kept_after = max(kept_after, entries[0].seq - 1)
        lost = feed.render_gap(place.seq, kept_after, view) if kept_after > place.seq else b""
        new = []
        last = 0
        for entry in entries:
            presence = isinstance(entry.event, Presence)
            if entry.seq > max(here):
                break
            if place.presence < entry.seq <= here.presence if presence else place.seq < entry.seq:
                new.append(entry)
            last = entry.seq
        if not last:  # there is nothing more to be had
            last = max(here)
        self._following.move(feed, place.at_least(Place(last, min(last, here.presence))))
        data = lost + feed.render(new, view, self)
        if data:
            self.was_shown(data, self.screen.show(data))

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("The log cannot be read", failure, session=self.session)
        self.stop()
        self.screen.abort()

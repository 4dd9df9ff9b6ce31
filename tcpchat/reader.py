"""
A reader has a place in the log, not a queue.

One who keeps up is *live*: the feeds that it follows hand it each batch at once. One whose screen
did not take all of a batch is handed nothing until the rest has drained; then it reads on from
the log where it stopped, until it is live again. So a slow reader costs the same however far it
is behind, misses nothing and sees nothing twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.catching_up import CatchingUp
from tcpchat.events import Entry, Presence, Renamed
from tcpchat.limits import MOST_HELD_ANSWERS
from tcpchat.logs.interface import Log
from tcpchat.places import Place, pieces
from tcpchat.render import View
from tcpchat.screen import Screen

# Entries read from the log at once for one reader.
READ_AT_ONCE = 64
# Renamings remembered by a reader, who may meet each again in the next room: more than happen
# while one catches up with two rooms.
REMEMBERED_RENAMINGS = 64


class Owner(Protocol):
    """What a reader needs from the session that it reads for."""

    def view(self, stream: str) -> View:
        """Return how the session sees a stream."""

    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read: ask for no more of them, until told so."""


class Followed(Protocol):
    """What a reader needs from a feed (feed.py)."""

    stream: str
    shown: int

    def here(self, view: View) -> Place:
        """Return the place of the live readers with this view."""

    def enter(self, reader: Reader, view: View) -> None:
        """Count a reader among the live ones."""

    def leave(self, reader: Reader, view: View) -> None:
        """Count a reader among the live ones no longer."""

    def render(self, entries: list[Entry], view: View, reader: Reader) -> bytes:
        """Return entries as a reader who is behind is shown them."""

    def show_folded(self) -> None:
        """Show at once what waits to be shown folded."""

    def render_past(self, entries: list[Entry], view: View, reader: Reader) -> bytes:
        """Return what people said, as it is shown of the past."""


class _Replay(NamedTuple):
    """A part of the past that is to be shown, and what is told in front of it and behind."""

    feed: Followed
    after: int
    upto: int
    begin: bytes
    end: bytes


class Reader:
    """One session's place in each of the feeds that it follows."""

    logger = Logger()

    def __init__(self, session: str, screen: Screen, owner: Owner, catching_up: CatchingUp) -> None:
        self.session = session
        self.screen = screen
        self.is_live = True
        self.waiting = False  # for a turn: kept by CatchingUp
        self._owner = owner
        self._catching_up = catching_up
        self._views: dict[Followed, View] = {}  # the feeds followed
        self._joined: dict[Followed, int] = {}  # the entry after which each is followed
        self._places: dict[Followed, Place] = {}  # of those, where the reader is behind
        self._answers: deque[bytes | _Replay] = deque()  # a replay, and what was told since
        self._renamings: deque[str] = deque(maxlen=REMEMBERED_RENAMINGS)
        self._unsent = False
        self._held_answers = 0
        self._gone = False
        self._when_caught_up: Callable[[], None] | None = None

    # What the session asks for

    def follow(self, feed: Followed, after: int) -> None:
        """Show what comes after an entry, from now on."""
        if self._gone:
            return
        view = self._owner.view(feed.stream)
        self._views[feed] = view
        self._joined[feed] = after
        here = feed.here(view)
        if self.is_live and here.seq <= after and here.presence <= after:
            feed.enter(self, view)
        else:
            self._places[feed] = Place(after, after)
            self._fall_behind()
            self._advance()

    def unfollow(self, feed: Followed) -> None:
        """Show nothing more of a feed."""
        if self._gone:
            return
        if self.is_live:
            feed.leave(self, self._views[feed])
        del self._views[feed], self._joined[feed]
        self._places.pop(feed, None)

    def restyle(self) -> None:
        """The owner's view of something has changed."""
        for feed, old in list(self._views.items()):
            new = self._owner.view(feed.stream)
            if new == old:
                continue
            if new.joins != old.joins:
                feed.show_folded()
            if self._gone:
                return
            self._views[feed] = new
            if self.is_live:
                feed.leave(self, old)
                feed.enter(self, new)

    def tell(self, data: bytes) -> None:
        """Show an answer: something that no log holds."""
        if self._gone or not data:
            return
        taken: int | Exception = 0
        if self._answers:
            self._answers.append(data)
        elif self._unsent:
            self.screen.keep(data)
        else:
            taken = self.screen.show(data)
            self.was_shown(data, taken)
        if isinstance(taken, int) and taken < len(data):
            self._held_answers += len(data) - taken
            if self._held_answers > MOST_HELD_ANSWERS:
                self._owner.hold_answers(True)

    def replay(self, feed: Followed, after: int, upto: int, begin: bytes, end: bytes) -> None:
        """Show what was said between two entries, read from the log at the pace of the reader."""
        if self._gone:
            return
        self._answers.append(_Replay(feed, after, upto, begin, end))
        self._fall_behind()
        self._advance()

    def when_caught_up(self, call: Callable[[], None]) -> None:
        """Call something as soon as everything there is has been shown."""
        if self.is_live or self._gone:
            call()
        else:
            self._when_caught_up = call

    def stop(self) -> None:
        """Show nothing more at all."""
        self._fall_behind()
        self._gone = True
        self._views.clear()
        self._places.clear()
        self._answers.clear()
        self._call_when_caught_up()

    # What the feeds and the screen tell

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        """The screen was shown this, and took so many bytes of it."""
        if self._gone or taken == len(data):
            return
        self._fall_behind()
        if not isinstance(taken, int):
            # Reading from a socket that a write has found broken looks like a farewell, so
            # that must not be left to the next read.
            self.stop()
            self.screen.abort()
            return
        self._unsent = True
        self.screen.keep(data[taken:])

    def drained(self) -> None:
        """The screen has sent all that it was given."""
        if self._gone or not self._unsent:
            return
        self._unsent = False
        if not self._answers:
            self._let_go_of_answers()
        self._advance()

    def follows_several(self) -> bool:
        """Tell whether the same thing may come by two feeds."""
        return len(self._views) > 1

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        """
        Return the numbers of the renamings that the reader was shown by another feed.

        It counts the others as shown now.
        """
        seen = set()
        for entry in entries:
            if isinstance(entry.event, Renamed) and len(entry.event.rooms) > 1:
                if entry.event.id in self._renamings:
                    seen.add(entry.seq)
                self._renamings.append(entry.event.id)
        return seen

    # Falling behind and catching up

    def _fall_behind(self) -> None:
        if not self.is_live:
            return
        self.is_live = False
        for feed, view in self._views.items():
            if feed in self._places:
                continue  # it is about to be followed
            feed.leave(self, view)
            here = feed.here(view)
            self._places[feed] = Place(here.seq, max(here.presence, self._joined[feed]))

    def _is_behind(self, feed: Followed) -> bool:
        place, here = self._places[feed], feed.here(self._views[feed])
        return place.seq < here.seq or place.presence < here.presence

    def _advance(self) -> None:
        """Be live again, or wait for a turn to read on."""
        if self._gone or self._unsent or self.is_live:
            return
        if self._answers or any(map(self._is_behind, self._places)):
            self._catching_up.wait(self)
            return
        # The test and this are one turn of the reactor: nothing falls between them.
        self._places.clear()
        self.is_live = True
        for feed, view in self._views.items():
            feed.enter(self, view)
        self._call_when_caught_up()

    def _call_when_caught_up(self) -> None:
        if self._when_caught_up:
            call, self._when_caught_up = self._when_caught_up, None
            call()

    def read_on(self, log: Log) -> None:
        """Show the next answer that waits, or one chunk that is read from the log."""
        if self._gone or self._unsent:
            return
        if self._answers:
            answer = self._answers.popleft()
            if isinstance(answer, bytes):
                self._show_answer(answer)
                self._advance()
                return
            stream, after = answer.feed.stream, answer.after
            read = maybeDeferred(log.read_spoken, stream, after, answer.upto, READ_AT_ONCE)
            read.addCallback(self._show_past, answer)
        elif feed := next(filter(self._is_behind, self._places), None):
            place, here = self._places[feed], feed.here(self._views[feed])
            after = place.seq if place.presence >= here.presence else min(place)
            read = maybeDeferred(log.read, feed.stream, after, READ_AT_ONCE)
            read.addCallback(self._show, feed, here)
        else:
            self._advance()
            return
        read.addCallback(lambda _: self._advance()).addErrback(self._failed)

    def _show_past(self, entries: list[Entry], replay: _Replay) -> None:
        if self._gone:
            return
        piece = next(pieces(entries))
        past = replay.feed.render_past(piece, self._owner.view(replay.feed.stream), self)
        if piece and (len(piece) < len(entries) or len(entries) == READ_AT_ONCE):
            self._answers.appendleft(replay._replace(after=piece[-1].seq, begin=b""))
            self._show_answer(replay.begin + past)
        else:
            self._show_answer(replay.begin + past + replay.end)

    def _show_answer(self, data: bytes) -> None:
        self.was_shown(data, self.screen.show(data))
        if not (self._answers or self._unsent):
            self._let_go_of_answers()

    def _let_go_of_answers(self) -> None:
        if self._held_answers:
            self._held_answers = 0
            self._owner.hold_answers(False)

    def _show(self, entries: list[Entry], feed: Followed, here: Place) -> None:
        place = self._places.get(feed)
        if place is None or self._unsent:
            return  # gone, or out of this room, since
        new = []
        last = 0
        for entry in next(pieces(entries)):
            presence = isinstance(entry.event, Presence)
            if entry.seq > max(here):
                break
            if place.presence < entry.seq <= here.presence if presence else place.seq < entry.seq:
                new.append(entry)
            last = entry.seq
        if not last:  # there is nothing more to be had
            last = max(here)
        self._places[feed] = Place(max(place.seq, last), max(place.presence, min(last, here.presence)))
        data = feed.render(new, self._views[feed], self)
        if data:
            self.was_shown(data, self.screen.show(data))

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("Session {session}: cannot read the log", failure, session=self.session)
        self.stop()
        self.screen.abort()

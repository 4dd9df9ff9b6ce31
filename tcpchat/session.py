"""
One person's presence: who somebody is, independent of the connection, which it outlives for a while.

What of it is kept is in keeping.py, what can be asked for over a connection in present.py, and coming back
over another in returning.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

from tcpchat import mentions, render
from tcpchat.asked_before import AskedBefore
from tcpchat.dialogue import Dialogue
from tcpchat.events import Told, inbox
from tcpchat.feed import Feed
from tcpchat.keeping import Keeping
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.reader import NOTHING
from tcpchat.registry import Claiming
from tcpchat.render import View
from tcpchat.requests import Refused
from tcpchat.room import LOBBY
from tcpchat.room_feed import RoomFeed
from tcpchat.settings import Settings
from tcpchat.tickets import Ticket

NOBODY: frozenset[str] = frozenset()

# All who see things alike share one view: it is asked for again and again, and there are few.
_view = lru_cache(256)(View)


class Session(Keeping):
    """Somebody who has a nickname."""

    __slots__ = "_asked_before", "acknowledged", "budget", "dialogue", "ignored_lately", "lost"

    is_distant = False

    def __init__(self, dialogue: Dialogue, id: str, person: Person, ticket: Ticket) -> None:
        super().__init__(dialogue.chat, id, person, ticket, dialogue.address)
        person.sessions = *person.sessions, self
        self.dialogue = dialogue
        self.budget = self.chat.pacing.budget()
        # The current room that was taken from the person, and when: what they say next may be meant for it.
        self.lost: tuple[str, float] | None = None
        self._asked_before: AskedBefore | None = None
        self.ignored_lately = NOBODY  # whom one did not hear over this connection
        self.acknowledged = dialogue.reader.acknowledged  # by the last connection, once it has broken

    @property
    def settings(self) -> Settings:
        """What the person has set."""
        return self.dialogue.settings

    @property
    def asked_before(self) -> AskedBefore:
        """What a program has asked for before, by its references."""
        if self._asked_before is None:
            self._asked_before = AskedBefore(self.chat.log, self.id)
        return self._asked_before

    # What others may know

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self.dialogue.idle

    @property
    def is_broken(self) -> bool:
        """Is the connection broken, and has nobody been told so yet?"""
        return self.broken is not None

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in, but for that of the audit trail: others do not know of it."""
        return sorted(feed.stream for feed in self.feeds if feed is not self.chat.rooms.audit)

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages of the person: show them."""
        reader = self.dialogue.reader
        if feed.stream not in reader.acknowledged.places:
            reader.follow(feed, Place(feed.shown, feed.shown))

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply goes there, unless it was not heard."""
        person = self.person
        if person.correspondent != event.person and render.is_heard(event, self.view(inbox(person.id))):
            person.correspondent = event.person
            if self.chat.people.person(person.id) is person:  # and has not left meanwhile
                self.keep()

    # What the person sees

    @property
    def current(self) -> RoomFeed:
        """
        The room that what one says goes to.

        Raises:
            Refused: there is none.
        """
        if not self.feeds:
            raise Refused(f"You are in no room. /join {LOBBY}", "not-member")
        return self.feeds[-1]

    def view(self, stream: str) -> View:
        """Return how the person sees a stream."""
        settings = self.settings
        view = _view(
            bool(self.feeds) and self.feeds[-1].stream == stream,
            settings.echo,
            settings.joins,
            settings.timestamps,
            settings.numbers,
            settings.timezone,
            color=settings.color,
        )
        if ignored := self.person.ignored:
            view = view._replace(ignored=frozenset((*ignored, *ignored.values())))
        return view._replace(bell=mentions.fold(self.person.name.fold)) if settings.bell else view

    def restyle(self) -> None:
        """What the person sees is another way from now on."""
        if ignored := self.person.ignored:
            self.ignored_lately |= {*ignored, *ignored.values()}
        if not self.is_broken:
            self.dialogue.reader.restyle()

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """The person has come into a room by an entry, and talks where they did before: tell why."""
        if feed in self.feeds:
            return
        self.feeds.insert(0, feed)
        if not self.is_broken:
            self.dialogue.tell(f"{why} You are in {feed.stream}, too.")
            self.dialogue.reader.follow(feed, Place(seq, seq))
            self.dialogue.reader.restyle()
            self.keep()

    def also_in(self, feed: RoomFeed, seq: int) -> None:
        """The person has gone into a room by an entry over another connection: show it over this, too."""
        if feed in self.feeds:
            return
        self.feeds.insert(max(0, len(self.feeds) - 1), feed)
        if not self.is_broken:
            dialogue = self.dialogue
            dialogue.tell(f"You are in {feed.stream} now, too: you joined it over another connection.")
            shown = seq - dialogue.speaks_json  # a program is shown its own coming, too
            dialogue.reader.follow(feed, Place(shown, shown))
            dialogue.reader.restyle()
            self.keep()

    def forget_lost_rooms(self) -> None:
        """The person has just come in: they may have been put out of some rooms again meanwhile."""
        self.feeds = [feed for feed in self.feeds if self.person.id in feed.room.members]

    def put_out_of(self, feed: RoomFeed) -> None:
        """The person was put out of a room: whoever reads slowly is still shown what was before that."""
        if feed in self.feeds:
            self.drop(feed, f"You are no longer in {feed.stream}.", upto=feed.shown)

    def drop(self, feed: RoomFeed, why: str, upto: int = 0) -> None:
        """
        The person is no longer in a room, if they were: tell why, and where they are now.

        Of the room everything ``upto`` an entry is shown still to one who is behind.
        """
        if feed not in self.feeds:
            return
        if feed is self.feeds[-1]:
            self.lost = feed.stream, self.chat.clock.seconds()
        self.feeds.remove(feed)
        reader = self.dialogue.reader
        reader.unfollow(feed, upto)
        reader.restyle()
        now = f"in {self.current.stream}" if self.feeds else "in no room"
        self.dialogue.tell(f"{why} You are {now}.")
        self.keep()

    def banish(self, why: Refused) -> None:
        """The person may not be here any more: tell why, hang up, and let nobody take this up again."""
        self.chat.forget(self.id)
        if self.is_broken:
            self.stay()
            self._leave("")
        else:
            self.dialogue.cut_off(why)

    # Names

    def claim(self, typed: str, or_variant: bool = False) -> Claiming:
        """
        Hold a nickname that the person asks for, beside the one that they have, or begin to.

        Raises:
            Refused: it is no nickname, or it is taken.
        """
        return self.chat.registry.claim_at_once(typed, self.person.id, self.address, or_variant)

    def release(self, name: Name) -> None:
        """Hold a nickname no longer."""
        self.chat.registry.release(name, self.person.id, self.address)

    # The end of a connection, and of it all

    def enter(self) -> None:
        """Be somebody whom others find."""
        self.chat.people.enter(self.person, self)

    def break_off(self) -> None:
        """The connection has broken: it is told nobody for a while, in which the person may be back."""
        self._stop()
        self.chat.sightings.tell("{nick} is no longer connected", self.id, self.nick)
        self.dialogue.reader.let_go()
        if not self.chat.is_stopped:
            self.wait("connection lost")
        self.keep()

    def wait(self, reason: str) -> None:
        """Wait a while for the person; then they have left for this reason."""
        self.chat.broken.set(self.id, partial(self._leave, reason, is_farewell=False))

    def leave(self, reason: str) -> None:
        """The person has said farewell; they can still come back."""
        if self.chat.is_stopped or self.chat.registry.is_unsure:
            self.break_off()  # it was rather the server that ended, or they may be on another one by now
        else:
            self.dialogue.reader.leave_over(NOTHING)  # they have been told how to see it
            self._stop()
            self._leave(reason)

    def withdraw(self) -> None:
        """The person could not come in."""
        self.chat.people.withdraw(self.person)
        self.chat.forget(self.id)
        self.release(self.person.name)

    def give_way(self, reason: str) -> None:
        """The person goes on as somebody else over the same connection: this one has left, for good."""
        dialogue, chat = self.dialogue, self.chat
        reader = dialogue.reader
        places = reader.places()
        for feed in self.feeds:
            reader.unfollow(feed)
        if inbox(self.person.id) in places:
            reader.unfollow(chat.inboxes.feed(self.person.id))
        chat.cursors.rest(self.id, places)
        self._leave(reason)
        self._note_absence(places)
        chat.forget(self.id)

    def stay(self) -> None:
        """The person is about to be back: nothing is to be told."""
        self.chat.broken.cancel(self.id)

    def _stop(self) -> None:
        """Go on, if at all, where the connection has stopped: what was there when it ends is still shown."""
        reader = self.dialogue.reader
        self.acknowledged = reader.acknowledged
        self.broken = self.chat.wall()
        self.chat.resumable.expire(self.id, self.chat.clock.seconds() + LONGEST_ABSENCE)
        self._rest(self.acknowledged.places)
        self.chat.leaving[self.id] = reader
        reader.when_let_go(self._has_stopped)

    def _has_stopped(self) -> None:
        del self.chat.leaving[self.id]
        self._rest(self.acknowledged.certain)

    def _rest(self, places: Mapping[str, Place]) -> None:
        if self.is_abroad:
            return
        # Private messages may come while nobody follows the inbox: they are missed from the first on.
        self.chat.cursors.rest(self.id, {inbox(self.person.id): Place(0, 0)} | dict(places))
        if self not in self.person.sessions:
            self._note_absence(places)

    def _note_absence(self, places: Mapping[str, Place]) -> None:
        if account := self.chat.accounts.get(self.person.account):
            self.chat.absences.note(account.id, places)

    def _leave(self, reason: str, is_farewell: bool = True) -> None:
        if self.chat.registry.is_fenced:
            self.wait(reason)  # the others may have shown them as gone, and may have them again
            return
        if self.chat.resumable.holds(self.id):
            self._keep(has_left=True)
        person = self.person
        self._note_absence(self.acknowledged.certain)
        if self.chat.depart(person, self, self.feeds, reason):
            # After a break the name was kept for as long as it is after a farewell.
            self.chat.registry.release_all(person.id, self.address, is_kept=is_farewell)
        elif not person.is_here:
            self.chat.registry.pass_all_on(person.id, self.chat.elsewhere.node_of(person))
        self.chat.sightings.tell("{nick} has left", self.id, self.nick)

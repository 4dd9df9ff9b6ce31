"""
Who is there over another node of a cluster: found here as everybody else is.

Each node keeps a record of every session, and the log tells the others what becomes of it. What such a
session does, and is shown, is its own node's affair: here it is a seat of its person that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from tcpchat import records
from tcpchat.departures import Departures
from tcpchat.events import Told, inbox
from tcpchat.feed import Feed
from tcpchat.inboxes import Inboxes
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.logs.interface import Log
from tcpchat.names import Name, NotAName, nickname
from tcpchat.people import People
from tcpchat.person import Person, Seat
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.requests import Refused
from tcpchat.resumable import Resumable
from tcpchat.room import AUDIT
from tcpchat.room_feed import RoomFeed
from tcpchat.rooms import Rooms

# Seconds within which the log says of somebody that they have left whose record says so: their own node
# appends it at once, and what other nodes keep and what they append comes by two ways.
TOLD_WITHIN = 3.0
# Seconds between two looks whether it does.
LOOK_AGAIN = 0.05


class DistantSeat:
    """A session of somebody on another node."""

    is_distant = True
    idle = None

    def __init__(self, id: str, record: KeptSession, rooms: Rooms) -> None:
        self.id = id
        self.record = record
        self._rooms = rooms

    @property
    def person_id(self) -> str:
        """The id of the person whose session it is."""
        return self.record.account or self.id

    @property
    def address(self) -> str:
        """Where it is connected from, or was last."""
        return self.record.address

    @property
    def is_broken(self) -> bool:
        """Is the connection broken, and has nobody been told so yet?"""
        return self.record.broken is not None

    @property
    def feeds(self) -> list[RoomFeed]:
        """The rooms that the person is in: that they are says the log, in which order the record."""
        feeds = filter(None, map(self._rooms.open_room, self.record.rooms))
        return [feed for feed in feeds if self.person_id in feed.room.members]

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in, but for that of the audit trail."""
        return sorted(feed.stream for feed in self.feeds if feed.stream != AUDIT)

    def restyle(self) -> None:
        """Nothing is seen here."""

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """Its node tells why."""

    def drop(self, feed: RoomFeed, why: str) -> None:
        """Its node tells why."""

    def heard_from(self, event: Told) -> None:
        """Its node notes it."""

    def follow_inbox(self, feed: Feed) -> None:
        """Its node shows them."""

    def put_out_of(self, feed: RoomFeed) -> None:
        """Its node tells them."""

    def banish(self, why: Refused) -> None:
        """Its node hangs up: a ban holds there as soon as here."""


class Elsewhere:
    """Keeps up to date who is there over the other nodes. On a server alone there is nothing to do."""

    def __init__(
        self,
        log: Log,
        clock: IReactorTime,
        people: People,
        rooms: Rooms,
        inboxes: Inboxes,
        resumable: Resumable,
        departures: Departures,
    ) -> None:
        # Is told of a session of this node that is another one's now, again and again until it is let go.
        self.moved: Callable[[Seat], object] = lambda session: None
        # Is told of somebody of whom it was seen how they are there over another node.
        self.seen: Callable[[Person], object] = lambda person: None
        log.arrived = self._arrived
        log.forgetting = partial(rooms.keep, 1)
        self._log = log
        self._clock = clock
        self._people = people
        self._rooms = rooms
        self._inboxes = inboxes
        self._resumable = resumable
        self._departures = departures
        self._seats: dict[str, DistantSeat] = {}  # by session
        # Who left this node, while another one had them still: the session, and why it ended.
        self._left_to_others: dict[str, tuple[str, str]] = {}
        self._leaving: dict[str, Sequence[RoomFeed]] = {}  # who have left, in which rooms were those

    async def open(self) -> None:
        """Take in who is there, and from now on what becomes of them."""
        if self._log.node:
            self._log.watch(records.SESSION, self.take_in)
            for session, kept in (await self._log.records(records.SESSION)).items():
                self.take_in(session, kept)

    def _arrived(self, stream: str) -> None:
        """Another node has added to a stream that is not followed here: follow it, if it matters here."""
        if stream.startswith("#"):
            self._rooms.appear(stream)
        else:
            self._inboxes.show(stream.removeprefix(inbox("")))

    def take_in(self, session: str, kept: bytes | None) -> None:
        """This is kept of a session, or no longer."""
        record = None if kept is None else records.session(kept)
        seat = self._seats.get(session)
        own = None if seat else self._people.session(session)
        is_distant = record is not None and record.node not in ("", self._log.node)
        if own is None or is_distant:
            self._let_come_back(session, record)
        if record is None or not is_distant or record.has_left:
            if seat is not None:
                self._gone(seat)
            return
        if seat is not None and seat.person_id == (record.account or session):
            self._change(seat, record)
        else:
            if seat is not None:
                self._gone(seat)
            self._come(session, record)
        if person := self._people.person(record.account or session):
            for each in person.sessions:
                if each.id == session and not each.is_distant:
                    self.moved(each)
            self.seen(person)

    def _let_come_back(self, session: str, record: KeptSession | None) -> None:
        """A session can be taken up here as well, for as long as there: its node may be dead by then."""
        if record is None:
            self._resumable.remove(session)
            return
        self._resumable.add(session, record.secrets)
        if record.has_left or record.broken is not None:
            self._resumable.expire(session, self._clock.seconds() + LONGEST_ABSENCE)

    def _come(self, session: str, record: KeptSession) -> None:
        seat = DistantSeat(session, record, self._rooms)
        person = self._people.person(seat.person_id)
        if person is None:
            if (name := _name(record)) is None:
                return
            person = Person(seat.person_id, name, record.since, record.account)
            person.away = record.away
            person.ignored = dict(record.ignored)
            person.correspondent = record.correspondent
        self._seats[session] = seat
        person.sessions = *person.sessions, seat
        self._people.enter(person, seat)

    def _change(self, seat: DistantSeat, record: KeptSession) -> None:
        """
        Take in what has changed of a session: it is its person's.

        What has not is perhaps older than what is known here of somebody who is there twice.
        """
        before, seat.record = seat.record, record
        person = self._people.person(seat.person_id)
        assert person is not None
        person.account = record.account
        if record.away != before.away:
            person.away = record.away
        if record.correspondent != before.correspondent:
            person.correspondent = record.correspondent
        if record.ignored != before.ignored:
            person.ignored = dict(record.ignored)
            for session in person.sessions:
                session.restyle()
        if record.nick != before.nick and (name := _name(record)):
            person.rename(name)

    def _gone(self, seat: DistantSeat) -> None:
        """A session is no longer there."""
        feeds = seat.feeds
        person = self._leave(seat)
        if not person.sessions:
            self._leaving[person.id] = feeds
            left = self._left_to_others.pop(person.id, None)
            self._clock.callLater(TOLD_WITHIN, self._see_that_it_is_told, person, left)
        else:
            self.seen(person)

    def _leave(self, seat: DistantSeat) -> Person:
        del self._seats[seat.id]
        person = self._people.person(seat.person_id)
        assert person is not None
        self._people.leave(person, seat)
        return person

    def go_on_here(self, session: str) -> Person | None:
        """A session of another node is this one's from now on: return whose it is, if it was there."""
        seat = self._seats.get(session)
        return self._leave(seat) if seat else None

    def places(self, seat: Seat, kept: bytes | None) -> dict[str, Place]:
        """
        Return up to where somebody has been shown their streams over another node, as far as is known here.

        ``kept`` is the session's own record of that: where it was behind the others of its node. Where that
        has kept nothing, as it died a moment after somebody had come in, it is where they came in.
        """
        if not isinstance(seat, DistantSeat):
            return {}
        general = self._log.records_of(seat.record.node, records.SHOWN)
        shown = {}
        for feed in seat.feeds:
            since = feed.room.members[seat.person_id].since
            place = records.shown_in(general, feed.stream) or Place(0, 0)
            shown[feed.stream] = place.at_least(Place(since, since))
        return shown | (records.places(kept) if kept else {})

    def node(self, session: str) -> str:
        """Return the node that has a session: empty if none of the others has it."""
        seat = self._seats.get(session)
        return seat.record.node if seat else ""

    def node_of(self, person: Person) -> str:
        """Return the node that somebody has come to last who is on others; empty if there is none."""
        nodes = [self._seats[it.id].record.node for it in person.sessions if it.id in self._seats]
        return nodes[-1] if nodes else ""

    # Who leaves

    def left_here(self, person: Person, session: str, reason: str) -> None:
        """Somebody's session here is over; that they are gone is told once they have left all nodes."""
        if person.sessions and not person.is_here:
            self._left_to_others[person.id] = session, reason
        else:
            self._left_to_others.pop(person.id, None)

    def _see_that_it_is_told(self, person: Person, left: tuple[str, str] | None) -> None:
        """
        See that the log says of somebody who is nowhere that they have left.

        The node does that which they leave last. Of two that they leave at once neither is: then both do.
        """
        feeds = self._leaving.pop(person.id, ())
        if left is not None and self._people.person(person.id) is None:
            known = [(feed.stream, feed.room.members.get(person.id)) for feed in feeds]
            session, reason = left
            nicks = {stream: member.nick for stream, member in known if member}
            self._departures.tell(session, person.account, nicks, reason)

    async def until_told(self, person: str) -> None:
        """Wait until the log says of somebody who has just left another node that they have."""
        while any(person in feed.room.members for feed in self._leaving.get(person, ())):
            await deferLater(self._clock, LOOK_AGAIN)


def _name(record: KeptSession) -> Name | None:
    """Return the nickname of a session; None if it is none here, where another version may run."""
    try:
        return nickname(record.nick)
    except NotAName:
        return None

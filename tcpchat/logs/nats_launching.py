"""Which rooms have something to publish, and what goes into one message: gathered, numbered, sent off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import events
from tcpchat.events import Entry
from tcpchat.logs.interface import NoSuchEntry, NotKept
from tcpchat.logs.nats_flights import AGAIN, CANNOT_WRITE, TRY, Flights, Publisher
from tcpchat.logs.nats_items import Flight, Item, Room, Special, streams_of
from tcpchat.logs.nats_messages import Commit, TooLarge, encode, subject
from tcpchat.logs.nats_references import Known, References
from tcpchat.logs.nats_terms import Message

# Rooms with a message on its way at once. More would wait for each other in NATS; here they gather meanwhile
# what else is said.
MOST_IN_FLIGHT = 32

# Items that are not held back for what else might be said in the same turn of the reactor.
MANY = 8

# What one message holds at most, but for one item alone: entries, and bytes, about (see logs/batches.py).
MOST_ENTRIES = 1024
LARGEST_SHARE = 65_536


class Replica(Known, Protocol):
    """What has to be known of the entries that have come over."""

    def last(self, stream: str) -> int:
        """Return the number of a stream's last entry."""

    def time(self, stream: str) -> int:
        """Return the time of a stream's last entry."""

    def level(self, stream: str) -> Deferred[None] | None:
        """Answer when all of a stream that has come is kept as well; None if it is."""


class Launching:
    """Knows all rooms that anything came of, or is to be added to."""

    logger = Logger()
    lease = 0  # as the messages have it

    def __init__(
        self,
        link: Publisher,
        clock: IReactorTime,
        names: tuple[str, str, str],
        replica: Replica,
        flights: Flights,
        give_up: Callable[[Sequence[Item], Exception], None],
    ) -> None:
        """``names``: the stream's in JetStream, this node's, and what the ids of its messages begin with."""
        self.references = References(replica)
        self._name, self._node, self._ids = names
        self._link = link
        self._clock = clock
        self._replica = replica
        self._flights = flights
        self._give_up = give_up
        self._rooms: dict[str, Room] = {}
        self._ready: dict[Room, None] = {}  # in which something may be launched
        self._is_due = False  # to launch it
        self._count = 0

    def room(self, stream: str) -> Room:
        """Return a room as it is known here."""
        room = self._rooms.get(stream)
        if room is None:
            where = self._replica.last(stream), self._replica.time(stream)
            room = self._rooms[stream] = Room(stream, subject(self._name, stream), *where)
            if not room.seq:
                room.last = 0  # nearly always; if not, NATS will tell
        return room

    def wake(self, room: Room) -> None:
        """Look in a moment what there is to publish in a room."""
        self._ready[room] = None
        self.schedule()

    def schedule(self, delay: float = 0) -> None:
        """Look in a moment into all the rooms that are to be looked into."""
        if self._ready and not self._is_due:
            self._is_due = True
            self._clock.callLater(delay, self._launch_all)

    def launch_many(self) -> None:
        """Publish now what waits where that is much: where it is little, more may be said in a moment."""
        if self._flights.are_held_back:
            return
        for room in [room for room in self._ready if len(room.queue or ()) >= MANY]:
            if len(self._flights) < MOST_IN_FLIGHT:
                del self._ready[room]
                self._launch(room)

    def _launch_all(self) -> None:
        self._is_due = False
        if self._flights.are_held_back:
            self.schedule(AGAIN)
            return
        ready, self._ready = self._ready, {}
        for room in ready:
            if len(self._flights) < MOST_IN_FLIGHT:
                self._launch(room)
            else:
                self._ready[room] = None

    def _launch(self, room: Room) -> None:
        """Publish what waits for a room, if it is its turn; else something will wake the room."""
        first = room.next()
        if first is None or room.flight:
            return
        rooms = [self.room(stream) for stream in streams_of(first.parts)] if first.is_alone else [room]
        if isinstance(first, Special):
            rooms = rooms or [room]  # it has no events
            if self._replica.last(room.name) < room.seq:
                return
            if (level := self._replica.level(room.name)) is not None:
                level.addBoth(lambda _: self.wake(room))
                return
        for each in rooms:
            if each.last is None:
                self._ask(each)
            if each.last is None or each.flight or each.next() is not first:
                return
        if not first.is_alone and self._must_wait(room):
            return
        if first.is_alone:
            for each in rooms:
                each.take()
        items = self._fit([first] if first.is_alone else _gather(room))
        if items:
            self._depart(rooms, items)
        for each in rooms:
            if each.queue and not each.flight:
                self.wake(each)

    def _must_wait(self, room: Room) -> bool:
        """
        Is it other nodes' turn in a room?

        What is alone in its message does not wait: it needs all its rooms at once, or the replica as it is.
        """
        wait = room.wait(self._clock.seconds())
        if wait and room.turns and not room.turns.is_timed:
            room.turns.is_timed = True
            self._clock.callLater(wait, self._look_again, room)
        return wait > 0

    def _look_again(self, room: Room) -> None:
        if room.turns:
            room.turns.is_timed = False
        self.wake(room)

    def _fit(self, items: Sequence[Item]) -> list[Item]:
        """
        Return the items that may be published.

        One whose reference was used before may not, nor one that has waited for so long that its outcome
        would not be known in time: it is better told for certain.
        """
        last = self._clock.seconds() + TRY
        fit: list[Item] = []
        for item in items:
            try:
                is_fit = item.until > last and self.references.take(item)
            except Exception:  # the replica cannot be read
                self.logger.failure("It could not be seen whether a reference was used")
                is_fit = False
            if is_fit:
                fit.append(item)
            else:
                item.tell(NotKept(CANNOT_WRITE))
        return fit

    def _ask(self, room: Room) -> None:
        """Ask for the last message of a room of which nothing has come since the start."""
        if room.is_asking:
            return
        room.is_asking = True

        async def ask() -> None:
            end = await self._link.last(room.subject)
            if end is not None:
                await self._flights.until(end.seq)
            if room.last is None:
                room.last = end.seq if end else 0

        def done(outcome: object) -> None:
            room.is_asking = False
            if isinstance(outcome, Failure):
                self._clock.callLater(AGAIN, self.wake, room)
            else:
                self.wake(room)

        Deferred.fromCoroutine(ask()).addBoth(done)

    def _depart(self, rooms: Sequence[Room], items: list[Item]) -> None:
        """Number some items on from where their rooms are, and send them off."""
        self._count += 1
        id = f"{self._ids}{self._count:x}"
        added = number(rooms, items)
        commits = [Commit(id, self._node, room.name, added[room.name], self.lease) for room in rooms]
        try:
            if isinstance(items[0], Special):
                commits[0] = items[0].complete(commits[0])
            payloads = [encode(commit) for commit in commits]
        except NoSuchEntry as reason:
            self._give_up(items, reason.with_traceback(None))
            return
        except TooLarge:
            self._give_up(items, NotKept("that is too much at once"))
            return
        except Exception:
            self._sort_out(rooms, items)
            return
        messages = [
            Message(room.subject, payload, room.last or 0, f"{id}.{n}" if n else id)
            for n, (room, payload) in enumerate(zip(rooms, payloads, strict=True))
        ]
        flight = Flight(id, rooms, items, messages, self._clock.seconds())
        for room in rooms:
            room.flight = flight
        for item in items:
            item.flight = flight
        self._flights.begin(flight)

    def _sort_out(self, rooms: Sequence[Room], items: Sequence[Item]) -> None:
        """Something cannot be encoded: refuse that, and have the rest wait for the next message."""
        bad = [item for item in items if not _can_be_encoded(item)] or items
        for item in reversed(items):
            if item in bad:
                session = next((event.session for _, some in item.parts for event in some), "")
                self.logger.failure("Something could not be written", session=session)
                self._give_up([item], NotKept(CANNOT_WRITE))
            else:
                self.references.free(item)
                rooms[0].put_back(item)

    def free(self, flight: Flight) -> None:
        """The rooms of a flight may have the next one."""
        for room in flight.rooms:
            room.flight = None
            if room.queue:
                self._ready[room] = None
        self.schedule()


def _can_be_encoded(item: Item) -> bool:
    try:
        events.encode([event for _, some in item.parts for event in some])
    except Exception:
        return False
    return True


def _gather(room: Room) -> list[Item]:
    """Take from a room's queue what goes into one message."""
    items: list[Item] = []
    entries = size = 0
    while (item := room.next()) and not item.is_alone:
        if items and (entries + item.number > MOST_ENTRIES or size + item.size > LARGEST_SHARE):
            break
        entries += item.number
        size += item.size
        items.append(item)
        room.take()
    return items


def number(rooms: Sequence[Room], items: Sequence[Item]) -> dict[str, list[Entry]]:
    """Number the events of some items on from where their rooms are; note the numbers in the items."""
    added: dict[str, list[Entry]] = {room.name: [] for room in rooms}
    ends = {room.name: (room.seq, room.time) for room in rooms}
    for item in items:
        item.seqs = []
        for stream, added_there in item.parts:
            seqs: list[int] = []
            if added_there:
                seq, time = ends[stream]
                time = max(time, item.time)
                entries = added[stream]
                for event in added_there:
                    seq += 1
                    seqs.append(seq)
                    entries.append(Entry(seq, time, event))
                ends[stream] = seq, time
            item.seqs.append(seqs)
    return added

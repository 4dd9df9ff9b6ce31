"""
What this node adds to the stream in JetStream, from when it is asked for until whoever asked is told.

A room has at most one message on its way. What is said meanwhile is gathered, and goes with the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from twisted.internet.interfaces import IReactorTime

from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.nats_flights import AGAIN, CANNOT_WRITE, Flights, Publisher
from tcpchat.logs.nats_holding import Holding
from tcpchat.logs.nats_items import NEVER, Flight, Item, Line, Room, streams_of
from tcpchat.logs.nats_lapsed import Lapsed
from tcpchat.logs.nats_launching import Launching, Replica
from tcpchat.logs.nats_messages import Commit
from tcpchat.logs.nats_overtaken import Overtaken

# Messages that JetStream takes in one atomic batch.
MOST_PARTS = 1000

# Items of which it is told what came of them, before the others may have their turn.
TOLD_AT_ONCE = 16

# Seconds without a connection after which lines are refused: it may only be another server's turn.
GRACE = 2.0

NO_ANSWER = "the log does not answer"


class Queue:
    """What waits and what is on its way; takes the log's own messages when they come back."""

    def __init__(
        self,
        link: Publisher,
        clock: IReactorTime,
        names: tuple[str, str, str],
        replica: Replica,
        cursor: int,
        fenced: Callable[[], bool],
    ) -> None:
        """``names``: the stream's in JetStream, this node's, and what the ids of its messages begin with."""
        self._link = link
        self._clock = clock
        self._node = names[1]
        self._fenced = fenced
        self._flights = Flights(link, clock, self, cursor)
        self._launching = Launching(link, clock, names, replica, self._flights, self._give_up)
        self._waiting: deque[Item] = deque()  # for whose outcome somebody waits, the oldest first
        self._is_looking = False  # whether the oldest wait for too long
        self._sure: dict[Item, None] = {}
        self._landed: dict[str, Flight] = {}  # and yet to be applied
        self._lapsed = Lapsed()
        self._is_cut = not link.is_connected
        self.holding = Holding()
        self._overtaken = Overtaken(self._give_up, self._happened)

    @property
    def cursor(self) -> int:
        """The stream sequence up to which everything came over."""
        return self._flights.cursor

    @property
    def publishes(self) -> Commits:
        """How the publishing has gone."""
        return self._flights.commits

    @property
    def is_refusing(self) -> bool:
        """Is what is said now not kept, for certain?"""
        return self._is_cut or self._fenced()

    @property
    def is_empty(self) -> bool:
        """Does nobody wait for anything?"""
        return not self._sure and all([item.is_told for item in self._waiting])

    @property
    def is_held_back(self) -> bool:
        """May nothing be published now?"""
        return self._fenced() or not self._link.is_connected

    def have_lease(self, revision: int) -> None:
        """Name a lease in what is published from now on."""
        self._launching.lease = revision

    # What comes in

    def add(self, item: Item, streams: Sequence[str]) -> None:
        """Have an item published, behind those that wait for the same streams."""
        if len(streams) > MOST_PARTS:
            item.tell(NotKept("that is in too many rooms at once"))
            return
        for stream in streams:
            room = self._launching.room(stream)
            room.add(item)
            self._launching.wake(room)
        if item.until == NEVER:
            self._sure[item] = None
        else:
            self._waiting.append(item)
            if not self._is_looking:
                self._is_looking = True
                self._clock.callLater(AGAIN, self._look)

    def connected(self, is_connected: bool) -> None:
        """The link has reached a server, or lost it."""
        if is_connected:
            self._is_cut = False
            self._launching.schedule()
        else:
            self._clock.callLater(GRACE, self._cut)

    def _cut(self) -> None:
        self._is_cut = not self._link.is_connected

    # What came of flights

    def came(self, commit: Commit, at: int) -> None:
        """A message has come over, as stream sequence ``at``, behind all before it."""
        room = self._launching.room(commit.stream)
        if commit.entries and commit.entries[0].seq > room.seq + 1:
            self._have_missed(room)
        if commit.entries and commit.entries[-1].seq > room.seq:
            room.seq, room.time, _ = commit.entries[-1]
        room.seq = max(room.seq, commit.forgets)  # of one that nothing is left of
        room.last = at
        self._lapsed.came(room, commit, at)
        flight = self._flights.find(commit.id)
        if flight is None:
            self._launching.references.came(commit.entries)
            self._overtaken.heed(room, commit.entries)
            if commit.node != self._node:
                room.came(commit.node)
            if room.queue:
                self._launching.wake(room)
        else:
            flight.missing -= 1
            if not flight.missing:
                took = self._flights.landed(flight)
                for each in flight.rooms:
                    each.had_turn(self._clock.seconds(), took)
                self._landed[flight.id] = flight
                self._launching.free(flight)
        # Last: who waits for this message to know what came of a flight knows then that it was that.
        self._flights.came(at)

    def launch(self) -> None:
        """Publish now what would be published in a moment, where it is much."""
        self._launching.launch_many()

    def applied(self, commit: Commit) -> Iterator[None]:
        """What a message says holds here, and everybody has been shown it: tell whose it was."""
        self._launching.references.applied(commit.entries)
        self._lapsed.applied(commit)
        room = self._launching.room(commit.stream)
        if room.queue:  # for that, perhaps
            self._launching.wake(room)
        flight = self._landed.get(commit.id) or self._flights.find(commit.id)
        if flight is None:
            self._overtaken.applied(commit.stream, commit.entries)
            self._see_whether_lost(room, commit.node)
            return
        flight.unapplied -= 1
        if flight.unapplied:
            return
        del self._landed[flight.id]
        for number, item in enumerate(flight.items):
            self._launching.references.free(item)
            if item.kept is None or item.kept.called:
                self._finish(item)
            else:
                item.kept.addCallback(partial(self._kept, item))
            if number % TOLD_AT_ONCE == 0:
                yield

    def _see_whether_lost(self, room: Room, winner: str) -> None:
        """
        Somebody else was first in a room: what is on its way there, and expected otherwise, never lands.

        NATS says so as well, but that takes a question, and two ways there and back.
        """
        flight = room.flight
        if flight is None or flight.missing < len(flight.messages):
            return
        message = flight.messages[flight.rooms.index(room)]
        if room.last is not None and message.expected < room.last:
            self._flights.end(flight)
            self._link.ask_turn(winner, room.name)
            self.returned(flight)

    def wanted(self, node: str, stream: str) -> None:
        """Another node was too late in a room: it is that one's turn next."""
        self._launching.room(stream).wants(node, self._clock.seconds())

    def _have_missed(self, room: Room) -> None:
        """
        Entries of a room were erased before they came: what is on its way there may have been among them.

        Then it was taken back already, and is not to be said once more.
        """
        flight = room.flight
        if flight is None or flight.missing < len(flight.messages):
            return
        self._flights.end(flight)
        for item in flight.items:
            if item.until != NEVER:
                item.tell(Unknown(NO_ANSWER))
        self.returned(flight)

    def _kept(self, item: Item, _: None) -> None:
        self._finish(item)

    def _finish(self, item: Item) -> None:
        self._sure.pop(item, None)
        item.tell(item.seqs)
        item.know(True)

    def _happened(self, item: Item, seqs: list[list[int]]) -> None:
        """What an item was to say the log says already, under numbers."""
        self._sure.pop(item, None)
        item.tell(seqs)

    def returned(self, flight: Flight) -> None:
        """A flight has not landed and never will: those who still wait come first in their rooms."""
        for item in reversed(flight.items):
            item.flight = None
            self._launching.references.free(item)
            if item.is_told or self._overtaken.is_said(item):
                item.know(False)
            else:
                # Of its streams some may need nothing more.
                streams = streams_of(item.parts) or [room.name for room in flight.rooms]
                for room in flight.rooms:
                    if room.name in streams:
                        room.put_back(item)
        self._launching.free(flight)

    def failed(self, flight: Flight, why: NotKept) -> None:
        """A flight was refused, for certain."""
        self._give_up(flight.items, why)
        self._launching.free(flight)

    def _give_up(self, items: Sequence[Item], why: Exception) -> None:
        """Items will never be in the log: tell that."""
        for item in items:
            self._launching.references.free(item)
            self._sure.pop(item, None)
            item.tell(why)
            item.know(False)
            for stream in streams_of(item.parts):  # it may have been what others waited for
                self._launching.wake(self._launching.room(stream))

    # Those who wait for too long

    def _look(self) -> None:
        now = self._clock.seconds()
        if self.is_refusing:
            self._give_up(
                [it for it in self._waiting if not (it.is_told or it.flight)], NotKept(CANNOT_WRITE)
            )
        while self._waiting and (self._waiting[0].is_told or self._waiting[0].until <= now):
            item = self._waiting.popleft()
            if not item.is_told:
                self._expire(item)
        self.holding.look(self._waiting, now)
        self._is_looking = bool(self._waiting)
        if not self._is_looking:
            self.holding.over()
        else:
            self._clock.callLater(AGAIN, self._look)

    def give_up(self) -> None:
        """
        Nothing that waits is to be said any more: tell what is not on its way that it is not kept.

        Of the rest nobody knows: it is not tried again.
        """
        waiting = [item for item in self._waiting if not item.is_told]
        self._give_up([item for item in waiting if item.flight is None], NotKept(CANNOT_WRITE))
        for item in waiting:
            if not item.is_told:
                self._expire(item)

    def _expire(self, item: Item) -> None:
        flight = item.flight
        if flight is None:
            self._give_up([item], NotKept(CANNOT_WRITE))
            return
        if flight.is_over and not flight.unapplied:  # everybody has seen it: it waits for records alone
            self._finish(item)
            return
        item.lapse(NO_ANSWER)
        if not flight.is_over and all([it.is_told for it in flight.items]):
            self._flights.end(flight)
            for it in flight.items:
                self._launching.references.free(it)
            self._launching.free(flight)
            if not all([isinstance(it, Line) for it in flight.items]):
                self.add(self._lapsed.add(flight), (flight.rooms[0].name,))

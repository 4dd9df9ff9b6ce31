"""
Flights of which nobody could tell in time whether they have landed, until that is known. No I/O.

They are not tried again. What comes over tells of each: it is the flight itself, or another message of one of
its rooms, behind which it cannot land any more (docs/adr/0028-*). If there is no other, a fence is published.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat.logs.interface import NoSuchEntry
from tcpchat.logs.nats_items import NEVER, Flight, Room, Special
from tcpchat.logs.nats_messages import Commit


class Fence(Special):
    """A message that says nothing: what was to be in its place is not in the stream, and never will be."""

    __slots__ = ("_flight",)

    def __init__(self, flight: Flight) -> None:
        super().__init__([(flight.rooms[0].name, ())], 0, NEVER, Deferred())
        self._flight = flight

    def complete(self, commit: Commit) -> Commit:
        if not any([item.known for item in self._flight.items]):
            raise NoSuchEntry("It is known already.")
        return commit

    def _tell(self, outcome: object) -> None:
        """Nobody waits for it."""


class Lapsed:
    """Knows them by their ids and by their rooms."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._rooms: dict[Room, list[Flight]] = {}

    def add(self, flight: Flight) -> Fence:
        """Wait until something is known of a flight; return what makes it known."""
        self._flights[flight.id] = flight
        for room in flight.rooms:
            self._rooms.setdefault(room, []).append(flight)
        return Fence(flight)

    def came(self, room: Room, commit: Commit, at: int) -> None:
        """A message has come over, as stream sequence ``at``."""
        if not self._flights:
            return
        if flight := self._flights.get(commit.id):
            flight.missing -= 1
            return
        for flight in [*self._rooms.get(room, ())]:
            is_whole = flight.missing == len(flight.messages)  # a batch lands as one
            if is_whole and flight.messages[flight.rooms.index(room)].expected < at:
                self._end(flight, False)

    def applied(self, commit: Commit) -> None:
        """What a message says holds here."""
        if flight := self._flights.get(commit.id):
            flight.unapplied -= 1
            if not flight.unapplied:
                self._end(flight, True)

    def _end(self, flight: Flight, is_there: bool) -> None:
        del self._flights[flight.id]
        for room in flight.rooms:
            self._rooms[room].remove(flight)
            if not self._rooms[room]:
                del self._rooms[room]
        for item in flight.items:
            item.know(is_there)

"""
How far somebody has read each room of our server, and what of it they have missed. No I/O.

Each entry is told once, and in order, from whichever session it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tcpchat.client.backlog import PAGE
from tcpchat.client.happenings import Caught, Entered, Entry, Fields, Gone, Happening, Hole, named
from tcpchat.client.missing import Missing
from tcpchat.client.unanswered import Unanswered

# How it is called what is asked for here; behind it stands the room.
MISSED = "missed "


class Reading:
    """What was read by somebody who is called ``nick``; rooms are called as in JSON, but for ``rooms``."""

    def __init__(self) -> None:
        self.nick = ""
        self.rooms: list[str] = []  # with their signs, in the order of coming in
        self.after: dict[str, int] = {}  # the last entry of each room
        self.asked = Unanswered()
        self._has_account = False
        self._missing: dict[str, Missing] = {}  # of rooms of a session that was lost, until it is fetched
        self._missed = -1  # lines since coming back; -1: nothing is missing

    def quiet(self) -> Iterator[Happening]:
        """Nothing has come for a moment: what was missed is there."""
        if self._missed >= 0 and not any(it.is_fetched for it in self._missing.values()):
            yield Caught(self._missed)
            self._missed = -1

    # Sessions

    def forget(self) -> None:
        """The numbers that are known mean nothing any more."""
        self.after.clear()
        self._stop_fetching()
        self._missing.clear()

    def part(self) -> None:
        """Another session begins, of the same person: what is missed between the two will be fetched."""
        self._stop_fetching()
        for room, seq in self.after.items():
            self._missing.setdefault(room, Missing(seq))
        self.after.clear()

    def _stop_fetching(self) -> None:
        for room, missing in self._missing.items():
            self.asked.pop(MISSED + room, None)
            missing.before = 0

    # Rooms

    def enter(self, room: str, after: int, before: Sequence[str] = ()) -> Iterator[Happening]:
        """One is in a room, whose entries after a number follow; ``before`` are rooms that one was in."""
        name = named(room)
        if room != "@" and name not in self.rooms:
            self.rooms.append(name)
            if name not in before:
                yield Entered(name)
        self.read(room, after)
        missing = self._missing.get(room)
        if missing is None or missing.is_fetched:
            return
        if room == "@" or missing.after == after:
            del self._missing[room]
            if self._has_account:  # without one, another session has another inbox
                self.read(room, missing.after)
            return
        missing.before = after + 1
        self._missed = max(0, self._missed)
        self.asked.ask_first(MISSED + room, "history", {"room": room, "limit": PAGE})

    def leave(self, room: str) -> Iterator[Happening]:
        """One is in a room no longer."""
        yield from self.fetched(room)
        self.after.pop(room, None)
        if named(room) in self.rooms:
            self.rooms.remove(named(room))
            yield Gone(named(room))

    # Entries

    def entry(self, it: Fields) -> Iterator[Happening]:
        """Something has happened in a room, now or in the past."""
        room, seq, kind = it["room"], int(it["seq"]), it["type"]
        is_past = bool(it.get("replay"))
        name = named(room)
        if seq <= self.after.get(room, 0) and (not is_past or room == "@"):
            return
        if not is_past and kind == "joined" and it["nick"] == self.nick and name not in self.rooms:
            yield from self.enter(room, seq - 1)
        if room in self.after:
            self.read(room, seq)
        if room in self._missing:
            self._missing[room].take(it)
        else:
            if self._missed >= 0 and not is_past:
                self._missed += self._lines(it)
            yield Entry(it)
        if is_past:
            return
        if kind == "renamed" and it["old"] == self.nick:
            self.nick = it["new"]
        elif kind in ("left", "kicked", "banned") and it["nick"] == self.nick:
            yield from self.leave(room)

    def _lines(self, it: Fields) -> int:
        """Return how many lines somebody else has said by an entry."""
        is_theirs = it.get("from", self.nick) != self.nick
        return str(it["text"]).count("\n") + 1 if is_theirs else 0

    def read(self, room: str, seq: int) -> None:
        """A room was read up to an entry."""
        self.after[room] = max(seq, self.after.get(room, 0))

    def fetched(self, room: str, is_refused: bool = False) -> Iterator[Happening]:
        """What could be fetched of what was missed in a room is there."""
        if missing := self._missing.pop(room, None):
            if rest := missing.before if is_refused else missing.rest():
                yield Hole(named(room), missing.after, rest)
            for it in missing.entries():
                self._missed += self._lines(it)
                yield Entry(it)

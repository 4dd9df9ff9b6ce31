"""Who came and went in a big room, on its way to everybody in it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from tcpchat.comings import Fold
from tcpchat.events import Entry
from tcpchat.fanout.interface import Crowd
from tcpchat.places import Place
from tcpchat.wire import Wire


class Reader(Protocol):
    """Somebody who is shown it."""

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        """The screen was shown this, and took so many bytes of it."""


class Folding:
    """
    A fold that some in the room have been shown, and others not yet.

    When thousands have come, each has a line of their own: with their sends that takes longer than one turn
    of the reactor should. What people say meanwhile is shown at once, which does no harm: who came and went
    is always shown later than that.
    """

    def __init__(self, entries: list[Entry], room: str, sessions: Iterable[str]) -> None:
        """``sessions`` are those in the room who read it live."""
        self.before = entries[0].seq - 1  # all were shown everything up to this entry
        self.upto = Place(entries[-1].seq, entries[-1].seq)
        self._fold = Fold(entries, room)
        self._shared: dict[Wire, tuple[Fold, bytes]] = {}  # with the line for all who were there
        self._untold = list(sessions)

    def add(self, session: str) -> None:
        """Somebody reads it live from now on, perhaps again."""
        self._untold.append(session)

    def next(self) -> str | None:
        """Return who is to be shown it now, if they have not been: None when that was everybody."""
        return self._untold.pop() if self._untold else None

    def show(self, session: str, readers: Mapping[str, Reader], crowd: Crowd, wire: Wire) -> None:
        """Show it to somebody in a crowd whose members have this wire."""
        if wire not in self._shared:
            fold = self._fold.over(wire)
            self._shared[wire] = fold, fold.shared
        fold, shared = self._shared[wire]
        data = fold.own(session) if session in fold.apart else shared
        if data and (taken := crowd.hand_one(session, data)) != len(data):
            readers[session].was_shown(data, taken)

"""Who came into a room and went out of it, joined in one line. No I/O."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence, Set
from copy import copy

from tcpchat.events import Entry, Joined, Left
from tcpchat.limits import MOST_NAMED
from tcpchat.render import Page, View, names, notice, stamp
from tcpchat.wire import PLAIN, Wire


class Comings:
    """Who came and went in a room, however many, for one line about it."""

    def __init__(self, viewer: str) -> None:
        """``viewer`` is the person who is not told of themselves."""
        self.time = 0  # of the last of them; 0 if there is none
        self._viewer = viewer
        self._first: tuple[list[str], list[str]] = [], []
        self._counts = [0, 0]

    def add(self, entry: Entry) -> None:
        """Take in an entry that says who came or went."""
        if entry.event.person == self._viewer:
            return
        self.time = entry.time
        which = isinstance(entry.event, Left)
        self._counts[which] += 1
        if len(self._first[which]) < MOST_NAMED:
            self._first[which].append(entry.event.nick)

    def line(self, room: str, wire: Wire, front: str = "") -> bytes:
        """Return the line, behind something."""
        told = zip(self._first, self._counts, ("joined", "left"), strict=True)
        who = ", ".join(f"{names(nicks, n)} {what}" for nicks, n, what in told if n)
        return wire.line(f"{front}*** {who} {room}.")


class Fold:
    """
    Who came and went in a room, as one line: ``*** a, b joined, c left #room.``

    It is counted once for everybody. Those who came themselves are shown who came and went after
    them.
    """

    def __init__(self, entries: Iterable[Entry], room: str) -> None:
        self._room = room
        self._wire = PLAIN
        self._joined: list[str] = []
        self._left: list[str] = []
        # For a session that came or went: how many had come and gone before that, and with it.
        self._after: dict[str, tuple[int, int]] = {}
        for entry in entries:
            match entry.event:
                case Joined(session, nick):
                    self._joined.append(nick)
                    self._after[session] = len(self._joined), len(self._left)
                case Left(session, nick):
                    self._left.append(nick)
                    self._after[session] = len(self._joined), len(self._left)

    def over(self, wire: Wire) -> Fold:
        """Return the same for those who have a wire."""
        other = copy(self)
        other._wire = wire
        return other

    @property
    def shared(self) -> bytes:
        """The line for all who were there all the time."""
        return self.own("")

    @property
    def apart(self) -> Set[str]:
        """The sessions that came or went."""
        return self._after.keys()

    def own(self, session: str, seen: Container[int] = ()) -> bytes:
        """Return the line for a session; nothing if there is nothing to be told."""
        joined, left = self._after.get(session, (0, 0))
        told = [
            f"{names(nicks[before : before + MOST_NAMED], len(nicks) - before)} {what}"
            for nicks, before, what in ((self._joined, joined, "joined"), (self._left, left, "left"))
            if len(nicks) > before
        ]
        return notice(f"{', '.join(told)} {self._room}.", self._wire) if told else b""


def missed(
    entries: Sequence[Entry],
    comings: Comings | None,
    stream: str,
    view: View,
    viewer: str,
    now: int,
) -> bytes:
    """Return what somebody missed, one's own lines too, who came and went in one line behind it."""
    page = Page(entries, stream, view._replace(echo=True, stamped=True), now).own(viewer)
    if comings is None or not comings.time or view.joins == "none":
        return page
    return page + comings.line(stream, view.wire, stamp(comings.time, view, now))

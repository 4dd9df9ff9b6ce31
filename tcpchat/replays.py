"""
The past, read from the log a piece at a time, at the pace of who is shown it.

It is what was said before somebody came, or what somebody missed whose connection broke (missed.py).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred, maybeDeferred, succeed

from tcpchat import handed
from tcpchat.comings import Comings
from tcpchat.events import Entry, Presence, lines_said, told_once
from tcpchat.lately import Changes
from tcpchat.logs.interface import Log
from tcpchat.places import READ_AT_ONCE, Place, pieces
from tcpchat.render import View

# Bytes of single entries that are shown together.
ENOUGH = 16384


class Replayed(Protocol):
    """What a replay needs from a feed (feed.py)."""

    stream: str
    removals: int  # entries that were taken back so far

    def render_past(self, entries: list[Entry], view: View, viewer: str) -> bytes:
        """Return what people said, as it is shown of the past."""

    def render_gap(self, after: int, kept_after: int, view: View) -> bytes:
        """Return that the entries from after one to another are no longer kept."""

    def render_missed(self, entries: list[Entry], came: Comings | None, view: View, viewer: str) -> bytes:
        """Return what somebody missed, who came and went joined in one line behind it."""


class Viewer(Protocol):
    """Who is shown a replay."""

    session: str
    person: str

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""


class Replay(Protocol):
    """A part of the past that is to be shown."""

    is_over: bool

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        """Answer with the next piece of it."""

    def places(self) -> Mapping[str, Place]:
        """Return from where on what is shown elsewhere as new is still to be shown here, by stream."""

    def hand_on(self) -> handed.Replay:
        """Return what is left of it, for another process."""


def fresh(feed: Replayed, read: Callable[[], Deferred[list[Entry]]]) -> Deferred[list[Entry]]:
    """Answer with what is read of a feed's stream: again, if an entry was taken back meanwhile."""
    removals = feed.removals

    def look(entries: list[Entry]) -> list[Entry] | Deferred[list[Entry]]:
        return entries if feed.removals == removals else fresh(feed, read)

    return maybeDeferred(read).addCallback(look)


class Past:
    """What was said between two entries, and what is told behind it."""

    def __init__(
        self, feed: Replayed, after: int, upto: int, end: bytes = b"", numbered: bool = False
    ) -> None:
        """``numbered`` is to show numbers also to those who have not set that."""
        self.is_over = False
        self._feed = feed
        self._after = after
        self._upto = upto
        self._end = end
        self._numbered = numbered

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        feed = self._feed
        read = fresh(feed, partial(log.read_spoken, feed.stream, self._after, self._upto, READ_AT_ONCE))
        return read.addCallback(self._render, viewer)

    def _render(self, entries: list[Entry], viewer: Viewer) -> bytes:
        piece = next(pieces(entries))
        self.is_over = len(piece) == len(entries) < READ_AT_ONCE
        if piece:
            self._after = piece[-1].seq
        view = viewer.view(self._feed.stream)
        if self._numbered:
            view = view._replace(numbered=True)
        past = self._feed.render_past(piece, view, viewer.session)
        return past + self._end if self.is_over else past

    def places(self) -> Mapping[str, Place]:
        return {}

    def hand_on(self) -> handed.Past:
        return handed.Past(self._feed.stream, self._after, self._upto, self._end, self._numbered)


class Results:
    """Single entries of some streams, and what is told behind them."""

    def __init__(self, found: Sequence[tuple[Replayed, int]], end: bytes = b"") -> None:
        """``found`` are the entries' feeds and numbers."""
        self.is_over = not found
        self._found = deque(found)
        self._end = end

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        return Deferred.fromCoroutine(self._read(log, viewer))

    async def _read(self, log: Log, viewer: Viewer) -> bytes:
        lines: list[bytes] = []
        while self._found and sum(map(len, lines)) < ENOUGH:
            feed, seq = self._found.popleft()
            entries = await fresh(feed, partial(log.read, feed.stream, seq - 1, 1))
            if entries and entries[0].seq == seq:  # or it is no longer kept
                lines.append(feed.render_past(entries, viewer.view(feed.stream), viewer.session))
        self.is_over = not self._found
        return b"".join(lines) + (self._end if self.is_over else b"")

    def places(self) -> Mapping[str, Place]:
        return {}

    def hand_on(self) -> handed.Results:
        return handed.Results([(feed.stream, seq) for feed, seq in self._found], self._end)


class Part(NamedTuple):
    """
    What somebody missed in one stream: what comes after a place, up to another one.

    ``changes`` is what of that nobody said, where it is known without the log.
    """

    feed: Replayed
    after: Place
    upto: Place
    changes: Changes | None = None

    def hand_on(self) -> handed.Part:
        """Return it, for another process, which reads from the log what has changed."""
        return handed.Part(self.feed.stream, self.after, self.upto)


class Walk:
    """Goes through what was missed, one stream after the other."""

    def __init__(
        self,
        parts: Sequence[Part],
        unspoken: bool = False,
        most: float = math.inf,
        renamings: Iterable[str] = (),
    ) -> None:
        """
        ``unspoken`` is to go through what is no line that people said, and that alone.

        ``most`` is how many lines there may be; then it is full. ``renamings`` were told before.
        """
        self.is_full = False
        self._parts = list(parts)
        self._unspoken = unspoken
        self.left = most  # lines
        self._at = 0  # in the first part: read up to here
        self._kept_after = 0  # of the first part's stream
        self._comings: Comings | None = None  # of the first part, to be told at its end
        self.renamings = set(renamings)  # told in a part before

    @property
    def is_over(self) -> bool:
        return not self._parts

    @property
    def parts(self) -> list[Part]:
        """What is left to go through."""
        parts = list(self._parts)
        if parts and self._at:
            after = parts[0].after
            parts[0] = parts[0]._replace(after=Place(max(self._at, after.seq), after.presence))
        return parts

    def places(self) -> dict[str, Place]:
        return {part.feed.stream: part.after for part in self.parts}

    def step(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        feed, after, upto, changes = self._parts[0]
        at = max(self._at, min(after))
        read: Deferred[list[Entry]]
        if changes is not None and not viewer.view(feed.stream).json:
            self._comings = changes.comings
            if self._unspoken:
                read = succeed([])
            else:
                read = fresh(feed, partial(log.read_spoken, feed.stream, at, max(upto), READ_AT_ONCE))
            read.addCallback(self._with_changes, changes.others, at)
        elif self._unspoken:
            read = maybeDeferred(log.read_unspoken, feed.stream, at, max(upto), READ_AT_ONCE)
        else:
            read = fresh(feed, partial(log.read, feed.stream, at, READ_AT_ONCE))
            read.addCallback(self._look_for_forgotten)
        self._kept_after = log.kept_after(feed.stream)
        return read.addCallback(self._render, viewer, at)

    def _look_for_forgotten(self, entries: list[Entry]) -> list[Entry]:
        """Of all entries the first is there, unless the log has forgotten more than it has told yet."""
        if entries:
            self._kept_after = max(self._kept_after, entries[0].seq - 1)
        return entries

    def _with_changes(self, spoken: list[Entry], others: list[Entry], at: int) -> list[Entry]:
        """Return what people said, and among it the changes up to where that was read."""
        end = spoken[-1].seq if len(spoken) == READ_AT_ONCE else math.inf
        return sorted([*spoken, *(entry for entry in others if at < entry.seq <= end)], key=attrgetter("seq"))

    def _render(self, entries: list[Entry], viewer: Viewer, at: int) -> bytes:
        feed, after, until, _ = self._parts[0]
        upto = max(until)
        view = viewer.view(feed.stream)
        kept_after = min(self._kept_after, upto)
        lost = feed.render_gap(at, kept_after, view) if at < kept_after else b""
        piece = next(pieces(entries))
        self._at = min(piece[-1].seq, upto) if piece else upto
        shown: list[Entry] = []
        for entry in piece:
            if entry.seq > upto:
                break
            if isinstance(entry.event, Presence):
                if entry.seq > until.presence:
                    continue
                if entry.seq > after.presence and view.json:
                    shown.append(entry)
                elif entry.seq > after.presence:
                    self._comings = self._comings or Comings(viewer.person)
                    self._comings.add(entry)
            elif entry.seq > after.seq and (view.json or not self._was_told(entry)):
                lines = lines_said(entry.event) or 1
                if lines > self.left:
                    self.is_full = True
                    self._at = entry.seq - 1
                    return lost + feed.render_missed(shown, None, view, viewer.session)
                self.left -= lines
                shown.append(entry)
        over = self._at >= upto
        comings = self._comings if over else None
        data = lost + feed.render_missed(shown, comings, view, viewer.session)
        if over:
            del self._parts[0]
            self._at = 0
            self._comings = None
        return data

    def _was_told(self, entry: Entry) -> bool:
        """Tell whether it is a renaming or the like that was met in another stream."""
        id = told_once(entry.event)
        told = id in self.renamings
        if id:
            self.renamings.add(id)
        return told

"""
The past, read from the log a piece at a time, at the pace of who is shown it.

It is what was said before somebody came, or what somebody missed whose connection broke.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred, maybeDeferred, succeed

from tcpchat.comings import Comings
from tcpchat.events import Announced, Entry, Presence, Renamed, lines_said
from tcpchat.lately import Changes
from tcpchat.logs.interface import Log
from tcpchat.places import READ_AT_ONCE, Place, pieces
from tcpchat.render import View, count, count_lines, notice

# Bytes of single entries that are shown together.
ENOUGH = 16384


class Replayed(Protocol):
    """What a replay needs from a feed (feed.py)."""

    stream: str

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


class Past:
    """What was said between two entries, and what is told behind it."""

    def __init__(self, feed: Replayed, after: int, upto: int, end: bytes = b"") -> None:
        self.is_over = False
        self._feed = feed
        self._after = after
        self._upto = upto
        self._end = end

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        read = maybeDeferred(log.read_spoken, self._feed.stream, self._after, self._upto, READ_AT_ONCE)
        return read.addCallback(self._render, viewer)

    def _render(self, entries: list[Entry], viewer: Viewer) -> bytes:
        piece = next(pieces(entries))
        self.is_over = len(piece) == len(entries) < READ_AT_ONCE
        if piece:
            self._after = piece[-1].seq
        past = self._feed.render_past(piece, viewer.view(self._feed.stream), viewer.session)
        return past + self._end if self.is_over else past

    def places(self) -> Mapping[str, Place]:
        return {}


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
            entries = await log.read(feed.stream, seq - 1, 1)
            if entries and entries[0].seq == seq:  # or it is no longer kept
                lines.append(feed.render_past(entries, viewer.view(feed.stream), viewer.session))
        self.is_over = not self._found
        return b"".join(lines) + (self._end if self.is_over else b"")

    def places(self) -> Mapping[str, Place]:
        return {}


class Part(NamedTuple):
    """
    What somebody missed in one stream: what comes after a place, up to another one.

    ``changes`` is what of that nobody said, where it is known without the log.
    """

    feed: Replayed
    after: Place
    upto: Place
    changes: Changes | None = None


class _Walk:
    """Goes through what was missed, one stream after the other."""

    def __init__(self, parts: Sequence[Part], unspoken: bool = False, most: float = math.inf) -> None:
        """
        ``unspoken`` is to go through what is no line that people said, and that alone.

        ``most`` is how many lines there may be; then it is full.
        """
        self.is_full = False
        self._parts = list(parts)
        self._unspoken = unspoken
        self._left = most
        self._at = 0  # in the first part: read up to here
        self._kept_after = 0  # of the first part's stream
        self._comings: Comings | None = None  # of the first part, to be told at its end
        self._renamings: set[str] = set()  # told in a part before

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
                read = maybeDeferred(log.read_spoken, feed.stream, at, max(upto), READ_AT_ONCE)
            read.addCallback(self._with_changes, changes.others, at)
        elif self._unspoken:
            read = maybeDeferred(log.read_unspoken, feed.stream, at, max(upto), READ_AT_ONCE)
        else:
            read = maybeDeferred(log.read, feed.stream, at, READ_AT_ONCE)
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
                if lines > self._left:
                    self.is_full = True
                    self._at = entry.seq - 1
                    return lost + feed.render_missed(shown, None, view, viewer.session)
                self._left -= lines
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
        """Tell whether it is a renaming, or an announcement, that was met in another stream."""
        if not isinstance(entry.event, Renamed | Announced):
            return False
        told = entry.event.id in self._renamings
        self._renamings.add(entry.event.id)
        return told


class Paging(NamedTuple):
    """
    How what somebody missed is shown page by page: so many lines, and who is told what is left.

    That is told as the parts, and the number of lines in them; ``lines`` is that number of a page
    that is not the first.
    """

    most: int
    full: Callable[[Sequence[Part], int], None]
    lines: int | None = None


class Missed:
    """
    What somebody missed in some streams, under a line that says how much it is.

    For that the log counts what was said, and the rest is gone through twice. Where some people are
    not heard, all of it is. A program counts by itself.
    """

    def __init__(self, parts: Sequence[Part], counts: bool, page: Paging | None = None) -> None:
        """
        ``counts`` says whether it is told how much it is, and when it is over.

        ``page`` is given where it is not all shown at once.
        """
        self.is_over = not parts
        self._walk = _Walk(parts, most=page.most if page else math.inf)
        self._page = page
        self._shown = 0  # lines
        is_counted = page is not None and page.lines is not None
        self._uncounted = list(parts) if counts and not is_counted else []
        self._counting: _Walk | None = None
        self._parts = parts
        self._counts = counts
        self._lines = page.lines or 0 if page else 0

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        if self._uncounted:
            if any(viewer.view(part.feed.stream).ignored for part in self._parts):
                self._uncounted = []
                self._counting = _Walk(self._parts)
            else:
                feed, after, upto, _ = self._uncounted.pop()
                counted = maybeDeferred(log.count_spoken, feed.stream, after.seq, upto.seq)
                if not self._uncounted:
                    self._counting = _Walk(self._parts, unspoken=True)
                return counted.addCallback(self._add)
        if self._counting is not None:
            return self._counting.step(log, viewer).addCallback(self._count, self._counting, viewer)
        return self._walk.step(log, viewer).addCallback(self._show)

    def _add(self, lines: int) -> bytes:
        self._lines += lines
        return b""

    def _count(self, data: bytes, counting: _Walk, viewer: Viewer) -> bytes:
        self._lines += count_lines(data)
        if not counting.is_over:
            return b""
        self._counting = None
        self.is_over = not self._lines
        if self.is_over:
            return b""
        wire = viewer.view(self._parts[0].feed.stream).wire
        return notice(f"While you were away: {count(self._lines, 'line', 'lines')}.", wire)

    def _show(self, data: bytes) -> bytes:
        self.is_over = self._walk.is_over or self._walk.is_full
        if not (self.is_over and self._counts):
            self._shown += count_lines(data) if self._page else 0
            return data
        if self._walk.is_full and self._page:
            left = max(1, self._lines - self._shown - count_lines(data))
            self._page.full(self._walk.parts, left)
            data += notice(f"{left} more: /more")
        return data + notice("Live now.")

    def places(self) -> Mapping[str, Place]:
        return {} if self.is_over else self._walk.places()

"""What somebody missed: how much it is, what of it mentions them, and then the lines, all or page by page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred, maybeDeferred

from tcpchat import handed
from tcpchat.logs.interface import Log
from tcpchat.places import Place
from tcpchat.render import count, count_lines, notice
from tcpchat.replays import Part, Viewer, Walk


class Paging(NamedTuple):
    """
    How what somebody missed is shown page by page: so many lines, and who is told what is left.

    That is told as the parts, and the number of lines in them.
    """

    most: int
    full: Callable[[Sequence[Part], int], None]


class Told(Protocol):
    """What is told behind how much was missed."""

    is_over: bool

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        """Answer with the next piece of it."""


class Missed:
    """
    What somebody missed in some streams, under a line that says how much it is.

    For that the log counts what was said, and the rest is gone through twice. Where some people are
    not heard, all of it is. A program counts by itself.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        counts: bool,
        page: Paging | None = None,
        behind: Told | None = None,
        lines: int | None = None,
        renamings: Iterable[str] = (),
    ) -> None:
        """
        ``counts`` says whether it is told how much it is, and when it is over.

        ``page`` is given where it is not all shown at once. ``behind`` is told behind how much it is, if
        anything was missed. ``lines`` is how many they are, where that was told before, as ``renamings``
        were.
        """
        self.is_over = not parts
        self._walk = Walk(parts, most=page.most if page else math.inf, renamings=renamings)
        self._page = page
        self._shown = 0  # lines
        self._uncounted = list(parts) if counts and lines is None else []
        self._counting: Walk | None = None
        self._parts = parts
        self._counts = counts
        self._behind = behind
        self._lines = lines or 0

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        if self._uncounted:
            if any(viewer.view(part.feed.stream).ignored for part in self._parts):
                self._uncounted = []
                self._counting = Walk(self._parts)
            else:
                feed, after, upto, _ = self._uncounted.pop()
                counted = maybeDeferred(log.count_spoken, feed.stream, after.seq, upto.seq)
                if not self._uncounted:
                    self._counting = Walk(self._parts, unspoken=True)
                return counted.addCallback(self._add)
        if self._counting is not None:
            return self._counting.step(log, viewer).addCallback(self._count, self._counting, viewer)
        if self._behind is not None and not self._behind.is_over:
            return self._behind.read(log, viewer)
        return self._walk.step(log, viewer).addCallback(self._show)

    def _add(self, lines: int) -> bytes:
        self._lines += lines
        return b""

    def _count(self, data: bytes, counting: Walk, viewer: Viewer) -> bytes:
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

    def hand_on(self) -> handed.Missed:
        """Return what is left of it. What was not told is counted and looked through anew."""
        is_told = not (self._uncounted or self._counting)
        return handed.Missed(
            [part.hand_on() for part in self._walk.parts],
            self._counts,
            self._lines - self._shown if is_told else None,
            self._behind is not None and not self._behind.is_over,
            int(self._walk.left) if self._page else None,
            sorted(self._walk.renamings),
        )

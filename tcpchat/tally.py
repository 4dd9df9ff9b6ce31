"""
What this process has done so far, in plain numbers: they are read when somebody asks for figures. No I/O.

They are always counted, so counting has to cost nothing that could be measured: an addition for what is done
many times a second, and that for a batch or a read, not for a line or a reader of it.
"""

from __future__ import annotations


class Tally:
    """Numbers that only grow; what is counted by a key has few, of a closed list."""

    __slots__ = "connections", "deliveries", "limits", "lines_in", "lines_out", "refusals"

    def __init__(self) -> None:
        self.lines_in = 0  # that were taken from connections
        self.lines_out = 0  # entries that were handed to live readers, once for each of them
        self.deliveries = 0  # batches that were, once for each reader
        self.connections = 0  # that came in
        self.refusals: dict[str, int] = {}  # of what was asked for, by code
        self.limits: dict[str, int] = {}  # times that somebody had to wait or stay out, by the limit's name

    def refused(self, code: str) -> None:
        """Somebody was told why something is not done."""
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def hit(self, limit: str) -> None:
        """Somebody has met a limit."""
        self.limits[limit] = self.limits.get(limit, 0) + 1


# The one of this process: what it has done is a matter of the whole server.
TALLY = Tally()

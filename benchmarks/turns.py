"""
tcpchat with a watch: how long each turn of its reactor takes, from one look at the network to the next.

    python benchmarks/turns.py FILE tcpchat OPTIONS

runs ``twistd -n --pidfile= tcpchat OPTIONS`` and writes a line into FILE for each turn worth it: when it
began, by the clock that all processes of a machine share, how long it took, and for how much of that the
reactor's thread was running; the rest went to the server's other threads, and to other programs on its core.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from twisted.scripts import twistd

from tcpchat import turns

# Seconds; shorter turns are not written down.
WORTH_IT = 0.004


class Turn(NamedTuple):
    """One turn of the reactor, in seconds."""

    begin: float  # time.monotonic()
    took: float
    computed: float


class Watched(turns.FewAtOnce):
    """Notes the time between two looks at the network."""

    file: TextIO

    def __init__(self, poller: select.epoll) -> None:
        super().__init__(poller)
        self._looked = time.monotonic(), time.thread_time()

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """Wait for events, once the turn before is written down."""
        began, computed_before = self._looked
        took, computed = time.monotonic() - began, time.thread_time() - computed_before
        if took > WORTH_IT:
            print(began, took, computed, file=self.file, flush=True)
        events = super().poll(timeout, most)
        self._looked = time.monotonic(), time.thread_time()
        return events


def with_a_watch(command: Sequence[str], path: Path) -> list[str]:
    """Return what runs a server with a watch; ``command`` is how it is run without."""
    return [sys.executable, __file__, str(path), *command[command.index("tcpchat") :]]


def read(path: Path, begin: float, end: float) -> list[Turn]:
    """Return the turns that were written down and began in a time."""
    noted = [Turn(*map(float, line.split())) for line in path.read_text().splitlines()]
    return [turn for turn in noted if begin <= turn.begin < end]


def main() -> None:
    """Run the server."""
    _, path, *arguments = sys.argv
    Watched.file = open(path, "w")
    turns.FewAtOnce = Watched  # type: ignore[misc]
    sys.argv = ["twistd", "-n", "--pidfile=", *arguments]
    twistd.run()


if __name__ == "__main__":
    main()

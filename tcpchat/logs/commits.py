"""How long the commits of a log have taken, and how much they held: measured where they are made."""

from __future__ import annotations

from tcpchat.histogram import Histogram

# Seconds: from a disk that answers from its cache, over one that turns, to one that hangs.
SECONDS = 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0

# Items: a line said alone, up to what one commit holds.
ITEMS = 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024


class Commits:
    """All commits since the log was opened."""

    def __init__(self) -> None:
        self.seconds = Histogram(SECONDS)
        self.items = Histogram(ITEMS)
        self.failures = 0

    def made(self, seconds: float, items: int) -> None:
        """One has taken so long, and held so much."""
        self.seconds.observe(seconds)
        self.items.observe(items)

    def failed(self) -> None:
        """One could not be made, and what it held is not in the log."""
        self.failures += 1

"""What an operator is to know of a stream's copies: which servers are out, back, or lead. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# Seconds without a sign of a copy after which it is out, for the leader: they are due each second.
SILENT = 4.0

# Looks in a row at which a copy lacks something before it counts as out: it may be busy for a moment.
LACKING = 2

# Seconds without a leader after which that is told: finding another one takes 4 to 8.
LEADERLESS = 5.0


class Copy(NamedTuple):
    """A server's copy of the stream, as the leader sees it; the leader's own is none of these."""

    server: str
    is_current: bool
    is_offline: bool
    silent: float  # seconds since its last sign


class News(NamedTuple):
    """A line for the operator."""

    is_bad: bool
    text: str


class Copies:
    """Knows what has been told of the copies of one stream."""

    def __init__(self, stream: str) -> None:
        self.leader = ""
        self.servers: tuple[str, ...] = ()  # of all copies
        self._stream = stream
        self._out: set[str] = set()  # the operator knows that they are
        self._catching_up: set[str] = set()  # of these, those that are back and lack something still
        self._lacking: dict[str, int] = {}  # at how many looks in a row
        self._leaderless = 0.0  # since when
        self._is_told = False  # that there is no leader

    def look(self, leader: str, others: Sequence[Copy], now: float) -> list[News]:
        """A leader has told how its copies are; return what is news."""
        news = self._led(leader, now)
        self.servers = tuple(sorted([leader, *(copy.server for copy in others)]))
        self._back(leader, True, news)
        for copy in others:
            lacking = 0 if copy.is_current else self._lacking.get(copy.server, 0) + 1
            self._lacking[copy.server] = lacking
            is_silent = copy.is_offline or copy.silent > SILENT
            if copy.server in self._out:
                if not is_silent and (copy.is_current or copy.silent):
                    self._back(copy.server, copy.is_current, news)
            elif is_silent or lacking >= LACKING:
                self._out.add(copy.server)
                news.append(News(True, f"The NATS server {copy.server} is out: {self._count()}."))
        return news

    def _led(self, leader: str, now: float) -> list[News]:
        before, self.leader = self.leader, leader
        since, self._leaderless = self._leaderless, 0.0
        is_told, self._is_told = self._is_told, False
        if is_told:
            after = f"again, after {now - since:.0f} s"
            return [News(False, f"The NATS server {leader} leads the stream {self._stream} {after}.")]
        if before and leader != before:
            return [News(False, f"The NATS server {leader} leads the stream {self._stream} now.")]
        return []

    def _back(self, server: str, is_current: bool, news: list[News]) -> None:
        """A server is there that may have been out."""
        if server not in self._out:
            return
        if is_current:
            self._out.discard(server)
            self._catching_up.discard(server)
            news.append(News(False, f"The NATS server {server} is back: {self._count()}."))
        elif server not in self._catching_up:
            self._catching_up.add(server)
            news.append(News(False, f"The NATS server {server} is there again, and fetches what it missed."))

    def _count(self) -> str:
        number, there = len(self.servers), len(self.servers) - len(self._out)
        few = "" if 2 * there > number else ", too few for anything to be said"
        return f"the stream {self._stream} has {there} of {number} copies{few}"

    def leaderless(self, now: float) -> list[News]:
        """No leader answers, though a server does; return what is news."""
        self._leaderless = self._leaderless or now
        if self._is_told or now - self._leaderless < LEADERLESS:
            return []
        self._is_told = True
        return [
            News(
                True,
                f"No NATS server leads the stream {self._stream}: what is said waits until most of its"
                " servers are there.",
            )
        ]

    def unknown(self) -> None:
        """There is no server that could be asked: that is told elsewhere."""
        if not self._is_told:
            self._leaderless = 0.0

    def summary(self, number: int) -> str:
        """Return how the copies are, of which there are so many, as a part of a sentence."""
        if number < 2:
            return "1 copy"
        if len(self.servers) < number:  # of a stream that was just made, on which servers is not known yet
            return f"{number} copies"
        return f"{len(self.servers)} copies, on {', '.join(self.servers)} ({self.leader} leads)"

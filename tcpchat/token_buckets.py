"""
How much somebody may send: token buckets. No I/O, no clock.

A bucket may be overdrawn; what overdraws it waits until it is even again. So nothing is asked twice
whether it may happen now, and those who share a bucket are served in the order in which they came.
"""

from __future__ import annotations

from tcpchat.limits import BREAK_OF_FLOOD

NEVER = float("-inf")

# Buckets of networks that there may be before those that are full are looked for.
FEW_NETWORKS = 64


class Bucket:
    """Allows bursts of ``burst`` and ``rate`` per second in the long run."""

    __slots__ = "_at", "_burst", "_level", "_rate"

    def __init__(self, burst: float, rate: float, now: float) -> None:
        """It is full at first."""
        self._burst = burst
        self._rate = rate
        self._level = burst
        self._at = now

    def take(self, cost: float, now: float) -> float:
        """Take so much out of it; return for how many seconds that has to be waited for."""
        level = self._level + (now - self._at) * self._rate
        if level > self._burst:
            level = self._burst
        self._level = level = level - cost
        self._at = now
        return 0.0 if level >= 0 else -level / self._rate

    def level(self, now: float) -> float:
        """Return how much is in it."""
        return min(self._burst, self._level + (now - self._at) * self._rate)

    def fill(self, level: float, now: float) -> None:
        """Have so much in it."""
        self._level, self._at = level, now

    def is_full(self, now: float) -> bool:
        """Is it as a new one would be?"""
        return self._level + (now - self._at) * self._rate >= self._burst


class Budget:
    """What one session may send: lines by what they cost, and bytes."""

    __slots__ = "_bytes", "_since", "_tokens", "_until"

    def __init__(self, tokens: Bucket, bytes: Bucket) -> None:
        self._tokens = tokens
        self._bytes = bytes
        self._since = NEVER
        self._until = NEVER

    def take(self, cost: float, size: int, now: float, wait: float = 0.0) -> float:
        """
        Pay for a line of so many bytes; return for how many seconds it has to wait.

        That is at least ``wait``.
        """
        tokens, bytes = self._tokens.take(cost, now), self._bytes.take(size, now)
        if tokens or bytes or wait:
            wait = max(tokens, bytes, wait)
            if now > self._until + BREAK_OF_FLOOD:
                self._since = now
            self._until = now + wait
        return wait

    def charge(self, cost: float, now: float) -> None:
        """Pay for something that has happened already: the next line waits for it."""
        self._tokens.take(cost, now)

    def refund(self, cost: float, size: int, now: float) -> None:
        """Give back what was paid for a line of so many bytes that was not carried out."""
        self._tokens.take(-cost, now)
        self._bytes.take(-size, now)

    def levels(self, now: float) -> tuple[float, float]:
        """Return how many tokens and bytes there are."""
        return self._tokens.level(now), self._bytes.level(now)

    def fill(self, levels: tuple[float, float], now: float) -> None:
        """Have so many tokens and bytes: as they were in another process."""
        tokens, bytes = levels
        self._tokens.fill(tokens, now)
        self._bytes.fill(bytes, now)

    def flood(self, now: float) -> float:
        """
        Return for how many seconds lines have had to wait, one behind the other.

        A while in which none waits is a break.
        """
        return now - self._since if now <= self._until + BREAK_OF_FLOOD else 0.0


class NetworkBuckets:
    """A bucket for each network that somebody sends from. One that is full is not kept."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._many = FEW_NETWORKS

    def take(self, key: str, burst: float, rate: float, cost: float, now: float) -> float:
        """Take so much out of a network's bucket; return for how many seconds that has to be waited for."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_full(now)
            bucket = self._buckets[key] = Bucket(burst, rate, now)
        return bucket.take(cost, now)

    def __len__(self) -> int:
        return len(self._buckets)

    def _forget_full(self, now: float) -> None:
        """Once in a while, so that it costs next to nothing each time."""
        if len(self._buckets) >= self._many:
            self._buckets = {key: kept for key, kept in self._buckets.items() if not kept.is_full(now)}
            self._many = max(FEW_NETWORKS, 2 * len(self._buckets))

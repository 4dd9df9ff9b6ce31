"""
Which nodes of a cluster are alive, by whose lease was seen to be renewed when. No I/O, no clock.

A node renews its lease all the time. One whose renewals do not get through stops acting as a node (it is
*fenced*) before anybody may take it for dead: it measures from the moment at which it asked for the last
renewal that succeeded, the others from when they saw that, which is later. Times are seconds on a
monotonic clock, each node's own: no two clocks are ever compared.
"""

from __future__ import annotations

from typing import NamedTuple


class Times(NamedTuple):
    """Seconds: RELIABILITY.md, TH-57."""

    renew: float = 15.0  # between two renewals
    fence: float = 30.0  # without one after which a node takes no more lines
    dead: float = 45.0  # without one after which the others take it for dead
    doubt: float = 17.0  # for which who wants the name of one that does not answer waits for a renewal

    @property
    def gap(self) -> float:
        """
        The longest time between two renewals of one that may be sure to have seen the others' all along.

        Two nodes that NATS was lost to at once have both been unseen for this and for ``renew``, and have
        the rest to be seen again.
        """
        return (self.renew + self.fence) / 2


TIMES = Times()

# Before anything was known.
NEVER = float("-inf")


class _Seen(NamedTuple):
    """A lease's last revision, and when that was seen first."""

    revision: int
    time: float


class Leases:
    """A node's own lease, and what it has seen of the others'."""

    def __init__(self, times: Times = TIMES) -> None:
        self.times = times
        self._seen: dict[str, _Seen] = {}  # by the node's name
        self._missing: dict[str, float] = {}  # nodes that have no lease: since when that is known
        self._renewed: float | None = None  # when the own lease's last renewal that succeeded was asked for
        self._unbroken_since = NEVER  # from when on no two own renewals were further apart than may be

    # The own lease

    def renewed(self, asked: float) -> None:
        """The own lease was taken or renewed, which was asked for then."""
        if self._renewed is None or asked - self._renewed > self.times.gap:
            self._unbroken_since = asked
        self._renewed = asked

    def lost(self) -> None:
        """The own lease is somebody else's to give."""
        self._renewed = None

    def is_fenced(self, now: float) -> bool:
        """Could the others take this node for dead, or will soon?"""
        return self._renewed is None or now - self._renewed >= self.times.fence

    # Those of the others

    def seen(self, node: str, revision: int, now: float) -> None:
        """A node's lease is there, with a revision; a new one is a renewal."""
        self._missing.pop(node, None)
        if node not in self._seen or self._seen[node].revision < revision:
            self._seen[node] = _Seen(revision, now)

    def living(self, now: float) -> int:
        """Return how many nodes have a lease that was renewed lately, with this one, if it has."""
        others = [now - seen.time < self.times.dead for seen in self._seen.values()]
        return sum(others) + (self._renewed is not None)

    def gone(self, node: str) -> None:
        """A node's lease is not there any more: somebody has buried it."""
        self._seen.pop(node, None)
        self._missing[node] = NEVER

    def dead(self, now: float) -> list[tuple[str, int]]:
        """
        Return the nodes that are dead, each with the revision of its lease that was seen last.

        Whoever was cut off themselves counts anew from then on. That node is to be buried whose lease can
        be taken away at that revision: one that was renewed meanwhile, unseen, is alive.
        """
        if self._renewed is None or now - self._renewed > self.times.gap:
            return []
        return [
            (node, seen.revision)
            for node, seen in self._seen.items()
            if now - max(seen.time, self._unbroken_since) >= self.times.dead
        ]

    def is_living(self, node: str, now: float) -> bool:
        """
        Has a node a lease, or may it have one that was not seen yet?

        What a cluster's node has may be seen before its lease is; without one for as long it is dead.
        """
        if node in self._seen:
            return True
        return now - self._missing.setdefault(node, now) < self.times.dead

"""
Whose turn it is in a room for which several nodes have something: rules alone, no clock and no I/O.

Of all messages that are on their way for one place in a room one lands. The node that is quickest, or has the
leader beside it, would win each time, and the others' people would wait for as long as somebody talks there.
So whoever has had a turn lets those go first who were there of late, or who say that they have lost.
"""

from __future__ import annotations

# Times as long as one's own message took, within which another node's has come: it had to hear of that
# first. And seconds, at least and at most.
TIMES = 4
SHORTEST = 0.005
LONGEST = 0.1


class Turns:
    """
    The other nodes that add to a room while this one does, and which of them this one waits for.

    One that lets its turn pass is not waited for again until it has added something.
    """

    __slots__ = ("_awaited", "_others", "_until", "is_timed")

    def __init__(self) -> None:
        self._others: set[str] = set()
        self._awaited: set[str] = set()
        self._until = 0.0
        self.is_timed = False  # whether somebody will look again when the wait is over

    def came(self, node: str) -> None:
        """Another node has added something."""
        self._others.add(node)
        self._awaited.discard(node)

    def wants(self, node: str, now: float) -> None:
        """Another node says that it was too late for its turn."""
        self._others.add(node)
        self._awaited.add(node)
        self._until = now + LONGEST

    def had(self, now: float, took: float) -> None:
        """This node has had its turn, and its message took so many seconds there and back."""
        self._awaited |= self._others
        self._until = now + min(max(TIMES * took, SHORTEST), LONGEST)

    def wait(self, now: float) -> float:
        """Return for how many seconds the turn is still another node's: 0 when it is this one's."""
        if not self._awaited:
            return 0.0
        if now < self._until:
            return self._until - now
        self._others -= self._awaited
        self._awaited.clear()
        return 0.0

    @property
    def are_over(self) -> bool:
        """Is there nobody to wait for, now and after the next turn?"""
        return not self._others

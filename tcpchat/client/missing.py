"""What was said in a room between two sessions of somebody, while it is fetched. No I/O."""

from __future__ import annotations

from tcpchat.client.backlog import PAGE
from tcpchat.client.happenings import Fields
from tcpchat.client.limits import MOST_FETCHED
from tcpchat.limits import LONGEST_PASTE


class Missing:
    """The entries of a room after a number: those that are fetched, and those that come meanwhile."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.before = 0  # the number of the first that comes by itself, once one is there again
        self._past: dict[int, Fields] = {}
        self._new: dict[int, Fields] = {}
        self._is_cut = False

    @property
    def is_fetched(self) -> bool:
        """Was it asked for?"""
        return self.before > 0

    def take(self, it: Fields) -> None:
        """Take in an entry, whether it is of the past or has just come."""
        if not it.get("replay"):
            self._new[it["seq"]] = it
            return
        self._past[it["seq"]] = it
        if len(self._past) > MOST_FETCHED:
            del self._past[next(iter(self._past))]
            self._is_cut = True

    def entries(self) -> list[Fields]:
        """Return what was missed, in order, as if it had come by itself."""
        return [
            {name: value for name, value in it.items() if name != "replay"}
            for seq, it in sorted((self._past | self._new).items())
            if seq > self.after
        ]

    def rest(self) -> int:
        """Return before which entry more was said than was fetched; 0: that is all."""
        first = min(self._past, default=0)
        lines = sum(str(it.get("text", "")).count("\n") + 1 for it in self._past.values())
        # A page ends before a message that it has no room for.
        is_full = self._is_cut or lines > PAGE - LONGEST_PASTE
        return first if is_full and first > self.after + 1 else 0

"""A queue that takes hardly any room while it is empty. No I/O."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class Fifo(list[T]):
    """
    What waits, first come, first taken.

    It is a list, so that it costs nothing where nothing waits, which is nearly always and for nearly
    everybody: an empty deque has 600 bytes. As a list it also holds what was taken until all is.
    """

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        super().__init__()
        self._taken = 0

    @property
    def number(self) -> int:
        """How many wait."""
        return len(self) - self._taken

    def take(self) -> T:
        """Return the first that waits; there has to be one."""
        first = self[self._taken]
        self._taken += 1
        if self._taken == len(self):
            self.clear()
        return first

    def clear(self) -> None:
        """Let nothing wait any more."""
        super().clear()
        self._taken = 0

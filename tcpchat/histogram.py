"""How often a figure was how big: counted in steps, for as long as the process runs. No I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """
    Counts figures by the step that they reach; ``total`` is their sum.

    One thread counts; another one may read at any time, and is told at worst of one figure more or less.
    """

    __slots__ = "_numbers", "steps", "total"

    def __init__(self, steps: Sequence[float]) -> None:
        """``steps`` are the upper ends of what is counted together, in order; what is beyond is, too."""
        self.steps = tuple(steps)
        self.total = 0.0
        self._numbers = [0] * (len(self.steps) + 1)

    def observe(self, figure: float) -> None:
        """Count one."""
        self._numbers[bisect_left(self.steps, figure)] += 1
        self.total += figure

    @property
    def number(self) -> int:
        """How many there were."""
        return sum(self._numbers)

    def up_to(self) -> list[tuple[str, int]]:
        """Return how many reached no more than each step, as Prometheus has it; the last is ``+Inf``."""
        so_far = 0
        counted = []
        for step, number in zip([*map(repr, self.steps), "+Inf"], self._numbers.copy(), strict=True):
            so_far += number
            counted.append((step, so_far))
        return counted

"""Figures of many runs: medians, ratios of the same round, and what may be ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.loads import Load
from benchmarks.runs import Run

# A load generator that is busier than this measures itself: what it says of the server's speed is too low.
TOO_BUSY = 0.9

# Fewer rounds say nothing about what differs by chance.
ENOUGH_ROUNDS = 3

DASH = "\N{EN DASH}"


class Range(NamedTuple):
    """What several rounds gave."""

    median: float
    lowest: float
    highest: float
    rounds: int

    def overlaps(self, other: Range) -> bool:
        """Say whether the two cannot be ranked, also because there is too little to know."""
        few = min(self.rounds, other.rounds) < ENOUGH_ROUNDS
        return few or (self.lowest <= other.highest and other.lowest <= self.highest)

    def __str__(self) -> str:
        middle, lowest, highest = map(short, self[:3])
        return middle if lowest == highest else f"{middle} ({lowest}{DASH}{highest})"


def short(value: float) -> str:
    """Return a number in three digits, more only before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def range_of(values: Iterable[float]) -> Range | None:
    """Return the range of some values; None if there are none."""
    known = [*values]
    return Range(median(known), min(known), max(known), len(known)) if known else None


class Figures:
    """The runs of one workload."""

    def __init__(self, load: Load, runs: Sequence[Run]) -> None:
        self.load = load
        self._runs = [run for run in runs if run["load"] == load.name]

    def of(self, server: str, figure: str) -> Range | None:
        """Return what a server's rounds gave, of those that passed every check."""
        return range_of(self._values(server, figure).values())

    def ratio(self, server: str, figure: str, reference: str) -> Range | None:
        """Return a server's figure over that of the reference, each time in the same round."""
        others = self._values(reference, figure)
        return range_of(
            value / others[number]
            for number, value in self._values(server, figure).items()
            if others.get(number)
        )

    def failures(self, server: str) -> list[str]:
        """Return what was wrong in a server's runs."""
        return [failure for run in self._runs if run["server"] == server and (failure := _failure(run))]

    def measures_itself(self, server: str) -> bool:
        """Say whether the load was too busy for the throughput to be the server's."""
        busy = self.of(server, "load_busy")
        return busy is not None and busy.highest > TOO_BUSY

    def ranked(self, server: str, other: str, figure: str) -> str:
        """Return how a server's cost stands to another's: "less", "more" or "not ranked"."""
        reference = self.load.reference
        ours, theirs = (
            self.ratio(name, figure, reference) if reference else self.of(name, figure)
            for name in (server, other)
        )
        if ours is None or theirs is None:
            return DASH
        if ours.overlaps(theirs):
            return "not ranked"
        return "less" if ours.highest < theirs.lowest else "more"

    def _values(self, server: str, figure: str) -> dict[int, float]:
        return {
            run["round"]: run[figure]
            for run in self._runs
            if run["server"] == server and run.get("ok") and figure in run
        }


def _failure(run: Run) -> str:
    if "error" in run:
        return f"round {run['round']}: {run['error']}"
    if run["ok"]:
        return ""
    checks = "lost", "doubled", "disordered", "damaged", "strayed", "gone", "other_orders"
    wrong = [f"{run[check]:,} {check.replace('_', ' ')}" for check in checks if run.get(check)]
    return f"round {run['round']}: {', '.join(wrong) or 'a check failed'}"

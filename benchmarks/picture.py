"""The picture: what a delivery costs, by workload and server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from benchmarks.figures import Figures
from benchmarks.loads import LOADS
from benchmarks.report import COST
from benchmarks.runs import OURS, Run
from benchmarks.servers import SERVERS

WIDTH = 0.8  # of all the bars of a workload, of which the next one is 1 away


def draw(path: Path, runs: Sequence[Run]) -> None:
    """Draw bars on a logarithmic scale, from the lowest to the highest round by thin lines."""
    shown = [Figures(load, runs) for load in LOADS.values() if load.shows == "talk" and not load.servers]
    shown = [figures for figures in shown if any(figures.of(name, COST) for name in SERVERS)]
    servers = [name for name in SERVERS if any(figures.of(name, COST) for figures in shown)]
    matplotlib.use("svg")
    with matplotlib.rc_context({"svg.hashsalt": "tcpchat", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(11, 5))
        colors = matplotlib.colormaps["tab10"]
        for place, name in enumerate(servers):
            found = {
                at: range_
                for at, figures in enumerate(shown)
                if (range_ := figures.of(name, COST)) is not None
            }
            axes.bar(
                [at + (place - (len(servers) - 1) / 2) * WIDTH / len(servers) for at in found],
                [range_.median for range_ in found.values()],
                width=WIDTH / len(servers) * 0.9,
                yerr=[
                    [range_.median - range_.lowest for range_ in found.values()],
                    [range_.highest - range_.median for range_ in found.values()],
                ],
                label=name,
                color="black" if name == OURS else colors(place - 1),
                error_kw={"elinewidth": 0.8, "ecolor": "gray"},
            )
        axes.set_yscale("log")
        axes.set_xticks(range(len(shown)), [figures.load.name for figures in shown])
        axes.set_ylabel("server CPU per delivery, µs (less is better)")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(axis="y", linewidth=0.4)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
        figure.tight_layout()
        figure.savefig(path, format="svg", metadata={"Date": None})
        pyplot.close(figure)

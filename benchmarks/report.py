"""The report: tables of what the runs gave, between two marks in a Markdown file."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import DASH, Figures, Range
from benchmarks.loads import LOADS
from benchmarks.runs import OURS, Bench, Run
from benchmarks.servers import SERVERS

BEGIN = "<!-- make bench writes from here -->"
END = "<!-- to here -->"
HEADING = "# Performance\n"
TIMES = "\N{MULTIPLICATION SIGN}"

# The tables' columns: what chatload calls them, and what they are.
TALK = {"messages_per_s": "messages/s", "p50_ms": "p50 ms", "p99_ms": "p99 ms", "load_busy": "load busy"}
COST = "cpu_us_per_delivery"
COLUMNS = {
    "logins": {"cpu_us_per_login": "CPU µs per login", "logins_per_s": "logins/s", "load_busy": "load busy"},
    "memory": {
        "kib_per_client": "KiB each",
        "cpu_us_per_login": "CPU µs per login",
        "logins_per_s": "logins/s",
    },
}


def describe(bench: Bench, seed: int) -> dict[str, Any]:
    """Return what has to be known of the machine and of the runs."""
    one = " (the machine has one core: they share it, and the figures are worth little)"
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"{platform.machine()}, the logs on {_file_system(bench.scratch)}",
        "software": f"CPython {platform.python_version()}, Twisted {version('twisted')}",
        "cores": f"server on core {bench.cores.server}, load on core {bench.cores.load}"
        + one * (bench.cores.server == bench.cores.load),
        "seed": seed,
        "date": datetime.now(UTC).date().isoformat(),
        "missing": bench.missing,
        "versions": {name: found.version for name, found in bench.programs.items()},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def _file_system(folder: Path) -> str:
    asked = ["df", "--output=fstype", str(folder)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()[1]


def write(path: Path, about: Mapping[str, Any], runs: Sequence[Run], picture: str) -> None:
    """Put the report into a file, in the place of the one before; the rest stays as it is."""
    before = path.read_text() if path.exists() else f"{HEADING}\n{BEGIN}\n{END}\n"
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path.name} has no place for the report, between\n{BEGIN}\n{END}")
    path.write_text(f"{head}{BEGIN}\n\n{markdown(about, runs, picture)}\n{END}{tail}")


def markdown(about: Mapping[str, Any], runs: Sequence[Run], picture: str) -> str:
    """Return the report."""
    rounds = max((run["round"] for run in runs), default=0)
    parts = [
        f"*Made by `make bench` on {about['date']}: {rounds} rounds in random order (seed {about['seed']}), "
        f"a new server for each run, {about['cores']}. {about['machine']}; {about['software']}.*",
        "Medians, with the lowest and the highest of the rounds in brackets. CPU is the server's, user and "
        "system, the kernel's work for its sends included; a delivery is one message received by one person, "
        f"and each was checked: once, in order, intact, in time. {TIMES} is the ratio to the reference in "
        "the same round. Where its range and tcpchat's overlap, and with fewer than three rounds, the two "
        "are not ranked. ≥: the load was more than 90 % busy in a round, so the server may be faster.",
        f"![Microseconds of server CPU per delivery]({picture})",
    ]
    for load in LOADS.values():
        figures = Figures(load, runs)
        present = [
            name for name in SERVERS if any(r["server"] == name for r in runs if r["load"] == load.name)
        ]
        if present:
            parts += _section(figures, present)
    parts += [*_turns(runs), *_servers(about, {run["server"] for run in runs})]
    return "\n\n".join(parts) + "\n"


def _section(figures: Figures, servers: Sequence[str]) -> Iterator[str]:
    load = figures.load
    yield f"### {load.name}: {load.what}"
    yield _table(*(_talk(figures, servers) if load.shows == "talk" else _other(figures, servers)))
    failures = [f"{name}, {failure}" for name in servers for failure in figures.failures(name)]
    if failures:
        yield "Failed, and not counted above: " + "; ".join(failures) + "."
    if load.slow:
        yield f"Not with {', '.join(load.slow)}: so many come into one room there only in a minute or more."
    if load.entries:
        yield "To be compared with L0."


def _talk(figures: Figures, servers: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    reference = figures.load.reference
    rows = []
    for name in servers:
        row = [name, _text(figures.of(name, COST))]
        if reference:
            row.append(_text(figures.ratio(name, COST, reference)))
        row += [
            "≥ " * (column == "messages_per_s" and figures.measures_itself(name))
            + _text(figures.of(name, column))
            for column in TALK
        ]
        rows.append([*row, "" if name == OURS else figures.ranked(name, OURS, COST)])
    ratio = [f"{TIMES} {reference}"] if reference else []
    return ["server", "CPU µs per delivery", *ratio, *TALK.values(), f"costs, beside {OURS}"], rows


def _other(figures: Figures, servers: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    columns = COLUMNS[figures.load.shows]
    first = next(iter(columns))
    rows = [
        [name, *(_text(figures.of(name, column)) for column in columns),
         "" if name == OURS else figures.ranked(name, OURS, first)]
        for name in servers
    ]  # fmt: skip
    return ["server", *columns.values(), f"costs, beside {OURS}"], rows


def _turns(runs: Sequence[Run]) -> Iterator[str]:
    turns = {load.name: Figures(load, runs) for load in LOADS.values()}
    rows = [
        [name, str(longest), _text(figures.of(OURS, "turn_cpu_ms"))]
        for name, figures in turns.items()
        if (longest := figures.of(OURS, "turn_ms"))
    ]
    if rows:
        yield "### How long tcpchat's reactor was busy in one turn"
        yield (
            "From one look at the network to the next, the longest of each run, everybody's coming in "
            "included, in runs of their own. The second column has the most CPU time that the reactor's "
            "thread took in a turn: the rest of the first went to the log's thread, and to other programs."
        )
        yield _table(["workload", "longest turn, ms", "reactor's CPU in a turn, ms"], rows)


def _servers(about: Mapping[str, Any], used: set[str]) -> Iterator[str]:
    yield "### The servers"
    names = [name for name in SERVERS if name in used or name in about["missing"]]
    yield _table(
        ["server", "version", "is"],
        [[name, about["versions"].get(name, SERVERS[name].version), SERVERS[name].what] for name in names],
    )
    for name, reason in about["missing"].items():
        yield f"**{name} is missing**: {reason}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(found: Range | None) -> str:
    return str(found) if found else DASH

"""
Measures tcpchat beside other chat servers: ``make bench``.

Each workload (`loads.py`) is run with each server (`servers.py`) once a round, in random order, with a new
server each time, the server on one core and the load on another (`runs.py`). The load generator
(`chatload.c`) checks every message at every receiver. Then tables (`report.py`, `figures.py`) and a picture
(`picture.py`) are written into docs/performance.md, between its two marks, and docs/performance.svg.

    make bench                                  all of it: about an hour, and 6 GB of disk
    make bench QUICK=1                          small, in two minutes: is everything delivered?
    make bench ROUNDS=3 ONLY=P,B SERVERS=tcpchat,ngircd SEED=7
    .venv/bin/python -m benchmarks --again      the report anew, from the last whole run, ended or not

What it needs: Linux, a C compiler, `taskset`, two cores with nothing else to do. It takes ngIRCd, InspIRCd,
ircd-hybrid and node from Debian (`debian.py`): unpacked, not installed, so root is not needed, and nothing is
left behind but build/benchmarks/ with the packages, the big log and the runs' figures. What cannot be had is
named in the report. References are the two modes of `climit.c`.

Only a whole run changes docs; one of a part prints its report. The exit status is 1 if a message was lost,
doubled, out of order or damaged anywhere, or if one of our own programs has failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import picture, report
from benchmarks.figures import Figures
from benchmarks.loads import LOADS
from benchmarks.runs import Bench, Run
from benchmarks.servers import QUICK, SERVERS

T = TypeVar("T")

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "benchmarks"
RUNS = KEPT / "runs.json"
DOCS = ROOT / "docs"

# On a disk, and open to servers that run as somebody else: not /tmp, which may be in memory.
SCRATCH = "/var/tmp"


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    asked = _arguments()
    if asked.again:
        before = json.loads(RUNS.read_text())
        return _report(DOCS, before["about"], before["runs"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and end what was started
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    loads = _chosen(LOADS, asked.only) or [*LOADS.values()]
    servers = _chosen(SERVERS, asked.servers) or [
        server for server in SERVERS.values() if not asked.quick or server.name in QUICK
    ]
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="benchmarks-") as scratch:
        os.chmod(scratch, 0o755)
        bench = Bench(KEPT, Path(scratch), _tell)
        bench.install(servers)
        if asked.quick:
            _tell("A quick run: the workloads are much smaller than they are called.")
        about = report.describe(bench, asked.seed)
        # Only a whole run is for the documents.
        whole = not (asked.quick or asked.only or asked.servers)
        kept = RUNS if whole else Path(scratch) / RUNS.name
        runs: list[Run] = []
        for run in bench.rounds(
            [load.quick() for load in loads] if asked.quick else loads, servers, asked.rounds, asked.seed
        ):
            runs.append(run)
            kept.write_text(json.dumps({"about": about, "runs": runs}, indent=1))
        return _report(DOCS if whole else Path(scratch), about, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure chat servers.")
    parser.add_argument("--quick", action="store_true", help="small, for correctness only")
    parser.add_argument("--rounds", type=int, help="how often (5; quick: 1)")
    parser.add_argument("--only", default="", metavar="LOAD,LOAD", help=", ".join(LOADS))
    parser.add_argument("--servers", default="", metavar="SERVER,SERVER", help=", ".join(SERVERS))
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the order of runs")
    parser.add_argument("--again", action="store_true", help="only write the report anew")
    asked = parser.parse_args()
    asked.rounds = asked.rounds or (1 if asked.quick else 5)
    return asked


def _chosen(known: Mapping[str, T], asked: str) -> list[T]:
    """Return what is named in a list, by names in any case."""
    folded = {name.casefold(): value for name, value in known.items()}
    try:
        return [folded[name.strip().casefold()] for name in asked.split(",") if name]
    except KeyError as error:
        raise SystemExit(f"There is no {error}, only {', '.join(known)}.") from error


def _report(folder: Path, about: Mapping[str, Any], runs: list[Run]) -> int:
    """Write the report; return the exit status."""
    picture.draw(folder / "performance.svg", runs)
    report.write(folder / "performance.md", about, runs, "performance.svg")
    if folder != DOCS:
        print((folder / "performance.md").read_text())
    failed = {
        (load.name, server): failures
        for load in LOADS.values()
        for server in SERVERS
        if (failures := Figures(load, runs).failures(server))
    }
    for (load_name, server), failures in failed.items():
        _tell(f"{load_name}, {server}: {'; '.join(failures)}")
    ours = any(server.startswith(("tcpchat", "climit")) for _, server in failed)
    return int(ours or any("error" not in run and not run["ok"] for run in runs))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


sys.exit(main())

"""
What a cluster carries, all of it on this machine: ``python -m benchmarks.cluster``.

Three NATS servers on the loopback (three replicas, on files, ``sync_interval: always``) and one node or two:

    R      1,000 people in 100 rooms, and so many messages a second of all together
    A1000  4 people talk to 1,000 in one room, 16 messages of each on their way, with 1 node and with 2

Every message is checked by everybody who has to get it (`chatload.c`), so it is what people have, not what
the servers say. Where there are enough cores each node has one of its own, and the load another one; the
servers have the rest. With less everything is on all of them, and what counts is how busy a node is: from
that follows what it would do with a core for itself ("alone on its core" in the table: deliveries a second,
divided by the share of a core that the busiest node took). Or have each node use a share of a core and no
more (``--share``): then two have twice as much as one, as on a machine that has a core for each, if what the
others need is there besides. Prints a table in Markdown.

    --people N      how many people (1,000)
    --rate N        messages a second in R (5,000)
    --duration S    seconds that are measured in each run (10)
    --rounds N      how often (1)
    --share S       A1000 once more, with one node and with two that have this share of a core each
                    (not at all; 0.45 leaves enough for the others on two cores)
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.runs import OVER, READY, NoFigures, build
from benchmarks.shares import shares
from tests.nats_servers import NatsServers, free_ports, three_servers

TWISTD = str(Path(sys.executable).with_name("twistd"))

KEPT = Path(__file__).parent.parent / "build" / "benchmarks"

# In R.
PEOPLE_IN_A_ROOM = 10

# Cores with which each part has one of its own: the load, a node or two, and one for the NATS servers.
ENOUGH = 4

# Seconds between two looks at how busy the processes are, and that the last of the load is left out.
LOOK = 0.05
TAIL = 0.3

TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What people do; ``options`` are chatload's."""

    name: str
    nodes: int
    people: int
    rooms: int
    options: tuple[str, ...]
    share: float = 0.0  # of a core, that each node may use: 0 is all that there is

    @property
    def receivers(self) -> int:
        """Return how many people get a message."""
        return self.people // self.rooms - 1


class Busy(NamedTuple):
    """A moment, and the seconds of CPU that each process has used until then."""

    time: float
    seconds: list[float]


def loads(people: int, rate: int, duration: float, share: float = 0.0) -> list[Load]:
    """Return the loads, in their order; ``share`` asks for those with so much of a core for each node."""
    for_so_long = f"--duration={duration}", "--drain=30"
    rooms = people // PEOPLE_IN_A_ROOM
    # Somebody in each room has to be silent for the order to be known.
    paced = f"--rate={rate}", f"--senders={people - rooms}", *for_so_long
    crowd = "--senders=4", "--window=16", *for_so_long
    some = [
        Load(f"R: {rate:,} messages/s", 1, people, rooms, paced),
        Load("A1000", 1, people, 1, crowd),
        Load("A1000", 2, people, 1, crowd),
    ]
    if share:
        some += [it._replace(name=f"A1000, {share:.0%} of a core each", share=share) for it in some[1:]]
    return some


@contextmanager
def nodes(servers: NatsServers, load: Load, folder: Path, port: int, name: str) -> Iterator[list[int]]:
    """Run the nodes on one port, each with a replica of its own; give their processes' ids."""
    with ExitStack() as stack:
        processes = []
        for number in range(1, load.nodes + 1):
            pinned = ["taskset", "-c", str(number)] if has_enough_cores() else []
            output = stack.enter_context((folder / f"node-{number}").open("w+b"))
            process = subprocess.Popen(
                [*pinned, TWISTD, "-n", "--pidfile=", "tcpchat", "--store", servers.store(name),
                 "--listen", f"tcp:{port}:interface=127.0.0.1", "--reuse-port", "--limits", "off",
                 "--replica", f"replica-{number}.sqlite3", "--node", f"n{number}"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
            _until_ready(process, folder / f"node-{number}")
        yield [process.pid for process in processes]


def has_enough_cores() -> bool:
    """Can each part have a core of its own?"""
    return len(os.sched_getaffinity(0)) >= ENOUGH


def _until_ready(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + READY
    while b"READY line" not in (said := output.read_bytes()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoFigures(f"a node does not start: {said.decode(errors='replace')[-500:]}")
        time.sleep(LOOK)


def used(pid: int) -> float:
    """Return the seconds of CPU that a process has used: proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Watch:
    """Looks again and again at how much CPU some processes have used."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._seen: list[Busy] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(LOOK):
            self._seen.append(Busy(time.monotonic(), [used(pid) for pid in self._pids]))

    def cores(self, duration: float) -> list[float]:
        """End; return how many cores each kept busy in the last so many seconds, but for the very last."""
        self._is_over.set()
        self._thread.join()
        end = self._seen[-1].time - TAIL
        window = [busy for busy in self._seen if end - 0.9 * duration <= busy.time <= end]
        first, last = window[0], window[-1]
        span = last.time - first.time
        return [(after - before) / span for before, after in zip(first.seconds, last.seconds, strict=True)]


def measure(servers: NatsServers, load: Load, duration: float, name: str) -> dict[str, Any]:
    """
    Run one load with new nodes and a new stream; return chatload's figures and how busy everybody was.

    Raises:
        NoFigures: something has not started, or not ended.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        (port,) = free_ports(1)
        with ExitStack() as stack:
            pids = stack.enter_context(nodes(servers, load, Path(made), port, name))
            if load.share:
                stack.enter_context(shares(pids, load.share))
            watch = Watch([*pids, *(server.pid for server in servers.all)])
            pinned = ["taskset", "-c", "0"] if has_enough_cores() else []
            done = subprocess.run(
                [*pinned, str(KEPT / "chatload"), f"--port={port}", f"--clients={load.people}",
                 f"--rooms={load.rooms}", "--total-order", "--ready=You are", "--burst=100",
                 *(["--join=/join %r\\r\\n"] if load.rooms > 1 else []), *load.options],
                capture_output=True, text=True, timeout=OVER, check=False,
            )  # fmt: skip
            cores = watch.cores(duration)
    if done.returncode == 2 or not done.stdout:
        raise NoFigures(done.stderr.strip() or f"chatload has ended with status {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout)
    figures["nodes_busy"], figures["nats_busy"] = cores[: load.nodes], sum(cores[load.nodes :])
    figures["deliveries_per_s"] = figures["messages_per_s"] * load.receivers
    figures["alone"] = figures["deliveries_per_s"] / max(figures["nodes_busy"])
    return figures


def row(load: Load, figures: dict[str, Any]) -> str:
    """Return a run's row of the table."""
    each = ", ".join(f"{busy:.2f}" for busy in figures["nodes_busy"])
    cells = (
        load.name, load.nodes, f"{figures['messages_per_s']:,.0f}", f"{figures['deliveries_per_s']:,.0f}",
        f"{figures['p50_ms']:.1f}", f"{figures['p99_ms']:.1f}", each, f"{figures['nats_busy']:.2f}",
        f"{figures['load_busy']:.2f}", f"{figures['alone']:,.0f}", "yes" if figures["ok"] else "**NO**",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


HEADING = """\
| load | nodes | messages/s | deliveries/s | p50 ms | p99 ms | cores of each node | of NATS | of the load | \
deliveries/s alone on its core | all delivered, once, in order |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"""


def ratio(runs: Sequence[tuple[Load, dict[str, Any]]]) -> str:
    """Return what a second node brought, as a sentence: the medians are of those who have run the most."""
    said = []
    for share in sorted({load.share for load, _ in runs}):
        one, two = (
            sorted((figures for load, figures in runs
                    if load.rooms == 1 and load.share == share and load.nodes == nodes),
                   key=lambda it: float(it["deliveries_per_s"]))
            for nodes in (1, 2)
        )  # fmt: skip
        if not (one and two):
            continue
        first, second = one[len(one) // 2], two[len(two) // 2]
        measured = second["deliveries_per_s"] / first["deliveries_per_s"]
        alone = second["alone"] / first["alone"]
        said.append(
            f"2 nodes against 1, where each has {share:.0%} of a core: {measured:.2f} times."
            if share
            else f"2 nodes against 1: {measured:.2f} times on this machine, {alone:.2f} times with a core for"
            " each."
        )
    return " ".join(said)


def main() -> int:
    """Print the table; return 1 if something was not delivered."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description="Measure a cluster.")
    parser.add_argument("--people", type=int, default=1000, help="how many people (1000)")
    parser.add_argument("--rate", type=int, default=5000, help="messages a second in R (5000)")
    parser.add_argument("--duration", type=float, default=10, help="seconds that are measured (10)")
    parser.add_argument("--rounds", type=int, default=1, help="how often (1)")
    parser.add_argument("--share", type=float, default=0.0, help="of a core, for each node (all of it)")
    asked = parser.parse_args()
    build(KEPT)
    runs: list[tuple[Load, dict[str, Any]]] = []
    print(HEADING, flush=True)
    for number in range(asked.rounds):
        for load in loads(asked.people, asked.rate, asked.duration, asked.share):
            # New servers for each: what the last run has left costs the next one nothing.
            with three_servers() as servers:
                try:
                    figures = measure(servers, load, asked.duration, f"bench{number}")
                except NoFigures as error:
                    print(f"| {load.name} | {load.nodes} | {error} |", flush=True)
                    continue
            runs.append((load, figures))
            print(row(load, figures), flush=True)
    how = "each part on its own" if has_enough_cores() else "shared by all parts"
    machine = f"{platform.machine()}, Linux {platform.release()}; CPython {platform.python_version()}"
    print(f"\n{ratio(runs)}\n\n*{len(os.sched_getaffinity(0))} cores, {how}; {machine}.*")
    return 0 if runs and all(figures["ok"] for _, figures in runs) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The runs: every workload with every server in turn, each with a server of its own, in random order."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import biglog
from benchmarks.debian import CannotInstall, Program, as_nobody, program
from benchmarks.loads import Load
from benchmarks.servers import Place, Server
from benchmarks.turns import WORTH_IT, Turn, read, with_a_watch
from tcpchat.logs.sqlite_schema import VERSION

HERE = Path(__file__).parent

# Seconds for a server to be ready, and for a run to be over.
READY = 30.0
OVER = 400.0
# Where the servers listen: below what Linux gives who asks for any port, or connects.
PORTS = 12_000, 32_000

# The one whose reactor's turns are timed, in runs of their own: the watch costs something, too.
OURS = "tcpchat"

# Where they are written down, in the server's folder.
TURNS = "turns"

# What is known of a run: where it belongs ("round", "load", "server"), and chatload's figures, or
# "turn_ms", or "error".
Run = dict[str, Any]


class Cores(NamedTuple):
    """Where the server runs, and where the load; the same, where there is only one."""

    server: int
    load: int


class NoFigures(Exception):
    """A run has failed before it could measure anything; the text says why."""


def cores() -> Cores:
    """Choose two cores as far from each other as may be."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1])


def build(into: Path) -> None:
    """Compile the C programs."""
    into.mkdir(parents=True, exist_ok=True)
    for name in "chatload", "climit":
        flags = ["-O2", "-Wall", "-Wextra", "-Werror"]
        source = str(HERE / f"{name}.c")
        subprocess.run([os.environ.get("CC", "cc"), *flags, "-o", str(into / name), source], check=True)


@dataclass
class Bench:
    """All that the runs share. ``scratch`` is for the time of the runs, ``kept`` stays."""

    kept: Path
    scratch: Path
    tell: Callable[[str], None]

    def __post_init__(self) -> None:
        self.cores = cores()
        self.programs: dict[str, Program] = {}
        self.missing: dict[str, str] = {}  # servers that cannot be had, and why
        build(self.kept)

    def install(self, servers: Sequence[Server]) -> None:
        """Get the programs of servers from Debian, as far as they can be had."""
        for server in servers:
            if server.package:
                self.tell(f"getting {server.package}")
                try:
                    found = program(server.package, self.kept / "packages", self.scratch / server.package)
                    self.programs[server.name] = found
                except CannotInstall as error:
                    self.missing[server.name] = str(error)

    def rounds(
        self, loads: Sequence[Load], servers: Sequence[Server], rounds: int, seed: int
    ) -> Iterator[Run]:
        """Yield one run after the other: in each round every workload with every server once."""
        chance = random.Random(seed)
        for number in range(1, rounds + 1):
            jobs = [
                (load, server, timed)
                for load in loads
                for server in servers
                for timed in (False, True)
                if load.is_for(server.name) and (not timed or server.name == OURS)
            ]
            chance.shuffle(jobs)
            for load, server, timed in jobs:
                if server.name in self.missing:
                    continue
                about: Run = {"round": number, "load": load.name, "server": server.name}
                self.tell(f"round {number} of {rounds}: {load.name}, {server.name}{', timed' * timed}")
                try:
                    yield about | self.measure(load, server, timed)
                except NoFigures as error:
                    yield about | {"error": str(error)}

    def measure(self, load: Load, server: Server, timed: bool = False) -> Run:
        """
        Run one workload with a new server; return the figures, or only its longest turn.

        Raises:
            NoFigures: the server or the load has failed.
        """
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder, contextlib.ExitStack() as stack:
            place = self._place(Path(folder), load, server)
            pid = stack.enter_context(self._running(server, place, timed))
            begin = time.monotonic()
            command = [
                "taskset", "-c", str(self.cores.load), str(self.kept / "chatload"),
                f"--port={place.port}", f"--pid={pid}", *load.arguments(),
                *([f"--join={server.join}"] if server.join and load.rooms > 1 else []),
                *(["--total-order"] if server.keeps_order and load.clients - load.senders >= load.rooms
                  and load.senders else []),
                *server.options,
            ]  # fmt: skip
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=OVER)
            except subprocess.TimeoutExpired as error:
                raise NoFigures(f"it took more than {OVER:.0f} s") from error
            longest = _longest(read(place.folder / TURNS, begin, time.monotonic())) if timed else {}
        if done.returncode == 2 or not done.stdout:
            raise NoFigures(done.stderr.strip().removeprefix("chatload: ") or f"status {done.returncode}")
        figures: Run = json.loads(done.stdout)
        return {"ok": figures["ok"], **longest} if timed else figures

    def _place(self, folder: Path, load: Load, server: Server) -> Place:
        folder.chmod(0o777)  # for servers that run as somebody else
        port = _free_port()
        store = folder / "tcpchat.sqlite3"
        if load.entries:
            # A copy, because the people of the last run would still have their names; and wholly written.
            shutil.copyfile(self._log(load.entries), store)
            os.sync()
        return Place(folder, port, self.kept, self._files(server).root)

    def _files(self, server: Server) -> Program:
        return self.programs.get(server.name, Program(Path("/"), ""))

    def _log(self, entries: int) -> Path:
        """Return a log of so many entries."""
        # One that an earlier version made would be brought up to date while it is measured.
        path = self.kept / f"{entries}.{VERSION}.sqlite3"
        if not path.exists():
            self.tell(f"making a log of {entries:,} entries")
            biglog.make(path, entries)
        return path

    @contextlib.contextmanager
    def _running(self, server: Server, place: Place, timed: bool) -> Iterator[int]:
        """Run a server on its core; give its process's id once it accepts connections."""
        files = self._files(server)
        command = [
            "taskset", "-c", str(self.cores.server),
            *(files.at_home() if server.at_home else []),
            *(as_nobody() if server.cautious else []),
            *(with_a_watch(server.command(place), place.folder / TURNS) if timed else server.command(place)),
        ]  # fmt: skip
        output = place.folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=place.folder, env=os.environ | files.environment(),
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip
        try:
            deadline = time.monotonic() + READY
            while not _accepts(place.port):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = output.read_text(errors="replace").strip().splitlines()[-2:]
                    raise NoFigures(f"the server does not start: {' '.join(said) or 'it says nothing'}")
                time.sleep(0.02)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    """Return a port that nobody has, and that the system gives nobody who asks for any."""
    while True:
        port = random.randrange(*PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def _longest(turns: Sequence[Turn]) -> Run:
    """Return the longest turn, and the one that computed longest, in milliseconds."""
    return {
        "turn_ms": max((turn.took for turn in turns), default=WORTH_IT) * 1000,
        "turn_cpu_ms": max((turn.computed for turn in turns), default=WORTH_IT) * 1000,
    }

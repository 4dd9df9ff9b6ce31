"""
``python -m tests.soak SECONDS``: 200 people talk while one attack after the other goes on.

Nobody of them may be disconnected, and nothing lost or reordered; in the end the server has as many
descriptors, threads and timers as in the beginning, and no traceback in its log. How long a line takes
to get to everybody is printed, and so is its memory.
"""

from __future__ import annotations

import math
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.soak.attacks import ATTACKS

PEOPLE = 200
# Seconds between two lines, of whomever.
PACE = 0.05
# Seconds in which something has to happen that takes no time.
PATIENCE = 30.0
# Seconds within which nothing is left of those who are gone but what they need to come back: the
# longest that a connection may be without a nickname, and be hung up on. Looked at every few of them.
CALM = 95
# The lines of those who are gone are said at their pace; whose wait for long is cut off before that is over.
CONFIG = "limits = { minutes_of_flooding = 1 }\n"
LOOK = 5
# Timers that come and go with those who talk: folds, deadlines, commits that are gathered.
FEW_TIMERS = 10
# Mebibytes for what attackers left that is kept for five minutes: how each of them comes back.
MOST_KEPT = 64

LINE = re.compile(rb"^<p\d+> m (\d+) (\d+)\r$", re.MULTILINE)


class Cost(NamedTuple):
    """What the server holds: mebibytes of memory, descriptors, threads, timers."""

    memory: float
    descriptors: int
    threads: int
    timers: int

    def is_like(self, before: Cost) -> bool:
        """Is nothing left of what came since?"""
        same = self.descriptors == before.descriptors and self.threads == before.threads
        return same and self.timers <= before.timers + FEW_TIMERS

    def __str__(self) -> str:
        return (
            f"{self.memory:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads,"
            f" {self.timers} timers"
        )


class Watched:
    """A real server."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "timers"
        self.log = folder / "log"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "tests.soak.watched", str(self._told)]
            store = f"sqlite:{folder / 'chat.sqlite3'}"
            config = folder / "chat.toml"
            config.write_text(CONFIG)
            command += ["--listen", "tcp:0:interface=127.0.0.1", "--store", store, "--config", str(config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self.port = int(self._wait_for(rb"READY line tcp 127\.0\.0\.1:(\d+)"))

    def _wait_for(self, pattern: bytes) -> bytes:
        end = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.log.read_bytes())) is None:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return found[1]

    def cost(self) -> Cost:
        """Return what it holds now."""
        self._told.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + PATIENCE
        while not self._told.exists():
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.01)
        process = Path(f"/proc/{self._process.pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
        return Cost(
            int(status["VmRSS"].split()[0]) / 1024,
            len(list((process / "fd").iterdir())),
            int(status["Threads"]),
            int(self._told.read_text()),
        )

    def end(self) -> int:
        """End it as an operator does; return its exit status."""
        self._process.terminate()
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()


class People:
    """Who just talk: each sees the same lines in the same order, their own too."""

    def __init__(self, port: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._rests = [b""] * PEOPLE
        self._seen = [0] * PEOPLE
        self._order: list[int] = []
        self._said = 0
        self._next = time.monotonic()
        self.delays: list[float] = []
        for number in range(PEOPLE):
            person = socket.create_connection(("127.0.0.1", port), PATIENCE)
            person.sendall(b"/set joins none\r\n/set echo on\r\n/as p%d\r\n" % number)
            shown = b""
            while b"brings you back" not in shown:
                shown += person.recv(65536)
            person.setblocking(False)
            self._selector.register(person, selectors.EVENT_READ, number)
            self._sockets.append(person)

    def talk(self, seconds: float) -> None:
        """Talk and listen for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if time.monotonic() >= self._next:
                self._next += PACE
                speaker = self._sockets[self._said * 7 % PEOPLE]
                speaker.sendall(b"m %d %d\r\n" % (self._said, time.monotonic_ns()))
                self._said += 1
            self._listen(min(PACE, max(0, self._next - time.monotonic())))

    def listen_to_the_end(self) -> None:
        """Wait until everybody has heard everything."""
        end = time.monotonic() + PATIENCE
        while any(seen < self._said for seen in self._seen):
            assert time.monotonic() < end, f"lost: {self._said} lines were said, {min(self._seen)} heard"
            self._listen(0.1)

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            number: int = key.data
            data = self._sockets[number].recv(1 << 18)
            assert data, f"p{number} was disconnected"
            whole, _, self._rests[number] = (self._rests[number] + data).rpartition(b"\n")
            now = time.monotonic_ns()
            for line, then in LINE.findall(whole + b"\n"):
                self._hear(number, int(line))
                self.delays.append((now - int(then)) / 1e6)

    def _hear(self, number: int, line: int) -> None:
        at = self._seen[number]
        if at == len(self._order):
            self._order.append(line)
        assert self._order[at] == line, f"p{number} heard {line} in the place of {self._order[at]}"
        self._seen[number] += 1

    @property
    def heard(self) -> int:
        """How many lines everybody has heard."""
        return min(self._seen)


def attack(name: str, port: int, seconds: float) -> subprocess.Popen[bytes]:
    """Begin an attack."""
    return subprocess.Popen([sys.executable, "-m", "tests.soak.attacks", name, str(port), str(seconds)])


def report(what: str, people: People) -> None:
    """Print how long it took until lines were heard, and begin to measure anew."""
    delays, people.delays = sorted(people.delays), []
    p50, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.99)) if delays else (math.nan, math.nan)
    print(f"{what:<9} {len(delays):>8} deliveries, p50 {p50:6.1f} ms, p99 {p99:6.1f} ms", flush=True)


def main(seconds: str) -> None:
    """Run all of it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Watched(Path(folder))
        try:
            share = float(seconds) / (len(ATTACKS) + 1)
            people = People(server.port)
            people.talk(share)
            report("no attack", people)
            before = server.cost()
            for name in ATTACKS:
                attacker = attack(name, server.port, share)
                try:
                    people.talk(share + 0.5)
                    attacker.wait(PATIENCE)
                finally:
                    attacker.kill()
                report(name, people)
            for _ in range(0, CALM, LOOK):
                people.talk(LOOK)
                after = server.cost()
                if after.is_like(before):
                    break
            people.listen_to_the_end()
            report("calm", people)
        finally:
            status = server.end()
        log = server.log.read_text()
    print(f"before: {before}\nafter:  {after}\n{people.heard} lines, heard by all {PEOPLE} in one order")
    assert status == 0, f"exit status {status}"
    assert "Traceback" not in log and "Unhandled" not in log, log
    assert after.is_like(before), "descriptors, threads, timers"
    assert after.memory <= before.memory + MOST_KEPT, "memory"


if __name__ == "__main__":
    main(*sys.argv[1:])

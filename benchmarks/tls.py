"""
What TLS costs: handshakes, memory, and CPU for each delivery beside the same load without it.

    python -m benchmarks.tls [--people 500] [--rounds 3]

It starts the server on one core, and from another one has people connect, come in, and read what one of them
says. Everybody has to be shown every line once and in order. Prints a line for each load and way.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """So many lines, so many of them at once, and so many seconds from one time to the next."""

    name: str
    lines: int
    at_once: int
    pause: float


LOADS = (Load("50 lines a second", 150, 1, 0.02), Load("as many as go", 3000, 50, 0.0))


class Person:
    """Somebody who reads."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket = plain if context is None else context.wrap_socket(plain)
        self.shown = b""
        self.next = 0

    def until(self, text: bytes) -> None:
        """Wait for a text."""
        while text not in self.shown:
            data = self.socket.recv(65536)
            assert data, self.shown
            self.shown += data
        self.shown = b""

    def read(self) -> None:
        """Read what is there; every line has the number that comes next."""
        try:
            while data := self.socket.recv(65536):
                *lines, self.shown = (self.shown + data).split(b"\n")
                for line in lines:
                    number = int(line.split()[1])
                    assert number == self.next, (number, self.next)
                    self.next += 1
                if not isinstance(self.socket, ssl.SSLSocket):
                    return
        except (BlockingIOError, ssl.SSLWantReadError):
            pass


class Server:
    """The server, on a core of its own."""

    def __init__(self, folder: Path, listen: str) -> None:
        command = [
            sys.executable, "-m", "tcpchat", "serve", "--listen", listen, "--limits", "off", "--history", "0"
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(self.process.pid, {0})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if ready := re.search(r"READY line \w+ \S+:(\d+)", line):
                self.port = int(ready[1])
                return
        raise SystemExit("The server did not start.")

    @property
    def seconds(self) -> float:
        """CPU that it has used."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS

    @property
    def memory(self) -> int:
        """KiB that it has."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1])


@contextmanager
def serving(folder: Path, listen: str) -> Iterator[Server]:
    """Have a server for a while."""
    server = Server(folder, listen)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def say(server: Server, people: list[Person], load: Load) -> float:
    """Have the first one say something, and all read it; return the server's microseconds a delivery."""
    selector = selectors.DefaultSelector()
    for person in people:
        person.socket.setblocking(False)
        person.next = 0
        selector.register(person.socket, selectors.EVENT_READ, person)
    before, said, due = server.seconds, 0, time.monotonic()
    while min(person.next for person in people) < load.lines:
        # One says them all, so that there is one order to hold everybody's against.
        if said < load.lines and time.monotonic() >= due and people[0].next >= said - 200:
            text = b"".join(b"%d x\n" % number for number in range(said, said + load.at_once))
            people[0].socket.setblocking(True)
            people[0].socket.sendall(text)
            people[0].socket.setblocking(False)
            said, due = said + load.at_once, due + load.pause
        for key, _ in selector.select(max(0.0, due - time.monotonic()) if said < load.lines else 1):
            key.data.read()
    selector.close()
    for person in people:
        person.socket.setblocking(True)
    return (server.seconds - before) / (load.lines * len(people)) * 1e6


def measure(folder: Path, way: str, listen: str, context: ssl.SSLContext | None, people: int) -> None:
    """Print what one way of connecting costs."""
    with serving(folder, listen) as server:
        first = Person(server.port, context)
        first.until(b"nickname?\r\n")
        memory, cpu = server.memory, server.seconds
        crowd = []
        for _ in range(people):
            person = Person(server.port, context)
            person.until(b"nickname?\r\n")
            crowd.append(person)
        connect = (server.seconds - cpu) / people
        each = f"{connect * 1e3:.2f} ms CPU each, {1 / connect:,.0f} a core and second"
        print(f"{way:6} connecting and a greeting: {each}")
        time.sleep(1)
        print(f"{way:6} idle before a nickname: {(server.memory - memory) / people:.1f} KiB each")
        for number, person in enumerate(crowd):
            person.socket.sendall(b"/set joins none\nn%d\n/set echo on\n" % number)
            person.until(b"echo is on")
        time.sleep(1)
        print(f"{way:6} in a room: {(server.memory - memory) / people:.1f} KiB each")
        for load in LOADS:
            cost = say(server, crowd, load)
            print(f"{way:6} {load.name}: {cost:.2f} µs CPU a delivery")
        time.sleep(1)
        print(f"{way:6} after that: {(server.memory - memory) / people:.1f} KiB each", flush=True)


def main() -> None:
    """Measure both ways, one after the other, several times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    typed = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for _ in range(typed.rounds):
        for way in "plain", "TLS":
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                listen, how = "tcp:0", None
                if way == "TLS":
                    mkcert = [sys.executable, "-m", "tcpchat", "mkcert", "--out", made]
                    subprocess.run(mkcert, check=True, stdout=subprocess.DEVNULL)
                    listen, how = f"ssl:0:privateKey={made}/key.pem:certKey={made}/cert.pem", context
                measure(folder, way, f"{listen}:interface=127.0.0.1", how, typed.people)


if __name__ == "__main__":
    main()

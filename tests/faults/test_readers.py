"""
Readers who stall, only write, break off in the middle, and a server that is stopped for a while.

Small by default; ``make faults`` tries all of it in full.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.faults.checker import check, summary
from tests.faults.clients import SMALL, Crowd, JsonClient, TextClient
from tests.faults.journal import Shown
from tests.faults.servers import dump, start
from tests.processes import PATIENCE, Server

FULL = bool(os.environ.get("TCPCHAT_FULL"))

# What passes a stalled reader, and how many stall at once.
MEGABYTES = 200 if FULL else 8
READERS = 1000 if FULL else 100
# Seconds for which somebody writes and never reads, and for which a server is stopped.
WRITING = float(os.environ.get("TCPCHAT_WRITING") or (600 if FULL else 2))
STOPPED = 20 if FULL else 1
RESUMES = 500 if FULL else 50

KIB = 1024
MIB = 1024 * KIB
# Characters of a long line, and how many are on their way at once.
LINE = 4000
AT_ONCE = 50


class Program:
    """A program with a socket of its own, which reads when it is asked to."""

    def __init__(self, server: Server, nick: str, small: bool = False) -> None:
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", server.port))
        self._file = self.socket.makefile("rb")
        self.asks({"type": "as", "nick": nick}, "/json\n")
        self.last = self.reads_until("welcome")["after"]["lobby"]

    def asks(self, request: dict[str, object], before: str = "") -> None:
        """Send a request."""
        self.socket.sendall(f"{before}{json.dumps(request)}\n".encode())

    def read(self) -> Iterator[dict[str, object]]:
        """Yield what comes, and see that no number is left out or comes again."""
        for line in self._file:
            if line.startswith(b"{"):
                it = json.loads(line)
                if "seq" in it and it["type"] != "ok" and "replay" not in it:
                    assert it["seq"] == self.last + 1, (it["seq"], self.last)
                    self.last += 1
                yield it
        raise AssertionError("the connection is closed")

    def reads_until(self, kind: str) -> dict:  # type: ignore[type-arg]
        """Read until something of a kind comes."""
        return next(it for it in self.read() if it["type"] == kind)

    def reads_up_to(self, seq: int) -> None:
        """Read until an entry has come."""
        while self.last < seq:
            next(self.read())

    def talks(self, megabytes: float) -> list[float]:
        """Say so much in long lines; return how many seconds each of the rounds took."""
        rounds = []
        goal = self.last + round(megabytes * MIB / LINE / AT_ONCE) * AT_ONCE
        for number in range(round(megabytes * MIB / LINE / AT_ONCE)):
            begun = time.monotonic()
            for line in range(AT_ONCE):
                self.asks({"type": "say", "text": f"{number} {line} ".ljust(LINE, "x")})
            for _ in range(AT_ONCE):
                self.reads_until("ok")
            rounds.append(time.monotonic() - begun)
        self.reads_up_to(goal)
        return rounds


def memory(server: Server) -> int:
    """Return how many bytes of memory a server's process has."""
    (kib,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    return int(kib) * KIB


def kernel_memory(server: Server) -> int:
    """Return how many bytes of memory the system has for a server's connections."""
    shown = subprocess.run(
        ["ss", "-tmnH", f"sport = :{server.port}"],
        check=True, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    # Received and not read, sent and not acknowledged or still to be sent, and had in reserve: ss(8).
    return sum(map(int, re.findall(r"(?<=[(,][rwf])\d+", shown.stdout)))


def settled(talker: Program, measure: Callable[[], int]) -> int:
    """Talk until something measured no longer grows; return it."""
    most = 0
    while (now := measure()) > most:
        most = now
        talker.talks(2)
    return most


def test_a_stalled_reader_costs_nothing_and_then_reads_every_line(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        talker, reader = Program(server, "ann"), Program(server, "bob", small=True)
        Program(server, "carl").socket.close()  # who has come once costs nothing the next time
        talker.talks(MEGABYTES)
        reader.reads_up_to(talker.last)
        before = memory(server)
        without = sorted(talker.talks(MEGABYTES / 2))
        reader.reads_up_to(talker.last)
        with_one = sorted(talker.talks(MEGABYTES))
        grown = memory(server) - before
        print(
            f"{MEGABYTES} MB past a stalled reader: {grown / KIB:.0f} KiB more;"
            f" p99 of {AT_ONCE} lines {without[len(without) * 99 // 100] * 1000:.1f} ms,"
            f" with a stalled reader {with_one[len(with_one) * 99 // 100] * 1000:.1f} ms"
        )
        reader.reads_up_to(talker.last)
        assert grown < MIB


def test_stalled_readers_are_cheap(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        talker = Program(server, "ann")
        talker.asks({"type": "set", "name": "joins", "value": "none"})
        # What the server keeps of its file is there from now on.
        before, before_kernel = settled(talker, lambda: memory(server)), kernel_memory(server)
        readers = []
        for number in range(READERS):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            reader.connect(("127.0.0.1", server.port))
            reader.sendall(f"/as reader{number}\n".encode())
            readers.append(reader)
        talker.asks({"type": "whois", "nick": f"reader{READERS - 1}"})
        while next(talker.read())["type"] == "error":
            talker.asks({"type": "whois", "nick": f"reader{READERS - 1}"})
        talker.talks(2)
        settled(talker, lambda: memory(server) + kernel_memory(server))  # everybody has stalled
        process, kernel = memory(server) - before, kernel_memory(server) - before_kernel
        print(f"{READERS} stalled readers: {process / READERS / KIB:.0f} KiB of the process and"
              f" {kernel / READERS / KIB:.0f} KiB of the kernel each")  # fmt: skip
        for reader in readers:
            reader.close()
        assert process + kernel <= 160 * KIB * READERS


def test_all_is_said_of_who_writes_and_never_reads(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        listener = Program(server, "ann")
        writer = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        writer.sendall(b"bob\n")
        end = time.monotonic() + WRITING
        said = heard = 0
        while time.monotonic() < end:
            # What the other says is what the writer does not read.
            listener.asks({"type": "say", "text": "x" * 1000})
            writer.sendall(b"".join(b"line %d\n" % n for n in range(said, said + 100)))
            said += 100
            while heard < said:
                it = next(listener.read())
                assert it["type"] != "left", it
                if it.get("from") == "bob":
                    assert it["text"] == f"line {heard}"
                    heard += 1
        print(f"{said} lines of somebody who reads nothing for {WRITING:.0f} s: all were said")
        writer.close()


def make_crowd(port: int) -> Crowd:
    """Return some programs, and somebody who reads text."""
    crowd = Crowd(port, Random(1))
    crowd.add(*(JsonClient(crowd, name) for name in ("ann", "bob", "carl", "dora")), TextClient(crowd, "eve"))
    assert crowd.run(lambda: all(client.is_in for client in crowd.clients))
    return crowd


def test_a_server_that_is_stopped_and_continued_loses_nothing(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        crowd = make_crowd(server.port)
        for client in crowd.clients:
            client.quota += 500
        crowd.run(patience=0.2)
        server.process.send_signal(signal.SIGSTOP)
        crowd.clients[0].reset()
        crowd.run(patience=STOPPED)
        server.process.send_signal(signal.SIGCONT)
        assert crowd.settle(), crowd.complaints()
        findings = check(crowd.leave(tmp_path), dump(tmp_path))
        assert not findings, summary(findings)


def test_coming_back_in_the_middle_of_a_burst_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        crowd = make_crowd(server.port)
        ann, *others = crowd.clients
        for _ in range(RESUMES):
            for client in crowd.clients:
                client.quota = max(client.quota, 50)
            notes, until = len(ann.journal.notes), crowd.random.randrange(5, 100)
            assert crowd.run(lambda n=notes + until: len(ann.journal.notes) >= n)  # type: ignore[misc]
            assert any(other.quota for other in others)
            crowd.random.choice([ann.reset, ann.abandon, ann.say_farewell])()
            assert crowd.run(lambda: ann.is_in), crowd.complaints()
        assert crowd.settle(), crowd.complaints()
        log = dump(tmp_path)
        findings = check(crowd.leave(tmp_path), log)
        print(f"{RESUMES} times back in the middle of a burst, {len(log)} entries: {summary(findings)}")
        assert not findings


def stop(server: Server) -> None:
    """Stop a server, and wait until it is; over the loopback, what it has sent has arrived then."""
    server.process.send_signal(signal.SIGSTOP)
    threads = list(Path(f"/proc/{server.process.pid}/task").glob("*/status"))
    while not all(re.search(r"^State:\s+T", thread.read_text(), re.MULTILINE) for thread in threads):
        pass


def test_who_comes_back_by_code_has_lost_nothing_after_the_last_acknowledged_byte(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        crowd = Crowd(server.port, Random(1))
        eve = TextClient(crowd, "eve", small=True)
        crowd.add(eve, *(JsonClient(crowd, name) for name in ("ann", "bob", "carl", "dora")))
        assert crowd.run(lambda: all(client.is_in for client in crowd.clients))
        for number in range(RESUMES):
            eve.reads = number % 2 == 0  # or it stalls until the connection breaks
            for client in crowd.clients:
                client.quota = max(client.quota, 50)
            end = time.monotonic() + crowd.random.uniform(0.01, 0.2)
            assert crowd.run(lambda end=end: time.monotonic() > end)  # type: ignore[misc]
            stop(server)
            eve.read_and_reset()
            eve.reads = True
            server.process.send_signal(signal.SIGCONT)
            assert crowd.run(lambda: eve.is_in), crowd.complaints()
        assert crowd.settle(), crowd.complaints()
        log = dump(tmp_path)
        findings = check(crowd.leave(tmp_path), log)
        again = sum(isinstance(note, Shown) and note.replay for note in eve.journal.notes)
        print(f"{RESUMES} times back by code, {len(log)} entries, {again} replayed: {summary(findings)}")
        assert not findings

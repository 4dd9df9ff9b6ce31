"""
Connections that come in floods, take every descriptor, or never say anything: with real processes.

Small by default; ``make faults`` tries all of it in full.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Person, Server

FULL = bool(os.environ.get("TCPCHAT_FULL"))

# Connections that come and go without a nickname.
VISITORS = 20_000 if FULL else 1_000
# Seconds for which it is looked how busy a server is that can accept nobody.
WATCHED = 5.0 if FULL else 1.5

MIB = 1024 * 1024
SPARE = 100
TICKS = os.sysconf("SC_CLK_TCK")

ROOT = Path(__file__).parents[2]


def descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def memory(server: Server) -> int:
    """Return how much memory a server has, in bytes."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def busy(server: Server) -> float:
    """Return which share of a processor a server takes for a while."""

    def used() -> int:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before, begin = used(), time.monotonic()
    time.sleep(WATCHED)
    return (used() - before) / TICKS / (time.monotonic() - begin)


def allow(server: Server, number: int) -> None:
    """Let a server have so many descriptors from now on."""
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (number, 4096))


def until_descriptors(server: Server, number: int) -> None:
    """Wait until a server has no more descriptors than that."""
    end = time.monotonic() + PATIENCE
    while descriptors(server) > number:
        assert time.monotonic() < end, f"{descriptors(server)} descriptors are left, not {number}"
        time.sleep(0.02)


def talk(one: Person, other: Person, text: str) -> None:
    """See that two people hear each other, at once."""
    begin = time.monotonic()
    one.types(text)
    other.until(rf"> {text}\r\n")
    assert time.monotonic() - begin < 1


def first_lines(connections: list[socket.socket]) -> Counter[str]:
    """Return what each connection was shown first."""
    shown: Counter[str] = Counter()
    for connection in connections:
        connection.settimeout(PATIENCE)
        shown[connection.recv(4096).decode().partition("\r\n")[0]] += 1
    return shown


def test_a_full_server_says_so_and_those_inside_notice_nothing(tmp_path: Path) -> None:
    with Server(tmp_path).ready() as server:
        alice, bob = server.person("alice"), server.person("bob")
        own = descriptors(server)
        allow(server, most := SPARE + 50)
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        shown = first_lines(crowd)
        assert shown["!!! The server is full. Try again later."] == 152
        assert sum(shown.values()) == 200
        assert descriptors(server) < most
        talk(alice, bob, "we are still here")
        assert busy(server) < 0.2
        talk(bob, alice, "so we are")
        for connection in crowd:
            connection.close()
        until_descriptors(server, own)
        server.person("carl")
        alice.until(r"carl joined #lobby\.\r\n")
        assert server.terminate() == 0
        refused = [line for line in server.rest().splitlines() if "Refused a connection" in line]
        assert len(refused) == 1 and "spare_descriptors" in refused[0]
        assert "EMFILE" not in server.text


def test_a_server_without_any_descriptor_is_not_busy_with_that_and_recovers_at_once(tmp_path: Path) -> None:
    with Server(tmp_path, "--limits", "off").ready() as server:
        alice, bob = server.person("alice"), server.person("bob")
        allow(server, 4)  # fewer than it has: not even Twisted's reserve is of use
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        assert busy(server) < 0.2
        talk(alice, bob, "we are still here")
        allow(server, 4096)
        begin = time.monotonic()
        assert len(first_lines(crowd)) == 1
        server.person("carl")
        assert time.monotonic() - begin < 2
        for connection in crowd:
            connection.close()
        alice.until(r"carl joined #lobby\.\r\n")
        server.kill()
        server.rest()
        server.text = ""  # Twisted tells of the reserve that it has lost as of a failure


def come_and_go(port: int, number: int) -> None:
    """So many connect and go without a nickname, each in one of several ways."""
    for n in range(number):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as visitor:
            match n % 4:
                case 0:
                    visitor.recv(4096)
                case 1:
                    visitor.sendall(b"half a nickna")
                case 2:
                    visitor.sendall(b"not a nickname\r\n/help\r\n\xff\xfb\x1f")
                    visitor.recv(4096)
                case 3:  # a reset
                    visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_who_comes_and_goes_without_a_nickname_leaves_nothing_behind(tmp_path: Path) -> None:
    with Server(tmp_path).ready() as server:
        alice = server.person("alice")
        own = descriptors(server)
        come_and_go(server.port, 1_000)
        until_descriptors(server, own)
        before = memory(server)
        come_and_go(server.port, VISITORS)
        until_descriptors(server, own)
        grown = memory(server) - before
        print(f"{VISITORS} came and went: {grown / MIB:+.1f} MiB")
        assert grown < 5 * MIB
        alice.types("/who")
        alice.until(r"1 person is in #lobby: alice\.\r\n")


def test_people_from_many_networks(tmp_path: Path) -> None:
    apart = ("unshare", "--map-root-user", "--net")
    if subprocess.run([*apart, "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode:
        pytest.skip("there can be no network of its own here")
    command = [*apart, sys.executable, "-m", "tests.faults.apart", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=4 * PATIENCE, check=False)
    print(ended.stdout.decode())
    assert ended.returncode == 0, ended.stderr.decode()


def test_tls_that_is_never_begun_is_cut_off_in_time_too(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-subj", "/CN=localhost", "-days", "2"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    (tmp_path / "chat.toml").write_text("limits = { seconds_nameless = 1 }\n")
    listen = "ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    with Server(tmp_path, "--config", "chat.toml", listen=listen).ready() as server:
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as silent:
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(4096) == b""
        assert 1 <= time.monotonic() - begin < 10

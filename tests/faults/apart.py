"""
What test_connections.py runs in a network of its own, where people can come from many addresses.

``unshare --map-root-user --net python -m tests.faults.apart FOLDER`` ends well, or says what is wrong.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

from tests.processes import PATIENCE, Person, Server

TICKS = os.sysconf("SC_CLK_TCK")
CROWDS = [f"2001:db8:1:{n}::1" for n in range(5)]
REFUSED = 500


def network() -> None:
    """Have the loopback answer for addresses that are not loopback's."""
    for command in (
        "link set lo up",
        "route add local 203.0.113.0/24 dev lo",
        "route add local 10.0.0.0/8 dev lo",
        *(f"-6 addr add {address}/128 dev lo nodad" for address in (*CROWDS, "2001:db8:1::2")),
    ):
        subprocess.run(["ip", *command.split()], check=True)


class Guests:
    """People who come to a server from anywhere."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connections: list[socket.socket] = []
        self._named = 0

    def dial(self, source: str) -> tuple[socket.socket, str]:
        """Connect from an address; return the first line that is shown, too."""
        host = source if ":" in source else "203.0.113.77"
        connection = socket.create_connection((host, self._server.port), PATIENCE, (source, 0))
        return connection, connection.recv(4096).decode().partition("\r\n")[0]

    def come(self, source: str, number: int) -> None:
        """See that so many can come in from an address."""
        for _ in range(number):
            connection, shown = self.dial(source)
            assert shown.startswith("*** Welcome"), (source, shown)
            self._named += 1
            connection.sendall(f"guest{self._named}\n".encode())
            while b"Live now" not in (data := connection.recv(65536)) and b"You are" not in data:
                assert data
            self._connections.append(connection)

    def refused(self, source: str, why: str) -> None:
        """See that nobody more can come in from an address, and why."""
        connection, shown = self.dial(source)
        assert shown == f"!!! {why}", (source, shown)
        connection.sendall(b"x")  # is no reason to lose the line
        while connection.recv(4096):
            pass
        connection.close()

    def leave(self) -> None:
        """Everybody hangs up."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()


def used(server: Server) -> float:
    """Return how many seconds of a processor a server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def at_once(guests: Guests) -> None:
    """So many at once, from an address, a /64 and a /48, and no more."""
    busy = "Too many connections from your network: at most 50 at once."
    guests.come("203.0.113.1", 50)
    guests.refused("203.0.113.1", busy)
    guests.come("203.0.113.2", 1)
    guests.come("10.1.2.3", 60)
    guests.come("203.0.113.200", 60)  # is trusted
    guests.come(CROWDS[0], 49)
    guests.come("2001:db8:1::2", 1)
    guests.refused(CROWDS[0], busy)
    for source in CROWDS[1:4]:
        guests.come(source, 50)
    around = "Too many connections from the networks around yours: at most 200 at once."
    guests.refused(CROWDS[4], around)


def flood(server: Server, guests: Guests, alice: Person, bob: Person) -> None:
    """Refuse a flood, while those inside talk; what it costs is printed only."""
    slowest, before = 0.0, used(server)
    for n in range(REFUSED):
        connection, shown = guests.dial("203.0.113.1")
        assert shown.startswith("!!!")
        connection.close()
        if n % 10 == 0:
            begin = time.monotonic()
            alice.types(f"line {n}")
            bob.until(rf"<alice> line {n}\r\n")
            slowest = max(slowest, time.monotonic() - begin)
    cost = (used(server) - before) / REFUSED * 1000
    print(f"a refusal costs {cost:.2f} ms, with a line said every tenth; the slowest took {slowest:.3f} s")


def penalty(guests: Guests) -> None:
    """Whoever comes and goes without a nickname has to wait, and gets in again after that."""
    for _ in range(15):
        connection, shown = guests.dial("203.0.113.9")
        assert shown.startswith("*** Welcome"), shown
        connection.close()
    end = time.monotonic() + PATIENCE
    while not (shown := guests.dial("203.0.113.9")[1]).startswith("!!! Too many connections from your"):
        assert time.monotonic() < end, shown
    assert shown.endswith(" seconds.") and "Try again in " in shown
    guests.come("203.0.113.10", 1)


def handshakes(folder: Path) -> None:
    """Whoever does not go on with TLS may keep out others with TLS, and nobody any longer who does."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-subj", "/CN=localhost", "-days", "2"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "chat.toml").write_text("limits = { tls_handshakes = 1 }\n")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    options = "--store", "memory:", "--config", "chat.toml"
    with Server(folder, *options, listen="ssl:0:privateKey=key.pem:certKey=cert.pem").ready() as server:

        def dial(source: str) -> socket.socket:
            return socket.create_connection(("203.0.113.77", server.port), PATIENCE, (source, 0))

        def shown(connection: socket.socket) -> bytes:
            with context.wrap_socket(connection) as secure:
                return secure.recv(4096)

        with dial("203.0.113.1") as silent:
            why = b"!!! Too many connect with TLS just now. Try again in a moment.\r\n"
            assert shown(dial("203.0.113.2")) == why
            with context.wrap_socket(silent) as secure:
                assert secure.recv(4096).startswith(b"*** Welcome")
                assert shown(dial("203.0.113.2")).startswith(b"*** Welcome")


def main(folder: str) -> None:
    network()
    handshakes(Path(folder))
    options = "--trusted", "203.0.113.128/25"
    with Server(Path(folder), *options, listen="tcp6:0").ready() as server:
        guests = Guests(server)
        alice, bob = server.person("alice", host="::1"), server.person("bob", host="::1")
        at_once(guests)
        flood(server, guests, alice, bob)
        penalty(guests)
        guests.leave()
        assert server.terminate() == 0
        refusals = [line for line in server.rest().splitlines() if "Refused a connection" in line]
        told = [line for line in refusals if "raise connections_per_network in [limits]" in line]
        assert len(told) == 1 and len(refusals) < 6, refusals


if __name__ == "__main__":
    main(sys.argv[1])

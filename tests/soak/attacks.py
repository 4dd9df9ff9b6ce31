"""
What is done to the server, each for a while and by a process of its own.

``python -m tests.soak.attacks NAME PORT SECONDS``; what the server does about it is its own affair.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

CODE = re.compile(rb"/resume (\S+) brings you back")
LINGER = struct.pack("ii", 1, 0)

# Connections of an attack that holds many, bytes of one that sends many.
MANY = 100
MUCH = 65536


class Attacker:
    """Knows where the server is and when it is over."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._end = time.monotonic() + seconds
        self._names = count(1)
        self.random = random.Random(port)

    def rounds(self) -> Iterator[int]:
        """Yield 0, 1, 2, ... until it is over."""
        for number in count():
            if time.monotonic() > self._end:
                return
            yield number

    def connect(self, greets: bool = False, window: int = 0) -> socket.socket:
        """Return a connection, with a nickname if it ``greets``."""
        connection = socket.socket()
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", self._port))
        if greets:
            connection.sendall(b"/as evil%d\r\n" % next(self._names))
        return connection

    def code(self, connection: socket.socket) -> bytes:
        """Return with what one comes back, once that was told; nothing if it was not."""
        shown = b""
        while data := connection.recv(MUCH):
            shown += data
            if found := CODE.search(shown):
                return found[1]
        return b""


def reset(connection: socket.socket) -> None:
    """Break a connection off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    connection.close()


def churn(it: Attacker) -> None:
    """Come and go, in every way."""
    for number in it.rounds():
        connection = it.connect(greets=number % 2 == 0)
        if number % 3 == 0:
            connection.sendall(b"/quit\r\n")
        if number % 4 == 0:
            reset(connection)
        connection.close()


def floods(it: Attacker) -> None:
    """Send lines as fast as they are taken."""
    people = [it.connect(greets=True) for _ in range(10)]
    for person in people:
        person.setblocking(False)
    for _ in it.rounds():
        for person in people:
            with contextlib.suppress(BlockingIOError):
                person.send(b"flood\r\n/me floods\r\n/who\r\n\r\n/foo\r\n" * 50)
            with contextlib.suppress(BlockingIOError):
                person.recv(MUCH)
        time.sleep(0.01)


def stalls(it: Attacker) -> None:
    """Read nothing of what one asks for."""
    people = [it.connect(greets=True, window=4096) for _ in range(MANY)]
    for number in it.rounds():
        with contextlib.suppress(TimeoutError):
            people[number % MANY].settimeout(0.01)
            people[number % MANY].sendall(b"/help\r\n/history 500\r\n")
    for person in people:
        reset(person)


def halves(it: Attacker) -> None:
    """Leave everything half done: names, lines, commands of telnet, connections."""
    held: list[socket.socket] = []
    for number in it.rounds():
        connection = it.connect(greets=number % 2 == 0)
        connection.sendall((b"half a line", b"\xff\xfa\x1f\x00", b"GET / HT", b"\xff")[number % 4])
        if number % 3 == 0:
            connection.shutdown(socket.SHUT_WR)
        held.append(connection)
        if len(held) > MANY:
            reset(held.pop(0))
        time.sleep(0.005)


def resumes(it: Attacker) -> None:
    """Break off and come back, again and again."""
    people = [(person, it.code(person)) for person in (it.connect(greets=True) for _ in range(20))]
    for number in it.rounds():
        person, code = people[number % len(people)]
        reset(person)
        person = it.connect()
        person.sendall(b"/resume %s\r\n" % code)
        people[number % len(people)] = person, code
        time.sleep(0.01)


def garbage(it: Attacker) -> None:
    """Send anything at all."""
    for _ in it.rounds():
        connection = it.connect()
        connection.sendall(it.random.randbytes(it.random.randrange(1, MUCH)))
        connection.close()


ATTACKS: dict[str, Callable[[Attacker], None]] = {
    attack.__name__: attack for attack in (churn, floods, stalls, halves, resumes, garbage)
}


def main(name: str, port: str, seconds: str) -> None:
    """Attack until it is over, whatever the server does about it."""
    attacker = Attacker(int(port), float(seconds))
    for _ in attacker.rounds():
        with contextlib.suppress(OSError):
            ATTACKS[name](attacker)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A thousand people in one room: everybody receives everything, once, and in the same order."""

from __future__ import annotations

import resource
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.processes import PATIENCE, Server

PEOPLE = 1000
TALKERS = 4
LINES = 50


class Crowd:
    """Many connections, read by one loop."""

    def __init__(self, port: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.received: list[bytearray] = []
        self.sockets: list[socket.socket] = []
        for n in range(PEOPLE):
            person = socket.create_connection(("127.0.0.1", port), PATIENCE)
            person.setblocking(False)
            person.sendall(b"p%d\r\n" % n)
            self._selector.register(person, selectors.EVENT_READ, n)
            self.sockets.append(person)
            self.received.append(bytearray())

    def wait_until_all(self, have: Callable[[int, bytearray], bool]) -> None:
        """Read until it is true of everybody, and what they have received."""
        waiting = {n for n in range(PEOPLE) if not have(n, self.received[n])}
        end = time.monotonic() + 2 * PATIENCE
        while waiting:
            assert time.monotonic() < end, f"{len(waiting)} people still wait"
            for key, _ in self._selector.select(1):
                data = self.sockets[key.data].recv(1 << 20)
                assert data, f"p{key.data} was hung up on"
                self.received[key.data] += data
                if have(key.data, self.received[key.data]):
                    waiting.discard(key.data)


def test_a_thousand_people_receive_everything_once_in_one_order(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Server(tmp_path, "--limits", "off") as server:
        crowd = Crowd(server.ready().port)
        crowd.wait_until_all(lambda n, shown: b"*** You are p" in shown)
        for line in range(LINES):
            for talker in range(TALKERS):
                crowd.sockets[talker].sendall(b"line %d of %d\r\n" % (line, talker))
        for talker in range(TALKERS):
            crowd.sockets[talker].sendall(b"/me is done\r\n")
        crowd.wait_until_all(lambda n, shown: shown.count(b" is done\r\n") == TALKERS - (n < TALKERS))
        for person in crowd.sockets:
            person.close()
    heard = [
        [line for line in bytes(shown).decode().split("\r\n") if line.startswith("<p")]
        for shown in crowd.received
    ]
    order = heard[TALKERS]
    assert len(order) == len(set(order)) == LINES * TALKERS
    for talker in range(TALKERS):
        own = [line for line in order if line.startswith(f"<p{talker}> ")]
        assert own == [f"<p{talker}> line {n} of {talker}" for n in range(LINES)]
        assert heard[talker] == [line for line in order if line not in own]
    assert all(seen == order for seen in heard[TALKERS:])

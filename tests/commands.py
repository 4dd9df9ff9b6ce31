"""``tcpchat`` as people and scripts run it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.processes import PATIENCE, Program, Server

TCPCHAT = str(Path(sys.executable).with_name("tcpchat"))

ENVIRONMENT = {**os.environ, "TZ": "UTC", "TERM": "xterm-256color", "NO_COLOR": ""}


class Relay:
    """A way to a server that can be closed as if both ends had wanted it."""

    def __init__(self, server: Server) -> None:
        self._to = server.port
        self._ends: list[socket.socket] = []
        self._is_open = threading.Event()
        self._is_open.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def hang_up(self) -> None:
        """Close the connections, in both directions, in good order."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Hang up, and be no way to the server for as long as this lasts."""
        self._is_open.clear()
        self.hang_up()
        yield
        self._is_open.set()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self.hang_up()

    def _accept(self) -> None:
        with suppress(OSError), self._listening:
            while True:
                here, _ = self._listening.accept()
                self._is_open.wait(PATIENCE)
                there = socket.create_connection(("127.0.0.1", self._to))
                self._ends += here, there
                for source, target in (here, there), (there, here):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


class Ended(NamedTuple):
    """What became of it."""

    status: int
    shown: str
    complaints: str


def run(*words: str, typed: str = "", patience: float = PATIENCE, **environment: str) -> Ended:
    """Run it with some input to its end."""
    ended = subprocess.run(
        [TCPCHAT, *words], input=typed.encode(), capture_output=True, timeout=patience, check=False,
        env=ENVIRONMENT | environment,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def at(server: Server) -> str:
    """Return a server's address."""
    return f"127.0.0.1:{server.port}"


def start(server: Server, *words: str) -> Program:
    """Start it beside the test; it ends with the server's other guests."""
    return server.program(TCPCHAT, *words)

"""The real server, whole or with one thing broken on purpose, and what it has in its log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.checker import Record, records
from tests.processes import PATIENCE, Reading, Server

STORE = "sqlite:chat.sqlite3"
HERE = "tcp:0:interface=127.0.0.1"


class BrokenServer(Server):
    """A server that a script in tests/faults/broken has broken."""

    def __init__(self, folder: Path, how: str, *options: str, listen: str = HERE) -> None:
        self.folder = folder
        root = Path(__file__).parents[2]
        listening = ["--listen", listen]
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.faults.broken.{how}", "-n", "--pidfile=", f"--rundir={folder}",
             "tcpchat", *listening, *options],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdout is not None
        Reading.__init__(self, self.process.stdout)
        self.port = 0
        self._guests = []


def start(folder: Path, port: int = 0) -> Server:
    """Start a server on a port, with the folder's log."""
    where = f"tcp:{port}:interface=127.0.0.1"
    return Server(folder, "--store", STORE, "--limits", "off", listen=where)


def start_broken(folder: Path, how: str, listen: str = HERE) -> Server:
    """Start a server that is broken in one way."""
    return BrokenServer(folder, how, "--store", STORE, "--limits", "off", listen=listen)


def dump(folder: Path) -> list[Record]:
    """Return everything that is in a folder's log, as the tool for that prints it."""
    tool = Path(sys.executable).with_name("tcpchat")
    printed = subprocess.run(
        [tool, "log", "dump", "--private", "--store", STORE],
        cwd=folder, check=True, stdout=subprocess.PIPE, timeout=10 * PATIENCE,
    )  # fmt: skip
    return list(records(printed.stdout.splitlines()))

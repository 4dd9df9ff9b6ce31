"""``tcpchat`` as people and scripts run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.processes import PATIENCE, Program, Server

TCPCHAT = str(Path(sys.executable).with_name("tcpchat"))

ENVIRONMENT = {**os.environ, "TZ": "UTC", "TERM": "xterm-256color", "NO_COLOR": ""}


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

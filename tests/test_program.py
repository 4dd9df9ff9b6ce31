"""``tcpchat``: the first word says which program is meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.commands import TCPCHAT, run
from tests.processes import PATIENCE, Reading, Server


class Served(Server):
    """A server that was started by ``tcpchat serve``."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [TCPCHAT, "serve", *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        Reading.__init__(self, self.process.stdout)
        self.port = 0
        self._guests = []


def test_serve_is_the_server(tmp_path: Path) -> None:
    with Served(tmp_path, "--listen", "tcp:0:interface=127.0.0.1").ready() as server:
        server.person("alice")
        assert server.terminate() == 0
    assert (tmp_path / "tcpchat.sqlite3").exists()


def test_what_it_refuses_is_refused(tmp_path: Path) -> None:
    ended = run("serve", "--listen", "nowhere")
    assert ended.status == 64 and "Cannot listen on 'nowhere'" in ended.complaints


def test_the_tools_are_there() -> None:
    assert "backup" in run("log", "--help").shown


def test_it_can_be_run_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tcpchat", "send", "--help"], capture_output=True, timeout=PATIENCE, check=True
    )
    assert b"usage: tcpchat send" in ended.stdout

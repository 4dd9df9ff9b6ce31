"""Whether a version could take over is known without anything being taken from the server that runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tcpchat.handed import Able, able
from tests.processes import PATIENCE_WITH_UPGRADES, Server


def try_out(folder: Path, *options: str) -> tuple[int, str, str]:
    """Return with which status it ends, and what it prints."""
    command = [sys.executable, "-P", "-m", "tcpchat.upgrade_trial", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_WITH_UPGRADES)
    return done.returncode, done.stdout, done.stderr


def test_it_says_what_it_could_do_while_the_server_runs(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        before = sorted(os.listdir(tmp_path))
        status, said, wrong = try_out(tmp_path, "-n", "--pidfile=", "tcpchat", "--history", "3")
        assert (status, wrong) == (0, "")
        assert able(said.encode()) == Able(able(said.encode()).version, str(tmp_path / "tcpchat.sqlite3"))
        assert sorted(os.listdir(tmp_path)) == before
        assert server.terminate() == 0
    (tmp_path / "elsewhere").mkdir()
    status, said, _ = try_out(tmp_path / "elsewhere", "--rundir", str(tmp_path), "tcpchat")
    assert able(said.encode()).log == str(tmp_path / "tcpchat.sqlite3")
    with closing(sqlite3.connect(tmp_path / "tcpchat.sqlite3")) as database:
        database.execute("pragma user_version = 99")
    status, said, wrong = try_out(tmp_path, "-n", "tcpchat")
    assert (status, said) == (71, "") and "made by a newer tcpchat" in wrong


def test_what_cannot_be_is_a_line_and_a_status(tmp_path: Path) -> None:
    for options, why in (
        (["tcpchat", "--history", "many"], "history cannot be 'many'"),
        (["tcpchat", "--listen", "nowhere"], "Cannot listen on 'nowhere'"),
        (["tcpchat", "--motd", "nothing"], "nothing cannot be read"),
        (["--nothing"], "nothing"),
    ):
        status, said, wrong = try_out(tmp_path, *options)
        assert (status, said) == (64, ""), options
        assert wrong.startswith("tcpchat: ") and why in wrong and wrong.count("\n") == 1, wrong
    assert try_out(tmp_path, "tcpchat", "--store", "memory:")[:1] == (0,)

"""``tcpchat top`` with a real server: once as text, and live in a terminal."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import PATIENCE
from tests.ptys import CTRL_C, Pty
from tests.test_monitoring import HERE, Watched

TCPCHAT = str(Path(sys.executable).with_name("tcpchat"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Yield a server with somebody in it."""
    with Watched(tmp_path_factory.mktemp("server"), "--metrics", HERE).ready() as running:
        running.person("anna")
        yield running


def top(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TCPCHAT, "top", *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_once_it_is_text(server: Watched) -> None:
    for options in ["--once"], []:  # and so where there is no terminal
        shown = top(*options, "--interval", "0.1", f"127.0.0.1:{server.page}")
        assert (shown.returncode, shown.stderr) == (0, "")
        front, *rows = shown.stdout.splitlines()
        assert front.endswith(f" at 127.0.0.1:{server.page}: people can come in")
        assert [row.split()[:2] for row in rows if "people" in row] == [["people", "1"]]
        # Where the machine is so busy that the disk is late, that is told instead.
        (log,) = [row for row in rows if row.startswith("  log ")]
        assert re.search("durability power, 1 replica, (written well|The log has not answered)", log)


def test_what_cannot_be_is_one_clear_line(server: Watched) -> None:
    for words, status, why in (
        ((f"127.0.0.1:{server.port}",), 69, "There are no figures at "),
        (("nosuch.invalid",), 68, "There is no host 'nosuch.invalid'."),
        (("http://",), 64, "'http://' is no HOST[:PORT]."),
        (("--interval", "0", "localhost"), 64, "--interval"),
        ((), 64, "HOST[:PORT]"),
    ):
        ended = top(*words)
        assert (ended.returncode, ended.stdout) == (status, ""), words
        assert why in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr


def test_live_it_goes_on_until_q(server: Watched) -> None:
    with Pty("top", "--interval", "0.1", f"127.0.0.1:{server.page}") as terminal:
        terminal.until(lambda: "  q ends" in terminal.rows)
        bob = server.person("bob")
        terminal.until(lambda: people(terminal) == "2")
        bob.types("/quit")
        terminal.until(lambda: people(terminal) == "1")
        terminal.types("q")
        assert terminal.ends() == 0


def people(terminal: Pty) -> str:
    return next((row.split()[1] for row in terminal.rows if row.startswith("  people ")), "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (None, 0)])
def test_however_it_ends_the_terminal_is_as_before(
    server: Watched, number: signal.Signals | None, status: int
) -> None:
    with Pty("top", "--interval", "0.1", f"127.0.0.1:{server.page}") as terminal:
        terminal.until(lambda: "  q ends" in terminal.rows)
        if number is None:
            terminal.types(CTRL_C)
        else:
            terminal.process.kill(number)
        assert terminal.ends() == status
        assert terminal.sent.rindex(b"\x1b[?1049l") > terminal.sent.index(b"\x1b[?1049h")
        assert b"Traceback" not in terminal.sent


def test_a_server_that_ends_meanwhile_is_told_of_and_waited_for(tmp_path: Path) -> None:
    with Watched(tmp_path, "--metrics", HERE).ready() as server:
        with Pty("top", "--interval", "0.1", f"127.0.0.1:{server.page}") as terminal:
            terminal.until(lambda: "  q ends" in terminal.rows)
            assert server.terminate() == 0
            terminal.sees("There are no figures at ")
            terminal.types("q")
            assert terminal.ends() == 0

"""docs/bots.md: each of its programs is run, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Program, Server

DOCS = Path(__file__).parent.parent / "docs" / "bots.md"


def programs(language: str) -> list[str]:
    """Return the programs in a language that stand in the document."""
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, "--store", "sqlite:chat.sqlite3").ready() as server:
        yield server


def comes(server: Server, nick: str, *command: str) -> Program:
    """Have a bot come in that is called so."""
    program = server.program(*command)
    watcher = server.person("watcher")
    if nick not in watcher.shown:
        watcher.until(f"{nick} joined")
    watcher.types("/quit")
    watcher.until("Goodbye")
    return program


def test_a_line_of_shell_says_one_thing(server: Server) -> None:
    one, _ = programs("bash")
    anna = server.person("anna")
    server.program("bash", "-c", one.replace("8023", str(server.port)))
    anna.until(r"^<ci-bot> build 17 passed\r\n")
    anna.until(r"ci-bot left")


def test_five_lines_of_bash_answer(server: Server) -> None:
    _, five = programs("bash")
    comes(server, "ping-bot", "bash", "-c", five.replace("8023", str(server.port)))
    anna = server.person("anna")
    anna.types("!ping")
    anna.until(r"^<ping-bot> pong\r\n")


def test_the_bot_in_python_gets_over_a_killed_server_and_answers_each_line_once(tmp_path: Path) -> None:
    (bot,) = programs("python")
    store = "--store", "sqlite:chat.sqlite3"
    with Server(tmp_path, *store).ready() as first:
        port = first.port
        written = tmp_path / "bot.py"
        written.write_text(bot.replace("8023", str(port)).replace("time.sleep(1)", "time.sleep(0.1)"))
        program = Program(sys.executable, str(written))
        anna = first.person("anna")
        if "sum-bot" not in anna.shown:
            anna.until("sum-bot joined")
        anna.types("!sum 1 2 3", "!sum one")
        anna.until(r"^<sum-bot> anna: 6\r\n")
        anna.until(r"^<sum-bot> anna: numbers, please\r\n")
        first.kill()
    with Server(tmp_path, *store, listen=f"tcp:{port}:interface=127.0.0.1").ready() as second:
        # The bot comes back by itself: nobody sees it leave.
        carl = second.person("carl")
        carl.types("!sum 20 22")
        carl.until(r"^<sum-bot> carl: 42\r\n")
        assert "sum-bot joined" not in carl.shown and "sum-bot left" not in carl.shown
        carl.types("/history 100")
        past = carl.until(r"Live now\.\r\n")
        assert past.count("anna: 6") == past.count("anna: numbers") == past.count("carl: 42") == 1
    program.hang_up()


@pytest.mark.skipif(shutil.which("node") is None and "CI" not in os.environ, reason="there is no Node")
def test_the_bot_in_node_answers(server: Server) -> None:
    (bot,) = programs("javascript")
    comes(server, "node-bot", "node", "-e", bot.replace("8023", str(server.port)))
    anna = server.person("anna")
    anna.types("!time")
    anna.until(r"^<node-bot> \d{4}-\d\d-\d\dT")

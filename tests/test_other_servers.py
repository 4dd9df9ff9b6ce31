"""The client with servers of other kinds, all of them real: an echo, Twisted's example of a chat, a game."""

from __future__ import annotations

import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.commands import run
from tests.processes import PATIENCE, Person, Program
from tests.ptys import CTRL_C, CTRL_D, ENTER, Pty, pasted

SERVERS = Path(__file__).with_name("line_servers.py")


class LineServer(Program):
    """A server of another kind, with what it tells."""

    def __init__(self, kind: str) -> None:
        super().__init__(sys.executable, str(SERVERS), kind)
        self.port = int(self.until(r"READY (\d+)\n").split()[-1])
        self.address = f"127.0.0.1:{self.port}"


@contextmanager
def running(kind: str) -> Iterator[LineServer]:
    server = LineServer(kind)
    try:
        yield server
    finally:
        server.hang_up()


@pytest.fixture(params=["on a terminal", "as plain text"])
def join(request: pytest.FixtureRequest) -> Callable[..., Pty]:
    """Return what joins a server, with everything that a terminal can, and with text alone."""
    return partial(Pty, *([] if request.param == "on a terminal" else ["--plain"]))


def test_an_echo_gives_back_what_is_typed() -> None:
    with running("echo") as server, Pty(server.address) as anna:
        anna.stands("> ")
        anna.types(f"grüß dich, 漢字{ENTER}")  # before it is known that it is another server
        anna.sees("^grüß dich, 漢字$")
        assert anna.count("^> grüß dich, 漢字$") == 1
        anna.types(pasted("one\ntwo") + ENTER)
        anna.sees("^two$")
        assert anna.count("^> one$") == anna.count("^one$") == anna.count("^> two$") == 1
        anna.types(CTRL_D)
        assert anna.ends() == 0


def test_nothing_but_quit_is_a_command(join: Callable[..., Pty]) -> None:
    with running("echo") as server, join(server.address) as anna:
        anna.sees("another kind of server")
        for line in "/help", "/quit now", "//x", " /quit", "/login anna", "/Quit":
            anna.types(line + ENTER)
            server.until(f"^said {line}\n")
        anna.types(f"/quit {ENTER}")
        assert anna.ends() == 0


def test_everybody_in_twisteds_chat_sees_the_same() -> None:
    with running("chat") as server, Pty(server.address) as anna:
        bob = Person(server.port)
        anna.sees("another kind of server")
        anna.types(f"hello{ENTER}")
        bob.until("^hello\n")
        bob.types("hi anna")
        anna.sees("^hi anna$")
        bob.hang_up()
        assert anna.count("^hello$") == 1
        anna.types(CTRL_C * 2)
        assert anna.ends() == 0


class TestAGame:
    def test_negotiates_all_that_there_is(self) -> None:
        with running("mud") as game, Pty(game.address, columns=100, lines=30) as anna:
            anna.until(lambda: anna.line.startswith("By what name are you known?"))
            anna.sees("^Welcome to the dungeon.$")
            told = game.until("terminal .*\n")
            assert "not compressed\n" in told and "100x30\n" in told and "no " not in told
            assert told.endswith("terminal xterm-256color\n")
            anna.resize(300, 40)
            game.until("300x40\n")
            anna.resize(20, 10)
            game.until("20x10\n")

    def test_hides_the_password_that_it_asks_for_and_shows_the_rest(self, join: Callable[..., Pty]) -> None:
        with running("mud") as game, join(game.address) as anna:
            anna.until(lambda: anna.line.startswith("By what name are you known?"))
            anna.types(f"anna{ENTER}")
            anna.until(lambda: anna.line.startswith("Password:"))
            anna.sees(r"^By what name are you known\? anna$")
            anna.types(f"wizard{ENTER}")
            game.until("said wizard\n")
            anna.until(lambda: anna.line.startswith("HP:20>"))
            assert b"wizard" not in anna.sent
            anna.types("look")
            anna.stands("HP:20> look")
            anna.types(ENTER)
            anna.sees('^You say "look"\\.$')
            anna.stands("HP:20> ")
            assert anna.count("^HP:20> look$") == 1
            anna.types(ENTER)
            anna.sees('^You say ""\\.$')
            anna.stands("HP:20> ")
            anna.types(f"die{ENTER}")
            anna.sees("^You are dead.$")
            assert anna.ends() == 0
            assert anna.count("is sent when") == 0

    def test_does_nothing_to_the_terminal(self, join: Callable[..., Pty]) -> None:
        with running("mud") as game, join(game.address) as anna:
            anna.until(lambda: anna.line.startswith("By what name"))
            for typed, prompt in ("anna", "Password: "), ("secret", "HP:20> "):
                anna.types(typed + ENTER)
                anna.stands(prompt)
            anna.types(f"nasty{ENTER}")
            anna.sees("^nasty$")
            anna.stands("HP:20> ")
            nasty = rb"[\a\x0e]|\xc2\x9b|\x1b(?:[\]Pc]|\[(?:2J|6n|\?1049|999))|\xe2\x80\xae"
            assert not re.search(nasty, anna.sent), anna.sent
            assert anna.count("^Welcome to the dungeon.$") == 1

    def test_in_a_pipe_its_lines_come_out(self) -> None:
        with running("mud") as game:
            ended = run(game.address, typed="anna\nsecret\n/who\ndie\n")
        assert ended.status == 0 and ended.complaints == ""
        assert 'You say "/who".\n' in ended.shown and ended.shown.endswith("You are dead.\n")
        assert "\x1b" not in ended.shown and "another kind" not in ended.shown

    def test_is_shown_to_programs_too(self) -> None:
        with running("mud") as game:
            assert "Welcome to the dungeon.\n" in run("--json", game.address, typed="anna\nx\ndie\n").shown


@pytest.mark.parametrize("words", [(), ("--plain",)])
def test_one_that_breaks_off_is_lost_for_good(words: tuple[str, ...]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    typed = threading.Event()

    def break_off() -> None:
        with listening, listening.accept()[0] as connection:
            connection.sendall(b"Hello, and\r\ngood-bye")
            assert typed.wait(PATIENCE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    threading.Thread(target=break_off, daemon=True).start()
    with Pty(f"127.0.0.1:{listening.getsockname()[1]}", *words) as anna:
        anna.sees("Hello, and")
        anna.until(lambda: anna.line.startswith("good-bye"))
        typed.set()
        assert anna.ends() == 69
        assert anna.count("tcpchat: The connection is broken") == 1

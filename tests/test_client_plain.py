"""Text alone on a terminal: against the real server, with not one byte that moves the cursor."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.commands import TCPCHAT, at
from tests.faults.servers import start as start_server
from tests.processes import Server
from tests.ptys import CTRL_C, CTRL_D, ENTER, Pty

Join = Callable[..., AbstractContextManager[Pty]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


@pytest.fixture(params=["--plain", "TERM=dumb", "TERM=", "no TERM at all"])
def join(request: pytest.FixtureRequest) -> Join:
    """Return what joins a server with text alone, wherefore ever."""
    match request.param:
        case "--plain":
            return partial(Pty, "--plain")
        case "no TERM at all":
            return partial(Pty, "-u", "TERM", TCPCHAT, program="env")
        case term:
            return partial(Pty, TERM=term.partition("=")[2])


@pytest.fixture
def beside_others() -> Iterator[None]:
    """Ignore Ctrl-C, as what a script runs in the background does: not so whoever sits at a terminal."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def is_append_only(sent: bytes) -> bool:
    """Is it nothing but lines and text? The terminal itself makes CR LF of each end of a line."""
    return not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)", sent)


def test_plain_text_is_only_appended(server: Server, join: Join) -> None:
    with join(at(server), "--nick", "anna") as anna:
        anna.sees("You are anna, in #lobby")
        bob = server.person("bob")
        bob.types("hello 漢字 https://example.org", "/me waves", "hi anna")
        anna.sees("^<bob> hi anna")
        anna.types(f"grüß dich{ENTER}/join #dev{ENTER}/who{ENTER}/foo{ENTER}")
        bob.until("<anna> grüß dich\r\n")
        anna.sees(r"^\*\*\* 1 person is in #dev: anna\.$")
        anna.sees("^tcpchat: There is no command /foo")
        assert anna.count("^<bob> hello 漢字 https://example.org$") == anna.count(r"^\* bob waves$") == 1
        assert anna.count("<anna>") == 0
        anna.types(CTRL_D)
        assert anna.ends() == 0
        assert is_append_only(anna.sent), anna.sent


def test_who_names_one_rings_if_that_is_wanted(server: Server) -> None:
    with Pty("--plain", "--notify", "bell", at(server), "--nick", "anna") as anna:
        anna.sees("You are anna")
        bob = server.person("bob")
        bob.types("hello", "hello Anna!", "bananna", "/msg anna psst", "done")
        anna.sees("^<bob> done$")
        anna.sees(r"^\[from bob\] psst$")  # in an order of its own
        bob.types("bye")
        anna.sees("^<bob> bye$")
        assert anna.sent.count(b"\a") == 2
        assert is_append_only(anna.sent.replace(b"\a", b""))


def test_a_broken_link_is_told_in_lines(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as first:
        port = first.port
        with Pty("--plain", at(first), "--nick", "anna") as anna:
            anna.sees("You are anna")
            first.kill()
            anna.sees(r"^tcpchat: .*\. Trying again\.$")
            anna.types(f"meanwhile{ENTER}")
            with start_server(tmp_path, port).ready() as second:
                bob = second.person("bob")
                anna.sees("^tcpchat: Connected again.$")
                bob.types("hello")
                anna.sees("^<bob> hello$")
                bob.until("<anna> meanwhile\r\n")
            assert is_append_only(anna.sent), anna.sent


def test_a_nickname_is_asked_for_where_none_will_do(server: Server) -> None:
    with Pty("--plain", at(server), "--nick", "1st") as anna:
        anna.sees(r"^\*\*\* .* What is your nickname\?$")
        anna.types(f"anna{ENTER}")
        anna.sees("You are anna, in #lobby")


def test_a_password_is_asked_for_and_not_seen(server: Server) -> None:
    with Pty("--plain", at(server), "--nick", "anna") as anna:
        anna.sees("You are anna")
        anna.types(f"/register{ENTER}")
        anna.stands("Password: ")
        anna.types(f"correct-horse{ENTER}")
        anna.sees(r"^\*\*\* .*registered")
        anna.types(f"/password{ENTER}")
        anna.stands("Old password: ")
        anna.types(f"correct-horse{ENTER}")
        anna.stands("New password: ")
        anna.types(f"battery-staple{ENTER}")
        anna.sees("Your password is changed")
        anna.types(f"seen again{ENTER}/unregister{ENTER}")
        anna.stands("Password: ")
        anna.types(ENTER)  # nothing: not after all
        anna.types(f"/quit{ENTER}")
        assert anna.ends() == 0
        assert anna.count("^seen again$") == 1
        assert b"horse" not in anna.sent and b"battery" not in anna.sent
        assert is_append_only(anna.sent), anna.sent


@pytest.mark.usefixtures("beside_others")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_kill_while_something_is_hidden_leaves_the_terminal_sane(
    server: Server, tmp_path: Path, number: signal.Signals
) -> None:
    script = 'stty -a >"$0/before"; "$@"; echo "status $?"; stty -a >"$0/after"'
    words = TCPCHAT, "--plain", at(server), "--nick", "anna"
    with Pty("-c", f"trap : INT; {script}", str(tmp_path), *words, program="sh") as anna:
        anna.sees("You are anna")
        anna.types(f"/register{ENTER}")
        anna.stands("Password: ")
        shell = anna.process.pid
        (client,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        if number == signal.SIGINT:
            anna.types(CTRL_C)
        else:
            os.kill(int(client), number)
        anna.sees("status 130$")
        assert anna.ends() == 0
        assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()

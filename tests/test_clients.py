"""
The programs that people have, on a terminal: what is typed arrives, and what is shown is right.

What each of them sends for a key is its own business, and not the same for any two.
"""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import socket
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tcpchat.lines import LineReader
from tcpchat.telnet_client import Answer
from tcpchat.terminal import Terminal
from tests.processes import PATIENCE, Reading, Server, heed_keys
from tests.test_end_to_end import piped

ENTER, ERASE, CTRL_C, CTRL_D, ESCAPE = "\r", "\x7f", "\x03", "\x04", "\x1d"


def need(program: str) -> str:
    """Return where a client program is; .ci/run installs those that are missing."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/games")
    if not found and "CI" not in os.environ:
        pytest.skip(f"{program} is not installed: see CONTRIBUTING.md")
    assert found, program
    return found


def command(client: str, port: int) -> list[str]:
    """Return how to connect with a client program."""
    program, *arguments = {
        "telnet": ["telnet", "127.0.0.1", f"{port}"],
        "busybox": ["busybox", "telnet", "127.0.0.1", f"{port}"],
        "plink": ["plink", "-telnet", "-P", f"{port}", "127.0.0.1"],
        "plink, raw": ["plink", "-raw", "-P", f"{port}", "127.0.0.1"],
        "tt++": ["tt++", "-G", "-e", f"#session chat 127.0.0.1 {port}"],
        "curl": ["curl", "-sN", f"telnet://127.0.0.1:{port}"],
        "nc": ["nc", "127.0.0.1", f"{port}"],
    }[client]
    return [need(program), *arguments]


class Keyboard(Reading):
    """A client program on a terminal, with what is on the screen."""

    def __init__(self, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            # Ctrl-C is for whoever has the terminal as its own.
            ["setsid", "--ctty", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"},
            preexec_fn=heed_keys,
        )  # fmt: skip
        os.close(theirs)
        self._terminal = os.fdopen(ours, "r+b", buffering=0)
        super().__init__(self._terminal)

    def presses(self, *keys: str) -> None:
        """Press keys."""
        self._terminal.write("".join(keys).encode())

    def _more(self, end: float) -> bool:
        try:
            return super()._more(end)
        except OSError:  # nobody has the terminal open any more
            self._ended = True
            return True

    def close(self) -> None:
        """See that it ends."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._terminal.close()


def at_keyboard(client: str, port: int) -> closing[Keyboard]:
    """Connect with a client program."""
    return closing(Keyboard(*command(client, port)))


def ask_for_character_mode(busybox: Keyboard) -> None:
    """Do what people do who want it: of the line that is asked for, it takes the first character."""
    while " S " not in Path(f"/proc/{busybox.process.pid}/stat").read_text():
        os.sched_yield()  # Ctrl-C is heard only while it waits for something
    busybox.presses(CTRL_C)
    busybox.until("exit telnet")
    busybox.presses("c", ENTER)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, "--limits", "off") as running:
        yield running.ready()


@pytest.mark.parametrize("client", ["telnet", "busybox", "plink", "plink, raw", "tt++", "curl", "nc"])
def test_what_is_typed_arrives_and_what_is_erased_does_not(server: Server, client: str) -> None:
    alice = server.person("alice")
    with at_keyboard(client, server.port) as bob:
        bob.until("What is your nickname")
        bob.presses("boc", ERASE, "b", ENTER)
        bob.until(r"You are bob, in #lobby with alice\.")
        bob.until(r"brings\s+you\s+back")
        bob.presses("grüß ducg", ERASE, ERASE, "ch, allx", ERASE, "e", ENTER)
        assert "<bob> grüß duch, alle\r\n" in alice.until("<bob> .*\r\n")
        alice.types("hi bob")
        assert bob.until("<alice> hi bob")[-len("\n<alice> hi bob") :].lstrip("\r\n") == "<alice> hi bob"
        bob.presses("/quit", ENTER)
        bob.until("Goodbye")
        alice.until(r"bob left #lobby\.")


@pytest.mark.parametrize("client", ["telnet", "plink"])
def test_ctrl_d_on_an_empty_line_is_quit(server: Server, client: str) -> None:
    with at_keyboard(client, server.port) as bob:
        bob.until("What is your nickname")
        bob.presses("bob", ENTER)
        bob.until(r"brings\s+you\s+back")
        bob.presses(CTRL_D)
        bob.until(r"\*\*\* Goodbye\.")
        assert "Traceback" not in bob.rest()


def test_after_ctrl_c_telnet_is_not_deaf(server: Server) -> None:
    alice = server.person("alice")
    with at_keyboard("telnet", server.port) as bob:
        bob.until("What is your nickname")
        bob.presses("bob", ENTER)
        bob.until(r"brings\s+you\s+back")
        bob.presses(CTRL_C)
        bob.presses("still here", ENTER)
        alice.until("<bob> still here")
        alice.types("good")
        bob.until("<alice> good")


def test_letters_that_telnet_takes_for_keys_arrive_from_the_second_line_on(server: Server) -> None:
    alice = server.person("alice")
    with at_keyboard("telnet", server.port) as bob:
        bob.until("What is your nickname")
        bob.presses("bob", ENTER)
        bob.until(r"brings\s+you\s+back")
        bob.presses("я", ENTER)  # the second of its bytes is Ctrl-O with a bit more
        bob.until("!!! That line is not UTF-8")
        bob.presses("Сколько лет? Нужен ли ужин? Мне хватит. 中 ❤️", ENTER)
        assert "<bob> Сколько лет? Нужен ли ужин? Мне хватит. 中 ❤️\r\n" in alice.until("<bob> .*\r\n")


def test_what_telnet_sends_as_urgent_stays_where_it_is(server: Server) -> None:
    alice, bob = server.person("alice"), server.person("bob")
    bob.socket.sendall(b"never min\xff\xf4\xff")  # RFC 854, Synch: the data mark is urgent
    bob.socket.send(b"\xf2", socket.MSG_OOB)
    bob.types("hello")
    assert "<bob> hello\r\n" in alice.until("<bob> .*\r\n")


def test_busybox_in_character_mode_is_brought_back_to_lines(server: Server) -> None:
    alice = server.person("alice")
    with at_keyboard("busybox", server.port) as bob:
        bob.until("What is your nickname")
        ask_for_character_mode(bob)
        bob.until("Entering line mode")
        bob.presses("bob", ENTER)
        bob.until(r"brings\s+you\s+back")
        bob.presses("hellp", ERASE, "o", ENTER)
        assert "<bob> hello\r\n" in alice.until("<bob> .*\r\n")


def test_telnet_in_character_mode_has_its_lines_edited(server: Server) -> None:
    alice = server.person("alice")
    with at_keyboard("telnet", server.port) as bob:
        bob.until("What is your nickname")
        bob.presses(ESCAPE)
        bob.until("telnet> ")
        bob.presses("mode character", ENTER)
        bob.presses("bob", ENTER)
        bob.until(r"brings\s+you\s+back")
        bob.presses("never\x15one two\x17hellp", ERASE, "o", ENTER)
        assert "<bob> one hello\r\n" in alice.until("<bob> .*\r\n")


def test_what_is_piped_into_plink_is_said_and_answered(server: Server) -> None:
    alice = server.person("alice")
    shown = piped("/as bot\none\ntwo", *command("plink", server.port))
    assert shown.endswith("*** Goodbye.\r\n")
    assert "<bot> one\r\n<bot> two\r\n*** bot left #lobby.\r\n" in alice.until("bot left.*\r\n")


class PasswordDoor:
    """Asks one client for a password, by what the line door has for that."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._reader = LineReader()
        self._terminal = Terminal(self._reader, "UTF-8".__eq__)

    def accept(self) -> None:
        """Take in a client, and greet it."""
        self._listener.settimeout(PATIENCE)
        self._client, _ = self._listener.accept()
        self._client.settimeout(PATIENCE)
        self._client.sendall(b"*** Welcome.\r\n")

    def believe(self) -> None:
        """Take the client for telnet although it has not shown that."""
        list(self._terminal.feed(b"\xff\xfc\x00", 0))

    def hide(self, hides: bool, text: bytes) -> None:
        """Have what is typed hidden or shown again, and say a line."""
        self._client.sendall(self._terminal.hide_input(hides) + text + b"\r\n")

    def hear(self, *, line: bool) -> object:
        """Wait until the client has shown to be telnet, or for a line."""
        while not (self._reader.lines if line else self._terminal.is_telnet):
            data = self._client.recv(1000)
            assert data, "the client is gone"
            for told in self._terminal.feed(data, 0):
                if isinstance(told, Answer):
                    self._client.sendall(told.data)
        return self._reader.lines.take() if line else None

    def close(self) -> None:
        """Hang up."""
        with suppress(AttributeError):
            self._client.close()
        self._listener.close()


@pytest.mark.parametrize("client", ["telnet", "busybox", "plink"])
def test_a_password_is_edited_and_not_shown(client: str) -> None:
    with closing(PasswordDoor()) as door, at_keyboard(client, door.port) as bob:
        door.accept()
        bob.until("Welcome")
        if client == "telnet":
            bob.presses(CTRL_C)  # each shows in its own way that it is telnet
        elif client == "busybox":
            door.believe()  # and this one in none that leaves it willing
        door.hear(line=False)
        door.hide(True, b"*** Password:")
        bob.until("Password:")
        bob.presses("secres", ERASE, "t", ENTER)
        assert door.hear(line=True) == b"secret"
        door.hide(False, b"*** Thank you.")
        assert "sec" not in bob.until("Thank you")
        bob.presses("hello", ENTER)
        assert door.hear(line=True) == b"hello"

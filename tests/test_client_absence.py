"""Who was away for too long to be taken up again: another session, and nothing that was said is missing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Relay, start
from tests.faults.servers import dump
from tests.faults.servers import start as start_server
from tests.processes import Server
from tests.ptys import ALT, ENTER, PAGE_UP, Pty


class Forgetful(Relay):
    """A way to a server that knows no session any more."""

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        class Forgetting:
            def sendall(self, data: bytes) -> None:
                target.sendall(re.sub(rb'"session": "[^"]*"', b'"session": "lost"', data))

            def shutdown(self, how: int) -> None:
                target.shutdown(how)

        to_server = target.getpeername()[1] == self._to
        super()._pass_on(source, Forgetting() if to_server else target)  # type: ignore[arg-type]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


def test_what_was_said_meanwhile_is_shown_once_and_in_order(server: Server) -> None:
    with Forgetful(server) as relay, Pty(relay.address, "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        anna.types(f"/join #dev{ENTER}")
        anna.until(lambda: anna.line.startswith("#dev"))
        bob = server.person("bob")
        bob.types("in the lobby before", "/join #dev", "before")
        anna.sees("<bob> before")
        with relay.cut():
            bob.until(r"anna left #dev")
            bob.types("/set echo on", *[f"line {n}" for n in range(30)], "/join #lobby", "in the lobby")
            bob.until("<bob> in the lobby\r\n")
        anna.types(f"typed meanwhile{ENTER}half")
        anna.sees("The session of before is over")
        anna.sees("<anna> typed meanwhile")
        anna.sees("live now; missed: 31 lines")
        shown = "\n".join(anna.all_rows)
        numbers = re.findall(r"<bob> (before|line \d+)$", shown, re.MULTILINE)
        assert numbers == ["before", *(f"line {n}" for n in range(30))]
        assert shown.index("line 29") < shown.index("<anna> typed meanwhile")
        anna.until(lambda: anna.line == "#dev half")
        anna.sees(r"1:#lobby 2 \+3  \[2:#dev 2\]")  # with her own coming in, in between
        anna.types(f"{ALT}1")
        anna.sees("<bob> in the lobby$")
        assert anna.count("<bob> in the lobby before") == 1


def test_of_what_is_too_much_it_is_told_and_the_pages_go_on_from_there(server: Server) -> None:
    with Forgetful(server) as relay, Pty(relay.address, "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        bob = server.person("bob")
        anna.sees("bob joined")
        with relay.cut():
            bob.until("anna left")
            bob.types("/set echo on", *[f"line {n}." for n in range(600)])
            bob.until(r"line 599\.")
        anna.sees(r"line 599\.$")
        anna.sees(r"\*\*\* \d+ more entries of #lobby came meanwhile")
        first = min(int(n) for n in re.findall(r"<bob> line (\d+)\.", "\n".join(anna.all_rows)))
        assert 0 < first <= 100
        anna.types(PAGE_UP)
        anna.sees(rf"<bob> line {first - 1}\.$")
        assert anna.count(rf"<bob> line {first}\.$") == 1


def test_who_is_logged_in_is_so_again(server: Server) -> None:
    berta = server.person("berta")
    berta.types("/register correct-horse-battery")
    berta.until("You are registered")
    berta.hang_up()
    with Forgetful(server) as relay, Pty(relay.address, "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby \d\]  anna")
        anna.types(f"/login berta correct-horse-battery{ENTER}")
        anna.sees(r"  berta  ")
        bob = server.person("bob")
        anna.sees("bob joined")
        with relay.cut():
            bob.until(r"berta left #lobby")
            bob.types("/set echo on", "meanwhile", "/msg berta psst")
            bob.until(r"\[to berta\] psst")
        anna.sees("The session of before is over")
        anna.sees(r"\[from bob\] psst")
        anna.sees("<bob> meanwhile")
        anna.types(f"hi{ENTER}")
        bob.until("<berta> hi")
        assert anna.count("<bob> meanwhile") == anna.count("psst") == 1


def test_a_script_that_watches_misses_nothing_either(server: Server) -> None:
    with Forgetful(server) as relay:
        bob = server.person("bob")
        watching = start(server, "watch", "--server", relay.address, "--nick", "w")
        bob.until("w joined")
        bob.types("first")
        shown = watching.until("<bob> first\n")
        lines = [f"line {n}." for n in range(1200)]
        with relay.cut():
            bob.until("w left")
            bob.types("/set echo on", *lines)
            bob.until(r"line 1199\.")
        shown += watching.until("<bob> line 1199\\.\n")
        assert re.findall(r"line \d+\.", shown) == lines
        assert len(dump(server.folder)) > 1200

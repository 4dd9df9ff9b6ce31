"""What is shown as lines, or to programs, of what happens: against the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Relay, at, run, start
from tests.faults.servers import start as start_server
from tests.processes import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


def test_what_was_missed_stands_between_two_lines_that_say_so(server: Server) -> None:
    with Relay(server) as relay:
        piping = start(server, relay.address, "--nick", "anna")
        piping.until(r"You are anna, in #lobby\.\n")
        bob = server.person("bob")
        bob.types("/set echo on")
        piping.until(r"bob joined #lobby\.\n")
        with relay.cut():
            bob.types("are you there?", "/me waits")
            bob.until(r"\* bob waits\r\n")
        shown = piping.until(r"\*\*\* Live now; missed: 2 lines\.\n")
        assert "*** While you were away:\n<bob> are you there?\n* bob waits\n*** Live" in shown
        bob.types("hello again")
        assert "away" not in piping.until("<bob> hello again\n")


def test_a_program_is_told_of_it_by_a_notice(server: Server) -> None:
    with Relay(server) as relay:
        piping = start(server, relay.address, "--nick", "anna", "--json")
        piping.until('"joined".*"anna".*\n')
        bob = server.person("bob")
        bob.types("/set echo on")
        piping.until('"joined".*"bob".*\n')
        with relay.cut():
            bob.types("are you there?")
            bob.until(r"are you there\?\r\n")
        lines = piping.until(r"Live now.*\n").splitlines()
        *shown, told = [json.loads(line) for line in lines if not line.startswith("tcpchat: ")]
        assert "are you there?" in [it.get("text") for it in shown]
        assert told == {"type": "notice", "text": "Live now; missed: 1 line."}


def test_the_topic_of_a_room_is_told_on_coming_in(server: Server) -> None:
    alice = server.person("alice")
    alice.types("/set echo on", "/topic tests", "/join #dev", "/topic engines")
    alice.until("set the topic of #dev: engines")
    shown = run(at(server), "--nick", "bob", typed="/join #dev\n/join #new\n").shown
    assert "*** You are bob, in #lobby with alice.\n*** The topic of #lobby is: tests\n" in shown
    assert "*** You are bob, in #dev with alice.\n*** The topic of #dev is: engines\n" in shown
    assert shown.count("The topic of") == 2


def test_a_reserved_nickname_and_one_that_is_taken_are_told_apart(server: Server) -> None:
    shown = run(at(server), "--nick", "root", typed="").shown
    assert '*** "root" is reserved. /nick changes your nickname.\n*** You are root2, in #lobby.\n' in shown
    server.person("anna")
    shown = run(at(server), "--nick", "anna", typed="").shown
    assert '*** "anna" is taken. /nick changes your nickname.\n*** You are anna2, in #lobby' in shown

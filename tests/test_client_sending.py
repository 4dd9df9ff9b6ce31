"""``tcpchat send``: status 0 when it is in the log, and what is wrong otherwise."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.happenings import MUTE
from tcpchat.client.limits import LONGEST_DOUBT, PATIENCE, SHORTEST_WAIT
from tcpchat.client.link import Link
from tcpchat.client.sending import Sending
from tcpchat.client.way import NEEDS_TLS
from tests.commands import at, run, start
from tests.faults.servers import dump
from tests.faults.servers import start as start_server
from tests.processes import Server

BROKEN = f"The connection is broken ({NEEDS_TLS}). Trying again."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


def said(server: Server) -> list[tuple[str, str, str]]:
    """Return what was said, where and by whom."""
    entries = [record for record in dump(server.folder) if record.type == "message"]
    return [(entry.room, entry.nick, entry.text) for entry in entries]


def test_what_is_sent_is_in_the_log(server: Server) -> None:
    ended = run("send", "--server", at(server), "--room", "dev", "--nick", "ci-bot", "build 17", "passed")
    assert ended == (0, "", "")
    assert said(server) == [("dev", "ci-bot", "build 17 passed")]


def test_each_line_of_the_input_is_said_and_none_is_a_command(server: Server) -> None:
    typed = "one\n\n/quit\n//etc\n  four\nno end"
    ended = run("send", "--nick", "anna", typed=typed, TCPCHAT_SERVER=at(server))
    assert ended == (0, "", "")
    assert [text for _, _, text in said(server)] == ["one", "/quit", "//etc", "  four", "no end"]


def test_many_lines_arrive_in_order(server: Server) -> None:
    lines = [f"line {number}" for number in range(1000)]
    assert run("send", "--server", at(server), typed="\n".join(lines)).status == 0
    assert [text for _, _, text in said(server)] == lines


def test_nothing_to_say_is_said_well(server: Server) -> None:
    assert run("send", "--server", at(server)) == (0, "", "")


def test_it_waits_for_a_server_that_is_not_there_yet(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as first:
        port = first.port
        alice = first.person("alice")
        sending = start(first, "send", "--server", at(first), "--nick", "anna")
        sending.types("before")
        alice.until("<anna> before\r\n")
        first.kill()
        sending.types("while it is away")
        sending.until("Trying again")
        with start_server(tmp_path, port).ready() as second:
            sending.types("after")
            assert sending.process.stdin is not None
            sending.process.stdin.close()
            assert sending.process.wait(30) == 0
            assert [text for _, _, text in said(second)] == ["before", "while it is away", "after"]
        first._guests.clear()


def test_what_the_server_refuses_is_told_with_status_77(server: Server) -> None:
    ended = run("send", "--server", at(server), "--room", "bad room", "hi")
    assert ended.status == 77
    assert ended.complaints == 'tcpchat: "#bad room" is not a room: it has a space.\n'
    assert run("send", "--server", at(server), "--nick", "1st", "hi").status == 77
    ended = run("send", "--server", at(server), typed="fine\n" + "x" * 5000 + "\n")
    assert ended.status == 77 and "longer than 4096 bytes" in ended.complaints


def test_without_a_server_within_the_time_it_ends_with_status_69() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = run("send", "--server", f"127.0.0.1:{port}", "--timeout", "0.5", "hi")
    assert ended.status == 69
    assert ended.complaints.endswith('tcpchat: Not sent within 0.5 seconds: "hi"\n')


def test_a_server_that_is_none_of_ours_takes_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = run("send", "--server", f"127.0.0.1:{listening.getsockname()[1]}", "--timeout", "0.5", "hi")
        assert ended.status == 69
        assert "a port for TLS needs --tls" in ended.complaints
        connection, _ = listening.accept()
        assert connection.recv(100) == b""


class ForgottenTlsTests(SynchronousTestCase):
    def test_who_has_left_tls_out_is_told_what_to_type_while_it_is_waited_once(self) -> None:
        """The server waits for TLS, and the client for the server."""
        reactor: Any = MemoryReactorClock()
        where = TCP4ClientEndpoint(reactor, "127.0.0.1", 8024)
        told: list[str] = []
        sending = Sending(
            reactor,
            lambda conversation, happened, _: Link(reactor, where, conversation, happened, min),
            ["anna"],
            told.append,
            room="#lobby",
            patience=PATIENCE,
            said=lambda: None,
        )
        sending.start()
        sending.say("hi")
        for turn in range(2):
            wire = reactor.tcpClients[turn][2].buildProtocol(None)
            wire.makeConnection(StringTransport())
            reactor.advance(LONGEST_DOUBT)
            self.assertEqual(told, [MUTE] if turn == 0 else [MUTE, BROKEN])
            if turn == 0:
                wire.connectionLost(Failure(ConnectionLost()))
                reactor.advance(SHORTEST_WAIT)
        reactor.advance(PATIENCE)
        self.assertEqual(told[2:], [f'Not sent within {PATIENCE:g} seconds: "hi" ({NEEDS_TLS})'])
        self.assertEqual(self.successResultOf(sending.done), 69)


def test_an_unknown_host_is_status_68() -> None:
    ended = run("send", "--server", "no-such-host.invalid", "hi")
    assert (ended.status, ended.complaints) == (68, "tcpchat: There is no such host\n")

"""The control socket: what comes over it, how long that may take, and whose it is; also of a real server."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from tcpchat import tool_orders
from tcpchat.control import NOBODY_KNOWS, Control, ControlConnection
from tcpchat.control_path import reachable
from tcpchat.events import Event
from tcpchat.limits import LONGEST_ORDER, SECONDS_OF_A_TOOL
from tcpchat.tool_orders import AddAccount, Answer, Done, ListAccounts, NotDone, Order
from tests.processes import PATIENCE, Server
from tests.test_entrance import Wire
from tests.test_tool_orders import HASH
from tests.test_unknown import LateLog
from tests.visitors import ChatCase, FullLog


class ConnectionTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.control = Control(self.chat, "log")

    def open(self) -> tuple[ControlConnection, Any]:
        """Connect, as a tool does."""
        connection = self.control.buildProtocol(None)
        wire = Wire()
        wire.protocol = connection
        connection.makeConnection(wire)
        return connection, wire

    def answers(self, wire: StringTransport) -> list[Answer]:
        return list(map(tool_orders.answer, wire.value().splitlines()))

    def line(self, order: Order) -> bytes:
        return tool_orders.encode(order) + b"\n"

    def test_an_order_is_carried_out_answered_and_hung_up_on(self) -> None:
        connection, wire = self.open()
        for byte in self.line(AddAccount("ada", HASH)):
            self.assertFalse(wire.is_closed)
            connection.dataReceived(bytes([byte]))
        self.assertTrue(self.control.is_busy)
        self.settle()
        self.assertEqual(self.answers(wire), [Done("Added the account ada.")])
        self.assertTrue(wire.is_closed)
        self.assertFalse(self.control.is_busy)
        self.assertEqual(self.control.connections, set())

    def test_what_is_refused_is_told_with_a_status(self) -> None:
        for order, status in (tool_orders.RemoveAccount("ada"), 64), (AddAccount("ada", HASH), 74):
            self.log.full = True
            connection, wire = self.open()
            connection.dataReceived(self.line(order))
            self.settle()
            (answer,) = self.answers(wire)
            assert isinstance(answer, NotDone)
            self.assertEqual(answer.status, status)
            self.assertTrue(wire.is_closed)

    def test_what_nobody_can_tell_the_outcome_of_is_told_as_that(self) -> None:
        log = LateLog(self.clock, self.wall)
        self.control = Control(self.make_chat(log), "log")
        log.full = True
        connection, wire = self.open()
        connection.dataReceived(self.line(AddAccount("ada", HASH)))
        self.clock.advance(20)
        self.assertEqual(self.answers(wire), [NOBODY_KNOWS])

    def test_one_order_is_taken(self) -> None:
        connection, wire = self.open()
        connection.dataReceived(self.line(AddAccount("ada", HASH)) + self.line(AddAccount("bob", HASH)))
        self.assertEqual(wire.producerState, "paused")
        self.settle()
        self.assertEqual(self.answers(wire), [Done("Added the account ada.")])
        self.assertEqual([account.nick for account in self.chat.accounts], ["ada"])

    def test_what_is_no_order_is_told_so(self) -> None:
        for garbage in b"\n", b"GET / HTTP/1.1\r\n", b"\xff\x00\n", b'{"order":"burn"}\n':
            connection, wire = self.open()
            connection.dataReceived(garbage)
            self.settle()
            (answer,) = self.answers(wire)
            assert isinstance(answer, NotDone)
            self.assertIn("does not know that order", answer.text)
            self.assertTrue(wire.is_closed)

    def test_an_order_has_a_longest_length(self) -> None:
        line = self.line(ListAccounts())[:-1]
        connection, wire = self.open()
        connection.dataReceived(line + b" " * (LONGEST_ORDER - len(line)))
        self.assertFalse(wire.is_closed)
        connection.dataReceived(b"\n")
        self.settle()
        self.assertEqual(self.answers(wire), [Done()])

        connection, wire = self.open()
        connection.dataReceived(line + b" " * (LONGEST_ORDER + 1 - len(line)))
        self.assertIsInstance(self.answers(wire)[0], NotDone)
        self.assertTrue(wire.is_closed)

    def test_who_says_nothing_is_hung_up_on_in_the_end(self) -> None:
        _, wire = self.open()
        self.clock.advance(SECONDS_OF_A_TOOL - 0.1)
        self.assertFalse(wire.is_closed)
        self.clock.advance(0.1)
        self.assertTrue(wire.is_closed)
        self.assertEqual(self.control.connections, set())

    def test_who_reads_nothing_is_hung_up_on_in_the_end(self) -> None:
        connection, wire = self.open()
        closed: list[bool] = []
        wire.loseConnection = lambda: closed.append(True)  # what was written has not gone out
        aborted: list[bool] = []
        wire.abortConnection = lambda: aborted.append(True)
        connection.dataReceived(self.line(ListAccounts()))
        self.settle()
        self.clock.advance(SECONDS_OF_A_TOOL - 0.1)
        self.assertEqual((closed, aborted), ([True], []))
        self.clock.advance(0.1)
        self.assertEqual(aborted, [True])

    def test_an_order_takes_as_long_as_the_log(self) -> None:
        class SlowLog(FullLog):
            answers: Deferred[None] = Deferred()

            def append_all(self, parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[Any]:
                return (
                    super()
                    .append_all(parts)
                    .addCallback(lambda seqs: self.answers.addCallback(lambda _: seqs))
                )

        log = SlowLog(self.clock, self.wall)
        self.chat = self.make_chat(log)
        self.control = Control(self.chat, "log")
        connection, wire = self.open()
        connection.dataReceived(self.line(AddAccount("ada", HASH)))
        self.clock.advance(2 * SECONDS_OF_A_TOOL)
        self.control.stop()
        self.assertFalse(wire.is_closed)
        log.answers.callback(None)
        self.assertEqual(self.answers(wire), [Done("Added the account ada.")])
        self.assertTrue(wire.is_closed)

    def test_who_is_gone_meanwhile_is_no_harm(self) -> None:
        connection, wire = self.open()
        connection.dataReceived(self.line(AddAccount("ada", HASH)))
        wire.loseConnection()
        self.settle()
        self.assertEqual([account.nick for account in self.chat.accounts], ["ada"])
        self.assertFalse(self.control.is_busy)

    def test_at_the_end_who_has_asked_nothing_is_hung_up_on(self) -> None:
        _, idle = self.open()
        connection, busy = self.open()
        connection.dataReceived(self.line(AddAccount("ada", HASH)))
        self.control.stop()
        self.assertTrue(idle.is_closed)
        self.assertFalse(busy.is_closed)
        self.assertTrue(self.control.is_busy)
        self.settle()
        self.assertEqual(self.answers(busy), [Done("Added the account ada.")])
        self.assertFalse(self.control.is_busy)


# Where it is.


def talk(path: Path, sent: bytes) -> bytes:
    """Send something to a control socket; return all that comes."""
    with socket.socket(socket.AF_UNIX) as connection, reachable(str(path)) as address:
        connection.settimeout(PATIENCE)
        connection.connect(address)
        connection.sendall(sent)
        with connection.makefile("rb") as answer:
            return answer.read()


def listed(path: Path) -> list[Answer]:
    """Return how a server answers that is asked for all accounts."""
    return list(map(tool_orders.answer, talk(path, b'{"order":"listaccounts"}\n').splitlines()))


def test_it_is_for_its_owner_and_gone_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    with Server(tmp_path) as server:
        server.ready()
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
        assert listed(path) == [Done()]
        assert server.terminate() == 0
        assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_somebody_else_on_the_machine_may_not_connect(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != Path("/") and folder != Path("/tmp"):
            folder.chmod(0o755)
    with Server(tmp_path) as server:
        server.ready()
        child = os.fork()
        if not child:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            try:
                talk(path, b"\n")
            except PermissionError:
                os._exit(13)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 13


def test_one_that_a_killed_server_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    with Server(tmp_path) as server:
        server.ready().kill()
    assert path.is_socket()
    with Server(tmp_path) as server:
        server.ready()
        assert listed(path) == [Done()]
        assert server.terminate() == 0


def test_what_is_no_socket_is_left_and_the_server_runs(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    path.write_text("mine")
    with Server(tmp_path) as server:
        server.until("The tools cannot reach this server: .*tcpchat.sqlite3.control")
        server.ready().person("ada")
        assert server.terminate() == 0
    assert path.read_text() == "mine"


def test_one_that_somebody_has_removed_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    with Server(tmp_path) as server:
        server.ready()
        path.unlink()
        assert server.terminate() == 0


def test_a_server_without_a_store_has_none(tmp_path: Path) -> None:
    with Server(tmp_path, "--store", "memory:") as server:
        server.ready()
        assert not list(tmp_path.iterdir())


def test_garbage_does_a_server_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "tcpchat.sqlite3.control"
    with Server(tmp_path) as server:
        server.ready()
        for garbage in b"\x00\n", b"x" * (LONGEST_ORDER + 1), b'{"order":' * 400:
            (answer,) = map(tool_orders.answer, talk(path, garbage + b"\n").splitlines())
            assert isinstance(answer, NotDone)
        server.person("ada")
        assert listed(path) == [Done()]

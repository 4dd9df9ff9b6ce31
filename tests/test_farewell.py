"""Whoever is connected is told of the end, what they had said is shown, and nobody is waited for for ever."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from tcpchat.doors.line import LineConnection
from tcpchat.farewell import COMMIT_THE_REST, FAREWELL, LOG_HAS_FAILED, READ_THE_REST, say_goodbye
from tcpchat.waiting import LOOK
from tests.serving import ServedCase


class Faulty(StringTransport):
    """A transport with a fault, of which there is none as long as nothing is done with it."""

    has_fault = False

    def write(self, data: bytes) -> None:
        if self.has_fault:
            raise RuntimeError("broken on purpose")

    def abortConnection(self) -> None:
        raise RuntimeError("broken on purpose")


class FarewellTests(ServedCase):
    def setUp(self) -> None:
        super().setUp()
        self.is_busy = False
        self.open()
        self.connection, self.wire = self.connect()

    def say_goodbye(self, has_failed: bool = False) -> Deferred[None]:
        saying = say_goodbye(self.clock, self.served, lambda: self.is_busy, has_failed)
        return Deferred.fromCoroutine(saying)

    def pass_by(self, seconds: float) -> None:
        self.clock.pump([LOOK] * round(seconds / LOOK + 1))

    def test_what_was_received_is_shown_and_everybody_is_told(self) -> None:
        other, wire = self.connect()
        for connection, nick in (self.connection, b"alice"), (other, b"bob"):
            connection.dataReceived(nick + b"\n")
            self.pass_by(LOOK)
        self.connection.dataReceived(b"hello\n")
        self.say_goodbye()
        self.pass_by(COMMIT_THE_REST)
        self.assertIn(b"<alice> hello\r\n", wire.value())
        for each in self.wire, wire:
            self.assertIn(f"*** {FAREWELL}\r\n".encode(), each.value())
            self.assertTrue(each.disconnecting)

    def test_who_does_not_hang_up_is_hung_up_on(self) -> None:
        saying = self.say_goodbye()
        self.pass_by(LOOK)
        self.assertEqual((self.wire.disconnecting, self.wire.aborting), (True, False))
        self.assertNoResult(saying)
        self.pass_by(READ_THE_REST)
        self.assertTrue(self.wire.aborting)
        self.successResultOf(saying)

    def test_a_tool_is_waited_for_but_not_for_ever(self) -> None:
        self.is_busy = True
        self.say_goodbye()
        self.pass_by(COMMIT_THE_REST - 1)
        self.assertFalse(self.wire.disconnecting)
        self.pass_by(1)
        self.assertTrue(self.wire.disconnecting)

    def test_where_the_log_has_failed_nothing_is_promised(self) -> None:
        self.say_goodbye(has_failed=True)
        self.pass_by(LOOK)
        told = self.wire.value().decode()
        self.assertIn(LOG_HAS_FAILED, told)
        self.assertNotIn(FAREWELL, told)

    def test_a_fault_with_one_connection_does_not_keep_the_others_from_it(self) -> None:
        faulty = self.served.factory.buildProtocol(None)
        assert isinstance(faulty, LineConnection)
        wire = Faulty()
        faulty.makeConnection(wire)
        _, others_wire = self.connect()
        wire.has_fault = True
        saying = self.say_goodbye()
        self.pass_by(COMMIT_THE_REST + READ_THE_REST + 1)
        self.successResultOf(saying)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)
        for each in self.wire, others_wire:
            self.assertIn(f"*** {FAREWELL}\r\n".encode(), each.value())
            self.assertTrue(each.aborting)

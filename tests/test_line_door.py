"""The line door: bytes in and out, however they are cut, and every way in which a connection ends."""

from __future__ import annotations

from typing import cast

from twisted.internet import tcp
from twisted.internet.address import IPv6Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, connect

from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.limits import GRACE
from tcpchat.session import Session
from tests.visitors import ChatCase

QUESTION = b"*** What is your nickname?\r\n"


class Wire(StringTransport):
    """A transport that has sent in the next turn what it is given, unless its peer has stalled."""

    stalled = False
    aborting = False

    def __init__(self, clock: Clock, address: IAddress | None = None) -> None:
        super().__init__(peerAddress=address)
        self._clock = clock

    def write(self, data: bytes) -> None:
        super().write(data)
        if not self.stalled:
            self._clock.callLater(0, self.drain)

    def drain(self) -> None:
        """The peer has read everything."""
        self.stalled = False
        if self.producer is not None:
            self.producer.resumeProducing()

    def abortConnection(self) -> None:
        self.aborting = True

    def lines(self) -> list[str]:
        """Return the lines that were sent since the last look."""
        data: str = self.value().decode()
        self.clear()
        assert data == "" or data.endswith("\r\n"), data
        return data.split("\r\n")[:-1]


class DoorCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.factory = LineFactory(self.chat)
        (self.alice,) = self.enter("alice")

    def dial(self) -> tuple[LineConnection, Wire]:
        connection = LineConnection(self.factory)
        wire = Wire(self.clock)
        connection.makeConnection(wire)
        self.settle()
        return connection, wire

    def dial_as(self, nick: bytes) -> tuple[LineConnection, Wire]:
        connection, wire = self.dial()
        connection.dataReceived(nick + b"\n")
        self.settle()
        wire.clear()
        self.alice.sees()
        return connection, wire


class InputTests(DoorCase):
    def test_a_connection_is_greeted_and_held_by_the_factory(self) -> None:
        connection, wire = self.dial()
        self.assertEqual(len(wire.lines()), 2)
        self.assertEqual(set(self.factory.connections), {connection})

    def test_every_end_of_line_cut_anywhere(self) -> None:
        said = "grüß\r\none\ntwo\r\0three 🙂\r\n".encode()
        for size in (1, 2, 3, 5, 7, len(said)):
            connection, _wire = self.dial_as(b"bob")
            for start in range(0, len(said), size):
                connection.dataReceived(said[start : start + size])
            self.assertEqual(
                self.alice.sees(), ["<bob> grüß", "<bob> one", "<bob> two", "<bob> three 🙂"], size
            )
            connection.dataReceived(b"/quit\n")
            self.alice.sees()

    def test_telnet_bytes_are_taken_out_and_none_is_sent(self) -> None:
        connection, wire = self.dial_as(b"\xff\xfb\x1f\xff\xfd\x01b\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0ob")
        connection.dataReceived(b"g\xff\xf9r\xc3\xff\xfd\x03\xbc\xff\xec\n")
        self.assertEqual(self.alice.sees(), ["<bob> grü"])
        self.assertNotIn(b"\xff", wire.value())

    def test_ctrl_c_in_telnet_does_not_make_it_deaf(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"\xff\xf4\xff\xfd\x06")
        self.assertEqual(wire.value(), b"\xff\xfc\x06")

    def test_a_line_that_is_not_utf8_is_refused_and_all_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"gr\xfc\xdf\nhello\n")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.assertEqual(
            wire.lines(),
            ["!!! That line is not UTF-8 and was not sent. /set encoding latin-1 if your terminal uses it."],
        )

    def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_text(self) -> None:
        for first in b"\xef\xbb\xbfbob\n", b"\n\xef\xbb\xbfcarl\n", b"\xef":
            connection, _ = self.dial()
            connection.dataReceived(first)
            self.settle()
        connection.dataReceived(b"\xbb\xbfdora\n")
        self.settle()
        nicks = ["bob", "carl", "dora"]
        self.assertEqual(self.alice.sees(), [f"*** {nick} joined #lobby." for nick in nicks])
        connection.dataReceived(b"\xef\xbb\xbfhello\n")
        self.assertEqual(self.alice.sees(), ["<dora> hello"])

    def test_lines_come_and_go_in_the_encoding_that_is_set(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/set encoding latin-1\r\ngr\xfc\xdf\r\n")
        self.assertEqual(self.alice.types("\u00e9\u20ac\u00ff"), ["<bob> gr\u00fc\u00df"])
        self.assertEqual(wire.value(), b"*** encoding is latin-1.\r\n<alice> \xe9?\xff\r\n")

    def test_to_telnet_a_byte_255_goes_twice(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/set encoding latin-1\r\n\xff\xf1\xff\xff\r\n")
        self.assertEqual(self.alice.types("\u00ff"), ["<bob> \u00ff"])
        self.assertTrue(wire.value().endswith(b"<alice> \xff\xff\r\n"))

    def test_a_line_that_is_too_long_is_refused_whole_and_all_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"x" * 4097 + b"\r\n" + b"y" * 4096 + b"\r\n")
        self.assertEqual(self.alice.sees(), ["<bob> " + "y" * 4096])
        self.assertEqual(wire.lines(), ["!!! That line is longer than 4096 bytes and was not sent."])

    def test_64_kib_without_an_end_of_line_end_the_connection(self) -> None:
        connection, wire = self.dial_as(b"bob")
        for _ in range(17):
            connection.dataReceived(b"x" * 4096)
        self.settle()
        self.assertTrue(wire.disconnecting)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

    def test_other_protocols_are_turned_away_without_a_nickname(self) -> None:
        for start in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"POST /x HTTP/1.1\r\n\r\nbob\r\nhello\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ):
            for size in (1, len(start)):
                connection, wire = self.dial()
                wire.clear()
                for at in range(0, len(start), size):
                    connection.dataReceived(start[at : at + size])
                self.settle()
                self.assertTrue(wire.disconnecting)
                self.assertEqual([line[:4] for line in wire.lines()], ["!!! "])
        self.assertEqual(self.alice.sees(), [])

    def test_what_another_protocol_says_first_can_be_said_later(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"GET / HTTP/1.1\r\n")
        self.assertEqual(self.alice.sees(), ["<bob> GET / HTTP/1.1"])

    def test_input_stops_between_two_lines_and_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"".join(b"%d\n" % n for n in range(1000)))
        self.assertEqual(wire.producerState, "paused")
        self.assertEqual(len(self.alice.sees()), 1000)
        self.assertEqual(wire.producerState, "producing")

    def test_send_line_shows_a_line(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.sendLine(b"*** hello")
        self.assertEqual(wire.lines(), ["*** hello"])


class OutputTests(DoorCase):
    def test_a_stalled_peer_is_handed_little_and_gets_all(self) -> None:
        _connection, wire = self.dial_as(b"bob")
        wire.stalled = True
        self.alice.types(*["x" * 1000] * 500)
        self.assertLess(len(wire.value()), 100_000)
        while True:
            wire.drain()
            self.settle()
            if len(wire.value().split(b"\r\n")) == 501:
                break

    def test_an_ip4_address_inside_ip6_is_that_address(self) -> None:
        connection = LineConnection(self.factory)
        wire = Wire(self.clock, IPv6Address("TCP", "::ffff:192.0.2.7", 4711))
        connection.makeConnection(wire)
        self.assertEqual(connection.dialogue.address, "192.0.2.7")


class EndTests(DoorCase):
    def test_at_the_end_of_the_stream_all_is_done_and_answered_first(self) -> None:
        connection, wire = self.dial()
        connection.dataReceived(b"/as ci-bot\nbuild 17 passed\nunfini")
        connection.dataReceived(b"shed")
        connection.readConnectionLost()
        self.assertFalse(wire.disconnecting)
        self.settle()
        self.assertTrue(wire.disconnecting)
        self.assertEqual(wire.lines()[2], "*** You are ci-bot, in #lobby with alice.")
        self.assertEqual(
            self.alice.sees(),
            [
                "*** ci-bot joined #lobby.",
                "<ci-bot> build 17 passed",
                "<ci-bot> unfinished",
                "*** ci-bot left #lobby.",
            ],
        )

    def test_many_lines_before_the_end_are_all_said(self) -> None:
        connection, _ = self.dial()
        connection.dataReceived(b"bob\n" + b"".join(b"%d\n" % n for n in range(1000)))
        connection.readConnectionLost()
        self.assertEqual(self.alice.sees()[1:-1], [f"<bob> {n}" for n in range(1000)])

    def test_after_a_reset_an_unfinished_line_is_dropped(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"unfinished")
        connection.connectionLost(Failure(ConnectionLost()))
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])
        self.assertEqual(set(self.factory.connections), set())

    def test_without_half_closing_the_end_of_the_stream_is_a_farewell_too(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"unfinished")
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.alice.sees(), ["<bob> unfinished", "*** bob left #lobby."])

    def test_what_comes_behind_quit_is_not_heard(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\nhello\n")
        connection.dataReceived(b"hello\n")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])
        self.assertEqual(wire.lines(), ["*** Goodbye."])

    def test_lines_that_wait_for_their_turn_are_said_when_the_session_is_taken_up_elsewhere(self) -> None:
        connection, _ = self.dial_as(b"bob")
        session = self.chat.person(connection.dialogue.reader.session)
        assert isinstance(session, Session)
        new = self.connect()
        new.sees()
        connection.dataReceived(b"".join(b"%d\n" % n for n in range(200)))
        new.dialogue.received(f"/resume {session.ticket.code}")
        new.dialogue.received("behind them")
        said = self.alice.sees()
        self.assertEqual(said, [*(f"<bob> {n}" for n in range(200)), "<bob> behind them"])

    def test_when_the_server_ends_lines_that_wait_for_their_turn_are_still_taken(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"/foo\n" * 100 + b"last words\n")
        connection.dialogue.finish("The server restarts.")
        self.assertFalse(connection.is_settled)
        self.assertEqual(self.alice.sees(), ["<bob> last words"])
        self.assertTrue(connection.is_settled)

    def test_who_does_not_hang_up_is_hung_up_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\n")
        self.settle()
        self.assertFalse(wire.aborting)
        self.clock.advance(30)
        self.assertTrue(wire.aborting)

    def test_who_hangs_up_leaves_no_timer(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\n")
        self.settle()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)


class SimulatedNetworkTests(DoorCase):
    def test_a_conversation_over_a_simulated_network(self) -> None:
        received: list[bytes] = []

        class Client(Protocol):
            def dataReceived(self, data: bytes) -> None:
                received.append(data)

        client, server = Client(), self.factory.buildProtocol(None)
        pump = connect(
            server, FakeTransport(server, isServer=True), client, FakeTransport(client, isServer=False)
        )
        cast(tcp.Connection, client.transport).write(b"bob\r\nhello\r\n")
        for _ in range(5):
            pump.flush()
            self.settle()
        self.assertEqual(self.alice.sees(), ["*** bob joined #lobby.", "<bob> hello"])
        self.alice.types("hi")
        pump.flush()
        lines = b"".join(received).split(b"\r\n")
        self.assertEqual(
            (lines[2], lines[4:]), (b"*** You are bob, in #lobby with alice.", [b"<alice> hi", b""])
        )

"""At the door: who is turned away is told why, who comes in is counted until they are gone."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.entrance import ENDLESS, FULL, TELL_AGAIN, Entrance, TurnedAway
from tcpchat.limits import LINGERING, MOST_LINGERING, MOST_WRONG_CODES, NO_LIMITS, Limits
from tcpchat.networks import networks
from tests.visitors import ChatCase

QUESTION = "*** What is your nickname?"


class Wire(StringTransport):
    """A transport that tells its protocol when it is closed, as a socket does."""

    protocol: Protocol
    is_closed = False

    def registerProducer(self, producer: object, streaming: bool) -> None:
        if not self.is_closed:
            super().registerProducer(producer, streaming)

    def abortConnection(self) -> None:
        self.loseConnection()

    def loseConnection(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            producer, self.producer = self.producer, None
            if producer is not None:
                producer.stopProducing()
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def lines(self) -> list[str]:
        """Read on, and return the lines that were sent since the last look."""
        if self.producer is not None:
            self.producer.resumeProducing()
        data: str = self.value().decode()
        self.clear()
        return data.split("\r\n")[:-1]


def ip(host: str) -> IAddress:
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 4711)


class EntranceCase(ChatCase):
    limits = Limits()
    trusted: tuple[str, ...] = ()
    descriptors = ENDLESS

    def setUp(self) -> None:
        super().setUp()
        self.chance = 0.0
        self.entrance = Entrance(
            self.clock, self.limits, networks(self.trusted), lambda: self.descriptors, lambda: self.chance
        )
        self.factory = LineFactory(self.chat, self.entrance)

    def dial(self, address: IAddress) -> Wire:
        """Somebody connects."""
        wire = Wire(peerAddress=address)
        wire.protocol = self.factory.buildProtocol(address)
        wire.protocol.makeConnection(wire)
        self.settle()
        return wire

    def assert_let_in(self, *hosts: str) -> list[Wire]:
        wires = [self.dial(ip(host)) for host in hosts]
        for host, wire in zip(hosts, wires, strict=True):
            self.assertEqual(wire.lines()[-1:], [QUESTION], host)
        return wires

    def assert_refused(self, why: str, *hosts: str) -> None:
        for host in hosts:
            wire = self.dial(ip(host))
            self.assertIsInstance(wire.protocol, TurnedAway)
            self.assertEqual(wire.lines(), [f"!!! {why}"])
            self.assertTrue(wire.is_closed)

    def names(self, wire: Wire, nick: str) -> None:
        """Somebody chooses a nickname."""
        wire.protocol.dataReceived(f"{nick}\n".encode())
        self.settle()
        self.assertIn(f"*** You are {nick}, in #lobby", wire.value().decode())
        wire.clear()

    @contextmanager
    def logged(self) -> Iterator[list[str]]:
        """Hear what the operator is told."""
        lines: list[str] = []

        @implementer(ILogObserver)
        def hear(event: LogEvent) -> None:
            if "Refused" in (event.get("log_format") or ""):
                lines.append(formatEvent(event))

        globalLogPublisher.addObserver(hear)
        yield lines
        globalLogPublisher.removeObserver(hear)


class AtTheDoorTests(EntranceCase):
    limits = Limits(connections_per_network=2, connections_per_48=3)
    trusted = ("198.51.100.0/24",)
    TWO = "Too many connections from your network: at most 2 at once."

    def test_who_comes_is_counted_until_they_are_gone(self) -> None:
        one, _two = self.assert_let_in("192.0.2.1", "192.0.2.1")
        self.assert_refused(self.TWO, "192.0.2.1", "192.0.2.1")
        one.loseConnection()
        self.assert_let_in("192.0.2.1")
        self.assert_refused(self.TWO, "192.0.2.1")

    def test_an_address_is_the_same_inside_ip6(self) -> None:
        self.assert_let_in("192.0.2.1", "::ffff:192.0.2.1")
        self.assert_refused(self.TWO, "192.0.2.1", "::ffff:192.0.2.1")

    def test_a_48_is_counted_too(self) -> None:
        self.assert_let_in("2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:2::1")
        self.assert_refused(self.TWO, "2001:db8:1:1::3")
        self.assert_refused(
            "Too many connections from the networks around yours: at most 3 at once.", "2001:db8:1:3::1"
        )

    def test_this_machine_and_the_trusted_are_not_counted(self) -> None:
        for host in "127.0.0.1", "::1", "198.51.100.7":
            self.assert_let_in(*[host] * 5)
        for _ in range(5):
            self.assertEqual(self.dial(UNIXAddress("/run/tcpchat")).lines()[-1], QUESTION)

    def test_no_dialogue_begins_with_who_is_turned_away(self) -> None:
        self.assert_let_in("192.0.2.1", "192.0.2.1")
        wire = self.dial(ip("192.0.2.1"))
        self.assertEqual(len(self.factory.connections), 2)
        wire.protocol.dataReceived(b"eve\n")
        self.assertEqual(wire.lines(), [f"!!! {self.TWO}"])

    def test_the_operator_is_told_how_to_allow_more_but_not_each_time(self) -> None:
        wires = self.assert_let_in("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2")
        for wire, nick in zip(wires, ("ada", "ben", "cid", "dov"), strict=True):
            self.names(wire, nick)
        with self.logged() as lines:
            self.assert_refused(self.TWO, "192.0.2.1", "192.0.2.2", "192.0.2.2")
            self.clock.advance(TELL_AGAIN - 0.01)
            self.assert_refused(self.TWO, "192.0.2.2")
            self.assertEqual(len(lines), 1)
            self.clock.advance(0.01)
            self.assert_refused(self.TWO, "192.0.2.2")
        told = "Refused a connection from 192.0.2.{} (public), and {} more since this was told last: "
        remedy = self.TWO + " To allow it: raise connections_per_network in [limits],"
        remedy += " or list the network in trusted."
        self.assertEqual(lines, [told.format(1, 0) + remedy, told.format(2, 3) + remedy])


class NamelessTests(EntranceCase):
    def crowd(self, number: int) -> list[Wire]:
        """So many come who say nothing, each from a network of its own."""
        return self.assert_let_in(*(f"198.51.{n // 256}.{n % 256}" for n in range(number)))

    def test_who_has_no_nickname_may_keep_others_out_and_who_has_one_does_not(self) -> None:
        wires = self.crowd(50)
        self.assert_refused(
            "Too many people are choosing a nickname just now. Try again in a moment.", "192.0.2.1"
        )
        self.assert_let_in("127.0.0.1")
        self.names(wires[0], "alice")
        self.assert_let_in("192.0.2.1")

    def test_who_takes_up_a_session_has_a_nickname_too(self) -> None:
        (alice,) = self.assert_let_in("203.0.113.1")
        alice.protocol.dataReceived(b"alice\n")
        self.settle()
        code = alice.value().decode().partition("/resume ")[2].partition(" ")[0]
        wires = self.crowd(50)
        self.assert_refused(
            "Too many people are choosing a nickname just now. Try again in a moment.", "192.0.2.1"
        )
        wires[0].protocol.dataReceived(f"/resume {code}\n".encode())
        self.settle()
        self.assertIn("You are alice", wires[0].value().decode())
        self.assert_let_in("192.0.2.1")

    def test_who_leaves_without_one_again_and_again_has_to_wait(self) -> None:
        for _ in range(15):
            self.assert_let_in("192.0.2.1")[0].loseConnection()
        why = "Too many connections from your network ended without a nickname. Try again in 15 seconds."
        self.assert_refused(why, "192.0.2.1")
        self.assert_let_in("192.0.2.2")
        self.clock.advance(15)
        self.assert_let_in("192.0.2.1")

    def test_wrong_codes_weigh_more(self) -> None:
        for _ in range(3):
            (wire,) = self.assert_let_in("192.0.2.1")
            for _ in range(MOST_WRONG_CODES):
                wire.protocol.dataReceived(b"/resume fig-42-moss-lamp\n")
                self.settle()
            self.clock.advance(0)
            wire.loseConnection()
        why = "Too many connections from your network ended without a nickname. Try again in 15 seconds."
        self.assert_refused(why, "192.0.2.1")

    def test_wrong_passwords_as_much(self) -> None:
        for _ in range(3):
            (wire,) = self.assert_let_in("192.0.2.1")
            wire.protocol.dataReceived(b"/login bob wrong\n")
            self.settle()
            wire.loseConnection()
        why = "Too many connections from your network ended without a nickname. Try again in 15 seconds."
        self.assert_refused(why, "192.0.2.1")

    def test_who_lets_the_time_pass_has_to_wait_too(self) -> None:
        wires = self.assert_let_in("192.0.2.1", "192.0.2.1")
        self.clock.advance(60)
        for wire in wires:
            self.assertEqual(wire.lines(), ["!!! No nickname within 60 seconds."])
            self.assertTrue(wire.is_closed)
        why = "Too many connections from your network ended without a nickname. Try again in 20 seconds."
        self.assert_refused(why, "192.0.2.1")


class ComingAndGoingTests(EntranceCase):
    limits = NO_LIMITS

    def visit(self, lines: bytes, half_closes: bool) -> weakref.ref[Protocol]:
        """Somebody comes, perhaps says something, and goes."""
        wire = self.dial(ip("192.0.2.1"))
        connection = wire.protocol
        connection.dataReceived(lines)
        self.settle()
        if half_closes:
            IHalfCloseableProtocol(connection).readConnectionLost()
            self.settle()
            wire.lines()
        wire.loseConnection()
        wire.protocol = Protocol()
        return weakref.ref(connection)

    def test_nothing_is_left_of_who_never_had_a_nickname(self) -> None:
        self.dial(ip("192.0.2.1")).protocol.dataReceived(b"alice\n")
        self.clock.advance(60)
        timers = len(self.clock.getDelayedCalls())
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for lines in b"", b"half a nickna", b"no nickname\r\n/help\r\n", b"/json\n{", b"alice\n", b"/quit\n":
            for half_closes in False, True:
                gone = self.visit(lines, half_closes)
                self.clock.advance(1)
                self.assertIsNone(gone(), (lines, half_closes))
        self.clock.advance(60)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)

    def test_little_is_shown_before_there_is_a_nickname(self) -> None:
        self.assertLess(len(self.dial(ip("192.0.2.1")).value()), 2048)


class TLSTests(EntranceCase):
    limits = Limits(tls_handshakes=1)
    WHY = "Too many connect with TLS just now. Try again in a moment."

    def test_who_has_not_agreed_on_tls_may_keep_out_others_with_tls(self) -> None:
        plain, self.factory = self.factory, self.factory.with_tls()
        (one,) = self.assert_let_in("192.0.2.1")
        self.assert_refused(self.WHY, "192.0.2.2")
        self.assert_let_in("127.0.0.1")
        assert isinstance(one.protocol, LineConnection)
        one.protocol.handshakeCompleted()
        (two,) = self.assert_let_in("192.0.2.2")
        self.assertEqual(plain.connections, self.factory.connections)
        self.assertEqual(len(plain.connections), 3)
        self.assert_refused(self.WHY, "192.0.2.3")
        two.loseConnection()
        self.assert_let_in("192.0.2.3")
        self.factory = plain
        self.assert_let_in("192.0.2.4")


class FullTests(EntranceCase):
    descriptors = 103

    def test_so_many_as_the_system_allows_and_no_more(self) -> None:
        one, _, _ = self.assert_let_in("127.0.0.1", "192.0.2.1", "127.0.0.1")
        with self.logged() as lines:
            self.assert_refused(FULL, "127.0.0.1", "192.0.2.1")
        self.assertEqual(len(lines), 1)
        self.assertIn("ulimit -n", lines[0])
        one.loseConnection()
        self.assert_let_in("127.0.0.1")
        self.descriptors += 1
        self.assert_let_in("127.0.0.1")
        self.assert_refused(FULL, "127.0.0.1")

    def test_one_is_let_in_however_little_it_allows(self) -> None:
        self.descriptors = 64
        self.assert_let_in("127.0.0.1")
        self.assert_refused(FULL, "127.0.0.1")


class NoLimitsTests(EntranceCase):
    limits = NO_LIMITS
    descriptors = 103

    def test_everybody_is_let_in(self) -> None:
        for _ in range(120):
            self.assert_let_in("192.0.2.1", "10.0.0.1", "2001:db8::1")


class Aborted(Wire):
    """A transport that closes only when it is made to."""

    def loseConnection(self) -> None:
        pass

    def abortConnection(self) -> None:
        super().loseConnection()


class LingeringTests(EntranceCase):
    limits = Limits(connections_per_network=1)

    def turn_away(self) -> Aborted:
        wire = Aborted(peerAddress=ip("192.0.2.1"))
        wire.protocol = self.factory.buildProtocol(ip("192.0.2.1"))
        wire.protocol.makeConnection(wire)
        return wire

    def test_some_have_a_moment_to_read_why_and_the_others_have_none(self) -> None:
        self.assert_let_in("192.0.2.1")
        wires = [self.turn_away() for _ in range(MOST_LINGERING + 1)]
        self.assertEqual([wire.is_closed for wire in wires], [False] * MOST_LINGERING + [True])
        wires[0].abortConnection()
        self.assertFalse(self.turn_away().is_closed)
        self.assertTrue(self.turn_away().is_closed)
        self.clock.advance(LINGERING)
        self.assertTrue(all(wire.is_closed for wire in wires))

    def test_nothing_is_left_of_them(self) -> None:
        (first,) = self.assert_let_in("192.0.2.1")
        before = len(self.clock.getDelayedCalls())
        for _ in range(3):
            self.turn_away()
        self.clock.advance(LINGERING)
        self.assertEqual(len(self.clock.getDelayedCalls()), before)
        first.loseConnection()
        self.clock.advance(60)
        self.assertIsInstance(self.assert_let_in("192.0.2.1")[0].protocol, LineConnection)

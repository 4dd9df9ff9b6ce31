"""Connections behind a proxy: who they are from then on, and who is hung up on."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver, StringTransport
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.doors.line import LineFactory
from tcpchat.entrance import Entrance
from tcpchat.factories import AnyServerFactory
from tcpchat.limits import Limits
from tcpchat.networks import networks
from tcpchat.proxied import IN_TIME, Proxied
from tcpchat.proxy_header import LOCAL, PROXY, TCP4
from tests.test_proxy_header import IPV4, version_2
from tests.visitors import ChatCase

ANNA = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 8023\r\n"
PROXIES = networks(["127.0.0.0/8", "::1", "10.0.0.5"])
HERE = IPv4Address("TCP", "127.0.0.1", 999)
LOCAL_CHECK = version_2(LOCAL, 0, b"")


class Wire(StringTransport):
    """A transport as the reactor knows it: what comes goes to its protocol."""

    protocol: Any
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True

    def brings(self, data: bytes) -> None:
        self.protocol.dataReceived(data)


class Noting(Protocol):
    """What is behind: it notes what comes."""

    def __init__(self, address: IAddress | None) -> None:
        self.address = address
        self.came = b""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"hello")
        self.peer = self.transport.getPeer()

    def dataReceived(self, data: bytes) -> None:
        self.came += data


class Door(AnyServerFactory):
    def buildProtocol(self, addr: IAddress | None) -> Noting:
        return Noting(addr)


class ProxiedCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.factory = Proxied(Door(), self.clock, lambda: PROXIES)
        self.events = EventLoggingObserver()
        globalLogPublisher.addObserver(self.events)
        self.addCleanup(globalLogPublisher.removeObserver, self.events)

    def connect(self, address: IAddress = HERE) -> Wire:
        wire = Wire(peerAddress=address)
        wire.protocol = self.factory.buildProtocol(address)
        wire.protocol.makeConnection(wire)
        return wire

    @property
    def told(self) -> list[str]:
        """What the operator was told."""
        return [event["log_format"].format(**event) for event in self.events]

    def assert_there(self, wire: Wire, address: IAddress, came: bytes = b"") -> None:
        self.assertEqual((wire.protocol.address, wire.protocol.peer), (address, address))
        self.assertEqual(wire.protocol.came, came)
        self.assertEqual(wire.value(), b"hello")


class HeaderTests(ProxiedCase):
    def test_nothing_is_sent_and_nobody_is_there_before_the_header(self) -> None:
        wire = self.connect()
        for byte in ANNA[:-1]:
            wire.brings(bytes([byte]))
        self.assertEqual(wire.value(), b"")
        wire.brings(ANNA[-1:])
        self.assert_there(wire, IPv4Address("TCP", "203.0.113.7", 4711))

    def test_it_is_known_whether_anybody_has_yet_to_say_who_they_are(self) -> None:
        wire, gone = self.connect(), self.connect()
        gone.protocol.connectionLost()
        self.assertTrue(self.factory.is_waiting)
        wire.brings(ANNA)
        self.assertFalse(self.factory.is_waiting)

    def test_what_comes_with_it_is_not_lost(self) -> None:
        wire = self.connect()
        wire.brings(ANNA + b"bob\r\n")
        wire.brings(b"hi\r\n")
        self.assert_there(wire, IPv4Address("TCP", "203.0.113.7", 4711), b"bob\r\nhi\r\n")

    def test_ipv6_is_ipv6(self) -> None:
        wire = self.connect(IPv6Address("TCP", "::1", 999))
        wire.brings(b"PROXY TCP6 2001:db8::7 ::1 4711 1\r\n")
        self.assert_there(wire, IPv6Address("TCP", "2001:db8::7", 4711))

    def test_the_proxy_itself_is_who_looks_whether_the_server_is_well(self) -> None:
        for address in HERE, IPv4Address("TCP", "10.0.0.5", 9), UNIXAddress(None):
            wire = self.connect(address)
            wire.brings(LOCAL_CHECK)
            self.assert_there(wire, address)

    def test_over_a_unix_socket_anybody_may_be_the_proxy(self) -> None:
        wire = self.connect(UNIXAddress(None))
        wire.brings(version_2(PROXY, TCP4, IPV4))
        self.assert_there(wire, IPv4Address("TCP", "203.0.113.7", 4711))


class HangingUpTests(ProxiedCase):
    def test_who_may_not_speak_for_others_is_not_heard(self) -> None:
        for host in "10.0.0.6", "203.0.113.7", "2001:db8::1":
            self.assertIsNone(self.factory.buildProtocol(IPv4Address("TCP", host, 1)))
        self.assertIsNotNone(self.factory.buildProtocol(IPv4Address("TCP", "10.0.0.5", 1)))
        self.assertEqual(self.told, ["Hung up on 10.0.0.6, which is to be a proxy: it is none of --proxies."])

    def test_a_minute_later_it_is_told_again(self) -> None:
        for seconds in 0, 59, 1:
            self.clock.advance(seconds)
            self.factory.buildProtocol(IPv4Address("TCP", "10.0.0.6", 1))
        self.assertEqual(len(self.told), 2)

    def test_who_sends_something_else_is_hung_up_on_unanswered(self) -> None:
        wire = self.connect()
        wire.brings(b"bob\r\n")
        self.assertEqual((wire.aborted, wire.value()), (True, b""))
        self.assertEqual(self.told, ["Hung up on 127.0.0.1, which is to be a proxy: no PROXY header came."])

    def test_the_header_has_to_come_in_time(self) -> None:
        late, early = self.connect(), self.connect()
        late.brings(ANNA[:-1])
        self.clock.advance(IN_TIME - 0.1)
        early.brings(ANNA)
        self.assertFalse(late.aborted)
        self.clock.advance(0.1)
        self.assertEqual((late.aborted, early.aborted), (True, False))
        self.assertEqual(len(self.told), 1)
        self.clock.advance(IN_TIME)
        self.assertFalse(early.aborted)

    def test_a_proxy_that_goes_without_a_word_is_forgotten(self) -> None:
        self.connect().protocol.connectionLost()
        self.clock.advance(IN_TIME)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))


class LimitsTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        entrance = Entrance(self.clock, Limits(connections_per_network=1))
        self.door = LineFactory(self.chat, entrance)
        self.factory = Proxied(self.door, self.clock, lambda: PROXIES)

    def dial(self, header: bytes) -> str:
        wire = Wire(peerAddress=HERE)
        wire.protocol = self.factory.buildProtocol(HERE)
        wire.protocol.makeConnection(wire)
        wire.brings(header)
        self.settle()
        return str(wire.value().decode())

    def test_every_limit_is_for_who_is_behind_the_proxy(self) -> None:
        other = ANNA.replace(b"113.7", b"113.8")
        self.assertIn("nickname?", self.dial(ANNA))
        self.assertIn("nickname?", self.dial(other))
        for header in ANNA, other:
            self.assertIn("!!! Too many connections from your network: at most 1", self.dial(header))
        self.assertEqual(len(self.door.connections), 2)

    def test_those_of_whom_the_proxy_knows_nothing_are_counted_together(self) -> None:
        self.assertIn("nickname?", self.dial(b"PROXY UNKNOWN\r\n"))
        self.assertIn("Too many connections", self.dial(b"PROXY UNKNOWN\r\n"))

    def test_the_proxy_itself_may_look_as_often_as_it_likes(self) -> None:
        for _ in range(3):
            self.assertIn("nickname?", self.dial(LOCAL_CHECK))

    def test_a_dialogue_is_with_who_is_behind_the_proxy(self) -> None:
        self.dial(ANNA)
        (connection,) = self.door.connections
        self.assertEqual(connection.dialogue.address, "203.0.113.7")

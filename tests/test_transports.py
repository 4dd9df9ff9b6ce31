"""The transport of a connection is Twisted's, but for what is not needed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.transports import Server

MUCH = bytes(range(256)) * 4096 * 8


class Remembering(Protocol):
    """Remembers how the connection ended."""

    reason: Failure | None = None

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.reason = reason


class TransportTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = SelectReactor()

    def connect(self, kind: type[tcp.Server], interface: str = "127.0.0.1") -> tuple[Any, socket.socket]:
        """Return the server's side of a connection with a transport of this kind, and the peer's socket."""
        protocol = Remembering()
        factory = ServerFactory.forProtocol(lambda: protocol)
        port = tcp.Port(0, factory, interface=interface, reactor=self.reactor)
        port.transport = kind
        port.startListening()
        self.addCleanup(port.connectionLost, Failure(ConnectionDone()))
        peer = socket.create_connection((interface, port.getHost().port))
        self.addCleanup(peer.close)
        self.turn(lambda: protocol.transport is not None)
        return protocol, peer

    def turn(self, until: Callable[[], bool]) -> None:
        for _ in range(10_000):
            if until():
                return
            self.reactor.doIteration(0.01)
        self.fail("it did not happen")

    def test_it_has_every_attribute_that_twisteds_has(self) -> None:
        theirs, ours = (self.connect(kind)[0].transport for kind in (tcp.Server, Server))
        for name, value in vars(theirs).items():
            self.assertIs(type(getattr(ours, name)), type(value), name)
        for name in "connected", "_tempDataBuffer", "_tempDataLen":
            self.assertEqual(getattr(ours, name), getattr(theirs, name), name)

    def test_it_holds_fewer_of_them(self) -> None:
        theirs, ours = (vars(self.connect(kind)[0].transport) for kind in (tcp.Server, Server))
        self.assertLess(set(ours), set(theirs))
        self.assertFalse({"logstr", "repstr", "_tempDataBuffer"} & set(ours))

    def test_what_cannot_be_sent_at_once_is_sent_in_the_end(self) -> None:
        protocol, peer = self.connect(Server)
        protocol.transport.write(MUCH[:1000])
        protocol.transport.write(MUCH[1000:])
        peer.setblocking(False)
        got = bytearray()

        def read() -> bool:
            try:
                got.extend(peer.recv(1 << 20))
            except BlockingIOError:
                pass
            return len(got) == len(MUCH)

        self.turn(read)
        self.assertEqual(bytes(got), MUCH)

    def test_one_writes_nothing_of_anothers(self) -> None:
        (one, first), (other, second) = self.connect(Server), self.connect(Server)
        one.transport.write(b"one")
        self.assertEqual(other.transport._tempDataBuffer, [])
        other.transport.write(b"other")
        self.turn(lambda: not self.reactor.getWriters())
        self.assertEqual((first.recv(10), second.recv(10)), (b"one", b"other"))

    def test_the_end_of_the_stream_is_a_clean_end(self) -> None:
        protocol, peer = self.connect(Server)
        peer.close()
        self.turn(lambda: protocol.reason is not None)
        self.assertIs(protocol.reason.type, ConnectionDone)
        self.assertFalse(hasattr(protocol.transport, "socket"))

    def test_it_knows_its_peer(self) -> None:
        for interface, kind in (("127.0.0.1", IPv4Address), ("::1", IPv6Address)):
            protocol, peer = self.connect(Server, interface)
            host, port, *_ = peer.getsockname()
            known = protocol.transport.getPeer()
            self.assertEqual((type(known), known.host, known.port), (kind, host, port))

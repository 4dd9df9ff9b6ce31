"""TLS that sends at once: what is encrypted, what waits, and how it ends."""

from __future__ import annotations

import socket
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from OpenSSL.SSL import Error, WantReadError
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.certificates import Certificates
from tcpchat.pems import Identity
from tcpchat.secured import RECORD, Secured, SecuredFactory
from tests.certified import Client, made


def identity() -> Identity:
    """Return what a server shows."""
    new = made()
    key: Any = load_pem_private_key(new.key, None)
    return Identity(key, load_pem_x509_certificate(new.certificate))


CERTIFICATES = Certificates("ssl", lambda: [identity()], lambda: [])


class Below(StringTransport):
    """The transport below, with a real socket; what that does not take it keeps, until it is drained."""

    _tempDataLen = 0

    def __init__(self) -> None:
        super().__init__()
        self.socket, self.peer = socket.socketpair()
        self.socket.setblocking(False)
        self.peer.setblocking(False)
        self.dataBuffer = b""
        self.offset = 0
        self.lost = False

    def write(self, data: bytes) -> None:
        self.dataBuffer += data

    def drain(self) -> bytes:
        """Return what was written, and what the socket was given before it."""
        sent = b""
        try:
            while data := self.peer.recv(1 << 20):
                sent += data
        except BlockingIOError:
            pass
        kept, self.dataBuffer = self.dataBuffer, b""
        if self.producer is not None:
            self.producer.resumeProducing()
        return sent + kept

    def loseConnection(self) -> None:
        self.lost = self.producer is None


class Door(Protocol):
    transport: Any

    def __init__(self) -> None:
        self.came = b""
        self.calls: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.came += data

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.calls.append("lost")

    # As a producer

    def resumeProducing(self) -> None:
        self.calls.append("drained")

    def stopProducing(self) -> None:
        self.calls.append("stopped")


class SecuredTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.below = Below()
        self.addCleanup(self.below.socket.close)
        self.addCleanup(self.below.peer.close)
        self.factory = SecuredFactory(CERTIFICATES, False, ServerFactory.forProtocol(Door), Clock())
        self.secured: Any = self.factory.buildProtocol(None)
        self.assertIsInstance(self.secured, Secured)
        self.secured.makeConnection(self.below)
        self.door: Any = self.secured.wrappedProtocol
        self.client = Client()

    def shake_hands(self) -> None:
        for _ in range(4):
            if data := self.client.sends():
                self.secured.dataReceived(data)
            self.client.takes(self.below.drain())

    def test_before_the_handshake_nothing_is_taken_and_what_is_written_comes_after_it(self) -> None:
        self.assertEqual(self.door.transport.send(b"hello"), 0)
        self.door.transport.write(b"welcome")
        self.shake_hands()
        self.assertEqual(self.client.read, b"welcome")

    def test_what_is_sent_goes_at_once_encrypted(self) -> None:
        self.shake_hands()
        self.assertEqual(self.door.transport.send(b"hello"), 5)
        self.assertEqual(self.below.dataBuffer, b"")
        sent = self.below.drain()
        self.assertNotIn(b"hello", sent)
        self.client.takes(sent)
        self.assertEqual(self.client.read, b"hello")

    def test_of_any_length_it_is_the_same(self) -> None:
        self.shake_hands()
        said = b""
        for size in 1, RECORD - 1, RECORD, RECORD + 1, 3 * RECORD, 50_000:
            part = bytes([size % 251]) * size
            self.assertEqual(self.door.transport.send(part), size)
            said += part
            self.client.takes(self.below.drain())
        self.assertEqual(self.client.read, said)

    def test_no_record_is_longer_than_it_may_be(self) -> None:
        self.shake_hands()
        self.door.transport.send(b"x" * 20_000)
        sent, sizes = self.below.drain(), []
        while sent:
            size = int.from_bytes(sent[3:5])
            sizes.append(size)
            sent = sent[5 + size :]
        self.assertLess(max(sizes), RECORD + 300)

    def test_what_the_system_does_not_take_is_kept_below_and_nothing_more_is_taken(self) -> None:
        self.shake_hands()
        huge = bytes(range(256)) * 10_000
        self.assertEqual(self.door.transport.send(huge), len(huge))
        self.assertGreater(len(self.below.dataBuffer), 0)
        self.assertEqual(self.door.transport.send(b"more"), 0)
        self.client.takes(self.below.drain())
        self.assertEqual(self.door.transport.send(b"more"), 4)
        self.client.takes(self.below.drain())
        self.assertEqual(self.client.read, huge + b"more")

    def test_where_the_system_takes_nothing_all_is_kept(self) -> None:
        self.shake_hands()
        try:
            while True:
                self.below.socket.send(b"x" * 65536)
        except BlockingIOError:
            pass
        self.assertEqual(self.door.transport.send(b"hello"), 5)
        self.below.peer.recv(1 << 24)
        self.assertNotEqual(self.below.dataBuffer, b"")

    def test_a_broken_connection_is_an_error(self) -> None:
        self.shake_hands()
        self.below.peer.close()
        with self.assertRaises(OSError):
            self.door.transport.send(b"hello")

    def test_a_producer_is_called_by_the_transport_below(self) -> None:
        self.shake_hands()
        self.door.transport.registerProducer(self.door, False)
        self.assertIs(self.below.producer, self.door)
        self.below.drain()
        self.assertEqual(self.door.calls, ["drained"])
        self.door.transport.unregisterProducer()
        self.assertIsNone(self.below.producer)

    def test_at_the_peers_end_the_producer_knows_it_and_the_transport_can_close(self) -> None:
        self.shake_hands()
        self.door.transport.registerProducer(self.door, False)
        self.client.tls.shutdown()
        self.secured.dataReceived(self.client.sends())
        self.assertEqual(self.door.calls, ["stopped"])
        self.assertTrue(self.below.lost)
        self.assertEqual(self.door.transport.send(b"hello"), 0)
        self.secured.connectionLost(Failure(ConnectionError()))
        self.assertEqual(self.door.calls, ["stopped", "lost"])
        self.assertEqual(self.door.transport.send(b"hello"), 0)

    def test_after_ones_own_end_nothing_is_taken(self) -> None:
        self.shake_hands()
        self.door.transport.loseConnection()
        self.assertEqual(self.door.transport.send(b"hello"), 0)

    def test_who_sends_no_tls_is_hung_up_on(self) -> None:
        self.secured.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(self.below.lost)
        self.assertEqual(self.door.transport.send(b"hello"), 0)

    def test_a_fault_of_openssl_ends_the_connection(self) -> None:
        self.shake_hands()
        self.secured._tlsConnection.shutdown()  # nothing can be sent after that
        self.assertEqual(self.door.transport.send(b"hello"), 0)
        self.assertTrue(self.below.lost)

    def test_the_factory_holds_no_connections(self) -> None:
        self.shake_hands()
        self.assertEqual(self.factory.protocols, {})

    def test_ones_own_end_is_told_to_the_peer(self) -> None:
        self.shake_hands()
        self.door.transport.loseConnection()
        with self.assertRaises(Error) as caught:
            self.client.takes(self.below.drain())
        self.assertNotIsInstance(caught.exception, WantReadError)

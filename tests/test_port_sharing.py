"""Ports that several listen on at once, and those that are held for them."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing
from typing import Any
from unittest import TestCase

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.python.failure import Failure

from tcpchat.port_sharing import Holding, Sharing, hold, on_port


def held(endpoint: IStreamServerEndpoint) -> socket.socket:
    """Return what an endpoint holds."""
    found: list[Any] = []
    endpoint.listen(Factory()).addCallback(found.append)
    assert isinstance(found[0], socket.socket)
    return found[0]


class Adopting(MemoryReactor):
    """A reactor that is given sockets on which it is to listen."""

    def __init__(self) -> None:
        super().__init__()
        self.adopted: list[socket.socket] = []

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: IProtocolFactory) -> None:
        self.adopted.append(socket.socket(fileno=os.dup(fileDescriptor)))


class SharingTests(TestCase):
    def setUp(self) -> None:
        self.reactor = Adopting()
        self.addCleanup(self.close)

    def close(self) -> None:
        for each in self.reactor.adopted:
            each.close()

    def test_what_endpoints_listen_on_can_be_shared(self) -> None:
        for description in "tcp:0:interface=127.0.0.1:backlog=4", "tcp6:0":
            serverFromString(Sharing(self.reactor), description).listen(Factory())
        for ours, host in zip(self.reactor.adopted, ("127.0.0.1", "::"), strict=True):
            self.assertEqual(ours.getsockname()[0], host)
            self.assertFalse(os.get_blocking(ours.fileno()))
            with socket.socket(ours.family) as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.bind(ours.getsockname()[:2])
            socket.create_connection((host, ours.getsockname()[1])).close()

    def test_what_somebody_else_has_alone_is_refused_as_ever(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy:
            at = f"tcp:{busy.getsockname()[1]}:interface=127.0.0.1"
            found: list[Failure] = []
            serverFromString(Sharing(self.reactor), at).listen(Factory()).addErrback(found.append)
            self.assertIsInstance(found[0].value, CannotListenError)

    def test_all_else_is_as_ever(self) -> None:
        serverFromString(Sharing(self.reactor), "unix:/chat.socket").listen(Factory())
        self.assertEqual(self.reactor.unixServers[0][0], "/chat.socket")


class HoldTests(TestCase):
    def test_a_port_that_is_held_can_be_shared_and_has_nobody_who_listens(self) -> None:
        with hold("127.0.0.1", 0) as ours:
            at = ours.getsockname()
            self.assertRaises(ConnectionRefusedError, socket.create_connection, at)
            with socket.socket() as worker:
                worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                worker.bind(at)
                worker.listen()
                for _ in range(20):  # all of them go to who listens
                    socket.create_connection(at).close()

    def test_a_port_that_somebody_has_is_not_held_even_if_they_would_share_it(self) -> None:
        for shares in 0, 1:
            with socket.socket() as busy:
                busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shares)
                busy.bind(("127.0.0.1", 0))
                busy.listen()
                with self.assertRaises(CannotListenError) as caught:
                    hold("127.0.0.1", busy.getsockname()[1])
                self.assertEqual(caught.exception.socketError.errno, errno.EADDRINUSE)

    def test_endpoints_hold_what_they_mean(self) -> None:
        for description, host in ("tcp:0:interface=127.0.0.1", "127.0.0.1"), ("tcp:0", "0.0.0.0"):
            with closing(held(serverFromString(Holding(), description))) as ours:
                self.assertEqual(ours.getsockname()[0], host)
        if socket.has_ipv6:
            with closing(held(serverFromString(Holding(), "tcp6:0:interface=\\:\\:1"))) as ours:
                self.assertEqual(ours.getsockname()[0], "::1")


class OnPortTests(TestCase):
    def test_any_port_becomes_the_one_that_it_is(self) -> None:
        for typed, meant in (
            ("tcp:0", "tcp:99"),
            ("tcp6:0:interface=\\:\\:1", "tcp6:99:interface=\\:\\:1"),
            ("ssl:port=0:privateKey=a.pem", "ssl:port=99:privateKey=a.pem"),
            ("tcp:8023:backlog=0", "tcp:8023:backlog=0"),
            ("tcp:08", "tcp:08"),
            ("haproxy:tcp:0", "haproxy:tcp:99"),
            ("tls:/etc/certs:0", "tls:/etc/certs:99"),
            ("haproxy:tls:C\\:/0:port=0", "haproxy:tls:C\\:/0:port=99"),
        ):
            self.assertEqual(on_port(typed, 99), meant)

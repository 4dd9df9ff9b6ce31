"""Ports that several listen on at once, and those that are held for them."""

from __future__ import annotations

import errno
import socket
from contextlib import closing
from typing import Any
from unittest import TestCase

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IStreamServerEndpoint, _Binding
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor

from tcpchat.sharing import Holding, Sharing, hold, on_port


def held(endpoint: IStreamServerEndpoint) -> socket.socket:
    """Return what an endpoint holds."""
    found: list[Any] = []
    endpoint.listen(Factory()).addCallback(found.append)
    assert isinstance(found[0], socket.socket)
    return found[0]


class SharingTests(TestCase):
    def test_what_endpoints_listen_on_can_be_shared_and_all_else_is_as_ever(self) -> None:
        reactor = MemoryReactor()
        for description in "tcp:8023:interface=127.0.0.1", "tcp6:8024":
            serverFromString(Sharing(reactor), description).listen(Factory())
        serverFromString(Sharing(reactor), "unix:/chat.socket").listen(Factory())
        first, second = [server[0] for server in reactor.tcpServers]
        assert isinstance(first, _Binding) and isinstance(second, _Binding)
        self.assertEqual((first._address, first._port, first._reusePort), ("127.0.0.1", 8023, True))
        self.assertEqual((second._address, second._port, second._reusePort), ("::", 8024, True))
        self.assertEqual(reactor.unixServers[0][0], "/chat.socket")


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

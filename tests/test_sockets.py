"""What Linux knows of a connection: told of real sockets on the loopback."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace
from unittest import TestCase

from tcpchat.sockets import traffic, traffic_below
from tests.processes import PATIENCE


class TrafficTests(TestCase):
    def setUp(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            # Small buffers, so that little fills them.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.ours = socket.create_connection(listening.getsockname())
            self.peer, _ = listening.accept()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.peer.close)

    def until_arrived(self, size: int) -> None:
        """Wait until so many bytes are acknowledged."""
        end = time.monotonic() + PATIENCE
        while (known := traffic(self.ours)) is None or known.queued:
            assert time.monotonic() < end, f"{size} bytes have not arrived: {known}"

    def test_with_nothing_sent_nothing_is_on_its_way(self) -> None:
        known = traffic(self.ours)
        assert known is not None
        self.assertEqual(known.queued, 0)

    def test_what_the_peer_has_is_not_on_its_way(self) -> None:
        self.ours.sendall(b"x" * 100)
        self.until_arrived(100)

    def test_what_does_not_fit_at_the_peer_is_on_its_way_and_what_fits_was_acknowledged(self) -> None:
        self.ours.setblocking(False)
        sent = 0
        try:
            while True:
                sent += self.ours.send(b"x" * 65536)
        except BlockingIOError:
            pass
        known = traffic(self.ours)
        assert known is not None and known.acknowledged is not None
        self.assertGreater(known.queued, 0)
        end = time.monotonic() + PATIENCE
        while known.queued + known.acknowledged not in (sent, sent + 1):  # the SYN counts as one
            known = traffic(self.ours)
            assert known is not None and known.acknowledged is not None
            assert time.monotonic() < end, (known, sent)
        self.peer.setblocking(True)
        read = 0
        while read < sent:
            read += len(self.peer.recv(65536))
        self.until_arrived(sent)

    def test_a_silence_is_told_in_seconds(self) -> None:
        self.ours.setblocking(False)
        try:
            while True:
                self.ours.send(b"x" * 65536)
        except BlockingIOError:
            pass
        known = traffic(self.ours)
        assert known is not None
        self.assertLess(known.silence, PATIENCE)
        self.assertGreaterEqual(known.silence, 0)

    def test_a_closed_socket_is_not_known(self) -> None:
        self.ours.close()
        self.assertIsNone(traffic(self.ours))

    def test_a_unix_socket_does_not_count_what_was_acknowledged(self) -> None:
        ours, peer = socket.socketpair(socket.AF_UNIX)
        with ours, peer:
            ours.send(b"x" * 100)
            known = traffic(ours)
            assert known is not None
            self.assertGreater(known.queued, 0)
            self.assertIsNone(known.acknowledged)
            peer.recv(100)
            known = traffic(ours)
            assert known is not None
            self.assertEqual(known.queued, 0)

    def test_below_tls_what_the_system_did_not_take_is_on_its_way_too(self) -> None:
        # As Twisted's: what it was given is in two parts, and of the first something may be sent.
        tcp = SimpleNamespace(socket=self.ours, dataBuffer=b"x" * 100, offset=40, _tempDataLen=7)
        known = traffic_below(SimpleNamespace(transport=tcp))
        assert known is not None
        self.assertEqual(known.queued, 67)

    def test_of_what_is_no_socket_nothing_is_known(self) -> None:
        self.assertIsNone(traffic_below(SimpleNamespace()))
        self.ours.close()
        self.assertIsNone(traffic_below(SimpleNamespace(socket=self.ours)))

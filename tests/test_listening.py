"""What every connection has from its listening socket, and what people are told of where that is."""

from __future__ import annotations

import socket
from unittest import TestCase

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from tcpchat.listening import SEND_BUFFER, how_to_join, own_addresses, tune, where


class TuneTests(TestCase):
    def accepted(self, family: socket.AddressFamily, host: str) -> socket.socket:
        """Return a socket as a door accepts it: the options are its listening socket's."""
        with socket.socket(family) as listening:
            listening.bind((host, 0))
            listening.listen()
            tune(listening)
            peer = socket.create_connection(listening.getsockname()[:2])
            ours, _ = listening.accept()
        self.addCleanup(peer.close)
        self.addCleanup(ours.close)
        return ours

    def assert_tuned(self, ours: socket.socket) -> None:
        def tcp(option: int) -> int:
            return ours.getsockopt(socket.IPPROTO_TCP, option)

        self.assertEqual(ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
        self.assertEqual(tcp(socket.TCP_KEEPIDLE), 60)
        self.assertEqual(tcp(socket.TCP_KEEPINTVL), 15)
        self.assertEqual(tcp(socket.TCP_KEEPCNT), 4)
        self.assertEqual(tcp(socket.TCP_USER_TIMEOUT), 0)  # or it would end who lives and does not read
        self.assertNotEqual(tcp(socket.TCP_NODELAY), 0)
        # Linux takes twice as much, for its own bookkeeping.
        self.assertEqual(ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), 2 * SEND_BUFFER)

    def test_a_dead_peer_is_found_within_two_minutes(self) -> None:
        self.assert_tuned(self.accepted(socket.AF_INET, "127.0.0.1"))

    def test_with_ipv6_too(self) -> None:
        if not socket.has_ipv6:
            self.skipTest("there is no IPv6 here")
        self.assert_tuned(self.accepted(socket.AF_INET6, "::1"))

    def test_a_unix_socket_has_a_bounded_buffer(self) -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            tune(listening)
            self.assertEqual(listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), 2 * SEND_BUFFER)


class WhereTests(TestCase):
    def test_an_address_is_written_as_people_write_it(self) -> None:
        self.assertEqual(where(IPv4Address("TCP", "192.0.2.1", 8023)), "192.0.2.1:8023")
        self.assertEqual(where(IPv6Address("TCP", "::1", 8023)), "[::1]:8023")
        self.assertEqual(where(UNIXAddress("/run/chat")), "/run/chat")

    def test_of_this_machines_addresses_the_loopback_is_the_last(self) -> None:
        *_, last = own_addresses()
        self.assertTrue(last.startswith("127."), last)


class HowToJoinTests(TestCase):
    def test_only_of_doors_on_all_addresses_that_people_come_to_themselves(self) -> None:
        everywhere = IPv4Address("TCP", "0.0.0.0", 8023)
        for client in "nc", "ncat --ssl":
            lines = list(how_to_join([(client, everywhere)]))
            self.assertEqual(lines, [f"To join: {client} {own} 8023" for own in own_addresses()])
        for client, address in (
            ("", everywhere), ("nc", IPv4Address("TCP", "127.0.0.1", 1)), ("nc", UNIXAddress("/a")),
        ):  # fmt: skip
            self.assertEqual(list(how_to_join([(client, address)])), [])

"""PROXY protocol headers: what they say, however they are cut, and that nothing else is taken for one."""

from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.proxy_header import (
    LOCAL,
    LONGEST_V1,
    NOBODY_KNOWS,
    PROXY,
    TCP4,
    TCP6,
    UNIX,
    V2,
    Header,
    NotAHeader,
    believed,
    header,
)


def version_2(command: int, family: int, body: bytes, version: int = 2) -> bytes:
    return V2 + struct.pack("!BBH", version << 4 | command, family, len(body)) + body


IPV4 = socket.inet_aton("203.0.113.7") + socket.inet_aton("10.0.0.1") + struct.pack("!HH", 4711, 8023)
IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16) + struct.pack("!HH", 4711, 8023)
MAPPED = socket.inet_pton(socket.AF_INET6, "::ffff:203.0.113.7") + bytes(16) + struct.pack("!HH", 1, 2)
TLV = b"\x04\0\x03abc"

# What comes, and what it says: an address and a port.
CASES = [
    (b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 8023\r\n", "203.0.113.7", 4711),
    (b"PROXY TCP6 2001:db8::7 ::1 0 65535\r\n", "2001:db8::7", 0),
    (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", "203.0.113.7", 1),
    (b"PROXY UNKNOWN\r\n", NOBODY_KNOWS, 0),
    (b"PROXY UNKNOWN ffff::1 whatever is there\r\n", NOBODY_KNOWS, 0),
    (version_2(PROXY, TCP4, IPV4), "203.0.113.7", 4711),
    (version_2(PROXY, TCP6, IPV6), "2001:db8::7", 4711),
    (version_2(PROXY, TCP6, MAPPED), "203.0.113.7", 1),
    (version_2(PROXY, TCP4, IPV4 + TLV * 50), "203.0.113.7", 4711),
    (version_2(PROXY, TCP6, IPV6 + TLV), "2001:db8::7", 4711),
    (version_2(PROXY, UNIX, bytes(216)), "", 0),
    (version_2(PROXY, 0x00, b""), NOBODY_KNOWS, 0),
    (version_2(PROXY, 0x12, IPV4), NOBODY_KNOWS, 0),  # UDP
    (version_2(PROXY, 0xFF, TLV), NOBODY_KNOWS, 0),
    (version_2(LOCAL, 0x00, b""), "", 0),
    (version_2(LOCAL, TCP4, IPV4 + TLV), "", 0),
]

WRONG = [
    b"hello\r\n",
    b"\r\nhello",
    b"GET / HTTP/1.1\r\n",
    b"PROXZ",
    b"PROXY  TCP4 203.0.113.7 10.0.0.1 4711 8023\r\n",
    b"PROXY TCP5 203.0.113.7 10.0.0.1 4711 8023\r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 4711\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 8023 \r\n",
    b"PROXY TCP4 203.0.113.07 10.0.0.1 4711 8023\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 4711 8023\r\n",
    b"PROXY TCP6 203.0.113.7 10.0.0.1 4711 8023\r\n",
    b"PROXY TCP6 fe80::1%lo ::1 4711 8023\r\n",
    b"PROXY TCP4 203.0.113.\xff 10.0.0.1 4711 8023\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 65536\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 04711 8023\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 -1 8023\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 123456 8023\r\n",
    b"PROXY UNKNOWN " + b"x" * LONGEST_V1,
    version_2(PROXY, TCP4, IPV4[:-1]),
    version_2(PROXY, TCP6, IPV4),
    version_2(PROXY, UNIX, bytes(215)),
    version_2(PROXY, TCP4, IPV4, version=1),
    version_2(2, TCP4, IPV4),
]


class HeaderTests(SynchronousTestCase):
    def test_what_each_says_whatever_comes_behind_it(self) -> None:
        for data, source, port in CASES:
            for behind in b"", b"bob\r\n", data:
                self.assertEqual(header(data + behind), Header(source, port, len(data)), data)

    def test_as_long_as_it_is_not_whole_more_has_to_come(self) -> None:
        for data, _, _ in CASES:
            for size in range(len(data)):
                self.assertIsNone(header(data[:size]), data[:size])

    def test_what_is_none_is_refused(self) -> None:
        for data in WRONG:
            self.assertRaises(NotAHeader, header, data)

    def test_the_longest_line_of_version_1_and_one_that_is_longer(self) -> None:
        longest = b"PROXY UNKNOWN ".ljust(LONGEST_V1 - 2, b"x") + b"\r\n"
        self.assertEqual(header(longest), Header(NOBODY_KNOWS, 0, LONGEST_V1))
        self.assertRaises(NotAHeader, header, longest.replace(b"\r", b"x\r"))
        self.assertIsNone(header(longest[:-1]))

    @given(st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", V2, V2 + b"\x21\x11"]))
    def test_whatever_comes_there_is_an_answer(self, data: bytes, start: bytes) -> None:
        try:
            told = header(start + data)
        except NotAHeader:
            return
        if told is not None:
            self.assertLessEqual(told.size, len(start + data))
            self.assertEqual(header((start + data)[: told.size]), told)

    @given(st.ip_addresses(), st.integers(0, 0xFFFF), st.binary(max_size=40), st.binary(max_size=40))
    def test_both_versions_say_the_same(self, source: object, port: int, more: bytes, behind: bytes) -> None:
        text = str(source)
        kind, family, number = (
            ("TCP6", TCP6, socket.AF_INET6) if ":" in text else ("TCP4", TCP4, socket.AF_INET)
        )
        packed = socket.inet_pton(number, text)
        first = f"PROXY {kind} {text} {text} {port} 1\r\n".encode()
        second = version_2(PROXY, family, packed + packed + struct.pack("!HH", port, 1) + more)
        told, again = header(first + behind), header(second + behind)
        assert told is not None and again is not None
        self.assertEqual(told[:2], again[:2])
        self.assertEqual((told.size, again.size), (len(first), len(second)))


class BelievedTests(SynchronousTestCase):
    def test_whom_a_proxy_names_is_meant(self) -> None:
        for proxy in "unix", "127.0.0.1", "10.0.0.5":
            self.assertEqual(believed(Header("203.0.113.7", 1, 9), proxy), "203.0.113.7")
            self.assertEqual(believed(Header(NOBODY_KNOWS, 0, 9), proxy), NOBODY_KNOWS)

    def test_the_proxy_itself_is_where_it_is(self) -> None:
        for proxy in "unix", "127.0.0.1", "10.0.0.5":
            self.assertEqual(believed(Header("", 0, 9), proxy), proxy)

    def test_only_a_proxy_on_this_machine_has_somebody_there(self) -> None:
        for source in "127.0.0.1", "::1":
            self.assertEqual(believed(Header(source, 1, 9), "10.0.0.5"), "10.0.0.5")
            for proxy in "unix", "::1", "127.0.0.1":
                self.assertEqual(believed(Header(source, 1, 9), proxy), source)

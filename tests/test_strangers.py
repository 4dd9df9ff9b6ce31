"""Other protocols are known by what their programs say first, and nothing that a person types is one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.names import NotAName, nickname
from tcpchat.strangers import HTTP, LONGEST_START, PROXY, SMTP, SOCKS, SSH, TLS, UTF16, by_bytes, by_line

STARTS = [
    (b"\x16\x03\x01\x02\x00\x01\x00", TLS),
    (b"\x16\x03", TLS),
    (b"SSH-2.0-OpenSSH_9.2\r\n", SSH),
    (b"SSH-1.99-old", SSH),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", PROXY),
    (b"PROXY TCP6 ::1 ::1 1 2\r\n", PROXY),
    (b"PROXY UNKNOWN\r\n", PROXY),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", PROXY),
    (b"\x04\x01\x1f\x57\x7f\x00\x00\x01\0", SOCKS),
    (b"\x04\x02\x00\x0a....", SOCKS),
    (b"\x05\x01\x00", SOCKS),
    (b"\x05\x02\x00\x02", SOCKS),
    ("bob\n".encode("utf-16"), UTF16),
    ("\ufeffbob\n".encode("utf-16-be"), UTF16),
]

PEOPLE = [
    b"", b"bob\n", b"\n", b"\r\n\r\n", b"\x16", b"SSH", b"SSH-", b"SSH-2", b"SSH-2-fan\n", b"ssh-2.0-",
    b"PROXY\n",
    b"proxy tcp4\n", b"\x04", b"\x04\n", b"\x04\x01", b"\x05", b"\x05hello", b"\xff\xfe", b"\xff\xfe\x01",
    b"\xff\xfe\x01\xff\xfe\x03", b"\xff\xfb\x1f\xff\xfb\x20", b"\xef\xbb\xbfbob\n", b" \x16\x03",
]  # fmt: skip

LINES = [
    ("GET / HTTP/1.1", HTTP),
    ("GET / HTTP/1.1\r", HTTP),
    ("HEAD /x HTTP/1.0", HTTP),
    ("POST /form HTTP/1.0", HTTP),
    ("PUT /a%20b HTTP/1.1", HTTP),
    ("DELETE http://example.org/ HTTP/1.1", HTTP),
    ("OPTIONS * HTTP/1.1", HTTP),
    ("TRACE / HTTP/1.1", HTTP),
    ("CONNECT example.org:443 HTTP/1.1", HTTP),
    ("PATCH /x HTTP/1.1", HTTP),
    ("PRI * HTTP/2.0", HTTP),
    ("GET /", HTTP),
    ("OPTIONS *", HTTP),
    ("POST", HTTP),
    ("EHLO mail.example.org", SMTP),
    ("helo x", SMTP),
    ("b\0o\0b\0", UTF16),
    ("\0b\0o\0b\0", UTF16),
    ("\0b\0o", UTF16),
]

TYPED = [
    "", "bob", "get lost", "get / http", "Get", "POSTman", "GET", "PUT", "HEAD", "GET lost", "/nick GET /",
    " GET / HTTP/1.1",
    "EHLO", "HELO", "hello x", "hosting: yes", "b\0o", "a\0\0b", "\0", "\0b", "\0\0\0\0", "My Host: x",
]  # fmt: skip


class StrangerTests(SynchronousTestCase):
    def test_each_is_known_by_its_first_bytes(self) -> None:
        for start, stranger in STARTS:
            self.assertIs(by_bytes(start), stranger, start)
            self.assertIs(by_bytes(start[:LONGEST_START]), stranger, start)

    def test_no_other_bytes_are_one(self) -> None:
        for start in PEOPLE:
            self.assertIsNone(by_bytes(start), start)

    def test_each_is_known_by_a_line(self) -> None:
        for line, stranger in LINES:
            self.assertIs(by_line(line, 1), stranger, line)
            self.assertIs(by_line(line, 9), stranger, line)

    def test_no_other_line_is_one(self) -> None:
        for line in TYPED:
            self.assertIsNone(by_line(line, 1), ascii(line))

    def test_a_host_is_named_within_the_first_three_lines_or_not_at_all(self) -> None:
        self.assertEqual(
            [by_line("Host: localhost", number) for number in (1, 2, 3, 4)], [HTTP, HTTP, HTTP, None]
        )
        self.assertIs(by_line("host:localhost", 2), HTTP)

    def test_a_browser_is_answered_in_its_own_protocol_first(self) -> None:
        self.assertTrue(HTTP.answer.startswith(b"HTTP/1.1 400 "))
        self.assertTrue(HTTP.answer.endswith(b"\r\n\r\n"))

    def test_tls_is_told_that_this_port_is_not_tls(self) -> None:
        self.assertIn("this port is not TLS", TLS.text)


class StrangerLaws(SynchronousTestCase):
    @given(st.text(st.sampled_from("GETPOSAHDRUL /*:.12"), min_size=1, max_size=12))
    def test_no_nickname_is_taken_for_another_protocol_but_one(self, typed: str) -> None:
        try:
            nickname(typed)
        except NotAName:
            return
        if typed != "POST":
            self.assertIsNone(by_line(typed, 1))

    @given(st.binary(max_size=LONGEST_START), st.binary(max_size=40))
    def test_who_is_known_by_the_beginning_is_known_by_all(self, start: bytes, rest: bytes) -> None:
        if stranger := by_bytes(start):
            self.assertIs(by_bytes(start + rest), stranger)

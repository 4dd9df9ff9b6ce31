"""
Programs that take this port for another one: what they say first, and what they are told. No I/O.

A browser can be made to send a form to any port, and what is in the form are lines. None of that may be
taken for a nickname, or be said to anybody.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Bytes of a connection after which nothing of `by_bytes` is recognised any more: the signature of
# PROXY, version 2, and UTF-16's mark with one character behind it are shorter.
LONGEST_START = 16

# Lines within which HTTP names its host.
HEAD = 3


class Stranger(NamedTuple):
    """What a program is told: a sentence, and before it what its own protocol has for that."""

    text: str
    answer: bytes = b""


HTTP = Stranger(
    "This is a chat for telnet and nc, and no web server.",
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n",
)
TLS = Stranger("That is TLS, and this port is not TLS.")
SSH = Stranger("That is SSH, and this is a chat for telnet and nc.")
SMTP = Stranger("That is SMTP, and this is a chat for telnet and nc.")
PROXY = Stranger("That is a PROXY header, and none is configured to be taken here.")
SOCKS = Stranger("That is SOCKS, and this is no proxy but a chat for telnet and nc.")
UTF16 = Stranger("That is UTF-16, and this chat speaks UTF-8.")

_BYTES = (
    (TLS, rb"\x16\x03"),
    (SSH, rb"SSH-\d\."),
    (PROXY, rb"PROXY (?:TCP[46]|UNKNOWN)|\r\n\r\n\0\r\nQUIT\n"),
    # SOCKS 4: connect or bind, with a port and an address; SOCKS 5: how many methods, and these.
    (SOCKS, rb"\x04[\x01\x02]..|\x05[\x01-\x09][\x00-\x09]"),
    # The marks of both orders. The first of them is a command of telnet, too, but none with NUL behind.
    (UTF16, rb"\xff\xfe[^\0]\0|\xfe\xff\0[^\0]"),
)
_STARTS = tuple((stranger, re.compile(start, re.DOTALL)) for stranger, start in _BYTES)

_METHOD = r"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH|PRI)"
_LINES = (
    # But for one bare word none of it could be a nickname.
    (HTTP, re.compile(rf"{_METHOD} (?:\S+ HTTP/|[/*])|POST\s*$")),
    (SMTP, re.compile(r"(?:EHLO|HELO) +\S", re.IGNORECASE)),
    (UTF16, re.compile(r"(?:[^\0]\0){2,}[^\0]?$|(?:\0[^\0]){2,}\0?$")),
)
_HOST = re.compile(r"Host:", re.IGNORECASE)


def by_bytes(start: bytes) -> Stranger | None:
    """Tell from a connection's first bytes, before anything is taken out of them."""
    return next((stranger for stranger, pattern in _STARTS if pattern.match(start)), None)


def by_line(line: str, number: int) -> Stranger | None:
    """Tell from a line that came before there was a nickname; the first has the number 1."""
    if number <= HEAD and _HOST.match(line):
        return HTTP
    return next((stranger for stranger, pattern in _LINES if pattern.match(line)), None)

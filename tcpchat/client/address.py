"""Where a server is, as people type it. No I/O."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PORT = 8023
TLS_PORT = 8024

SCHEMES = {"tcpchat": False, "tcpchats": True}


class NotAnAddress(ValueError):
    """What was typed is no address; the text is a sentence that says what one is."""


class Address(NamedTuple):
    """
    A server, whether the way to it is encrypted, and the room that is meant, if one was named.

    ``fingerprint`` is that of its certificate, if that alone is to be trusted.
    """

    host: str
    port: int
    tls: bool = False
    room: str = ""
    fingerprint: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def address(typed: str, tls: bool = False) -> Address:
    """
    Return the address that HOST, HOST:PORT, [IPV6]:PORT or tcpchats://HOST/ROOM means.

    Raises:
        NotAnAddress: it is none of them.
    """
    scheme, separator, rest = typed.partition("://")
    if separator:
        if scheme not in SCHEMES:
            raise NotAnAddress(f"{scheme}:// is not known: it is tcpchat://HOST or tcpchats://HOST.")
        tls = tls or SCHEMES[scheme]
    else:
        rest = typed
        if rest.count(":") > 1 and not rest.startswith("["):
            rest = f"[{rest}]"  # an IPv6 address by itself has no port
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    beside = parts.username or parts.query if host else ""
    if not host or not host.isprintable() or " " in host or port == 0 or beside or rest.endswith(":"):
        raise NotAnAddress(
            f"{typed!r} is no address: it is HOST or HOST:PORT, such as chat.example.org:8023."
        )
    room = unquote(parts.path).strip("/") or parts.fragment
    if port is None:
        port = TLS_PORT if tls else PORT
    return Address(host, port, tls, f"#{room.removeprefix('#')}" if room else "")

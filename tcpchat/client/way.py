"""The way to a server: how it is reached, watched, and what is said when there is none."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import (
    ConnectionDone,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
    UnknownHostError,
)
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from tcpchat.client.address import Address
from tcpchat.client.limits import LONGEST_TRY, LONGEST_UNACKNOWLEDGED

# Seconds without traffic after which the other machine is asked for a sign of life, between two such
# questions, and how many are not to be answered: a laptop that slept notices within a minute.
KEEPALIVE = (socket.TCP_KEEPIDLE, 20), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3)

REASONS: dict[type[Exception], str] = {
    ConnectionDone: "The server has closed the connection",
    ConnectionLost: "The connection is broken",
    ConnectionRefusedError: "Nothing listens there: the connection is refused",
    TimeoutError: "There is no answer",
}

# What goes wrong with TLS, by name: to import it is slow, and only needed where there is any.
NOT_TRUSTED = "tcpchat.client.tls.NotTrusted"
NOT_TLS = "OpenSSL.SSL.Error"

# What OpenSSL says to bytes that are no TLS at all. Then it is said what would do, and at what price:
# somebody on the way may have taken it out.
NO_TLS = frozenset(("wrong version number", "packet length too long", "record layer failure"))
LEAVE_OUT = (
    "What answers there does not speak TLS. Without --tls (or --fingerprint, or tcpchats://) it may do,"
    " but then everybody on the way can read along"
)

# How a server answers that speaks TLS and is not spoken to in it, if it does (RFC 8446, 5.1 and 6).
TLS_ALERT = b"\x15\x03"
NEEDS_TLS = "nothing has come from there: a port for TLS needs --tls"

# Where the kernel's struct tcp_info has the round-trip time, in microseconds (linux/tcp.h).
RTT = slice(68, 72)


class Wire(Protocol):
    """One connection, of which a link (link.py) is told."""

    def __init__(self, link: Any) -> None:
        self._link = link

    def connectionMade(self) -> None:
        self._link.connected(self)

    def dataReceived(self, data: bytes) -> None:
        self._link.received(data)

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        self._link.lost(reason)


def endpoint(reactor: Any, address: Address) -> Any:
    """Return the way to a server."""
    plain = HostnameEndpoint(reactor, address.host, address.port, timeout=LONGEST_TRY)
    if not address.tls:
        return plain
    from tcpchat.client.tls import Trust  # not needed otherwise, and slow to import

    try:
        return wrapClientTLS(Trust(address.host, address.fingerprint), plain)
    except UnicodeError:
        return Nowhere()


class Nowhere:
    """The way to a host whose name none can have (RFC 5891)."""

    def connect(self, _: Any) -> Deferred[Any]:
        """Fail."""
        return fail(UnknownHostError())


def is_unknown(reason: Failure) -> bool:
    """Is there no host of that name? What none can have for a name is a ValueError of Twisted's endpoint."""
    return reason.check(DNSLookupError, UnknownHostError, ValueError) is not None


def watch(transport: Any) -> None:
    """Have the system notice when the other machine is gone, and send what is written at once."""
    with suppress(AttributeError, OSError):  # a test's; where there is no such option
        connection = transport.socket
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        unacknowledged = int(LONGEST_UNACKNOWLEDGED * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unacknowledged)


def delay(transport: Any) -> float | None:
    """Return how many seconds it takes to the server and back, if the system knows."""
    with suppress(AttributeError, OSError):
        info = transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RTT.stop)
        return int.from_bytes(info[RTT], "little") / 1e6
    return None


def is_no_server(reason: Failure) -> bool:
    """Was there a connection to something that is no server with TLS, or not the one that is meant?"""
    return reason.check(NOT_TRUSTED, NOT_TLS) is not None


def why(reason: Failure, is_unknown: bool, is_mute: bool) -> str:
    """Return why there is no connection, as a sentence without its end; ``is_mute``: nothing came over it."""
    if is_unknown:
        return "There is no such host"
    for kind, why in REASONS.items():
        if reason.check(kind):
            return f"{why} ({NEEDS_TLS})" if is_mute else why
    if reason.check(NOT_TLS):
        said = _of_openssl(reason.value)
        return LEAVE_OUT if said in NO_TLS else f"TLS has failed: {said}"
    return str(reason.value).rstrip(".") or type(reason.value).__name__


def _of_openssl(error: BaseException | None) -> str:
    """Return what OpenSSL says: the last of its errors is a triple of a library, a function and a reason."""
    try:
        return str(error.args[0][-1][2]) if error else ""
    except (IndexError, TypeError):
        return str(error)

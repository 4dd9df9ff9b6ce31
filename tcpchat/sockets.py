"""What the system knows of a connection, and nobody else: Linux's tcp_info and SIOCOUTQ."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import termios
from array import array
from typing import Any

from tcpchat.acknowledged import Traffic

# Where struct tcp_info (linux/tcp.h) has them: tcpi_last_ack_recv in milliseconds, tcpi_bytes_acked.
LAST_ACKNOWLEDGED = struct.Struct("=56xI")
BYTES_ACKNOWLEDGED = struct.Struct("=120xQ")

ALL_ACKNOWLEDGED = Traffic(0, None)

# Where the system writes its answer; everybody asks in the reactor's thread.
_number = array("i", (0,))


def traffic(connection: socket.socket) -> Traffic | None:
    """Return how much of what was sent has arrived; None if the system does not know."""
    try:
        # SIOCOUTQ has the number of TIOCOUTQ: bytes that the peer has not acknowledged.
        fcntl.ioctl(connection, termios.TIOCOUTQ, _number)
    except (OSError, ValueError):  # of a closed socket
        return None
    queued = _number[0]
    if not queued:
        return ALL_ACKNOWLEDGED
    with contextlib.suppress(OSError, struct.error):
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKNOWLEDGED.size)
        (silence,) = LAST_ACKNOWLEDGED.unpack_from(info)
        (acknowledged,) = BYTES_ACKNOWLEDGED.unpack_from(info)
        return Traffic(queued, acknowledged, silence / 1000)
    return Traffic(queued, None)


def traffic_below(transport: Any) -> Traffic | None:
    """
    Return how much of what a transport of Twisted's was given has arrived; None if that is not known.

    That of TLS stands on that of TCP, which has in a buffer still what the system did not take.
    """
    below = getattr(transport, "transport", transport)
    connection = getattr(below, "socket", None)
    known = traffic(connection) if isinstance(connection, socket.socket) else None
    if known is None:
        return None
    return known._replace(queued=known.queued + len(below.dataBuffer) - below.offset + below._tempDataLen)

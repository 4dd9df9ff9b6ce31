"""The sockets on which doors listen: what connections have from them, and where they are to be found."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any

# What a connection costs while its reader stalls. Without a bound Linux takes up to 4 MiB; fast
# readers do not pay for this one.
SEND_BUFFER = 65536

# How dead peers are found: after so many seconds without a word a probe, the next ones so far apart, and
# so many of them. Two minutes in all: PROTOCOL.md 2 lets a break heal unseen for 20 seconds more.
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}

# ioctl(2) on a socket and an interface's name: the interface's address (linux/sockios.h).
SIOCGIFADDR = 0x8915


def tune(listening: socket.socket) -> None:
    """Set what every connection inherits from its listening socket."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if listening.family == socket.AF_UNIX:
        return
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # The second byte of a telnet command may be urgent: in its place it is a command still.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        if hasattr(socket, option):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def where(address: Any) -> str:
    """Return an address as people write it."""
    host = getattr(address, "host", None)
    if host is None:
        return os.fsdecode(getattr(address, "name", b""))
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"


def own_addresses() -> Iterator[str]:
    """Yield the IPv4 addresses of this machine's interfaces, the loopback last."""
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(any_socket, SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:
                continue  # an interface without an IPv4 address
            addresses.append(socket.inet_ntoa(answer[20:24]))
    yield from sorted(addresses, key=lambda address: address.startswith("127."))


def how_to_join(doors: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield what people have to type, of doors (client, address) that are on all addresses here."""
    for client, address in doors:
        if client and getattr(address, "host", None) in ("::", "0.0.0.0"):
            for own in own_addresses():
                yield f"To join: {client} {own} {address.port}"

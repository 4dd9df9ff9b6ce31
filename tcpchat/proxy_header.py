"""
The PROXY protocol's header, in front of what a person sends: who is behind a proxy. No I/O.

It is HAProxy's (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt), versions 1 and 2, as a receiver
has to take it: what is behind the addresses (TLVs) is skipped, and whatever is no header is refused.
"""

from __future__ import annotations

import struct
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

V1: Final = b"PROXY "
V2: Final = b"\r\n\r\n\0\r\nQUIT\n"

# Bytes of the longest line of version 1, its end included (section 2.1).
LONGEST_V1: Final = 107

# Of version 2: version and command, family and protocol, how many bytes follow (section 2.2).
FIXED: Final = struct.Struct("!BBH")
V2_SIZE: Final = len(V2) + FIXED.size
VERSION: Final = 0x2
LOCAL: Final = 0x0
PROXY: Final = 0x1
TCP4: Final = 0x11
TCP6: Final = 0x21
UNIX: Final = 0x31

# Where addresses and ports are: source, destination, and their ports.
ADDRESSES = {
    TCP4: struct.Struct("!4s4sHH"),
    TCP6: struct.Struct("!16s16sHH"),
    UNIX: struct.Struct("!108s108s"),
}


# As what those are counted together of whom their proxy says that it knows nothing: no real peer has it.
NOBODY_KNOWS: Final = "0.0.0.0"


class NotAHeader(Exception):
    """What came is no header; the text says why, without what came."""


class Header(NamedTuple):
    """
    What a header says.

    ``source`` is the address of who is behind the proxy, ``""`` for the proxy itself or somebody on its
    machine, and `NOBODY_KNOWS`; ``size`` is how many bytes the header has.
    """

    source: str
    port: int
    size: int


def header(data: bytes) -> Header | None:
    """
    Return what the header says with which a connection begins; None as long as more of it has to come.

    Raises:
        NotAHeader: it does not begin with one.
    """
    if data.startswith(V1):
        return _version_1(data)
    if data.startswith(V2):
        return _version_2(data)
    if V1.startswith(data) or V2.startswith(data):
        return None
    raise NotAHeader("no PROXY header came")


def _version_1(data: bytes) -> Header | None:
    line, end, _ = data[:LONGEST_V1].partition(b"\r\n")
    if not end:
        if len(data) >= LONGEST_V1:
            raise NotAHeader("its line is too long")
        return None
    size = len(line) + len(end)
    kind, *words = line.removeprefix(V1).split(b" ")
    if kind == b"UNKNOWN":
        return Header(NOBODY_KNOWS, 0, size)  # whatever stands behind it
    if kind not in (b"TCP4", b"TCP6"):
        raise NotAHeader("it names no protocol")
    if len(words) != 4:
        raise NotAHeader("it has not two addresses and two ports")
    family = IPv4Address if kind == b"TCP4" else IPv6Address
    source, _ = (_address(family, word) for word in words[:2])
    port, _ = map(_port, words[2:])
    return Header(source, port, size)


def _address(family: type[IPv4Address | IPv6Address], word: bytes) -> str:
    try:
        address = family(word.decode("ascii"))
    except (AddressValueError, UnicodeDecodeError) as error:
        raise NotAHeader("it has no address where one belongs") from error
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise NotAHeader("it has no address where one belongs")
    return _plain(address)


def _port(word: bytes) -> int:
    if not word.isdigit() or len(word) > 5 or (word[:1] == b"0" and word != b"0") or int(word) > 0xFFFF:
        raise NotAHeader("it has no port where one belongs")
    return int(word)


def _version_2(data: bytes) -> Header | None:
    if len(data) < V2_SIZE:
        return None
    version, family, length = FIXED.unpack_from(data, len(V2))
    command = version & 0xF
    if version >> 4 != VERSION or command not in (LOCAL, PROXY):
        raise NotAHeader("it is of a version or for a command that nobody knows")
    size = V2_SIZE + length
    if len(data) < size:
        return None
    if command == LOCAL:
        return Header("", 0, size)
    layout = ADDRESSES.get(family)
    if layout is None:
        return Header(NOBODY_KNOWS, 0, size)  # of no family, or one that no stream is of
    if length < layout.size:
        raise NotAHeader("its addresses are cut off")
    if family == UNIX:
        return Header("", 0, size)
    source, _, port, _ = layout.unpack_from(data, V2_SIZE)
    return Header(_plain(ip_address(source)), port, size)


def _plain(address: IPv4Address | IPv6Address) -> str:
    """Return an address as text; IPv4 inside IPv6 is IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def believed(told: Header, proxy: str) -> str:
    """
    Return the address of who is behind a proxy, which is at an address itself (``"unix"`` for a Unix socket).

    Only a proxy on this machine can relay somebody on this machine: a loopback address that another one tells
    is of its own machine.
    """
    if not told.source:
        return proxy
    if ip_address(told.source).is_loopback and proxy != "unix" and not ip_address(proxy).is_loopback:
        return proxy
    return told.source

"""Whose an address is: what kind of network it is in, and as what it is counted. No I/O, no look-ups."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

AnyNetwork = IPv4Network | IPv6Network
Trusted = tuple[AnyNetwork, ...]


class Kind(Enum):
    """How an address is treated."""

    LOOPBACK = auto()  # this machine itself, also by a Unix socket
    TRUSTED = auto()  # the operator has said so
    PRIVATE = auto()  # a class, a LAN party, a container network
    PUBLIC = auto()  # everybody else


class Network(NamedTuple):
    """
    What is counted together: one customer of a provider has one IPv4 address, or an IPv6 /64.

    ``wider`` is the /48 around a /64, which is the most that one customer is commonly given
    (RFC 6177), and "" for IPv4.
    """

    kind: Kind
    key: str
    wider: str = ""

    @property
    def is_exempt(self) -> bool:
        """Is it free of caps, penalties and budgets of networks?"""
        return self.kind is Kind.LOOPBACK or self.kind is Kind.TRUSTED


# RFC 1918, RFC 3927; RFC 4193, RFC 4291 2.5.6.
PRIVATE: Trusted = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)

# Addresses that were asked for lately are not taken apart anew, some 200 bytes each.
MOST_REMEMBERED = 1024

# Whoever has no address came over a Unix socket, and so from this machine.
HERE = Network(Kind.LOOPBACK, "here")


def networks(texts: Iterable[str]) -> Trusted:
    """
    Return the networks that somebody has written down, such as 10.1.0.0/16 or 2001:db8::1.

    Raises:
        ValueError: one is none; it is its text.
    """
    found = []
    for text in texts:
        try:
            found.append(ip_network(text.strip(), strict=False))
        except ValueError:
            raise ValueError(text) from None
    return tuple(found)


# Bits of an IPv6 address that one customer of a provider has for themselves: within them hosts number freely.
OWN_BITS = 64

# Bits in front of an IPv4 address inside IPv6, ::ffff:0:0/96 (RFC 4291, section 2.5.5.2).
MAPPED_BITS = 96


def mask(text: str) -> AnyNetwork:
    """
    Return whom an operator means by an address or a network: by an IPv6 address the /64 around it.

    IPv4 inside IPv6 is IPv4.

    Raises:
        ValueError: it is neither; it is its text.
    """
    if "/" not in text:
        found = own(text)
        if found is None or "%" in text:
            raise ValueError(text)
        return found
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(text) from None
    if isinstance(network, IPv6Network) and network.prefixlen >= MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((int(mapped), network.prefixlen - MAPPED_BITS))
    return network


class Number(NamedTuple):
    """An address as a number of its version's bits."""

    version: int
    value: int


def number(address: str) -> Number | None:
    """Return an address as a number; None of what is no address."""
    try:
        ip = _plain(IPv6Address(address) if ":" in address else IPv4Address(address))
    except ValueError:
        return None
    return Number(ip.version, int(ip))


def prefix(network: AnyNetwork) -> tuple[int, int, int]:
    """Return the version of what is in a network, the bits that differ there, and those that do not."""
    rest = network.max_prefixlen - network.prefixlen
    return network.version, rest, int(network.network_address) >> rest


@lru_cache(MOST_REMEMBERED)
def own(address: str) -> AnyNetwork | None:
    """Return the network that one customer has for themselves who is at an address; None of what is none."""
    try:
        network = ip_network(_plain(ip_address(address)))
    except ValueError:
        return None
    return network.supernet(new_prefix=OWN_BITS) if isinstance(network, IPv6Network) else network


@lru_cache(MOST_REMEMBERED)
def network(address: str, trusted: Trusted = ()) -> Network:
    """
    Return what an address is counted as; IPv4 inside IPv6 (::ffff:192.0.2.1) is IPv4.

    ``trusted`` come first, whatever else they are. What is no address is from this machine.
    """
    try:
        ip = _plain(ip_address(address))
    except ValueError:
        return HERE
    if any(ip in known for known in trusted):
        kind = Kind.TRUSTED
    elif ip.is_loopback:
        kind = Kind.LOOPBACK
    elif any(ip in known for known in PRIVATE):
        kind = Kind.PRIVATE
    else:
        kind = Kind.PUBLIC
    if isinstance(ip, IPv6Address):
        return Network(kind, _within(ip, OWN_BITS), _within(ip, 48))
    return Network(kind, str(ip))


@lru_cache(MOST_REMEMBERED)
def is_among(address: str, some: Trusted) -> bool:
    """Tell whether an address is in one of some networks; what is no address is in none."""
    try:
        ip = _plain(ip_address(address))
    except ValueError:
        return False
    return any(ip in network for network in some)


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip.scope_id is not None:
            return IPv6Address(int(ip))  # fe80::1%eth0: a network holds no address with a zone
    return ip


def _within(ip: IPv6Address, length: int) -> str:
    return str(IPv6Network((int(ip) >> (128 - length) << (128 - length), length)))

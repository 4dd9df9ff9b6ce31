"""Which descriptions of endpoints are of one port, or of one file, and what they are called. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# What endpoint descriptions are parted by, unless a backslash stands in front of it.
PARTS = re.compile(r"(?<!\\):")

# What may stand in front of an endpoint, and changes what is spoken there, but not where.
AROUND = frozenset({"haproxy"})

OF_TCP = frozenset({"tcp", "tcp6", "ssl", "tls"})

# All addresses of this machine: of IPv6 they take those of IPv4 as well.
ALL = frozenset({"", "0.0.0.0", "::", r"\:\:"})


class Place(NamedTuple):
    """Where an endpoint listens: a port and an address of this machine, or a file."""

    port: str
    interface: str


def place(description: str) -> Place | None:
    """Return where a description says to listen, None where that is not to be seen in it, or any will do."""
    kind, *parts = PARTS.split(description)
    while kind in AROUND and parts:
        kind, *parts = parts
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    plain = [part for part in parts if "=" not in part]
    if kind == "tls":
        plain = plain[1:]  # behind the folder of its certificates
    if kind in OF_TCP:
        port = named.get("port") or (plain[0] if plain else "")
        at = named.get("interface", "")
        return Place(port, "" if at in ALL else at) if port.isdecimal() and int(port) else None
    if kind == "unix":
        path = named.get("address") or (plain[0] if plain else "")
        return Place(f"unix:{path}", "") if path else None
    return None


def overlap(one: str, other: str) -> bool:
    """Tell whether two descriptions cannot both be listened on."""
    first, second = place(one), place(other)
    if first is None or second is None or first.port != second.port:
        return False
    return first.interface == second.interface or "" in (first.interface, second.interface)


def called(descriptions: Iterable[str]) -> list[str]:
    """
    Return what endpoints are called, one by one: as they are described.

    Where that has been said before, as of two ports that the system is to choose, with their number.
    """
    names: list[str] = []
    times: dict[str, int] = {}
    for description in descriptions:
        times[description] = number = times.get(description, 0) + 1
        names.append(description if number == 1 else f"{description} ({number})")
    return names

"""
What the nodes of a cluster know of a nickname that somebody has, for each of its keys. No I/O, no clock.

A claim names the person, and the nodes on which they are under that name. It is changed by compare-and-set,
so of several nodes that want one at the same moment one gets it; here is what each may ask for.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from tcpchat.discreet import Discreet
from tcpchat.names import Key

# Before the rest of the bucket's keys of claims.
CLAIM = "claim"


class Claim(Discreet, frozen=True, omit_defaults=True):
    """Who has a key of a nickname, or for whom it is kept."""

    told = ("person", "nick", "nodes")

    person: str
    nick: str
    nodes: tuple[str, ...]  # those that hold it, sorted
    address: str = ""  # where the person came from; who comes from there may have what is kept
    kept: bool = False  # after a farewell, for a while


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Claim).decode


def bucket_key(key: Key) -> str:
    """Return under what a claim is kept: NATS allows few characters there."""
    kind, value = key
    return f"{CLAIM}.{kind}.{value.encode().hex()}"


def name_key(key: str) -> Key:
    """Return of which key of a name something is the `bucket_key`."""
    kind, value = key.removeprefix(f"{CLAIM}.").split(".")
    return kind, bytes.fromhex(value).decode()


def is_free(found: Claim, wanted: Claim) -> bool:
    """
    Tell whether somebody may have what is claimed already.

    What it says of the node that wants it does not count: that knows better who is there. What dead nodes
    have is theirs until they are buried.
    """
    if found.person == wanted.person:
        return True
    if found.kept and found.address == wanted.address:
        return True
    return {*found.nodes} <= {*wanted.nodes}


def joined(found: Claim | None, wanted: Claim, dead: Collection[str] = ()) -> Claim:
    """Return what becomes of a claim that is free when a node takes it: others may hold it for the person."""
    if found is None or found.person != wanted.person or found.kept:
        return wanted
    others = {*found.nodes}.difference(dead)
    if wanted.kept and others - {*wanted.nodes}:  # they are still there, elsewhere
        return msgspec.structs.replace(found, nodes=tuple(sorted(others - {*wanted.nodes})))
    return msgspec.structs.replace(wanted, nodes=tuple(sorted(others | {*wanted.nodes})))


def left(found: Claim | None, node: str, heir: str = "", dead: Collection[str] = ()) -> Claim | None:
    """
    Return what becomes of a claim when a node has nobody for it any more: None if no other has, either.

    ``heir`` is the node where the person has gone on, if it is not among those that hold it yet; the
    ``dead`` hold nothing.
    """
    if found is None:
        return None
    nodes = {*found.nodes}.difference(dead, (node,))
    if heir and node in found.nodes and not found.kept:
        nodes.add(heir)
    return msgspec.structs.replace(found, nodes=tuple(sorted(nodes))) if nodes else None

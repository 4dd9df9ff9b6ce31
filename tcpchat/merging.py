"""
What becomes of an account that two nodes of a cluster have changed at once: both changes. No I/O, no clock.

Each node has kept its own version, made of what it knew; whoever sees the other's later makes one of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tcpchat.records import KeptAccount

T = TypeVar("T")

# Who has changed these more often has changed them last (`KeptAccount.turns`).
RIGHTS = "password", "is_operator", "turns"


def with_changes(base: KeptAccount, mine: KeptAccount, theirs: KeptAccount) -> KeptAccount:
    """
    Return another node's version of an account with what this one has made of ``base``, which both had known.

    Where both have changed the same, one of them is chosen, and the same wherever that is done.
    """
    changes: dict[str, Any] = {}
    for name in KeptAccount.__struct_fields__:
        if name in RIGHTS:
            continue
        was, own, other = getattr(base, name), getattr(mine, name), getattr(theirs, name)
        if isinstance(own, Mapping):
            changes[name] = _merged(was, own, other)
        else:
            changes[name] = _chosen(was, own, other)
    changes["seen"] = max(mine.seen, theirs.seen)
    changes["versions"] = {
        node: max(mine.versions.get(node, 0), theirs.versions.get(node, 0))
        for node in mine.versions | theirs.versions
    }
    merged = msgspec.structs.replace(theirs, **changes)
    return with_rights(merged, mine) if mine.turns > theirs.turns else merged


def with_rights(account: KeptAccount, other: KeptAccount) -> KeptAccount:
    """Return an account with what another version of it lets one do, and by what."""
    return msgspec.structs.replace(account, **{name: getattr(other, name) for name in RIGHTS})


def _chosen(was: T, own: T, other: T) -> T:
    if own == was:
        return other
    return own if other == was else max(own, other, key=repr)


def _merged(was: Mapping[str, T], own: Mapping[str, T], other: Mapping[str, T]) -> dict[str, T]:
    """Return what has become of each key; the one that came last here comes last."""
    merged: dict[str, T] = {}
    for key in [*(key for key in other if key not in own), *own]:
        value = _chosen(was.get(key), own.get(key), other.get(key))
        if value is not None:
            merged[key] = value
    return merged

"""What is handed on, as it arrives in another process."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def over(it: T) -> T:
    """Return a value as it arrives: encoded, and decoded."""
    arrived = msgspec.msgpack.decode(msgspec.msgpack.encode(it), type=type(it))
    assert arrived == it
    return arrived

"""Which way of fanout a server goes: what the operator wants, or the best that there is."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tcpchat.fanout.direct import Direct
from tcpchat.fanout.interface import Fanout, Unavailable
from tcpchat.fanout.uring import Uring

Wanted = Literal["auto", "direct", "uring"]


class Choice(NamedTuple):
    """A way of fanout, and why it is this one."""

    fanout: Fanout
    reason: str


def choose(wanted: Wanted) -> Choice:
    """
    Return the way of fanout that is wanted.

    Raises:
        Unavailable: it cannot be had here; never with ``auto``.
    """
    if wanted == "direct":
        return Choice(Direct(), "as set")
    try:
        return Choice(Uring(), "as set" if wanted == "uring" else "the kernel offers it")
    except Unavailable as error:
        if wanted == "uring":
            raise
        return Choice(Direct(), str(error))

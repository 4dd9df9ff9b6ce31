"""Handing over directly: a system call for each member. It works everywhere and is best for few."""

from __future__ import annotations

from collections.abc import Mapping, Set
from errno import ENOBUFS
from typing import TypeVar

from tcpchat.fanout.interface import Member
from tcpchat.screen import Show

T = TypeVar("T")


def hand(sends: Mapping[str, Show], data: bytes) -> list[tuple[str, int | Exception]]:
    """
    Hand something to all; return who did not take all, and how many bytes they took, or why none.

    The server spends most of its time here: for each member one call of a C function, and no more.
    """
    size = len(data)
    short = []
    for session, send in sends.items():
        try:
            taken = send(data)
        except OSError as error:
            taken = outcome(error)
        if taken != size:
            short.append((session, taken))
    return short


def outcome(error: OSError) -> int | OSError:
    """Return what an error of sending means: nothing was taken this time, or nothing will ever be."""
    if isinstance(error, BlockingIOError) or error.errno == ENOBUFS:
        return 0
    return error.with_traceback(None)  # which holds the frame, and so what holds the error


def without(members: dict[str, T], apart: Set[str]) -> dict[str, T]:
    """Return all members but those who stand apart."""
    if not apart:
        return members
    # To copy all and remove a few costs a tenth of looking at each.
    rest = members.copy()
    for session in apart:
        rest.pop(session, None)
    return rest


class DirectCrowd:
    """Members with what takes their bytes: the ``send`` of a socket, which is C, or else their ``show``."""

    def __init__(self) -> None:
        self._sends: dict[str, Show] = {}

    def enter(self, session: str, member: Member) -> None:
        """Count somebody in, or in anew with another connection."""
        self._sends[session] = member.show if member.socket is None else member.socket.send

    def leave(self, session: str) -> None:
        """Count somebody out."""
        del self._sends[session]

    def __len__(self) -> int:
        return len(self._sends)

    def __contains__(self, session: object) -> bool:
        return session in self._sends

    def hand(self, data: bytes, apart: Set[str] = frozenset()) -> list[tuple[str, int | Exception]]:
        """Hand something to all but those who stand apart; return who did not take all."""
        return hand(without(self._sends, apart), data) if data else []

    def hand_one(self, session: str, data: bytes) -> int | Exception:
        """Hand something to one."""
        send = self._sends[session]
        try:
            return send(data)
        except OSError as error:
            return outcome(error)

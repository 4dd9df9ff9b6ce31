"""What a feed needs in order to hand the same bytes to many: every way of fanout provides it."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

from tcpchat.screen import Sending, Show


class Member(Protocol):
    """One connection, as a crowd needs it."""

    @property
    def socket(self) -> Sending | None:
        """Return the non-blocking socket, or what sends as one, with TLS; None where only `show` can."""

    @property
    def show(self) -> Show:
        """Show something to a member that has none."""


class Crowd(Protocol):
    """
    Those who are handed the same.

    What anybody was handed they get once, whole or up to where they did not take more, in the
    order in which it was handed over. A connection that was closed is an exception like any other
    that broke: whoever has its descriptor by now gets nothing. Nobody may enter or leave while
    something is handed over.
    """

    def enter(self, session: str, member: Member) -> None:
        """Count somebody in, or in anew with another connection."""

    def leave(self, session: str) -> None:
        """
        Count somebody out.

        Raises:
            KeyError: nobody of that name is in.
        """

    def __len__(self) -> int:
        """Return how many are in."""

    def __contains__(self, session: object) -> bool:
        """Tell whether somebody is in."""

    def hand(self, data: bytes, apart: Set[str] = frozenset()) -> list[tuple[str, int | Exception]]:
        """
        Hand something to all but those who stand apart.

        Return who did not take all, and how many bytes they took, or why none will ever go.
        """

    def hand_one(self, session: str, data: bytes) -> int | Exception:
        """
        Hand something to one: return how many bytes were taken, or why none will ever go.

        Raises:
            KeyError: nobody of that name is in.
        """

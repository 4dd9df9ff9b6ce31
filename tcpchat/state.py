"""What a dialogue is about at the moment: nameless.py, session.py."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from tcpchat.render import View
from tcpchat.requests import Asked, Refused, Request

# What is on its way to the log: the number that it gets there. The lines behind it do not wait.
Kept = Deferred[int]
# What takes effect later: the lines behind it wait for it. It may have a number in the log then, or
# be on its way there.
Later = Coroutine[Deferred[Any], Any, int | Kept | None]
Effect = Later | Kept | None


class State(Protocol):
    """What a dialogue needs from what it is about."""

    def understand(self, line: str) -> Request | None:
        """
        Return what a line asks for, if anything.

        Raises:
            Refused: it asks for nothing that there is.
        """

    def carry_out(self, asked: Asked) -> Effect:
        """
        Do what is asked for.

        Raises:
            Refused: it is not done.
        """

    def refused(self, why: Refused) -> None:
        """Something was not done, and the person was told why."""

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""

    def last_error(self) -> str | None:
        """Return what the person has to know whose input is at its end."""

    def leave(self, reason: str) -> None:
        """It is over, by a farewell."""

    def break_off(self) -> None:
        """It is over for now: the connection has broken."""

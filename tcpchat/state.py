"""What a session is at the moment: nameless.py, present.py."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from tcpchat.render import View

# What takes effect later: the lines behind it wait for it.
Effect = Coroutine[Deferred[Any], Any, None]


class State(Protocol):
    """What a session needs from what it is at the moment."""

    def carry_out(self, line: str) -> Effect | None:
        """
        Do what a line asks for.

        Raises:
            Refused: it is not done.
        """

    def refused(self, why: str) -> None:
        """A line was not done, and the person was told why."""

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""

    def last_error(self) -> str | None:
        """Return what the person has to know whose input is at its end."""

    def leave(self, reason: str) -> None:
        """The session is over."""

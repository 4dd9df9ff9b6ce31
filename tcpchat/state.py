"""What a dialogue is about at the moment: nameless.py, present.py."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from tcpchat import handed
from tcpchat.events import Event
from tcpchat.render import View
from tcpchat.requests import Asked, Refused, Request


class Posting(NamedTuple):
    """What is to be added to the log, and may be: the lines behind it do not wait."""

    stream: str
    event: Event


# What something has in the log: the first is that which a program is told.
Numbers = Sequence[int]
# What is on its way to the log. The lines behind it do not wait.
Kept = Deferred[list[int]]
# What comes of a request in the end: it may be in the log, or on its way there.
Outcome = Numbers | Kept | None
# What takes effect later: the lines behind it wait for it.
Later = Coroutine[Deferred[Any], Any, Outcome]
Effect = Later | Kept | Posting | None


class State(Protocol):
    """What a dialogue needs from what it is about."""

    is_nameless: bool  # has nobody been named yet?

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

    def hand_on(self) -> handed.Nameless | handed.Present:
        """Return who it is, for another process."""

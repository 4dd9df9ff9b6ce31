"""
Whether a server is alive, by what comes from it.

While a program is frozen its system goes on to take what is sent to it, so that nothing breaks by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.error import TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from tcpchat.client.limits import LONGEST_IDLE, LONGEST_TRY, LONGEST_UNANSWERED
from tcpchat.client.timers import Timers

# The two things that are waited for.
QUIET, ANSWER = "quiet", "answer"


class Pulse:
    """That of the server at the other end of one connection after another; of ours alone it is felt."""

    def __init__(self, clock: IReactorTime, ask: Callable[[], None], shun: Callable[[str], bool]) -> None:
        """
        ``ask`` has a server that was quiet for long say something. ``shun`` is told the address of one that
        does not answer, and tells whether the next connection will be to another one.
        """
        self._timers = Timers(clock)
        self._ask = ask
        self._shun = shun
        self._transport: Any = None
        self._was_heard = False
        self._is_given_up = False

    def connected(self, transport: Any, is_ours: bool) -> None:
        """There is a connection: ours is to greet."""
        self._transport = transport
        self._was_heard = self._is_given_up = False
        if is_ours:
            self._timers.later(ANSWER, LONGEST_TRY, self._give_up)

    def heard(self, is_ours: bool) -> None:
        """Something has come."""
        self._was_heard = True
        self._timers.cancel(ANSWER)
        if is_ours:
            self._timers.later(QUIET, LONGEST_IDLE, self._ask)

    def sent(self) -> None:
        """Something was sent that is answered."""
        if ANSWER not in self._timers:
            self._timers.later(ANSWER, LONGEST_UNANSWERED, self._give_up)

    def goes_elsewhere(self) -> bool:
        """Give up whoever has said nothing at all yet, if there is another address to try; return that."""
        if self._was_heard or not self._shun(self._transport.getPeer().host):
            return False
        self._give_up()
        return True

    def lost(self, reason: Failure) -> Failure:
        """The connection is over; return why."""
        self.stop()
        return Failure(TimeoutError()) if self._is_given_up else reason

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._timers.cancel(QUIET, ANSWER)

    def _give_up(self) -> None:
        self._shun(self._transport.getPeer().host)
        self._is_given_up = True
        self._transport.abortConnection()

"""Can the log be written now? Something is written to it, and that has to be durable soon."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from tcpchat.logs.interface import NotKept

# Seconds for the log to answer. A busy disk takes some hundred milliseconds; people notice that by then.
PATIENCE = 2.0

# Seconds for which an answer holds: however many ask, the disk has little to do with it.
FRESH = 1.0


class Health:
    """Asks the log, one question at a time."""

    def __init__(self, write: Callable[[], Deferred[None]], clock: IReactorTime) -> None:
        """``write`` answers when something is durable, or fails with `NotKept`; or does neither."""
        self._write = write
        self._clock = clock
        self._asked: float | None = None  # when, while there is no answer
        self._verdict = ""
        self._known = -FRESH  # since when
        self._waiting: dict[Deferred[str], IDelayedCall] = {}

    def look(self) -> Deferred[str]:
        """Answer with what is wrong, within `PATIENCE`; empty if the log has just been written."""
        now = self._clock.seconds()
        if self._asked is None and now - self._known < FRESH:
            return succeed(self._verdict)
        if self._asked is None:
            self._asked = now
            self._write().addCallbacks(self._written, self._not_written)
        if self._asked is None:  # it has answered at once
            return succeed(self._verdict)
        answer: Deferred[str] = Deferred()
        patience = max(0.0, self._asked + PATIENCE - now)
        self._waiting[answer] = self._clock.callLater(patience, self._is_late, answer, self._asked)
        return answer

    def _is_late(self, answer: Deferred[str], asked: float) -> None:
        del self._waiting[answer]
        answer.callback(f"The log has not answered for {self._clock.seconds() - asked:.0f} s.")

    def _written(self, _: None) -> None:
        self._settle("")

    def _not_written(self, failure: Failure) -> None:
        failure.trap(NotKept)
        self._settle(f"Not written: {failure.value}.")

    def _settle(self, verdict: str) -> None:
        self._asked, self._known, self._verdict = None, self._clock.seconds(), verdict
        waiting, self._waiting = self._waiting, {}
        for answer, late in waiting.items():
            late.cancel()
            answer.callback(verdict)

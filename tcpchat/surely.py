"""Having the log hold what has happened already, such as that somebody has left, in the end in any case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tcpchat.events import Event
from tcpchat.logs.interface import Log, NotKept, Unknown

# Seconds until what could not be logged is tried again.
LOG_AGAIN = 1.0


class Surely:
    """Tries again and again."""

    def __init__(self, log: Log, clock: IReactorTime) -> None:
        self._log = log
        self._clock = clock

    def log(self, parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[object]:
        """
        Log what has happened already, in the end also when the log cannot be written now.

        It answers when that is done; while the server ends, perhaps never.
        """

        def again(failure: Failure) -> Deferred[object]:
            failure.trap(NotKept, Unknown)
            if isinstance(failure.value, Unknown) and failure.value.known is not None:
                return failure.value.known.addCallback(once_known)
            return deferLater(self._clock, LOG_AGAIN, self.log, parts)

        def once_known(is_there: bool) -> Any:
            return True if is_there else self.log(parts)  # twice it is not said

        return self._log.append_all(parts).addErrback(again)

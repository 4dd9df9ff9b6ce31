"""What is looked after all the time while the server runs, and that it goes on when something of it fails."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.gate import GATE

# Seconds after which it is looked what need be kept no longer, and what has changed much.
UPKEEP = 10.0


class Upkeep:
    """Looks every ten seconds."""

    logger = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        look: Callable[[], None],
        forget: Callable[[], Coroutine[Deferred[Any], Any, None]],
    ) -> None:
        """``look`` is called each time, ``forget`` begun: it may take long."""
        self._look = look
        self._forget = forget
        self._loop = LoopingCall(self._run)
        self._loop.clock = clock
        self._has_ended = False
        self._stopped_at_gate = GATE.sanitizer_escape_total  # and told

    def start(self) -> None:
        """Look from now on, the first time after a while."""
        self._go_on()

    def stop(self) -> None:
        """Look no more."""
        self._has_ended = True
        if self._loop.running:
            self._loop.stop()

    def _go_on(self, _: object = None) -> None:
        if not self._has_ended:
            self._loop.start(UPKEEP, now=False).addErrback(self._failed).addCallback(self._go_on)

    def _run(self) -> None:
        self._report_stopped()
        self._look()
        Deferred.fromCoroutine(self._forget()).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("Looking after the log has failed", failure)

    def _report_stopped(self) -> None:
        """Tell the operator if the output gate had to stop anything since the last look."""
        stopped = GATE.sanitizer_escape_total - self._stopped_at_gate
        if stopped:
            self._stopped_at_gate += stopped
            self.logger.error(
                "The output gate has stopped {stopped} characters that nobody should be sent, {total} in all",
                stopped=stopped, total=GATE.sanitizer_escape_total,
            )  # fmt: skip

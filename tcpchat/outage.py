"""Tells everybody when the log of a cluster cannot be reached, and when it is back: people and operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from tcpchat.dialogue import Dialogue

# Seconds for the link to find another server: lines wait as long, and a second more.
GRACE = 2.0

CUT_OFF = "The log cannot be reached: nothing can be said for now."
BACK = "The log is back."


class Outage:
    """Whether the log can be reached, as people and the operator know it."""

    logger = Logger()

    def __init__(self, clock: IReactorTime, where: str, dialogues: Callable[[], Iterable[Dialogue]]) -> None:
        """``where`` is what the operator calls the log; ``dialogues`` gives those with who is connected."""
        self._clock = clock
        self._where = where
        self._dialogues = dialogues
        self._since: float | None = None  # when it was cut off, if it is
        self._soon: IDelayedCall | None = None  # to tell of it, until that is done

    def reached(self, is_reached: bool) -> None:
        """The log can be reached, or no longer; it may be told several times."""
        if is_reached != (self._since is None):
            (self._back if is_reached else self._cut_off)()

    def _cut_off(self) -> None:
        self._since = self._clock.seconds()
        self._soon = self._clock.callLater(GRACE, self._tell_of_it)

    def _tell_of_it(self) -> None:
        self._soon = None
        self.logger.error("The log {where} cannot be reached.", where=self._where)
        self._tell(CUT_OFF)

    def _back(self) -> None:
        assert self._since is not None
        seconds, self._since = self._clock.seconds() - self._since, None
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
            return
        self.logger.info(
            "The log {where} is back, after {seconds} s.", where=self._where, seconds=round(seconds, 1)
        )
        self._tell(BACK)

    def _tell(self, text: str) -> None:
        for dialogue in self._dialogues():
            # For who reads nothing this would pile up, where it comes and goes.
            if not (dialogue.is_over or dialogue.reader.holds_much):
                dialogue.tell(text)

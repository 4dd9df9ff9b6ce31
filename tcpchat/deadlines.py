"""Many who wait equally long: one timer for all of them, and a few milliseconds a turn when they are due."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

# Seconds of each turn of the reactor for those whose time is over: all at once, when a network has failed.
SHARE = 0.005


class Deadlines:
    """Calls for each who waits, after the same time, unless that is cancelled before."""

    logger = Logger()

    def __init__(self, clock: IReactorTime, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        # The first to be due first.
        self._waiting: OrderedDict[Hashable, tuple[float, Callable[[], object]]] = OrderedDict()
        self._timer: IDelayedCall | None = None

    def set(self, key: Hashable, call: Callable[[], object]) -> None:
        """Have something called for one who waits from now on."""
        self._waiting.pop(key, None)
        self._waiting[key] = self._clock.seconds() + self._seconds, call
        self._schedule(self._seconds)

    def cancel(self, key: Hashable) -> None:
        """Have nothing called for one, who need not be waiting."""
        self._waiting.pop(key, None)

    def __bool__(self) -> bool:
        """Is anybody waiting?"""
        return bool(self._waiting)

    def change(self, seconds: float) -> None:
        """Let all wait for so long, those who wait already as well: from when they began to."""
        later, self._seconds = seconds - self._seconds, seconds
        for key, (due, call) in self._waiting.items():
            self._waiting[key] = due + later, call
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._schedule(0)

    def _schedule(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        end = self._clock.seconds() + SHARE
        while self._waiting:
            key, (due, call) = next(iter(self._waiting.items()))
            now = self._clock.seconds()
            if due > now or now > end:
                self._schedule(max(0, due - now))
                return
            del self._waiting[key]
            try:
                call()
            except Exception:
                self.logger.failure("What was due has failed", session=str(key))

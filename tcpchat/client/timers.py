"""Calls that are due later, each by its name: of a name there is one at most."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Timers:
    """All that wait."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._calls: dict[str, IDelayedCall] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._calls

    def later(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call after so many seconds from now; what waits under that name waits as long."""
        if (timer := self._calls.get(name)) is not None:
            timer.reset(seconds)
        else:
            self._calls[name] = self._clock.callLater(seconds, self._now, name, call)

    def _now(self, name: str, call: Callable[[], None]) -> None:
        del self._calls[name]
        call()

    def cancel(self, *names: str) -> None:
        """Do not call what waits under these names, if it does."""
        for name in names:
            if (timer := self._calls.pop(name, None)) is not None:
                timer.cancel()

    def cancel_all(self) -> None:
        """Call nothing any more."""
        self.cancel(*self._calls)

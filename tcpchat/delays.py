"""How late the reactor is with what is due: whatever anybody types or is shown waits as long."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from tcpchat.histogram import Histogram

# Seconds from one look to the next: what keeps the reactor longer is always seen, shorter things by chance.
EVERY = 0.1

# Seconds. A reactor's timers are exact to a millisecond.
STEPS = 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0


class Delays:
    """Looks all the time, as long as somebody wants to know."""

    def __init__(self, clock: IReactorTime, seconds: Callable[[], float] = time.monotonic) -> None:
        """``seconds`` goes on while ``clock`` stands still, because the process does."""
        self.seen = Histogram(STEPS)
        self._clock = clock
        self._seconds = seconds
        self._due = 0.0
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        """Begin to look."""
        self._due = self._seconds() + EVERY
        self._call = self._clock.callLater(EVERY, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _look(self) -> None:
        self.seen.observe(max(0.0, self._seconds() - self._due))
        self.start()

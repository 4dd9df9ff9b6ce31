"""When there is time for what can wait."""

from __future__ import annotations

import time
from collections.abc import Callable

# Of one core, what the others may use for there to be time.
MOST_USED = 0.5

# Seconds over which that is measured at least.
MEASURED_FOR = 0.02


class Leisure:
    """
    Tells one thread whether the process's other threads leave it time.

    That no lines come does not say so: when there are most of all, the reactor has no time to
    pass them on.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
        used_here: Callable[[], float] = time.thread_time,
    ) -> None:
        """``used`` tells the seconds that all threads have used, ``used_here`` those of this one."""
        self._clock = clock
        self._used = used
        self._used_here = used_here
        self._since = clock()
        self._used_by_then = self._used_by_others()
        self._has_time = True

    def has_time(self) -> bool:
        """Tell whether the other threads have used little since this was asked last, or a little earlier."""
        now, used = self._clock(), self._used_by_others()
        passed = now - self._since
        if passed >= MEASURED_FOR:
            self._has_time = used - self._used_by_then < MOST_USED * passed
            self._since, self._used_by_then = now, used
        return self._has_time

    def _used_by_others(self) -> float:
        return self._used() - self._used_here()

"""
A clock that stands still while the process does: while it is stopped, or its machine is paused.

Meanwhile nobody was listened to, so nobody's time runs out by it: what was sent to a stopped server lies
in its sockets, and is read before anybody is found to be late.
"""

from __future__ import annotations

from collections.abc import Callable

# Seconds between two looks at the clock, after which the process must have stood still. The server looks
# every ten milliseconds at least (cursors.py), and its reactor is never busy with one thing for so long.
STANDSTILL = 1.0


def running_time(monotonic: Callable[[], float]) -> Callable[[], float]:
    """Return a clock that goes as another one, in seconds and never backwards, but not in a standstill."""
    seen = monotonic()
    stood = 0.0

    def seconds() -> float:
        nonlocal seen, stood
        now = monotonic()
        if now - seen > STANDSTILL:
            stood += now - seen
        seen = now
        return now - stood

    return seconds

"""SIGHUP: the configuration is to be read anew, unless it was the terminal that has hung up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

STDIN = 0


class HangUp:
    """
    Hears of it.

    A server in the foreground of a terminal that is closed gets the same signal: it is to end, as it has
    always done, and not to stay where nobody sees it.
    """

    def __init__(self, reactor: Any, reload: Callable[[], object], end: Callable[[], object]) -> None:
        """One of the two is called, in the reactor's thread."""
        self._reactor = reactor
        self._reload = reload
        self._end = end
        self._had_terminal = os.isatty(STDIN)
        self._before = signal.signal(signal.SIGHUP, self._heard)

    def restore(self) -> None:
        """Do what was done before."""
        signal.signal(signal.SIGHUP, self._before)

    def _heard(self, number: int, frame: object) -> None:
        gone = self._had_terminal and not os.isatty(STDIN)
        self._reactor.callFromThread(self._end if gone else self._reload)

"""What a log's thread reports, taken in by the reactor's: in order, and a few milliseconds a turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from twisted.logger import Logger

# Seconds for which the reactor takes in reports in one turn; then it is the others' turn.
LONGEST_TURN = 0.005

Report = Callable[..., Iterator[None] | None]


class Reporter:
    """
    Calls in the reactor's thread, in the order in which another thread asks for them.

    One that takes long is a generator: between any two of its steps others may have their turn,
    but nothing that was reported later.
    """

    logger = Logger()

    def __init__(
        self,
        from_thread: Callable[..., Any],
        next_turn: Callable[..., Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        ``from_thread`` calls something in the reactor's thread, for callers that are not in it.

        ``next_turn`` calls something in its next turn, for those that are.
        """
        self._from_thread = from_thread
        self._next_turn = next_turn
        self._clock = clock
        self._noted: list[tuple[Report, tuple[Any, ...]]] = []  # in the other thread
        self._waiting: deque[tuple[Report, tuple[Any, ...]]] = deque()
        self._steps: Iterator[None] = iter(())  # of what was begun
        self._is_going = False

    def note(self, report: Report, *arguments: Any) -> None:
        """Have something called, in the end, behind what was noted before."""
        self._noted.append((report, arguments))

    def send(self) -> None:
        """Have everything called that was noted."""
        if self._noted:
            noted, self._noted = self._noted, []
            self._from_thread(self._receive, noted)

    def _receive(self, noted: list[tuple[Report, tuple[Any, ...]]]) -> None:
        self._waiting += noted
        if not self._is_going:
            self._is_going = True
            self._go_on()

    def _go_on(self) -> None:
        end = self._clock() + LONGEST_TURN
        while self._step():
            if self._clock() > end:
                self._next_turn(self._go_on)
                return
        self._is_going = False

    def _step(self) -> bool:
        """Do a little; return whether there was anything to do."""
        try:
            for _ in self._steps:
                return True
            if not self._waiting:
                return False
            report, arguments = self._waiting.popleft()
            self._steps = report(*arguments) or iter(())
        except Exception:
            self.logger.failure("A report of the log's thread failed")
            self._steps = iter(())
        return True

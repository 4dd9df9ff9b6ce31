"""What stands for the reactor where other threads call: their calls are made in the test's, when it waits."""

from __future__ import annotations

import heapq
import queue
import time
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

# Seconds; far longer than anything takes. A test that needs them has failed.
PATIENCE = 30.0

# Seconds between two looks at something that no call tells of.
LOOK = 0.05

T = TypeVar("T")


class Turning:
    """Makes calls from other threads, and later ones, while the test waits for something."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = queue.SimpleQueue()
        self._later: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._numbers = count()
        self.turns = 0  # calls from other threads

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._calls.put((call, arguments))

    def callLater(self, delay: float, call: Callable[..., Any], *arguments: Any) -> None:
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._numbers), call, arguments))

    def until(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until something is so."""
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, "it does not come"
            self._turn()

    def result(self, answer: Deferred[T], patience: float = PATIENCE) -> T:
        """Wait for an answer; raise what it fails with."""
        came: list[Any] = []
        answer.addBoth(came.append)
        self.until(lambda: came, patience)
        if isinstance(came[0], Failure):
            came[0].raiseException()
        found: T = came[0]
        return found

    def pass_by(self, seconds: float) -> None:
        """Let time pass, as people do."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def _turn(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            _, _, call, arguments = heapq.heappop(self._later)
            call(*arguments)
        try:
            call, arguments = self._calls.get(timeout=0.001 if self._later else LOOK)
        except queue.Empty:
            return
        self.turns += 1
        call(*arguments)

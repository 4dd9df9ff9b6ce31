"""Turns for readers who are behind, so that those who keep up do not notice them."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from tcpchat.logs.interface import Log

# Seconds of each turn of the reactor that go to readers who are behind.
SHARE = 0.002


class Behind(Protocol):
    """A reader who has to read on from the log."""

    waiting: bool  # kept by CatchingUp

    def read_on(self, log: Log) -> None:
        """Read a chunk and show it."""


class CatchingUp:
    """Gives those who are behind their turns, one chunk each."""

    def __init__(self, log: Log, clock: IReactorTime) -> None:
        self._log = log
        self._clock = clock
        self._waiting: deque[Behind] = deque()
        self._scheduled = False
        self._rests = False

    def rest(self, rests: bool) -> None:
        """Give nobody a turn for now, or go on."""
        self._rests = rests
        self._schedule()

    def wait(self, reader: Behind) -> None:
        """Have a reader read on when it is its turn."""
        if reader.waiting:
            return
        reader.waiting = True
        self._waiting.append(reader)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not (self._scheduled or self._rests):
            self._scheduled = True
            self._clock.callLater(0, self._serve)

    def _serve(self) -> None:
        self._scheduled = False
        if self._rests:
            return
        end = self._clock.seconds() + SHARE
        for _ in range(len(self._waiting)):
            reader = self._waiting.popleft()
            reader.waiting = False
            reader.read_on(self._log)
            if self._clock.seconds() > end:
                break
        self._schedule()

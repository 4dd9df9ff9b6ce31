"""Waiting for something, but not for long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

# Seconds between two looks at what is waited for.
LOOK = 0.01


async def until(clock: IReactorTime, true: Callable[[], bool], longest: float, look: float = LOOK) -> None:
    """Wait until something is true, ``longest`` seconds at most; it is looked at every ``look``."""
    end = clock.seconds() + longest
    while not true() and clock.seconds() < end:
        await deferLater(clock, look)


async def until_answered(clock: IReactorTime, answer: Deferred[Any], longest: float) -> None:
    """Wait for an answer, ``longest`` seconds at most; one that is a failure is none."""
    answers: list[object] = []
    answer.addCallback(answers.append)
    await until(clock, lambda: bool(answers), longest)

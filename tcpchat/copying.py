"""The log of a cluster for the operator's tools: copied from its stream, then read as any other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from tcpchat.config import Config
from tcpchat.extras import NO_CLUSTER, has_cluster
from tcpchat.opening import Opening
from tcpchat.store import InCluster
from tcpchat.tools import WrongUsage

# 128 and SIGINT, as a shell has it.
INTERRUPTED = 130


class Copy(NamedTuple):
    """A file that holds what the stream does, for as long as it is needed."""

    path: str
    weak: list[str]  # what about the servers is weaker than recommended
    problems: list[str]  # what about the stream is wrong


@contextmanager
def copied(store: InCluster) -> Iterator[Copy]:
    """
    Have a copy of the log of a cluster, which is not changed; nodes may run, and need not.

    Raises:
        WrongUsage: what that needs is not installed.
        CannotOpen: or another of its kinds: it cannot be reached, is not there, or not ours.
    """
    if not has_cluster():
        raise WrongUsage(NO_CLUSTER)
    with TemporaryDirectory(prefix="tcpchat-") as folder:
        copy = Copy(os.path.join(folder, "log.sqlite3"), [], [])
        outcome: list[Failure | None] = []
        # It ends by itself what `react` would end the process with.
        with suppress(SystemExit), _heard(copy.problems):
            react(lambda reactor: Deferred.fromCoroutine(_make(reactor, store, copy)).addBoth(outcome.append))
        if not outcome:
            raise SystemExit(INTERRUPTED)
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        yield copy


async def _make(reactor: Any, store: InCluster, copy: Copy) -> None:
    opening = Opening(reactor, Config(store=store.url, replica=copy.path), lambda error: None, makes=False)
    log = opening.log()
    try:
        copy.weak.extend(await opening.until_open(lambda is_reached: None))
    finally:
        await log.close()


@contextmanager
def _heard(problems: list[str]) -> Iterator[None]:
    """Hear what a server's operator would be told of what is wrong."""

    @implementer(ILogObserver)
    def hear(event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) >= LogLevel.error:
            problems.append(formatEvent(event))

    globalLogPublisher.addObserver(hear)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(hear)

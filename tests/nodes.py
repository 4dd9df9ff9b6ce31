"""Logs on real NATS servers, in this process: what stands for the reactor, and nodes with their replicas."""

from __future__ import annotations

import heapq
import os
import queue
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.logs.nats import NatsLog

T = TypeVar("T")

# Far longer than anything takes; a test that needs it has failed.
PATIENCE = 120.0


class Call:
    """A call that is to be made, unless it is cancelled."""

    def __init__(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.call: Callable[..., Any] | None = call
        self.arguments = arguments

    def active(self) -> bool:
        """Is it yet to be made?"""
        return self.call is not None

    def cancel(self) -> None:
        """Do not make it."""
        self.call = None

    def __call__(self) -> None:
        call, self.call = self.call, None
        if call is not None:
            call(*self.arguments)


class Turns:
    """What stands for the reactor: calls from threads, and calls that are due, made here one at a time."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._later: list[tuple[float, int, Call]] = []
        self._numbers = count()

    def seconds(self) -> float:
        """Return the time."""
        return time.monotonic()

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Make a call in a moment."""
        self._calls.put(Call(call, arguments))

    def callLater(self, delay: float, call: Callable[..., Any], *arguments: Any) -> Call:
        """Make a call after so many seconds."""
        made = Call(call, arguments)
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._numbers), made))
        return made

    def next(self) -> None:
        """Make the next call, once there is one."""
        end = time.monotonic() + PATIENCE
        while True:
            now = time.monotonic()
            if self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[-1]()
                return
            until = min(end, self._later[0][0]) if self._later else end
            try:
                self._calls.get(timeout=max(0.0, until - now))()
            except queue.Empty:
                assert time.monotonic() < end, "nothing happens"
            else:
                return

    def wait(self, answer: Deferred[T]) -> T:
        """Make calls until there is an answer; return it, or raise what failed."""
        got: list[T | Failure] = []
        answer.addBoth(got.append)
        end = time.monotonic() + PATIENCE
        while not got:
            self.next()
            assert time.monotonic() < end, "there is no answer"
        (result,) = got
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def until(self, true: Callable[[], bool]) -> None:
        """Make calls until something is so."""
        end = time.monotonic() + PATIENCE
        while not true():
            self.next()
            assert time.monotonic() < end, "it does not come to be so"

    def run(self, seconds: float) -> None:
        """Make calls for a while."""
        over: list[None] = []
        self.callLater(seconds, over.append, None)
        self.until(lambda: bool(over))


class Nodes:
    """Nodes whose log is one stream; each has its replica in a folder."""

    def __init__(self, servers: Sequence[str], name: str, folder: str, wall: Callable[[], int]) -> None:
        self.turns = Turns()
        self.servers = servers
        self.name = name
        self.folder = folder
        self.wall = wall
        self.failures: list[Exception] = []
        self.opened: list[NatsLog] = []

    def path(self, node: str) -> str:
        """Return where a node's replica is."""
        return os.path.join(self.folder, f"{self.name}-{node}.sqlite3")

    def make(self, node: str = "n1", servers: Sequence[str] = ()) -> NatsLog:
        """Make a node's log, which is to be opened."""
        log = NatsLog(
            self.turns,
            servers or self.servers,
            self.name,
            self.path(node),
            self.wall,
            self.failures.append,
            node,
        )
        self.opened.append(log)
        return log

    def open(self, node: str = "n1", servers: Sequence[str] = ()) -> NatsLog:
        """Open a node's log."""
        log = self.make(node, servers)
        self.turns.wait(log.open())
        return log

    def close(self, log: NatsLog) -> None:
        """Close a node's log."""
        self.opened.remove(log)
        self.turns.wait(log.close())

    def close_all(self) -> None:
        """Close all that are open."""
        while self.opened:
            self.close(self.opened[0])

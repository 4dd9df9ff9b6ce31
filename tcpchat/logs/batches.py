"""What is appended in the reactor's thread, batch by batch for the thread that writes it."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from tcpchat.events import Event

# What one commit holds at most. More makes each commit slower than it saves in commits.
LARGEST_BATCH = 256


class Append(NamedTuple):
    """Events that are to be added to a stream, when they were, and who waits for that."""

    stream: str
    events: Sequence[Event]
    time: int
    answer: Deferred[list[int]]


class Batches:
    """
    A queue between two threads.

    Everything that was appended in one turn of the reactor goes over together: the writer would
    take the first line of a turn alone while the others are still being read.
    """

    def __init__(self, from_thread: Callable[..., Any]) -> None:
        """``from_thread`` calls something in the next turn of the reactor."""
        self._from_thread = from_thread
        self._turn: list[Append] = []
        self._queue: queue.SimpleQueue[list[Append] | None] = queue.SimpleQueue()
        self._backlog: deque[Append] = deque()  # the writer's: out of the queue, in no batch yet

    def add(self, append: Append) -> None:
        """Add something, in the reactor's thread."""
        if not self._turn:
            self._from_thread(self._hand_over)
        self._turn.append(append)

    def end(self) -> None:
        """Say, in the reactor's thread, that nothing more will come."""
        self._hand_over()
        self._queue.put(None)

    def _hand_over(self) -> None:
        turn, self._turn = self._turn, []
        if turn:  # and not handed over already, because it is the end
            self._queue.put(turn)

    def next(self) -> tuple[list[Append], bool]:
        """Wait, in the writer's thread, for something to write; tell whether it is the last."""
        batch: list[Append] = []
        size = 0
        while True:
            while self._backlog:
                size += len(self._backlog[0].events)
                if batch and size > LARGEST_BATCH:
                    return batch, False
                batch.append(self._backlog.popleft())
            try:
                turn = self._queue.get(block=not batch)
            except queue.Empty:
                return batch, False
            if turn is None:
                return batch, True
            self._backlog.extend(turn)

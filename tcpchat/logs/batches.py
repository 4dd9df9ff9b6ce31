"""What is appended in the reactor's thread, batch by batch for the thread that writes it."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from tcpchat.events import Event

# What one commit holds at most. More makes each commit slower than it saves in commits.
LARGEST_BATCH = 256

# Bytes of a record that take as long as an entry.
LIKE_AN_ENTRY = 4096


class Chore(Protocol):
    """Something else that changes the file, in its place behind what was added before it."""

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""


class Append(NamedTuple):
    """Events that are to be added to streams, how many, when they were, and who waits for that."""

    parts: Sequence[tuple[str, Sequence[Event]]]
    size: int
    time: int
    answer: Deferred[Any]
    is_one: bool  # the answer has the numbers of the only part, not a list for each


class Keep(NamedTuple):
    """A record that is to be replaced, or removed if there is no value."""

    kind: str
    key: str
    value: bytes | None

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""
        return 1 + len(self.value or b"") // LIKE_AN_ENTRY


Item = Append | Keep


class Batches:
    """
    A queue between two threads.

    Everything that was appended in one turn of the reactor goes over together: the writer would
    take the first line of a turn alone while the others are still being read.
    """

    def __init__(self, from_thread: Callable[..., Any]) -> None:
        """``from_thread`` calls something in the next turn of the reactor."""
        self._from_thread = from_thread
        self._turn: list[Chore] = []
        self._queue: queue.SimpleQueue[list[Chore] | None] = queue.SimpleQueue()
        self._backlog: deque[Chore] = deque()  # the writer's: out of the queue, in no batch yet

    def add(self, item: Chore) -> None:
        """Add something, in the reactor's thread."""
        if not self._turn:
            self._from_thread(self._hand_over)
        self._turn.append(item)

    def end(self) -> None:
        """Say, in the reactor's thread, that nothing more will come."""
        self._hand_over()
        self._queue.put(None)

    def _hand_over(self) -> None:
        turn, self._turn = self._turn, []
        if turn:  # and not handed over already, because it is the end
            self._queue.put(turn)

    def next(self, patience: float | None) -> tuple[list[Chore], bool]:
        """
        Wait, in the writer's thread, for something to write; tell whether it is the last.

        It is nothing after ``patience`` seconds.
        """
        batch: list[Chore] = []
        size = 0
        while True:
            while self._backlog:
                size += self._backlog[0].size
                if batch and size > LARGEST_BATCH:
                    return batch, False
                batch.append(self._backlog.popleft())
            try:
                turn = self._queue.get(not batch, patience)
            except queue.Empty:
                return batch, False
            if turn is None:
                return batch, True
            self._backlog.extend(turn)

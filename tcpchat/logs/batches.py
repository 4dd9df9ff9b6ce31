"""What is appended in the reactor's thread, batch by batch for the thread that writes it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
from twisted.internet.defer import Deferred

from tcpchat.events import Event
from tcpchat.logs.interface import Posted

# What one commit holds about. Of what comes together in one commit each room's members get all in one
# write: with a thousand people talking in small rooms, that is where the time goes. It takes the
# reactor some ten milliseconds to show it.
LARGEST_BATCH = 1024

# Bytes of a record that take as long as an entry.
LIKE_AN_ENTRY = 4096


class Chore(Protocol):
    """Something else that changes the file, in its place behind what was added before it."""

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""


class Post(msgspec.Struct, frozen=True, gc=False):
    """One event that is to be added to a stream, when it was, and who is told what came of it."""

    stream: str
    event: Event
    time: int
    posted: Posted
    size: ClassVar[int] = 1


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


Item = Post | Append | Keep


class Turn:
    """What was appended in one turn of the reactor, or the part of it that goes into one commit."""

    def __init__(self) -> None:
        self.chores: list[Chore] = []
        self.size = 0


class Batches:
    """
    A queue between two threads.

    Everything that was appended in one turn of the reactor goes over together: the writer would
    take the first line of a turn alone while the others are still being read.
    """

    def __init__(self, next_turn: Callable[..., Any]) -> None:
        """``next_turn`` calls something in the next turn of the reactor."""
        self._next_turn = next_turn
        self._turn = Turn()
        self._queue: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
        self._next: Turn | None = None  # the writer's: out of the queue, in no batch yet

    def add(self, chore: Chore) -> None:
        """Add something, in the reactor's thread."""
        turn = self._turn
        if turn.chores and turn.size + chore.size > LARGEST_BATCH:
            self._hand_over(turn)
            turn = self._turn
        if not turn.chores:
            self._next_turn(self._hand_over, turn)
        turn.chores.append(chore)
        turn.size += chore.size

    def end(self) -> None:
        """Say, in the reactor's thread, that nothing more will come."""
        self._hand_over(self._turn)
        self._queue.put(None)

    def _hand_over(self, turn: Turn) -> None:
        if turn is self._turn and turn.chores:  # and not handed over already
            self._turn = Turn()
            self._queue.put(turn)

    def next(self, patience: float | None) -> tuple[list[Chore], bool]:
        """
        Wait, in the writer's thread, for something to write; tell whether it is the last.

        It is nothing after ``patience`` seconds.
        """
        batch: list[Chore] = []
        size = 0
        turn, self._next = self._next, None
        while True:
            if turn is None:
                try:
                    turn = self._queue.get(not batch, patience)
                except queue.Empty:
                    return batch, False
                if turn is None:
                    return batch, True
            if batch and size + turn.size > LARGEST_BATCH:
                self._next = turn
                return batch, False
            batch += turn.chores
            size += turn.size
            turn = None

"""What is appended in the reactor's thread, batch by batch for the thread that writes it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

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


class Forget(NamedTuple):
    """Entries of a stream that are to go."""

    stream: str
    upto: int
    answer: Deferred[None]


class Reach(NamedTuple):
    """Streams, by their rows, that are to be in the index up to a number."""

    wanted: Mapping[int, int]
    answer: Deferred[None]


# What is done between commits, a little at a time.
Chore = Forget | Reach


class Batch:
    """What goes into one commit, and what is to be done after it."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.chores: list[Chore] = []
        self.size = 0  # of the items, about, in entries
        self.is_last = False

    def take(self, other: Batch) -> None:
        """Take in what came after it."""
        self.items += other.items
        self.chores += other.chores
        self.size += other.size


class Batches:
    """
    A queue between two threads.

    Everything that was appended in one turn of the reactor goes over together: the writer would
    take the first line of a turn alone while the others are still being read.
    """

    def __init__(self, next_turn: Callable[..., Any]) -> None:
        """``next_turn`` calls something in the next turn of the reactor."""
        self._next_turn = next_turn
        self._turn = Batch()
        self._is_waiting = False  # for the next turn
        self._queue: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self._next: Batch | None = None  # the writer's: out of the queue, in no batch yet

    def add(self, item: Item) -> None:
        """Add something to a commit, in the reactor's thread."""
        turn = self._turn
        size = item.size
        if turn.items and turn.size + size > LARGEST_BATCH:
            self._queue.put(turn)
            self._turn = turn = Batch()
        if not self._is_waiting:
            self._wait()
        turn.items.append(item)
        turn.size += size

    def add_chore(self, chore: Chore) -> None:
        """Have something done behind what was added before it, in the reactor's thread."""
        if not self._is_waiting:
            self._wait()
        self._turn.chores.append(chore)

    def end(self) -> None:
        """Say, in the reactor's thread, that nothing more will come."""
        self._turn.is_last = True
        self._hand_over()

    def _wait(self) -> None:
        self._is_waiting = True
        self._next_turn(self._hand_over)

    def _hand_over(self) -> None:
        self._is_waiting = False
        turn = self._turn
        if turn.items or turn.chores or turn.is_last:  # and not handed over already, because it is the end
            self._turn = Batch()
            self._queue.put(turn)

    def next(self, patience: float | None) -> Batch:
        """
        Wait, in the writer's thread, for something to write.

        It is nothing after ``patience`` seconds.
        """
        batch = Batch()
        turn, self._next = self._next, None
        try:
            turn = turn or self._queue.get(True, patience)
            while batch.size + turn.size <= LARGEST_BATCH or not batch.size:
                batch.take(turn)
                if turn.is_last:
                    batch.is_last = True
                    return batch
                turn = self._queue.get(False)
            self._next = turn
        except queue.Empty:
            pass
        return batch

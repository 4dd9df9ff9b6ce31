"""What is appended in the reactor's thread, batch by batch for the thread that writes it."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec
from twisted.internet.defer import Deferred

from tcpchat.events import Entry, Event, Removed
from tcpchat.logs.interface import NoSuchEntry, Parts, Posted

# What one commit holds about. Of what comes together in one commit each room's members get all in one
# write: with a thousand people talking in small rooms, that is where the time goes. It takes the
# reactor some ten milliseconds to show it.
LARGEST_BATCH = 1024

# Characters that one commit adds to a stream at most, but for one item alone: what the sockets of a
# room's members take at once. If it were more, all of them would have to read the rest from the log.
LARGEST_SHARE = 65_536

# Seconds from one commit to the next, unless there is enough for one: each costs as much as some ten
# entries. A line that is said alone is committed at once.
GATHERED_FOR = 0.002
ENOUGH = 16

# Entries that take as long as the removal of one: its words are looked for in the index.
REMOVAL = 32

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

    parts: Parts
    size: int
    time: int
    answer: Deferred[Any]
    is_one: bool  # the answer has the numbers of the only part, not a list for each

    def tell(self, outcome: list[list[int]]) -> None:
        """Tell the numbers of what was added to each stream to whoever waits."""
        self.answer.callback(outcome[0] if self.is_one else outcome)


class Remove(NamedTuple):
    """An event that is to be added to a stream, with others to others, and the entry that is to go then."""

    stream: str
    about: int
    event: Removed
    also: Parts
    time: int
    answer: Deferred[list[int]]

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""
        return REMOVAL

    def tell(self, outcome: int | NoSuchEntry) -> None:
        """Tell its number, or why it cannot be done, to whoever waits."""
        if isinstance(outcome, NoSuchEntry):
            self.answer.errback(outcome)
        else:
            self.answer.callback([outcome])


class Keep(NamedTuple):
    """A record that is to be replaced, or removed if there is no value."""

    kind: str
    key: str
    value: bytes | None

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""
        return 1 + len(self.value or b"") // LIKE_AN_ENTRY


class Probe(NamedTuple):
    """As much as a commit writes, for nothing but to see whether it can be, and who waits for that."""

    value: bytes
    answer: Deferred[None]

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""
        return 1 + len(self.value) // LIKE_AN_ENTRY

    def tell(self, outcome: None) -> None:
        """Tell whoever waits that it is on the disk."""
        self.answer.callback(outcome)


class Take(NamedTuple):
    """
    Entries of a stream that were numbered elsewhere, as one message of another log has them.

    Those that are there already are left out. ``moves`` are the first entries of other messages whose
    contents stand in this one now.
    """

    stream: str
    entries: Sequence[Entry]
    at: int  # where the message is in that log
    about: int  # the entry that the first of these takes back, or 0
    moves: Sequence[int]
    begins: bool  # may it leave entries out, which are no longer kept?
    forgets: int  # up to which number they are not, if there are no entries in it
    taken: Callable[[], Iterator[None]]  # called once it is kept and the tails have it
    failed: Callable[[Exception | None], object]  # or it is not

    @property
    def size(self) -> int:
        """Return about as how many entries it counts."""
        return len(self.entries) + (REMOVAL if self.about else 1)


Item = Post | Append | Remove | Keep | Probe | Take


def whose(items: Sequence[Item]) -> str:
    """Return the session that an item is about, which is alone; of several, none."""
    match items:
        case [Post(event=event) | Remove(event=event)]:
            return event.session
        case [Append(parts=[(_, [event, *_]), *_])]:
            return event.session
        case _:
            return ""


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
        self._shares: dict[str, int] = {}  # characters posted to each stream
        self.is_last = False

    def add(self, item: Item) -> bool:
        """Add something, unless there is no room for it; return whether there was."""
        if self.items and self.size + item.size > LARGEST_BATCH:
            return False
        if isinstance(item, Post):
            share = self._shares.get(item.stream, 0) + len(getattr(item.event, "text", ""))
            if share > LARGEST_SHARE and self.items:
                return False
            self._shares[item.stream] = share
        self.items.append(item)
        self.size += item.size
        return True


class Batches:
    """
    A queue between two threads, of which the one that writes has one batch at a time.

    Everything that was appended in one turn of the reactor goes over together: the writer would
    take the first line of a turn alone while the others are still being read. What is appended
    while it writes waits until all that it wrote was shown, and those who answer have been heard:
    the fewer batches there are, the less is to be sent, because each room's members get all that
    is theirs of a batch in one write.
    """

    def __init__(self, later: Callable[..., Any], clock: Callable[[], float] = time.monotonic) -> None:
        """``later`` calls something in the reactor's thread, after so many seconds."""
        self._later = later
        self._clock = clock
        self._waiting: deque[Batch] = deque()
        self._last = -GATHERED_FOR  # when a batch was handed over
        self._is_due = False  # the next one
        self._is_out = False  # at the writer
        self._queue: queue.SimpleQueue[Batch] = queue.SimpleQueue()

    # In the reactor's thread

    def add(self, item: Item) -> None:
        """Add something to a commit."""
        if not self._newest().add(item):
            self._waiting.append(Batch())
            self._newest().add(item)  # an empty one has room for anything
        if not (self._is_due or self._is_out):
            self._gather()

    def add_chore(self, chore: Chore) -> None:
        """Have something done behind what was added before it."""
        self._newest().chores.append(chore)
        if not (self._is_due or self._is_out):
            self._gather()

    def end(self) -> None:
        """Say that nothing more will come."""
        self._newest().is_last = True
        self._hand_over()

    def _newest(self) -> Batch:
        if not self._waiting:
            self._waiting.append(Batch())
        return self._waiting[-1]

    def finished(self) -> None:
        """The writer has finished a batch, and everybody was shown what it held."""
        self._is_out = False
        if self._waiting and not self._is_due:
            self._is_due = True
            # After this turn it is looked what has come meanwhile.
            self._later(0, self._gather)

    def _gather(self) -> None:
        self._is_due = bool(self._waiting)
        if not self._is_due:  # the end took it
            return
        wait = self._last + GATHERED_FOR - self._clock()
        self._later(0 if wait < 0 or self._waiting[0].size >= ENOUGH else wait, self._hand_over)

    def _hand_over(self) -> None:
        self._is_due = False
        if self._waiting and not self._is_out:
            self._is_out = True
            self._last = self._clock()
            self._queue.put(self._waiting.popleft())

    # In the writer's thread

    def next(self, patience: float | None) -> Batch | None:
        """Wait for the next batch; None if there is none within ``patience`` seconds."""
        try:
            return self._queue.get(True, patience)
        except queue.Empty:
            return None

"""What waits to be published: items in their rooms' queues, and the flights that carry them. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tcpchat.events import Event, Left, encode
from tcpchat.logs.interface import NotKept, Parts, Posted, Unknown
from tcpchat.logs.nats_messages import Commit
from tcpchat.logs.nats_terms import Message
from tcpchat.logs.nats_turns import Turns

# Seconds after which somebody is told what came of a line, at the latest: 25 (RELIABILITY.md, P5), of which
# one is left for the way there.
LONGEST = 24.0

# Never: what has happened already is tried until it is known.
NEVER = float("inf")

# Bytes of an entry in a message beside its text, about.
OVERHEAD = 120

# What came of an item: its numbers in each of its streams, or why there are none.
Outcome = list[list[int]] | Exception


class Item:
    """Something that is to be added to one or several streams, whole or not at all."""

    __slots__ = ("flight", "is_told", "kept", "known", "parts", "refs", "seqs", "size", "time", "until")

    is_alone = False  # in its flight
    number = 1  # of its events

    def __init__(
        self, parts: Parts, refs: Sequence[tuple[str, str]], size: int, time: int, until: float
    ) -> None:
        self.parts = parts
        self.refs = refs  # that nobody else may have used
        self.size = size  # in bytes, about
        self.time = time  # when it was, in milliseconds since 1970
        self.until = until  # seconds of a monotonic clock: then whoever waits has to know
        self.kept: Deferred[None] | None = (
            None  # the records that were kept before are not durable until then
        )
        self.flight: Flight | None = None
        self.seqs: list[list[int]] = []  # as they were numbered last
        self.is_told = False
        self.known: Deferred[bool] | None = None  # whether it is in the log, after nobody could tell

    def tell(self, outcome: Outcome) -> None:
        """Tell whoever waits, once."""
        if not self.is_told:
            self.is_told = True
            self.flight = None  # which knows its items: what is over is not to be cyclic garbage
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        raise NotImplementedError

    def lapse(self, why: str) -> None:
        """Tell whoever waits that nobody can tell what came of it; and what did, when that is known."""
        if not self.is_told:
            self.known = Deferred()
            self.tell(Unknown(why, self.known))

    def know(self, is_there: bool) -> None:
        """It is known now."""
        if self.known is not None:
            known, self.known = self.known, None
            known.callback(is_there)


class Line(Item):
    """One event for one stream: what is said comes this way."""

    __slots__ = ("_posted",)

    logger = Logger()

    def __init__(self, stream: str, event: Event, time: int, until: float, posted: Posted) -> None:
        size = len(getattr(event, "text", "")) + OVERHEAD
        refs = ((event.session, event.ref),) if event.ref else ()
        super().__init__(((stream, (event,)),), refs, size, time, until)
        self._posted = posted

    def _tell(self, outcome: Outcome) -> None:
        try:
            if isinstance(outcome, list):
                self._posted(outcome[0][0])
            elif isinstance(outcome, Unknown):
                self._posted(outcome)
            else:
                self._posted(NotKept(str(outcome)))
        except Exception:
            ((stream, (event,)),) = self.parts
            self.logger.failure(
                "Something failed when it was told of an entry in {stream}",
                stream=stream,
                session=event.session,
            )


class Append(Item):
    """Events for one or several streams, and who waits for their numbers."""

    __slots__ = ("_answer", "_is_one", "is_alone", "number")

    def __init__(self, parts: Parts, time: int, until: float, answer: Deferred[Any], is_one: bool) -> None:
        """``is_one``: the answer has the numbers of the only part, not a list for each."""
        size = sum([len(encode(event)) + OVERHEAD for _, events in parts for event in events])
        super().__init__(parts, _refs(parts), size, time, until)
        self.number = sum([len(events) for _, events in parts])
        self.is_alone = len(streams_of(parts)) > 1
        self._answer = answer
        self._is_one = is_one

    def _tell(self, outcome: Outcome) -> None:
        if isinstance(outcome, Exception):
            self._answer.errback(outcome)
        else:
            self._answer.callback(outcome[0] if self._is_one else outcome)


class Special(Append):
    """
    What is made of the replica, which has to be level with the stream then: a removal, a rewriting.

    Nothing else is in its flight.
    """

    __slots__ = ()

    def __init__(self, parts: Parts, time: int, until: float, answer: Deferred[Any]) -> None:
        super().__init__(parts, time, until, answer, True)
        self.is_alone = True

    def complete(self, commit: Commit) -> Commit:
        """
        Return the message for the first of its streams with all that it holds.

        Raises:
            NoSuchEntry, NotKept: there is nothing to publish; the item is told that.
        """
        raise NotImplementedError


def _refs(parts: Parts) -> Sequence[tuple[str, str]]:
    return [(event.session, event.ref) for _, events in parts for event in events if event.ref]


def streams_of(parts: Parts) -> list[str]:
    """Return the streams that something is added to, each once."""
    return list(dict.fromkeys([stream for stream, events in parts if events]))


def is_sure(parts: Parts) -> bool:
    """Has it happened already that somebody went, and nothing else?"""
    return all([isinstance(event, Left) for _, events in parts for event in events])


class Room:
    """One of our streams, as far as it has come over from JetStream's, and what waits to be added to it."""

    __slots__ = ("flight", "is_asking", "last", "name", "queue", "seq", "subject", "time", "turns")

    def __init__(self, name: str, subject: str, seq: int, time: int) -> None:
        self.name = name
        self.subject = subject
        self.seq = seq  # of the last entry
        self.time = time  # of it
        self.last: int | None = None  # the stream sequence of its last message, once that is known
        self.is_asking = False  # for that
        self.queue: deque[Item] | None = None
        self.flight: Flight | None = None
        self.turns: Turns | None = None  # while other nodes add to it as well

    def came(self, node: str) -> None:
        """Something of another node's has come; while this one has something to add, they take turns."""
        if self.turns is None:
            if not (self.queue or self.flight):
                return
            self.turns = Turns()
        self.turns.came(node)

    def wants(self, node: str, now: float) -> None:
        """Another node could not add something, as this one was quicker."""
        self.turns = self.turns or Turns()
        self.turns.wants(node, now)

    def had_turn(self, now: float, took: float) -> None:
        """What this node had on its way has come, after so many seconds."""
        if self.turns is not None:
            self.turns.had(now, took)

    def wait(self, now: float) -> float:
        """Return for how many seconds it is other nodes' turn."""
        if self.turns is None:
            return 0.0
        wait = self.turns.wait(now)
        if self.turns.are_over:
            self.turns = None
        return wait

    def add(self, item: Item) -> None:
        """Add an item behind all that wait."""
        if self.queue is None:
            self.queue = deque()
        self.queue.append(item)

    def next(self) -> Item | None:
        """Return the first item that waits, if there is one; those that were told before that go."""
        while self.queue:
            if not self.queue[0].is_told:
                return self.queue[0]
            self.queue.popleft()
        self.queue = None
        return None

    def take(self) -> None:
        """Take the first item out of the queue."""
        assert self.queue
        self.queue.popleft()

    def put_back(self, item: Item) -> None:
        """Have an item before all that wait."""
        if self.queue is None:
            self.queue = deque()
        self.queue.appendleft(item)

    def drop(self, item: Item) -> None:
        """Have an item wait no more, if it does."""
        if self.queue and item in self.queue:
            self.queue.remove(item)


class Flight:
    """Messages on their way into JetStream's stream, together, one for each of some rooms."""

    __slots__ = (
        "began", "id", "is_asked", "is_over", "items", "messages", "missing", "rooms", "tries", "unapplied",
    )  # fmt: skip

    def __init__(
        self, id: str, rooms: Sequence[Room], items: list[Item], messages: list[Message], began: float
    ) -> None:
        self.id = id
        self.rooms = rooms
        self.items = items
        self.messages = messages
        self.missing = self.unapplied = len(messages)  # that have not come back yet, and been applied
        self.began = began
        self.tries = 0
        self.is_asked = False  # what came of it
        self.is_over = False  # it has come back, or it never will, or nobody waits for it any more

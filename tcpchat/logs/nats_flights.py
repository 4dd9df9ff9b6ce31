"""
Flights into JetStream's stream: tried, found out about, and either landed or given back.

Each message says which sequence it expects to be its subject's last one (compare-and-set), so that of all
tries of a flight one lands at most, and none once anybody else's message has landed there (docs/adr/0028-*).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from heapq import heappop, heappush
from typing import Protocol

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_items import NEVER, Flight
from tcpchat.logs.nats_terms import Message, Refusing, Stored, Unclear

# Seconds for one try, and how often, and how long, one message is tried (RELIABILITY.md, TH-54). After
# that it is only looked whether it has landed.
TRY = 4.0
MOST_TRIES = 5
TRIED_FOR = 20.0

# Seconds for a question, which an electing cluster may never answer, and from a refused one to the next.
PATIENCE = 1.0
AGAIN = 0.5

# Seconds for what a leader says is in the stream to come over, if it was not erased.
BEHIND = 10.0

CANNOT_WRITE = "the log cannot be written"


class Publisher(Protocol):
    """What is needed of the link."""

    @property
    def is_connected(self) -> bool:
        """Is there a connection?"""

    def publish(
        self, messages: Sequence[Message], timeout: float, failed: Callable[[Exception], object]
    ) -> None:
        """As `Link.publish` does."""

    def last(self, subject: str) -> Deferred[Stored | None]:
        """As `Link.last` does."""

    def end(self) -> Deferred[int]:
        """As `Link.end` does."""

    def ask_turn(self, node: str, stream: str) -> None:
        """As `Link.ask_turn` does."""


class Owner(Protocol):
    """What is told what came of flights."""

    @property
    def is_held_back(self) -> bool:
        """May nothing be published now?"""

    def returned(self, flight: Flight) -> None:
        """A flight has not landed and never will: it is to be numbered anew."""

    def failed(self, flight: Flight, why: NotKept) -> None:
        """A flight was refused, for certain."""


class Flights:
    """Knows the flights that are under way, and up to where the stream has come over."""

    logger = Logger()

    def __init__(self, link: Publisher, clock: IReactorTime, owner: Owner, cursor: int) -> None:
        """``cursor`` is the stream sequence up to which everything came."""
        self.cursor = cursor
        self._link = link
        self._clock = clock
        self._owner = owner
        self._flights: dict[str, Flight] = {}
        self._until: list[tuple[int, int, Deferred[None]]] = []  # who wait for the cursor: a heap
        self._count = 0
        self.commits = Commits()

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def are_held_back(self) -> bool:
        """May nothing be published now?"""
        return self._owner.is_held_back

    def begin(self, flight: Flight) -> None:
        """Publish for the first time."""
        self._flights[flight.id] = flight
        self._try(flight)

    def find(self, id: str) -> Flight | None:
        """Return a flight that is under way."""
        return self._flights.get(id)

    def landed(self, flight: Flight) -> float:
        """A flight has come back; return how many seconds it took."""
        self.end(flight)
        took = self._clock.seconds() - flight.began
        self.commits.made(took, len(flight.items))
        return took

    def end(self, flight: Flight) -> None:
        """A flight has landed, or never will, or nobody waits for it any more."""
        flight.is_over = True
        self._flights.pop(flight.id, None)

    def came(self, at: int) -> None:
        """Everything up to a stream sequence has come over."""
        self.cursor = max(self.cursor, at)
        while self._until and self._until[0][0] <= at:
            heappop(self._until)[-1].callback(None)

    def until(self, seq: int) -> Deferred[None]:
        """Answer when everything up to a stream sequence has come over."""
        answer: Deferred[None] = Deferred()
        if seq <= self.cursor:
            answer.callback(None)
        else:
            self._count += 1
            heappush(self._until, (seq, self._count, answer))
        return answer

    # One try, and what came of it

    def _try(self, flight: Flight) -> None:
        flight.tries += 1
        self._link.publish(flight.messages, TRY, partial(self._not_added, flight))

    def _not_added(self, flight: Flight, why: Exception) -> None:
        self.commits.failed()
        if flight.is_over:
            return
        if isinstance(why, Refusing) and flight.tries == 1:
            self.end(flight)
            self._owner.failed(flight, NotKept(CANNOT_WRITE))
        elif not flight.is_asked:
            flight.is_asked = True
            Deferred.fromCoroutine(self._find_out(flight)).addErrback(self._wrong)

    def _wrong(self, failure: Failure) -> None:
        self.logger.failure("Something failed while it was published", failure)

    async def _find_out(self, flight: Flight) -> None:
        """Read the stream until it is known what came of the tries; try again where that is allowed."""
        while not flight.is_over:
            try:
                ends = [
                    await self._link.last(message.subject).addTimeout(PATIENCE, self._clock)
                    for message in flight.messages
                ]
                seqs = [end.seq if end else 0 for end in ends]
                moved = any([seq > it.expected for seq, it in zip(seqs, flight.messages, strict=True)])
                is_less = any([seq < it.expected for seq, it in zip(seqs, flight.messages, strict=True)])
                whole = await self._link.end().addTimeout(PATIENCE, self._clock) if is_less else 0
            except (Unclear, Refusing):
                await deferLater(self._clock, AGAIN)
                continue
            except TimeoutError:
                continue
            if is_less and not moved:
                # What the expected sequences were before, a leader that has not read all of its own log
                # says as well: this flight may be in there. If it has read as far, somebody has emptied the
                # subject, and what expects the last message of it lands no more.
                if whole < max([it.expected for it in flight.messages]):
                    await deferLater(self._clock, AGAIN)
                    continue
                with suppress(TimeoutError):
                    await self.until(whole).addTimeout(BEHIND, self._clock)
                moved = True
            for room, message, seq in zip(flight.rooms, flight.messages, seqs, strict=True):
                if seq != message.expected:
                    await self.until(seq)
                    if room.last == message.expected:
                        room.last = seq  # it was wrong: nothing has come since the start that would tell
            if flight.is_over:
                return
            if moved:  # and what moved it was not this flight: that would have come back
                self.end(flight)
                self._owner.returned(flight)
                return
            if flight.tries >= MOST_TRIES:
                await deferLater(self._clock, AGAIN)
            if self._may_try(flight):
                flight.is_asked = False
                self._try(flight)
                return
            await deferLater(self._clock, AGAIN)

    def _may_try(self, flight: Flight) -> bool:
        if flight.is_over or self._owner.is_held_back:
            return False
        is_early = flight.tries < MOST_TRIES and self._clock.seconds() - flight.began < TRIED_FOR - TRY / 2
        return is_early or any([item.until == NEVER for item in flight.items])

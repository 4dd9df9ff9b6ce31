"""What the chat needs from a way of keeping: what a log promises, not how it does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from tcpchat.events import Entry, Event

# Hands over the entries that one commit added to a stream, in order.
Deliver = Callable[[list[Entry]], None]


class NotKept(Exception):
    """The events are not in the log and will not be; the text is for the person."""


class CannotOpen(Exception):
    """The log cannot be opened; the text is one line for the operator."""


class InUse(CannotOpen):
    """Another server has the log open."""


class Damaged(CannotOpen):
    """What is there is not a log of ours, or not a whole one; it was not touched."""


class Log(Protocol):
    """
    Append-only streams of entries, numbered 1, 2, 3, ... within each stream.

    An entry is never changed, and its time is never before that of the entry in front of it.
    Streams need no creation: one that nothing was appended to is empty. All methods are called
    in the reactor's thread, and answers come there.
    """

    @property
    def epoch(self) -> str:
        """The log's own name: a pair of epoch and seq is never used twice."""

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        """
        Add events to a stream, together, and answer with their numbers once they are durable.

        Appends take effect in the order of the calls. Every tail has been given the entries
        before the answer comes. Fails with `NotKept`, and then none of the events is kept. When
        the store fails so that this cannot be known, there is no answer: the server has to end.
        """

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        """
        Answer with the first ``limit`` entries whose number is greater than ``after``.

        An entry can be read as soon as it has been given to the tails, and not before: so a
        reader that goes from the one to the other misses nothing and sees nothing twice.
        """

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        """
        Answer with the first ``limit`` entries between two that say what people said or did.

        However much else there is between them, it costs nothing.
        """

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        """
        Find the last ``number`` entries up to one that say what people said or did.

        Answers with the entry after which they begin, and how many there are.
        """

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        """
        Give every entry after ``after`` to ``deliver``, once, in order, in batches.

        The entries that exist already come first. Call what is returned to end it.
        """

    def streams(self) -> Deferred[dict[str, int]]:
        """Answer with every stream that holds something, and the number of its last entry."""

    def close(self) -> Deferred[None]:
        """Finish what was appended, then let go of the store; the last call of all."""

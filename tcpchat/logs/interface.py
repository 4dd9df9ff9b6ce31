"""What the chat needs from a way of keeping: what a log promises, not how it does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred

from tcpchat.events import Entry, Event, Removed
from tcpchat.logs.commits import Commits
from tcpchat.queries import Query

# Hands over the entries that one commit added to a stream, in order.
Deliver = Callable[[list[Entry]], None]


class NotKept(Exception):
    """The events are not in the log and will not be; the text is for the person."""


class Unknown(Exception):
    """
    Nobody can tell whether the events are in the log: they may be, or may yet be. The text is for operators.

    Only a log whose store is elsewhere says so, when that gives no answer for long. ``known`` answers whether
    they are in it once that is certain, if it ever will be.
    """

    def __init__(self, text: str, known: Deferred[bool] | None = None) -> None:
        super().__init__(text)
        self.known = known


class NoSuchEntry(Exception):
    """There is nothing under that number that could be taken back: nothing was said there, or it is gone."""


# Tells what came of one event: its number, or why it is not kept, or that this is not known.
Posted = Callable[[int | NotKept | Unknown], object]

# Tells of a record that another node has kept, by its key, or removed (None).
Changed = Callable[[str, bytes | None], None]


class CannotOpen(Exception):
    """The log cannot be opened; the text is one line for the operator."""


class InUse(CannotOpen):
    """Another server has the log open."""


class Damaged(CannotOpen):
    """What is there is not a log of ours, or not a whole one; it was not touched."""


# Events that are added together, and the streams that they are added to.
Parts = Sequence[tuple[str, Sequence[Event]]]


class Range(NamedTuple):
    """A part of a stream: the entries with after < seq < before."""

    stream: str
    after: int
    before: int


class Found(NamedTuple):
    """An entry, and the stream that it is in."""

    stream: str
    entry: Entry


class Log(Protocol):
    """
    Append-only streams of entries, numbered 1, 2, 3, ... within each stream.

    An entry is never changed, but by `remove`, and its time is never before that of the entry in
    front of it.
    Streams need no creation: one that nothing was appended to is empty. All methods are called
    in the reactor's thread, and answers come there.

    Beside the streams a log keeps *records*: small values under a kind and a key, which are
    replaced and removed, such as what a session was when its connection broke.

    Several nodes, each a process with a log of its own, may share one store. Then all of them have the
    same entries and records, in the same order in each stream.
    """

    # Is told of a stream that no tail is on when another node has added to it, before what it added can be
    # read: a tail that is put on it then is given it.
    arrived: Callable[[str], object]
    # Is told of a stream of which another node has had entries forgotten, before they are gone here.
    forgetting: Callable[[str], object]

    @property
    def commits(self) -> Commits:
        """How the commits to this node's own file have gone."""

    @property
    def node(self) -> str:
        """This node's name among those that share the store: empty where there can be no others."""

    @property
    def epoch(self) -> str:
        """The log's own name: a pair of epoch and seq is never used twice."""

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        """
        Add events to a stream, together, and answer with their numbers once they are durable.

        Appends to a stream take effect in the order of the calls. Every tail has been given the
        entries before the answer comes. Fails with `NotKept`, and then none of the events is kept, or
        with `Unknown`. When a store that is here fails so that this cannot be known, there is no
        answer: the server has to end.
        """

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        """
        Add one event as `append` does, which costs less: what is said comes this way.

        ``posted`` is called with its number once it is durable, or with why it is not kept or not known.
        """

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        """
        Add events to several streams, all of them or none; answer with the numbers in each.

        Otherwise it is as `append`. Somebody's going, told of by `Left` alone, never is `Unknown`: it is
        tried until it is known.
        """

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        """
        Add an event, and take the text out of the entry ``about`` that it tells of; answer as `append` does.

        ``also`` is added to other streams with it, as by `append_all`.

        Under its number and time there is a `Gone` then, with the session, nickname, account and
        reference of who had said it. The same becomes of every `Edited` of it, and of every one of
        those; a `Replied` to any of them has an empty quote. It takes effect in its place among the
        appends, wholly or not at all. From then on no question that the log answers has the old text
        in it; where it is kept, each byte of that goes in some seconds, over restarts as well.

        Fails with `NoSuchEntry` when people did not say the entry, or it is gone or forgotten, and
        as `append` does; then nothing is changed or added.
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

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        """Answer with the first ``limit`` entries between two that say anything else."""

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        """
        Find the last ``number`` lines up to an entry that people said or did.

        Answers with the entry after which they begin, and how many lines there are: fewer than
        ``number`` also where the next entry has too many of them. The last entry always counts.
        """

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        """Answer with how many lines people said between two entries; it keeps nobody waiting."""

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        """Answer with what a session has asked for under a reference of its own."""

    def find_about(self, stream: str, about: int) -> Deferred[list[Entry]]:
        """Answer with the entries that are about another one: replies, edits, its removal."""

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        """
        Answer with the last ``limit`` entries in some ranges that a query means, oldest first.

        What is in the log when this is called is found. It does not keep the reactor waiting.
        """

    def last(self, stream: str) -> int:
        """Return the number of the last entry that was given to the tails: 0 for an empty stream."""

    def kept_after(self, stream: str) -> int:
        """Return the number up to which entries are no longer kept: 0 if all are."""

    def last_before(self, stream: str, time: int) -> Deferred[int]:
        """Answer with the number of the last entry older than a time: `kept_after` if there is none."""

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        """
        Keep the entries up to a number no longer; those after it keep their numbers.

        Not even the last one need stay: the next entry's number is the next one all the same.
        Others may be committed meanwhile. Fails with `NotKept`, and can be tried again.
        """

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        """
        Keep a record, or remove it with None.

        It takes effect in its place among the appends: whoever has an answer to a later one knows
        that this is durable too. What cannot be written is tried again until it can.
        """

    def replace(self, kind: str, key: str, was: bytes, value: bytes) -> Deferred[bool]:
        """
        Keep a record if it is still what it was, whatever other nodes do; answer with whether it is kept.

        It is durable then. Fails with `NotKept` when that cannot be known.
        """

    def probe(self) -> Deferred[None]:
        """
        Answer when something was just now made durable that is for nothing else: the log can be written.

        Fails with `NotKept` if it cannot be. A disk that hangs gives no answer before it goes on.
        """

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        """Answer with a record as it was given to `keep` last, written yet or not."""

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        """Answer with every record of a kind, by key."""

    def watch(self, kind: str, changed: Changed) -> None:
        """
        Have ``changed`` called for each record of a kind that another node keeps or removes.

        Every question is answered with it by then. What this node has replaced meanwhile is not told.
        """

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        """
        Return the records of a kind that are a node's own, by key.

        Those are `records.SHOWN`: each node has its own ones, and `records` answers with this node's.
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

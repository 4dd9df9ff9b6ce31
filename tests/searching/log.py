"""
A log with every trouble that the interface allows: commits that come late, in pieces, or never.

What was appended takes effect in the order of the calls, or not at all; which answer comes first, how
much one commit holds, and what is refused, is chosen from outside. Records are written among the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime

from tcpchat.events import Entry, Removed
from tcpchat.logs.interface import Found, NotKept, Parts, Range
from tcpchat.logs.memory import MemoryLog, Removal, _Stream
from tcpchat.queries import Query

T = TypeVar("T")

# A word that stands in one line that somebody typed, and in no other.
MARK = re.compile(r"\bk\d+q\b")


class Mood(NamedTuple):
    """How a log behaves: in seconds until a commit, entries of one, until answers and what is read."""

    delay: float = 0
    most: int = 1000
    last_first: bool = False  # of the answers to one commit
    answers: float | None = None  # None: at once
    reads: tuple[float | None, ...] = (None,)


GOOD = Mood()


class _Append(NamedTuple):
    what: Parts | Removal
    answer: Deferred[Any]


class _Keep(NamedTuple):
    kind: str
    key: str
    value: bytes | None


class TroubledLog(MemoryLog):
    """A log in memory that is as its `mood` says."""

    def __init__(self, clock: IReactorTime, wall: Callable[[], int], epoch: str = "memory") -> None:
        super().__init__(clock, wall, epoch)
        self.mood = GOOD
        self.refuses = 0  # so many of the next appends
        self.is_full = False
        self.hangs = False
        self.where: dict[str, list[tuple[str, Entry]]] = {}  # what is committed, by the marks in it
        self.gone: set[str] = set()  # the marks of what was removed
        self.fresh: list[tuple[str, Entry]] = []  # committed since somebody looked
        self.on_gone: Callable[[set[str]], None] = lambda marks: None  # called with those of what is removed
        self._queue: list[_Append | _Keep] = []
        self._due = False
        self._written: dict[tuple[str, str], bytes] = {}
        self._read = 0

    # What is appended

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        if not any(events for _, events in parts):
            return succeed([[] for _ in parts])
        answer: Deferred[list[list[int]]] = Deferred()
        self._enqueue(_Append([(stream, list(events)) for stream, events in parts], answer))
        return answer

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        answer: Deferred[list[int]] = Deferred()
        self._enqueue(_Append(Removal(stream, about, event, also), answer))
        return answer

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        super().keep(kind, key, value)
        self._enqueue(_Keep(kind, key, value))

    def _enqueue(self, item: _Append | _Keep) -> None:
        self._queue.append(item)
        self._schedule()

    def _schedule(self) -> None:
        if self._queue and not (self._due or self.hangs):
            self._due = True
            self._clock.callLater(self.mood.delay, self._work)

    def wake(self) -> None:
        """Hang no longer."""
        self.hangs = False
        self._schedule()

    def _work(self) -> None:
        self._due = False
        if self.hangs:
            return
        items, self._queue = self._queue[: self.mood.most], self._queue[self.mood.most :]
        answers = self._write(items)
        if self.mood.last_first:
            answers.reverse()
        for answer in answers:
            if self.mood.answers is None:
                answer()
            else:
                self._clock.callLater(self.mood.answers, answer)
        self._schedule()

    def _write(self, items: Sequence[_Append | _Keep]) -> list[Callable[[], None]]:
        """Commit some items, give the tails what they add, and return what answers them."""
        added: dict[str, list[Entry]] = {}
        answers: list[Callable[[], None]] = []
        for item in items:
            if isinstance(item, _Keep):
                self._write_record(item)
            else:
                answers.append(self._write_events(item, added))
        for name, entries in added.items():
            self._extend(name, entries)
            self._tails.deliver(name, entries)
        return answers

    def _write_record(self, item: _Keep) -> None:
        if item.value is None:
            self._written.pop((item.kind, item.key), None)
        else:
            self._written[item.kind, item.key] = item.value

    def _write_events(self, item: _Append, added: dict[str, list[Entry]]) -> Callable[[], None]:
        is_refused = self.is_full or self.refuses > 0
        self.refuses = max(0, self.refuses - 1)
        refusal = NotKept("the log cannot be written")
        outcome = refusal if is_refused else self._write_item(item.what, added)
        if isinstance(outcome, Exception):
            return lambda: item.answer.errback(outcome)
        return lambda: item.answer.callback(outcome)

    def _extend(self, name: str, entries: list[Entry]) -> None:
        self._streams.setdefault(name, _Stream()).extend(entries)
        for entry in entries:
            self.fresh.append((name, entry))
            for mark in MARK.findall(getattr(entry.event, "text", "")):
                self.where.setdefault(mark, []).append((name, entry))

    def _take_back(self, name: str, about: int, added: list[Entry]) -> bool:
        was = self._texts(name, about, added)
        is_there = super()._take_back(name, about, added)
        gone = was - self._texts(name, about, added)
        for mark in gone:
            self.where.pop(mark, None)  # what the same commit has added is not there yet
        self.gone |= gone
        self.on_gone(gone)
        return is_there

    def _texts(self, name: str, about: int, added: list[Entry]) -> set[str]:
        entries = [*self.held(name)[about - 1 :], *added]
        return {mark for entry in entries for mark in MARK.findall(getattr(entry.event, "text", ""))}

    def after_a_crash(self, written: int) -> TroubledLog:
        """
        Return what a server finds here that starts after this one was killed.

        So much of what waited was written all the same, without anybody hearing of it.
        """
        log = TroubledLog(self._clock, self._wall, self.epoch)
        log._streams, log._refs, log.where, log.fresh = self._streams, self._refs, self.where, self.fresh
        log.gone = self.gone
        self._tails = type(self._tails)()
        self._write(self._queue[:written])
        self._queue, self._closed = [], True
        log._written = dict(self._written)
        log._records = dict(self._written)
        return log

    def close(self) -> Deferred[None]:
        self._closed = True
        for answer in self._write(self._queue):
            answer()
        self._queue = []
        return succeed(None)

    # What is read

    def _later(self, answer: Deferred[T]) -> Deferred[T]:
        self._read += 1
        delay = self.mood.reads[self._read % len(self.mood.reads)]
        if delay is None:
            return answer
        later: Deferred[T] = Deferred()
        answer.addCallback(lambda known: self._clock.callLater(delay, later.callback, known))
        return later

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return self._later(super().read(stream, after, limit))

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._later(super().read_spoken(stream, after, upto, limit))

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._later(super().read_unspoken(stream, after, upto, limit))

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        return self._later(super().find_spoken(stream, number, upto))

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        return self._later(super().count_spoken(stream, after, upto))

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        return self._later(super().find_ref(session, ref))

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return self._later(super().record(kind, key))

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        return self._later(super().search(query, ranges, limit))

    # What it holds

    def held(self, stream: str) -> Sequence[Entry]:
        """Return what is committed of a stream."""
        return self._streams.get(stream, ())

    @property
    def names(self) -> list[str]:
        """Return the streams in which there is something."""
        return list(self._streams)

    @property
    def waiting(self) -> int:
        """How much is not written yet."""
        return len(self._queue)

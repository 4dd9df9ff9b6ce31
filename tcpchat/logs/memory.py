"""A log that lives as long as the process: for trying things out, and the fake for tests."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple
from unicodedata import normalize

import msgspec
import regex
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from tcpchat.events import Edited, Entry, Event, Gone, Removed, Replied, Spoken, lines_said
from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import Deliver, Found, NoSuchEntry, NotKept, Parts, Posted, Range
from tcpchat.logs.tails import Tails
from tcpchat.logs.unshared import Unshared
from tcpchat.names import NotAName, nickname
from tcpchat.queries import Query, words

_MARK = regex.compile(r"\p{Mn}")
_WORD = regex.compile(r"[\p{L}\p{N}\p{Co}]+")


class _Stream(list[Entry]):
    """The entries that are kept, and the number of the last that is not."""

    kept_after = 0

    @property
    def last(self) -> int:
        return self.kept_after + len(self)

    def between(self, after: int, upto: int) -> list[Entry]:
        """Return the entries with after < seq <= upto."""
        return self[max(after - self.kept_after, 0) : max(upto - self.kept_after, 0)]


class Removal(NamedTuple):
    """A line that is to be taken back, and the event that tells of it."""

    stream: str
    about: int
    event: Removed
    also: Parts


class MemoryLog(Unshared):
    """
    Keeps the streams in lists.

    What is appended in one turn of the reactor is one commit, which comes in the next turn: as
    with a log on disk, nothing has happened yet when `append` returns.
    """

    def __init__(self, clock: IReactorTime, wall: Callable[[], int], epoch: str = "memory") -> None:
        """``wall`` tells the time in milliseconds since 1970."""
        super().__init__()
        self.epoch = epoch
        self._clock = clock
        self._wall = wall
        self._streams: dict[str, _Stream] = {}
        self._refs: dict[tuple[str, str], Found] = {}
        self._records: dict[tuple[str, str], bytes] = {}
        self._tails = Tails()
        self.commits = Commits()
        self._waiting: list[tuple[Parts | Removal, Deferred[Any]]] = []
        self._commits: IDelayedCall | None = None
        self._closed = False

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        return self.append_all([(stream, events)]).addCallback(lambda seqs: seqs[0])

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        def not_kept(failure: Failure) -> None:
            failure.trap(NotKept)
            posted(NotKept(str(failure.value)))

        self.append(stream, [event]).addCallbacks(lambda seqs: posted(seqs[0]), not_kept)

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        if not any(events for _, events in parts):
            return succeed([[] for _ in parts])
        return self._wait(parts)

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        return self._wait(Removal(stream, about, event, also))

    def _wait(self, item: Parts | Removal) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        if not self._waiting:
            self._commits = self._clock.callLater(0, self._commit)
        self._waiting.append((item, answer))
        return answer

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        added: dict[str, list[Entry]] = {}
        answers = [(answer, self._write_item(item, added)) for item, answer in waiting]
        self.commits.made(0.0, len(waiting))
        for name, entries in added.items():
            # Only now: nothing can be read before the tails are given it.
            self._streams.setdefault(name, _Stream()).extend(entries)
            self._tails.deliver(name, entries)
        for answer, outcome in answers:
            if isinstance(outcome, Exception):
                answer.errback(outcome)
            else:
                answer.callback(outcome)

    def _write_item(self, item: Parts | Removal, added: dict[str, list[Entry]]) -> list[Any] | Exception:
        """Add an item to what a commit adds to each stream; return what came of it, or why nothing did."""
        parts = [(item.stream, [item.event]), *item.also] if isinstance(item, Removal) else item
        refs = [(event.session, event.ref) for _, events in parts for event in events if event.ref]
        if len({*refs} - self._refs.keys()) < len(refs):
            return NotKept("the log cannot be written")
        if isinstance(item, Removal) and not self._take_back(
            item.stream, item.about, added.get(item.stream, [])
        ):
            return NoSuchEntry(f"There is no line {item.about}.")
        seqs = [self._add(name, events, added) for name, events in parts]
        return seqs[0] if isinstance(item, Removal) else seqs

    def _add(self, name: str, events: Sequence[Event], added: dict[str, list[Entry]]) -> list[int]:
        """Number the events, and add them to what a commit adds to each stream."""
        if not events:
            return []
        entries = added.setdefault(name, [])
        stream = self._streams.get(name, _Stream())
        time = max([self._wall(), *[entry.time for entry in (entries or stream)[-1:]]])
        seq = stream.last + len(entries)
        new = [Entry(n, time, event) for n, event in enumerate(events, seq + 1)]
        entries += new
        self._refs |= {
            (entry.event.session, entry.event.ref): Found(name, entry) for entry in new if entry.event.ref
        }
        return [entry.seq for entry in new]

    def _take_back(self, name: str, about: int, added: list[Entry]) -> bool:
        """Make tombstones of a line and its edits, also in what a commit adds; return whether it is there."""
        stream = self._streams.get(name, _Stream())
        gone: set[int] = set()
        for entries in stream, added:
            for at, (seq, time, event) in enumerate(entries):
                if isinstance(event, Spoken) and (
                    seq == about or (isinstance(event, Edited) and event.about in gone)
                ):
                    gone.add(seq)
                    left: Event = Gone(event.session, event.nick, ref=event.ref, account=event.account)
                elif isinstance(event, Replied) and event.about in gone:
                    left = msgspec.structs.replace(event, quote="")
                else:
                    continue
                entries[at] = Entry(seq, time, left)
                if event.ref:
                    self._refs[event.session, event.ref] = Found(name, entries[at])
        return bool(gone)

    def find_about(self, stream: str, about: int) -> Deferred[list[Entry]]:
        entries = self._between(stream, about, self.last(stream))
        return succeed([entry for entry in entries if getattr(entry.event, "about", None) == about])

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        upto = max(after, self.kept_after(stream)) + limit
        return succeed(self._between(stream, after, min(upto, self.last(stream))))

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return succeed([entry for entry in self._between(stream, after, upto) if _is_spoken(entry)][:limit])

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return succeed(
            [entry for entry in self._between(stream, after, upto) if not _is_spoken(entry)][:limit]
        )

    def _between(self, stream: str, after: int, upto: int) -> list[Entry]:
        return self._streams.get(stream, _Stream()).between(after, upto)

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        after, found = upto, 0
        spoken = filter(_is_spoken, reversed(self._between(stream, 0, upto)))
        for entry in islice(spoken, number):
            lines = lines_said(entry.event)
            if found and found + lines > number:
                break
            after, found = entry.seq - 1, found + lines
        return succeed((after, found))

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        return succeed(sum(lines_said(entry.event) for entry in self._between(stream, after, upto)))

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        found = self._refs.get((session, ref))
        if found and not self.kept_after(found.stream) < found.entry.seq <= self.last(found.stream):
            found = None
        return succeed(found)

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        phrases = [phrase for phrase in map(_words, query.phrases) if phrase != "  "]
        found = [
            Found(stream, entry)
            for stream, after, before in ranges
            if stream.startswith("#") and (phrases or query.nick)
            for entry in self._between(stream, after, before - 1)
            if isinstance(event := entry.event, Spoken)
            and query.nick in ("", _fold(event.nick))
            and all(phrase in _words(event.text) for phrase in phrases)
        ]
        found.sort(key=lambda found: (found.entry.time, found.stream, found.entry.seq))
        return succeed(found[max(len(found) - limit, 0) :])

    def last(self, stream: str) -> int:
        return self._streams.get(stream, _Stream()).last

    def kept_after(self, stream: str) -> int:
        return self._streams.get(stream, _Stream()).kept_after

    def last_before(self, stream: str, time: int) -> Deferred[int]:
        entries = self._streams.get(stream, _Stream())
        return succeed(entries.kept_after + bisect_left(entries, time, key=lambda entry: entry.time))

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        if entries := self._streams.get(stream):
            gone = entries.between(0, upto)
            for entry in gone:
                self._refs.pop((entry.event.session, entry.event.ref), None)
            del entries[: len(gone)]
            entries.kept_after += len(gone)
        return succeed(None)

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        if value is None:
            self._records.pop((kind, key), None)
        else:
            self._records[kind, key] = value

    def probe(self) -> Deferred[None]:
        return fail(NotKept("the log is closed")) if self._closed else succeed(None)

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return succeed(self._records.get((kind, key)))

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        return succeed({key: value for (of, key), value in self._records.items() if of == kind})

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        if missed := self._between(stream, after, self.last(stream)):
            deliver(missed)
        return self._tails.add(stream, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: entries.last for name, entries in self._streams.items()})

    def close(self) -> Deferred[None]:
        self._closed = True
        if self._waiting and self._commits is not None:
            self._commits.cancel()
            self._commit()
        return succeed(None)


def _is_spoken(entry: Entry) -> bool:
    return isinstance(entry.event, Spoken)


def _fold(nick: str) -> str:
    try:
        return nickname(nick).fold
    except NotAName:
        return nick


def _words(text: str) -> str:
    """Return the words of a text without case and accents, each between two blanks."""
    plain = _MARK.sub("", normalize("NFD", words(text).lower()))
    return f" {' '.join(_WORD.findall(plain))} "

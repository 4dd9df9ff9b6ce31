"""
Holds the journals of all clients against the server's log: what is promised, and was not kept. No I/O.

It has to have the journal of every client that there was, and what clients say has to be such that
the server need not change it, and no two lines alike.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Any

from tests.faults.journal import (
    INBOX,
    Acknowledged,
    Broke,
    Claimed,
    Connected,
    Entered,
    Gap,
    Journal,
    Named,
    Refused,
    Sent,
    Shown,
    Went,
)

SPOKEN = ("message", "action")

# What is said of a line that is not in the log, for certain, whatever was tried before.
NOT_SENT = "not-sent"


class Kind(Enum):
    """How a promise can be broken."""

    NOT_LOGGED = "shown but not logged"
    TWICE = "shown twice"
    OUT_OF_ORDER = "out of order"
    PHANTOM = "phantom"
    SILENT_GAP = "silent gap"
    SAID_TWICE = "said twice"
    ACKNOWLEDGED = "acknowledged but not logged"
    UNKNOWN = "unknown outcome"
    LATE = "known too late"
    GONE_TWICE = "gone twice"
    TWO = "two under one nickname"
    GHOST = "said by who is gone"
    DIFFERS = "differs from node to node"


@dataclass(frozen=True, slots=True)
class Record:
    """An entry, as it is dumped; ``room`` is ``@SESSION`` for an inbox."""

    epoch: str
    room: str
    seq: int
    time: str
    type: str
    nick: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that was broken, to whom (a client, or the log), and where."""

    kind: Kind
    who: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.who}: {self.where}"


def records(dump: Iterable[str | bytes]) -> Iterator[Record]:
    """Read what ``tcpchat log dump --private`` has printed."""
    for line in dump:
        yield record(json.loads(line))


def record(fields: dict[str, Any]) -> Record:
    """Return an entry from what is printed of it."""
    return Record(nick=fields["from"], **{key: value for key, value in fields.items() if key != "from"})


def check(journals: Sequence[Journal], dump: Iterable[Record]) -> list[Finding]:
    """Return everything that is wrong."""
    log = _Log(dump)
    findings = list(log.check_itself())
    lines = [line for journal in journals for line in _lines(journal)]
    for journal in journals:
        findings += _Witness(journal, log).check()
    for line in lines:
        findings += line.check(log)
    return findings + list(_phantoms(log, journals, lines))


def summary(findings: Iterable[Finding]) -> str:
    """Return how many findings there are of each kind, and the first few."""
    findings = list(findings)
    counted = Counter(finding.kind.value for finding in findings)
    number = ", ".join(f"{count} {kind}" for kind, count in counted.most_common()) or "none"
    return "\n".join([f"Findings: {number}", *map(str, findings[:20])])


class _Log:
    """The dump, by what is asked of it."""

    def __init__(self, dump: Iterable[Record]) -> None:
        self.streams: dict[str, dict[int, Record]] = defaultdict(dict)
        self.said: dict[tuple[str, str], list[Record]] = defaultdict(list)
        self.epochs: set[str] = set()
        self._order: list[Record] = []
        for record in dump:
            self.epochs.add(record.epoch)
            self.streams[record.room][record.seq] = record
            self._order.append(record)
            if record.type in (*SPOKEN, "private"):
                self.said[_room(record), record.text].append(record)

    def records(self) -> Iterable[Record]:
        """Return all of it."""
        return self._order

    def check_itself(self) -> Iterator[Finding]:
        """Look whether the numbers of each stream follow each other, and the times do not run back."""
        for before, after in pairwise(self._order):
            if before.room != after.room:
                continue
            where = f"{after.room}: {after.seq} stands behind {before.seq}"
            if after.seq <= before.seq or after.time < before.time:
                yield Finding(Kind.OUT_OF_ORDER, "log", where)
            elif after.seq != before.seq + 1:
                yield Finding(Kind.SILENT_GAP, "log", where)

    def seq(self, room: str, text: str) -> int | None:
        """Return the number of something that was said, if it is there."""
        found = self.said.get((room, text))
        return found[0].seq if found else None

    def inbox(self, journal: Journal) -> str:
        """Return the stream whose entries a client was shown as its own inbox."""
        streams = [stream for stream in self.streams if stream.startswith(INBOX)]
        shown = [note for note in journal.notes if isinstance(note, Shown) and note.room == INBOX]
        if not (streams and shown):
            return INBOX

        def matches(stream: str) -> int:
            entries = self.streams[stream]
            return sum(1 for note in shown if note.seq in entries and _is(note, entries[note.seq]))

        return max(streams, key=matches)


class _Owed:
    """What a client is owed of one room, and has been shown."""

    def __init__(self) -> None:
        self.covered: set[int] = set()  # shown, as news or not, or told not to be had
        self.news: set[int] = set()
        self.last = 0  # of the news
        self.last_replayed = 0  # of the replay that is going on
        self.spans: list[tuple[int, int]] = []  # the entries after one up to another are owed
        self.after: int | None = None  # of the span that is not over

    def close(self) -> None:
        """What comes from now on is not owed."""
        if self.after is not None:
            self.spans.append((self.after, max(self.covered, default=0)))
        self.after = None


class _Witness:
    """Goes through what one client was shown."""

    def __init__(self, journal: Journal, log: _Log) -> None:
        self._journal = journal
        self._log = log
        self._inbox = log.inbox(journal)
        self._owed: dict[str, _Owed] = defaultdict(_Owed)
        self._epoch = ""
        self._findings: list[Finding] = []

    def check(self) -> list[Finding]:
        """Return what is wrong with it."""
        for note in self._journal.notes:
            match note:
                case Named(_, epoch):
                    self._epoch = epoch or self._epoch
                case Connected():
                    for owed in self._owed.values():
                        owed.last_replayed = 0
                case Entered(room, after):
                    self._owed[self._stream(room)].after = after
                case Went(room):
                    self._owed[self._stream(room)].close()
                case Gap(room, after, before):
                    self._owed[self._stream(room)].covered.update(range(after + 1, before))
                case Shown():
                    self._shown(note)
        for stream, owed in self._owed.items():
            owed.close()
            self._find_holes(stream, owed)
        return self._findings

    def _stream(self, room: str) -> str:
        return self._inbox if room == INBOX else room

    def _find(self, kind: Kind, where: str) -> None:
        self._findings.append(Finding(kind, self._journal.who, where))

    def _shown(self, note: Shown) -> None:
        stream = self._stream(note.room)
        seq = self._log.seq(note.room, note.text) if note.seq is None else note.seq
        where = f"{note.room} {seq} {note.type} {note.nick}: {_short(note.text)}"
        record = self._log.streams[stream].get(seq) if seq is not None else None
        if record is None or not _is(note, record) or (self._epoch and record.epoch != self._epoch):
            self._find(Kind.NOT_LOGGED, where)
            return
        owed, seq = self._owed[stream], record.seq
        owed.covered.add(seq)
        if note.replay:
            if seq <= owed.last_replayed:
                self._find(Kind.OUT_OF_ORDER, f"{where} (replayed behind {owed.last_replayed})")
            owed.last_replayed = seq
            return
        owed.last_replayed = 0
        if seq in owed.news:
            self._find(Kind.TWICE, where)
        elif seq < owed.last:
            self._find(Kind.OUT_OF_ORDER, f"{where} (behind {owed.last})")
        if owed.after is None:
            owed.after = seq - 1  # nobody has said from where on
        owed.news.add(seq)
        owed.last = max(owed.last, seq)

    def _find_holes(self, stream: str, owed: _Owed) -> None:
        entries = self._log.streams[stream]
        for after, upto in owed.spans:
            missing = [
                seq
                for seq in range(after + 1, upto + 1)
                if seq not in owed.covered and self._is_shown(entries.get(seq))
            ]
            for first, last in _runs(missing):
                self._find(Kind.SILENT_GAP, f"{stream} {first} to {last}, between {after} and {upto}")

    def _is_shown(self, record: Record | None) -> bool:
        """Is the client shown such things? What the log lacks is the log's own hole."""
        return record is not None and (self._journal.sees_all or record.type in SPOKEN)


@dataclass(slots=True)
class _Line:
    """A line that a client sent, once or several times, and what it was told of it."""

    who: str
    first: Sent
    answers: set[int | None] = field(default_factory=set)
    tries: int = 0
    refusal: str = ""  # since it was sent last
    is_open: bool = True  # the connection over which it was sent last

    def check(self, log: _Log) -> Iterator[Finding]:
        """Look what became of it."""
        room, text = self.first.room, self.first.text
        found = log.said.get((room, text), [])
        where = f"{room} {self.first.ref}: {_short(text)}"
        if len(found) > len({record.room for record in found}):
            yield Finding(Kind.SAID_TWICE, self.who, f"{where} ({[record.seq for record in found]})")
        for seq in self.answers:
            if not any(seq in (None, record.seq) for record in found):
                yield Finding(Kind.ACKNOWLEDGED, self.who, f"{where} (as {seq})")
        if self.refusal and found:
            yield Finding(Kind.UNKNOWN, self.who, f"{where} (refused and logged: {self.refusal})")
        if not (found or self.answers or self.refusal) and self.is_open:
            yield Finding(Kind.UNKNOWN, self.who, where)


def _lines(journal: Journal) -> list[_Line]:
    lines: list[_Line] = []
    by_ref: dict[str, _Line] = {}
    on_its_way: list[_Line] = []
    for note in journal.notes:
        match note:
            case Sent(_, _, ref):
                line = by_ref.get(ref) if ref else None
                if line is None:
                    line = by_ref[ref] = _Line(journal.who, note)
                    lines.append(line)
                line.refusal, line.is_open = "", True
                line.tries += 1
                on_its_way.append(line)
            case Acknowledged(ref, seq) if ref in by_ref:
                by_ref[ref].answers.add(seq)
            case Refused(ref, code, text) if ref in by_ref:
                line = by_ref[ref]
                if code == NOT_SENT or line.tries == 1:
                    line.refusal = text
                else:  # that it cannot be done now says nothing of an earlier try, which may land late
                    line.is_open = False
            case Broke():
                for line in on_its_way:
                    line.is_open = False
                on_its_way.clear()
    return lines


def _phantoms(log: _Log, journals: Sequence[Journal], lines: Sequence[_Line]) -> Iterator[Finding]:
    """Find what nobody has said, and what was said by somebody else than the log says."""
    nicks: dict[str, set[str]] = defaultdict(set)
    claimed: set[str] = set()
    for journal in journals:
        for note in journal.notes:
            if isinstance(note, Named):
                nicks[journal.who].add(note.nick)
            if isinstance(note, Named | Claimed):
                claimed.add(note.nick.rstrip("0123456789"))
    senders: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        senders[line.first.room, line.first.text].append(line)
    for record in log.records():
        where = f"{record.room} {record.seq} {record.type} {record.nick}: {_short(record.text)}"
        if record.type not in (*SPOKEN, "private"):
            if record.type != "topic" and record.nick.rstrip("0123456789") not in claimed:
                yield Finding(Kind.PHANTOM, "log", f"{where} (nobody is called that)")
            continue
        sent = senders.get((_room(record), record.text), [])
        if not sent:
            yield Finding(Kind.PHANTOM, "log", f"{where} (nobody said that)")
        elif not any(record.nick in nicks[line.who] and record.to == line.first.to for line in sent):
            yield Finding(Kind.PHANTOM, "log", f"{where} (said by {sent[0].who}, to {sent[0].first.to!r})")


def _short(text: str) -> str:
    return textwrap.shorten(text, 40, placeholder=" …")


def _room(record: Record) -> str:
    return INBOX if record.room.startswith(INBOX) else record.room


def _is(note: Shown, record: Record) -> bool:
    if note.type == "hidden":
        return True
    return (note.type, note.nick, note.text) == (record.type, record.nick, record.text)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of numbers without a hole."""
    first = 0
    for at, number in enumerate(numbers, 1):
        if at == len(numbers) or numbers[at] != number + 1:
            yield numbers[first], number
            first = at

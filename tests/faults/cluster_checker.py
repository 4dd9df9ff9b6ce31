"""
What several nodes promise beside what `checker` knows: that each outcome is known in time, that a
nickname is one person's, on whatever node, and that all nodes have the same log. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.faults.checker import SPOKEN, Finding, Kind, Record
from tests.faults.journal import INBOX, Acknowledged, Broke, Journal, Refused, Sent


def check_lateness(journals: Iterable[Journal], longest: float) -> Iterator[Finding]:
    """Find what a sender was not told of for so many seconds, nor that it cannot be known."""
    for journal in journals:
        waiting: dict[str, float] = {}  # since when, by ref
        for note in journal.notes:
            match note:
                case Sent(ref=ref) if ref:
                    waiting.setdefault(ref, note.at)
                    continue
                case Acknowledged(ref=ref) | Refused(ref=ref) if ref in waiting:
                    known = {ref: waiting.pop(ref)}
                case Broke():
                    known, waiting = waiting, {}
                case _:
                    continue
            for ref, since in known.items():
                if note.at - since > longest:
                    where = f"{ref}: {type(note).__name__} after {note.at - since:.1f} s"
                    yield Finding(Kind.LATE, journal.who, where)


def check_presence(journals: Iterable[Journal], log: Iterable[Record]) -> Iterator[Finding]:
    """
    Find who was there twice under one nickname, was gone twice, or said something when gone.

    Of whom the log has not told yet whether they are there, nothing is known.
    """
    senders = {
        (note.room, note.text): journal.who
        for journal in journals
        for note in journal.notes
        if isinstance(note, Sent)
    }
    rooms: dict[str, _Present] = {}
    for record in log:
        if not record.room.startswith(INBOX):
            present = rooms.setdefault(record.room, _Present())
            if kind := present.take(record, senders.get((record.room, record.text), "")):
                yield Finding(kind, "log", f"{record.room} {record.seq} {record.type} {record.nick}")


class _Present:
    """Who is in a room, and who has spoken since they came."""

    def __init__(self) -> None:
        self._spoken: dict[str, set[str]] = {}  # which clients, by nickname
        self._gone: set[str] = set()

    def take(self, record: Record, sender: str) -> Kind | None:
        """Take in the next entry; return what is wrong with it."""
        nick = record.nick
        match record.type:
            case "joined":
                return self._come(nick, set())
            case "left":
                return self._go(nick)
            case "renamed":
                spoken = self._spoken.get(nick, set())
                return self._go(nick) or self._come(record.text, spoken)
            case kind if kind in SPOKEN:
                if nick in self._gone:
                    return Kind.GHOST
                spoken = self._spoken.setdefault(nick, set())
                is_other = bool(spoken) and sender not in spoken
                spoken.add(sender)
                return Kind.TWO if is_other else None
        return None

    def _come(self, nick: str, spoken: set[str]) -> Kind | None:
        was_there = nick in self._spoken
        self._spoken[nick] = spoken
        self._gone.discard(nick)
        return Kind.TWO if was_there else None

    def _go(self, nick: str) -> Kind | None:
        was_gone = nick in self._gone
        self._spoken.pop(nick, None)
        self._gone.add(nick)
        return Kind.GONE_TWICE if was_gone else None


def check_equality(log: Sequence[Record], nodes: Mapping[str, Sequence[Record]]) -> Iterator[Finding]:
    """Find where a node has another log than the cluster: the first place of each room."""
    ours = {(record.room, record.seq): record for record in log}
    for name, records in nodes.items():
        theirs = {(record.room, record.seq): record for record in records}
        told: set[str] = set()
        for place in sorted(ours.keys() | theirs.keys()):
            room, seq = place
            if room not in told and ours.get(place) != theirs.get(place):
                told.add(room)
                where = f"{room} {seq}: {_words(theirs.get(place))} for {_words(ours.get(place))}"
                yield Finding(Kind.DIFFERS, name, where)


def _words(record: Record | None) -> str:
    return f"{record.type} {record.nick} {record.text[:40]!r}" if record else "nothing"

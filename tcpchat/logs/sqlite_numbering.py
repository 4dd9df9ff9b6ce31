"""What one commit adds to the SQLite log: events numbered in their streams, and the rows for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from tcpchat.events import Entry, Event, encode, lines_said
from tcpchat.logs.sqlite_file import Stream

# Rows that one statement adds. A statement of its own for each row would hand Python's lock to the other
# thread and back each time, which costs more than the row.
AT_ONCE = 256, 64, 16, 4, 1

Value = int | str | bytes | None


def statements(insert: str, columns: int) -> dict[int, str]:
    """Return statements that add so many rows as their keys say."""
    row = f"({', '.join('?' * columns)})"
    return {number: f"{insert} values {', '.join([row] * number)}" for number in AT_ONCE}


def insert(
    writer: sqlite3.Connection, statements: Mapping[int, str], columns: int, values: Sequence[Value]
) -> None:
    """Add rows, whose values follow one another, by few `statements`."""
    at = 0
    for number in AT_ONCE:
        step = number * columns
        while at + step <= len(values):
            writer.execute(statements[number], values[at : at + step])
            at += step


_COLUMNS = 6
_INSERT = statements("insert into entry (stream, seq, time, spoken, ref, body)", _COLUMNS)

# The few events that are about another entry have a column more; the others need not pay for it.
_ABOUT_COLUMNS = 7
_INSERT_ABOUT = statements("insert into entry (stream, seq, time, spoken, ref, body, about)", _ABOUT_COLUMNS)

_PLACE_COLUMNS = 3
_PLACE = statements("insert or replace into place (stream, seq, at)", _PLACE_COLUMNS)


class Growth:
    """What is added to one stream."""

    def __init__(self, stream: Stream) -> None:
        self.id, self.seq, self.time, self.kept_after, self.searchable = stream
        self.entries: list[Entry] = []

    def moved(self) -> Stream:
        """Return where the stream stands now."""
        return Stream(self.id, self.seq, self.time, self.kept_after, self.searchable)


class Numbering:
    """
    Numbers events, within a transaction, after what the streams hold.

    ``growths`` has what is added, by stream; ``size`` is how much text that is.
    """

    def __init__(self, writer: sqlite3.Connection, streams: Mapping[str, Stream]) -> None:
        self.growths: dict[str, Growth] = {}
        self.size = 0
        self._writer = writer
        self._streams = streams
        self._values: list[Value] = []  # of the rows, one after another
        self._about_values: list[Value] = []
        self._places: list[Value] = []  # see sqlite_replica.py

    def add(self, name: str, event: Event, time: int) -> int:
        """Add an event to a stream at a time (milliseconds since 1970); return its number."""
        growth = self.growths.get(name)
        if growth is None:
            growth = self.growths[name] = Growth(self._streams.get(name) or self._make(name))
        growth.seq = seq = growth.seq + 1
        if time > growth.time:
            growth.time = time
        else:
            time = growth.time  # the clock was set back
        growth.entries.append(Entry(seq, time, event))
        body = encode(event).decode()
        self.size += len(body)
        ref = f"{event.session} {event.ref}" if event.ref else None
        about = getattr(event, "about", None)
        if about is None:
            self._values += growth.id, seq, time, lines_said(event), ref, body
        else:
            self._about_values += growth.id, seq, time, lines_said(event), ref, body, about
        return seq

    def insert(self) -> None:
        """Put the rows into the file that are not there yet."""
        insert(self._writer, _INSERT, _COLUMNS, self._values)
        insert(self._writer, _INSERT_ABOUT, _ABOUT_COLUMNS, self._about_values)
        self._values.clear()
        self._about_values.clear()
        if self._places:
            insert(self._writer, _PLACE, _PLACE_COLUMNS, self._places)
            self._places.clear()

    def replace(self, name: str, events: Mapping[int, Event]) -> None:
        """Give the tails other events under some numbers, if they are to be given these at all."""
        if growth := self.growths.get(name):
            first = growth.seq - len(growth.entries) + 1
            for seq in events.keys() & range(first, growth.seq + 1):
                growth.entries[seq - first] = growth.entries[seq - first]._replace(event=events[seq])

    def begin(self, name: str, kept_after: int) -> int:
        """Have a stream go on after a number, up to which nothing is kept; return its row."""
        row = self._streams[name].id if name in self._streams else self._make(name).id
        self._writer.execute(
            "update stream set kept_after = ?2, searchable = max(searchable, ?2) where id = ?1",
            (row, kept_after),
        )
        self.growths[name] = Growth(Stream(row, kept_after, 0, kept_after, kept_after))
        return row

    def place(self, name: str, first: int, at: int) -> None:
        """Note where in another log the message is that begins with an entry."""
        growth = self.growths.get(name)
        self._places += (growth.id if growth else self._streams[name].id), first, at

    def stream(self, name: str) -> Stream | None:
        """Return where a stream stands now, if it has anything."""
        growth = self.growths.get(name)
        return growth.moved() if growth else self._streams.get(name)

    def _make(self, name: str) -> Stream:
        new = self._writer.execute("insert into stream (name) values (?) returning id", (name,))
        (row,) = new.fetchone()
        return Stream(row, 0, 0, 0, 0)

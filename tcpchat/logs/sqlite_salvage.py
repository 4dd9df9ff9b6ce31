"""
All entries of a log in a file that can still be read, whatever else of the file is damaged.

Where a page cannot be read SQLite tells no more of a stream than that. So it is asked for what stands behind,
number by number, until it finds something again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import msgspec

from tcpchat.events import Entry, Event, decode
from tcpchat.logs.interface import Found

# Milliseconds since 1970. From the year 10000 on there is no way to write it.
END_OF_TIME = 253_402_300_800_000

# So often the operator sees how far it is.
ENTRIES_A_STEP = 1000

# Numbers that are tried behind the last one that is known of a stream: a page has some fifty entries.
MOST_BEHIND = 1000

# And in all until something is found: half a minute. What a damaged page says may be any number.
MOST_TRIED = 1_000_000

_COLUMNS = "select seq, time, cast(body as blob) from entry where stream = ?"
BEHIND = f"{_COLUMNS} and seq > ? order by seq"
ONE = f"{_COLUMNS} and seq = ?"

# Where a stream's last number may be known from: the entries, those that people said (which have an index of
# their own), and what is in the index for search.
LAST = (
    "select max(seq) from entry where stream = ?",
    "select max(seq) from entry indexed by spoken where spoken and stream = ?",
    "select searchable from stream where id = ?",
)
FORGOTTEN = ("select kept_after from stream where id = ?",)

# Is told how much is done, and of how much.
Progress = Callable[[int, int], object]

# Is told, in a sentence, what cannot be read.
Lost = Callable[[str], object]

Row = tuple[int, int, bytes]


class Salvage:
    """Reads a log by a connection that only reads."""

    def __init__(self, connection: sqlite3.Connection, progress: Progress, lost: Lost) -> None:
        self._connection = connection
        self._progress = progress
        self._lost = lost
        self._done = 0

    def entries(self, names: tuple[str, str]) -> Iterator[Found]:
        """Give the entries of the streams between two names, by name and number."""
        streams = [
            (id, name, self._known(FORGOTTEN, id), self._known(LAST, id)) for id, name in self._streams(names)
        ]
        total = sum(max(0, last - forgotten) for _, _, forgotten, last in streams)
        for id, name, forgotten, last in streams:
            for seq, time, body in self._rows(id, name, forgotten, last):
                self._done += 1
                if self._done % ENTRIES_A_STEP == 0:
                    self._progress(self._done, total)
                event = decoded(body)
                if event is None or not 0 <= time < END_OF_TIME:
                    self._lost(f"Entry {seq} of {name} cannot be read.")
                else:
                    yield Found(name, Entry(seq, time, event))

    def _streams(self, names: tuple[str, str]) -> list[tuple[int, str]]:
        """Return the ids and names of streams, by name: from the index of names, or else from their table."""
        found: dict[str, int] = {}
        for how in "", "not indexed":
            with suppress(sqlite3.DatabaseError):
                for id, name in self._connection.execute(
                    f"select id, name from stream {how} where name between ? and ?", names
                ):
                    found[name] = id
                break
        else:
            self._lost("Not all rooms and inboxes are known any more.")
        return [(id, name) for name, id in sorted(found.items())]

    def _known(self, statements: Iterable[str], id: int) -> int:
        """Return the largest number that is known of a stream: not all that is asked for need be readable."""
        known = 0
        for statement in statements:
            with suppress(sqlite3.DatabaseError):
                for (number,) in self._connection.execute(statement, (id,)):
                    known = max(known, number if isinstance(number, int) else 0)
        return known

    def _rows(self, id: int, name: str, forgotten: int, last: int) -> Iterator[Row]:
        """Yield the rows of a stream that can be read; ``last`` may not be the last, but is one."""
        after = 0
        while True:
            with suppress(sqlite3.DatabaseError):
                for row in self._connection.execute(BEHIND, (id, after)):
                    if not _is_row(row):
                        break
                    yield row
                    after = row[0]
                else:
                    if max(after, forgotten) >= last:
                        return
            after = max(after, forgotten)
            most = min(max(after, last) + MOST_BEHIND, after + MOST_TRIED)
            row = self._next(id, range(after + 1, most + 1))
            if row is None:
                self._lost(f"What {name} has behind entry {after} cannot be read.")
                return
            if row[0] > after + 1:
                self._lost(f"Of {name} {_span(after + 1, row[0] - 1)} cannot be read.")
            yield row
            after = row[0]

    def _next(self, id: int, numbers: range) -> Row | None:
        """Return the first row of some numbers that can be read."""
        for number in numbers:
            with suppress(sqlite3.DatabaseError):
                row: Row | None = self._connection.execute(ONE, (id, number)).fetchone()
                if row is not None and _is_row(row):
                    return row
        return None


def _is_row(row: tuple[object, ...]) -> bool:
    """Is it one of ours? On a damaged page anything may stand, of whatever type."""
    seq, time, body = row
    return isinstance(seq, int) and isinstance(time, int) and isinstance(body, bytes)


def _span(first: int, last: int) -> str:
    """Return what entries are called from one number to another."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def decoded(body: bytes) -> Event | None:
    """Return the event that an entry holds, if it can be read."""
    try:
        event: Event = decode(body)
        return event
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None

"""The records in an SQLite file, and those that are on their way into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from twisted.internet.defer import Deferred, execute

from tcpchat.logs.batches import Keep
from tcpchat.logs.sqlite_numbering import Value, insert, statements
from tcpchat.logs.sqlite_search import Searcher

_COLUMNS = 3
_REPLACE = statements("insert or replace into record (kind, key, value)", _COLUMNS)


def keep(writer: sqlite3.Connection, records: Mapping[tuple[str, str], bytes | None]) -> int:
    """Replace records, by kind and key, or remove those with None; return how many bytes they have."""
    values: list[Value] = []
    size = 0
    for (kind, key), value in records.items():
        if value is None:
            writer.execute("delete from record where kind = ? and key = ?", (kind, key))
        else:
            values += kind, key, value
            size += len(value)
    insert(writer, _REPLACE, _COLUMNS, values)
    return size


class Records:
    """What was given to `Log.keep`, written yet or not: for the reactor's thread."""

    def __init__(self, reader: sqlite3.Connection, searcher: Searcher) -> None:
        self._reader = reader
        self._searcher = searcher
        self._unwritten: dict[tuple[str, str], Keep] = {}

    def keep(self, item: Keep) -> None:
        """Take note of what is on its way."""
        self._unwritten[item.kind, item.key] = item

    def written(self, item: Keep) -> None:
        """Take note of what is in the file; something newer may be on its way."""
        if self._unwritten.get((item.kind, item.key)) is item:
            del self._unwritten[item.kind, item.key]

    def find(self, kind: str, key: str) -> Deferred[bytes | None]:
        """Answer with one record."""
        return execute(self._find, kind, key)

    def _find(self, kind: str, key: str) -> bytes | None:
        if item := self._unwritten.get((kind, key)):
            return item.value
        found = self._reader.execute("select value from record where kind = ? and key = ?", (kind, key))
        for (value,) in found.fetchall():
            return bytes(value)
        return None

    def find_all(self, kind: str) -> Deferred[dict[str, bytes]]:
        """Answer with all of a kind; they may be many, so not in the reactor's thread."""
        # As they are now: when these are written, what is read may be from before or after that.
        newer = [item for item in self._unwritten.values() if item.kind == kind]
        return self._searcher.ask(_read, kind).addCallback(_replace, newer)


def _read(connection: sqlite3.Connection, kind: str) -> dict[str, bytes]:
    return dict(connection.execute("select key, value from record where kind = ?", (kind,)).fetchall())


def _replace(records: dict[str, bytes], newer: Iterable[Keep]) -> dict[str, bytes]:
    for item in newer:
        if item.value is None:
            records.pop(item.key, None)
        else:
            records[item.key] = item.value
    return records

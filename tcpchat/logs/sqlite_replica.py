"""An SQLite log that is a copy of one that is elsewhere: it takes entries as they were numbered there."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from typing import Any
from urllib.parse import quote

from tcpchat.events import Entry
from tcpchat.logs.interface import CannotOpen
from tcpchat.logs.sqlite_place import explained, read_header
from tcpchat.logs.sqlite_reading import ALL
from tcpchat.logs.sqlite_removal import find_gone
from tcpchat.logs.sqlite_shown import ShownFirst

# A kind of records of the replica itself.
REPLICA = "replica"

# In which message of the other log each entry is: that which has its number, or the next one before it.
_PLACES = """
create table if not exists place (
    stream integer not null references stream (id),
    seq integer not null,     -- the first entry that the message has
    at integer not null,      -- where the message is
    primary key (stream, seq)
) strict, without rowid
"""


def is_replica(path: str) -> bool:
    """Tell whether a log is a replica, and not the only one that has what it holds."""
    file = f"file:{quote(os.fsencode(os.path.realpath(path)))}?mode=ro"
    with explained(path), closing(sqlite3.connect(file, uri=True)) as connection:
        place = connection.execute("select 1 from sqlite_master where name = 'place'").fetchone()
    return place is not None


def check_replica(path: str) -> None:
    """
    Look whether a file is a replica, and not the only one that has what it holds.

    Raises:
        CannotOpen: or one of its kinds.
    """
    with explained(path):
        read_header(path, path, os.O_RDWR, " Remove it, and a new one is made.")
    if not is_replica(path):
        raise CannotOpen(f"{path} is a log of its own, and not the replica of another one.")


def remove_replica(path: str) -> None:
    """Remove a replica that is closed."""
    for ending in "", "-wal", "-shm":
        with suppress(FileNotFoundError):
            os.remove(os.path.realpath(path) + ending)


class SQLiteReplica(ShownFirst):
    """
    A log in the file ``path`` whose entries all come by `take`, or `add` and `show`.

    It need not outlive a power cut: what it lacks then is taken again.
    """

    def __init__(
        self,
        path: str,
        wall: Callable[[], int],
        from_thread: Callable[..., Any],
        failed: Callable[[Exception], None],
        later: Callable[..., Any],
        epoch: str,
    ) -> None:
        """
        Open the file, or make it as a replica of the log ``epoch``; the rest is as in `SQLiteLog`.

        Raises:
            CannotOpen: or one of its kinds, with a line for the operator.
        """
        super().__init__(path, wall, from_thread, "crash", failed, later, epoch)

    def _prepare(self) -> None:
        self._file.writer.execute(_PLACES)

    def has_tail(self, stream: str) -> bool:
        """Is anybody given what comes in a stream?"""
        return self._tails.has(stream)

    def time(self, stream: str) -> int:
        """Return the time of a stream's last entry: 0 if there is none."""
        known = self._streams.get(stream)
        return known.time if known else 0

    def gone_with(self, stream: str, about: int) -> list[int]:
        """Return the entries whose text goes when a line is taken back: none if that cannot be."""
        known = self._streams.get(stream)
        if known is None:
            return []
        gone, replies = find_gone(self._file.reader, known, about)
        return sorted(gone | replies) if gone else []

    def holders(self, stream: str, numbers: Iterable[int]) -> set[int]:
        """Return where the messages are that have some entries."""
        known = self._streams.get(stream)
        held: set[int] = set()
        if known is not None:
            for number in numbers:
                held.update(
                    at
                    for (at,) in self._file.reader.execute(
                        "select at from place where stream = ? and seq <= ? order by seq desc limit 1",
                        (known.id, number),
                    ).fetchall()
                )
        return held

    def held(self, stream: str, at: int) -> list[tuple[int, list[Entry]]]:
        """Return the entries, as they are now, that a message has: in parts, each with its first number."""
        known = self._streams.get(stream)
        if known is None:
            return []
        parts = self._file.reader.execute(
            "select seq, (select min(seq) from place where stream = it.stream and seq > it.seq)"
            " from place as it where stream = ? and at = ? order by seq",
            (known.id, at),
        ).fetchall()
        return [
            (first, self._reading.read_some(ALL, stream, first - 1, (end or known.seq + 1) - 1, known.seq))
            for first, end in parts
        ]

    def first_held(self, stream: str, after: int) -> int | None:
        """Return where the first message is that has entries after a number, if there is one."""
        known = self._streams.get(stream)
        if known is None or known.seq <= after:
            return None
        (at,) = self._file.reader.execute(
            "select min(at) from place where stream = ?1 and seq >="
            " coalesce((select max(seq) from place where stream = ?1 and seq <= ?2), 0)",
            (known.id, after + 1),
        ).fetchone()
        return None if at is None else int(at)

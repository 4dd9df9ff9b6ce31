"""
The log in one SQLite file: the default store. Nobody else in the project knows SQL.

One thread owns the one connection that writes. It commits together what was appended in one turn of
the reactor and while the commit before was on its way (group commit), so that waiting for the disk
costs next to nothing when there is much to write, and a line said alone goes at once. Reads are
short and go through a second connection, read-only, in the reactor's thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.events import Entry, Event, Spoken, decode, encode
from tcpchat.logs.batches import LARGEST_BATCH, Append, Batches
from tcpchat.logs.interface import Deliver, NotKept
from tcpchat.logs.sqlite_file import SQLiteFile
from tcpchat.logs.tails import Tails

Durability = Literal["power", "crash"]

# Errors after which SQLite has rolled back and may be asked again: a full disk, a file at its
# largest size, another program that holds the file locked. After any other one (a failed fsync
# above all) what is on the disk is not known, and the server must end.
PASSING_ERRORS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR_WRITE,
}

# Left to itself, SQLite would go through all that was not said as well.
SPOKEN = "entry indexed by spoken where spoken and"

CANNOT_WRITE = "the log cannot be written"


class _Stream(NamedTuple):
    """Where a stream stands: its row, its last entry's number and time."""

    id: int
    seq: int
    time: int


class SQLiteLog:
    """A log in the file ``path``. What it promises is in `interface.Log`."""

    logger = Logger()

    def __init__(
        self,
        path: str,
        wall: Callable[[], int],
        from_thread: Callable[..., Any],
        durability: Durability = "power",
        failed: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        """
        Open the file, or make it.

        ``wall`` tells the time in milliseconds since 1970. ``from_thread`` calls something in the
        reactor's thread (``reactor.callFromThread``). ``failed`` is called once when the disk has
        failed so that nothing more can be written until the server is started again.

        Raises:
            CannotOpen: or one of its kinds, with a line for the operator.
        """
        self._file = SQLiteFile(path, "FULL" if durability == "power" else "NORMAL")
        self.epoch = self._file.epoch
        self._wall = wall
        self._from_thread = from_thread
        self._failed = failed
        self._broken = False
        self._is_refusing = False  # and has told the operator
        self._streams = {name: _Stream(*where) for name, *where in self._file.streams}
        self._tails = Tails()
        self._batches = Batches(from_thread)
        self._closed: Deferred[None] = Deferred()
        self._reader_closed = threading.Event()
        # The writer's own view of the streams runs ahead of what has been delivered.
        self._writer = threading.Thread(
            target=self._write_all, args=(dict(self._streams),), name="log writer", daemon=True
        )
        self._writer.start()

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        if self._broken:
            return fail(NotKept(CANNOT_WRITE))
        if not events:
            return succeed([])
        answer: Deferred[list[int]] = Deferred()
        self._batches.add(Append(stream, events, self._wall(), answer))
        return answer

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return execute(self._read, stream, after, limit)

    def _read(self, stream: str, after: int, limit: int) -> list[Entry]:
        known = self._streams.get(stream)
        if known is None:
            return []
        # The file may hold more than the tails have been given (see interface.Log.read).
        return self._entries("entry where", known.id, after, known.seq, limit)

    def _entries(self, which: str, stream: int, after: int, upto: int, limit: int) -> list[Entry]:
        rows = self._file.reader.execute(
            f"select seq, time, body from {which} stream = ? and seq > ? and seq <= ? order by seq limit ?",
            (stream, after, upto, limit),
        )
        return [Entry(seq, time, decode(body)) for seq, time, body in rows.fetchall()]

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return execute(self._read_spoken, stream, after, upto, limit)

    def _read_spoken(self, stream: str, after: int, upto: int, limit: int) -> list[Entry]:
        known = self._streams.get(stream)
        if known is None:
            return []
        return self._entries(SPOKEN, known.id, after, min(upto, known.seq), limit)

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        return execute(self._find_spoken, stream, number, upto)

    def _find_spoken(self, stream: str, number: int, upto: int) -> tuple[int, int]:
        known = self._streams.get(stream)
        if known is None:
            return upto, 0
        first, found = self._file.reader.execute(
            f"select min(seq), count(*) from (select seq from {SPOKEN}"
            " stream = ? and seq <= ? order by seq desc limit ?)",
            (known.id, min(upto, known.seq), number),
        ).fetchone()
        return (first - 1, found) if found else (upto, 0)

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        while missed := self._read(stream, after, LARGEST_BATCH):
            deliver(missed)
            after = missed[-1].seq
        return self._tails.add(stream, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: stream.seq for name, stream in self._streams.items()})

    def close(self) -> Deferred[None]:
        self._broken = True  # for what comes after this
        self._batches.end()
        return self._closed

    def _committed(
        self, batch: list[Append], added: dict[str, list[Entry]], streams: dict[str, _Stream]
    ) -> None:
        """In the reactor's thread: a commit has succeeded."""
        if self._is_refusing:
            self._is_refusing = False
            self.logger.info("The log can be written again")
        for name, entries in added.items():
            # Only now: nothing can be read before the tails are given it.
            self._streams[name] = streams[name]
            self._tails.deliver(name, entries)
        taken = dict.fromkeys(added, 0)
        for append in batch:
            first = taken[append.stream]
            taken[append.stream] = last = first + len(append.events)
            append.answer.callback([entry.seq for entry in added[append.stream][first:last]])

    def _not_committed(self, batch: list[Append], error: Exception | None) -> None:
        """In the reactor's thread: a commit has failed, and nothing of it is kept."""
        if isinstance(error, sqlite3.Error):
            if not self._is_refusing:
                self._is_refusing = True
                self.logger.warn("The log cannot be written, and lines are refused: {error}", error=error)
        elif error is not None:
            self.logger.failure("Something could not be written", Failure(error))
        for append in batch:
            append.answer.errback(NotKept(CANNOT_WRITE))

    def _break(self, error: Exception) -> None:
        """
        In the reactor's thread: the disk has failed.

        A commit whose fsync fails may well be in the file, and the next server would find it
        there. So those who wait for it are told neither that it is kept nor that it is not.
        """
        self._broken = True
        self._failed(error)

    def _finish_reading(self) -> None:
        """In the reactor's thread: the last commit has been delivered."""
        self._file.close_reader()
        self._reader_closed.set()

    def _finish_closing(self) -> None:
        self._file.close()
        self._closed.callback(None)

    # What follows runs in the writer's thread.

    def _write_all(self, streams: dict[str, _Stream]) -> None:
        broken = False
        last = False
        while not last:
            batch, last = self._batches.next()
            if broken:
                self._from_thread(self._not_committed, batch, None)
            elif batch:
                try:
                    added, moved = self._write(batch, streams)
                except Exception as error:
                    broken = self._is_broken(error)
                    if not broken:
                        self._from_thread(self._not_committed, batch, error)
                else:
                    streams.update(moved)
                    self._from_thread(self._committed, batch, added, moved)
                    broken = self._checkpoint_fails()
        self._from_thread(self._finish_reading)
        self._reader_closed.wait()
        self._file.close_writer()
        self._from_thread(self._finish_closing)

    def _is_broken(self, error: Exception) -> bool:
        """Undo what has failed; return whether that cannot be done for certain."""
        passing = not isinstance(error, sqlite3.Error) or _code(error) in PASSING_ERRORS
        try:
            if passing and self._file.writer.in_transaction:
                self._file.writer.execute("rollback")
        except sqlite3.Error:
            passing = False
        if not passing:
            self._from_thread(self._break, error)
        return not passing

    def _checkpoint_fails(self) -> bool:
        """Have the file take over what the WAL holds; return whether the disk fails at that."""
        try:
            self._file.checkpoint()
        except sqlite3.Error as error:
            return self._is_broken(error)
        return False

    def _write(
        self, batch: list[Append], streams: dict[str, _Stream]
    ) -> tuple[dict[str, list[Entry]], dict[str, _Stream]]:
        """Number and commit a batch; return the entries of each stream, and where each now stands."""
        writer = self._file.writer
        added: dict[str, list[Entry]] = {}
        moved: dict[str, _Stream] = {}
        rows: list[tuple[int, int, int, bool, str]] = []
        writer.execute("begin immediate")
        for append in batch:
            name = append.stream
            stream = moved.get(name) or streams.get(name)
            if stream is None:
                new = writer.execute("insert into stream (name) values (?) returning id", (name,))
                (row,) = new.fetchone()
                stream = _Stream(row, 0, 0)
            seq, time = stream.seq, max(append.time, stream.time)
            entries = added.setdefault(name, [])
            for event in append.events:
                seq += 1
                entries.append(Entry(seq, time, event))
                rows.append((stream.id, seq, time, isinstance(event, Spoken), encode(event).decode()))
            moved[name] = _Stream(stream.id, seq, time)
        writer.executemany("insert into entry (stream, seq, time, spoken, body) values (?, ?, ?, ?, ?)", rows)
        writer.execute("commit")
        self._file.wrote(len(added), sum([len(row[-1]) for row in rows]))
        return added, moved


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's code; errors of Python's module have none."""
    return getattr(error, "sqlite_errorcode", None)

"""
The log in one SQLite file: the default store. Nobody else in the project knows SQL.

One thread owns the one connection that writes. It commits everything that was appended while the
commit before was on its way (group commit), so that waiting for the disk costs next to nothing
when there is much to write, and a line said alone goes at once. Reads are short and go through a
second connection, read-only, in the reactor's thread.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from twisted.internet.defer import Deferred, fail, succeed

from tcpchat.events import Entry, Event, decode, encode
from tcpchat.logs.interface import Deliver, NotKept
from tcpchat.logs.sqlite_file import SQLiteFile
from tcpchat.logs.tails import Tails

Durability = Literal["power", "crash"]

# What one commit holds at most. More makes each commit slower than it saves in commits.
LARGEST_BATCH = 256

# Errors after which SQLite has rolled back and may be asked again: a full disk, a file at its
# largest size, another program that holds the file locked. After any other one (a failed fsync
# above all) what is on the disk is not known, and the server must end.
PASSING_ERRORS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR_WRITE,
}

CANNOT_WRITE = "the log cannot be written"


class _Append(NamedTuple):
    stream: str
    events: Sequence[Event]
    time: int
    answer: Deferred[list[int]]


class _Stream(NamedTuple):
    """Where a stream stands: its row, its last entry's number and time."""

    id: int
    seq: int
    time: int


class SQLiteLog:
    """A log in the file ``path``. What it promises is in `interface.Log`."""

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
        self._streams = {
            name: _Stream(*row)
            for name, *row in self._file.reader.execute(
                "select name, id, seq, time from stream join entry on stream = id"
                " where seq = (select max(seq) from entry where stream = id)"
            )
        }
        self._tails = Tails()
        self._queue: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._closed: Deferred[None] = Deferred()
        # The writer's own view of the streams runs ahead of what has been delivered.
        self._writer = threading.Thread(
            target=self._write_all, args=(dict(self._streams),), name="log writer", daemon=True
        )
        self._writer.start()

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        if self._broken:
            return fail(NotKept(CANNOT_WRITE))
        answer: Deferred[list[int]] = Deferred()
        self._queue.put(_Append(stream, events, self._wall(), answer))
        return answer

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        known = self._streams.get(stream)
        if known is None:
            return succeed([])
        # The file may hold more than the tails have been given (see interface.Log.read).
        rows = self._file.reader.execute(
            "select seq, time, body from entry"
            " where stream = ? and seq > ? and seq <= ? order by seq limit ?",
            (known.id, after, known.seq, limit),
        )
        return succeed([Entry(seq, time, decode(body)) for seq, time, body in rows.fetchall()])

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        while missed := self._now(self.read(stream, after, LARGEST_BATCH)):
            deliver(missed)
            after = missed[-1].seq
        return self._tails.add(stream, deliver)

    @staticmethod
    def _now(answer: Deferred[list[Entry]]) -> list[Entry]:
        """Return what an answer holds that is known to be there already."""
        got: list[list[Entry]] = []
        answer.addCallback(got.append)
        return got[0]

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: stream.seq for name, stream in self._streams.items()})

    def close(self) -> Deferred[None]:
        self._broken = True  # for what comes after this
        self._queue.put(None)
        return self._closed

    def _committed(
        self, batch: list[_Append], added: dict[str, list[Entry]], streams: dict[str, _Stream]
    ) -> None:
        """In the reactor's thread: a commit has succeeded."""
        self._streams.update(streams)
        for name, entries in added.items():
            self._tails.deliver(name, entries)
        taken = dict.fromkeys(added, 0)
        for append in batch:
            first = taken[append.stream]
            taken[append.stream] = last = first + len(append.events)
            append.answer.callback([entry.seq for entry in added[append.stream][first:last]])

    def _not_committed(self, batch: list[_Append], error: sqlite3.Error, fatal: bool) -> None:
        """In the reactor's thread: a commit has failed, and nothing of it is kept."""
        if fatal and not self._broken:
            self._broken = True
            self._failed(error)
        for append in batch:
            append.answer.errback(NotKept(CANNOT_WRITE))

    # What follows runs in the writer's thread.

    def _write_all(self, streams: dict[str, _Stream]) -> None:
        broken = False
        last = False
        while not last:
            batch, last = self._gather()
            if not batch:
                continue
            try:
                if broken:
                    raise sqlite3.OperationalError("the log has failed before")
                added, moved = self._write(batch, streams)
            except sqlite3.Error as error:
                if self._file.writer.in_transaction:
                    self._file.writer.execute("rollback")
                broken = broken or getattr(error, "sqlite_errorcode", None) not in PASSING_ERRORS
                self._from_thread(self._not_committed, batch, error, broken)
            else:
                streams.update(moved)
                self._from_thread(self._committed, batch, added, moved)
        self._file.close_writer()
        self._from_thread(self._finish_closing)

    def _finish_closing(self) -> None:
        self._file.close()
        self._closed.callback(None)

    def _gather(self) -> tuple[list[_Append], bool]:
        """Wait for something to write; return all that is there, and whether it is the last."""
        batch: list[_Append] = []
        size = 0
        append = self._queue.get()
        while append is not None:
            batch.append(append)
            size += len(append.events)
            if size >= LARGEST_BATCH:
                return batch, False
            try:
                append = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _write(
        self, batch: list[_Append], streams: dict[str, _Stream]
    ) -> tuple[dict[str, list[Entry]], dict[str, _Stream]]:
        """Number and commit a batch; return the entries of each stream, and where each now stands."""
        writer = self._file.writer
        added: dict[str, list[Entry]] = {}
        moved: dict[str, _Stream] = {}
        rows: list[tuple[int, int, int, str]] = []
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
                rows.append((stream.id, seq, time, encode(event).decode()))
            moved[name] = _Stream(stream.id, seq, time)
        writer.executemany("insert into entry (stream, seq, time, body) values (?, ?, ?, ?)", rows)
        writer.execute("commit")
        return added, moved

"""The file that `sqlite.SQLiteLog` keeps its entries in: made whole, checked, locked, opened."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import time
from urllib.parse import quote

from tcpchat.logs.interface import CannotOpen, Damaged, InUse

# "tcpc": says in the file's header whose it is (SQLite's PRAGMA application_id).
APPLICATION_ID = 0x74637063
VERSION = 1

SCHEMA = f"""
pragma application_id = {APPLICATION_ID};
pragma user_version = {VERSION};
create table log (
    epoch text not null       -- the log's own name, made with it: (epoch, seq) is never used twice
) strict;
create table stream (
    id integer primary key,   -- short, because it stands in every entry
    name text not null unique -- "#lobby" for a room, "@SESSION" for an inbox
) strict;
create table entry (
    stream integer not null references stream (id),
    seq integer not null,     -- 1, 2, 3, ... within the stream
    time integer not null,    -- milliseconds since 1970, UTC; for display: the order is by seq
    body text not null,       -- the event as JSON, see events.py
    primary key (stream, seq)
) strict, without rowid;
"""

# Looking through a large file for damage must not keep people waiting for the server.
LONGEST_CHECK = 1.0


class SQLiteFile:
    """
    An open file of entries, held by a lock: ``writer`` and ``reader`` are its connections.

    Before SQLite 3.51.3 two connections that write or checkpoint can corrupt a WAL, so there is
    one that does; the reader is read-only and closed first.
    """

    def __init__(self, path: str, synchronous: str) -> None:
        """
        Open the file, or make it where there is none.

        Raises:
            InUse: another server has it.
            Damaged: it is not a whole file of ours.
            CannotOpen: it cannot be opened or made.
        """
        self.path = path
        try:
            self._lock = self._take_lock()
        except OSError as error:
            raise CannotOpen(f"The log {path} cannot be opened: {error.strerror}.") from error
        try:
            if not os.path.exists(path):
                self._make()
            self._check_header()
            self._open(synchronous)
        except CannotOpen:
            os.close(self._lock)
            raise
        except (OSError, sqlite3.OperationalError) as error:
            os.close(self._lock)
            what = error.strerror if isinstance(error, OSError) else error
            raise CannotOpen(f"The log {path} cannot be opened: {what}.") from error
        except sqlite3.DatabaseError as error:
            os.close(self._lock)
            raise Damaged(f"The log {path} is damaged: {error}.") from error

    def _open(self, synchronous: str) -> None:
        self.writer = self._connect("rw")
        self._check()
        self.writer.execute("pragma journal_mode = wal").fetchone()
        self.writer.execute(f"pragma synchronous = {synchronous}")
        self.writer.execute("pragma journal_size_limit = 67108864")
        self.writer.execute("pragma wal_autocheckpoint = 1000")
        named = self.writer.execute("select epoch from log").fetchone()
        if named is None:
            raise Damaged(f"The log {self.path} is damaged: it has no epoch.")
        (self.epoch,) = named
        self.reader = self._connect("ro")
        self.reader.execute("pragma query_only = on")

    def close_writer(self) -> None:
        """Close the connection that writes, which moves what the WAL holds into the file."""
        self.reader.close()
        self.writer.close()

    def close(self) -> None:
        """Let go of the lock; the connections are closed already."""
        os.close(self._lock)

    def _connect(self, mode: str) -> sqlite3.Connection:
        """Open a connection. It is used by one thread at a time, not by the one that made it."""
        connection = sqlite3.connect(
            f"file:{quote(os.path.abspath(self.path))}?mode={mode}",
            uri=True,
            timeout=5,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in "foreign_keys = on", "trusted_schema = off", "mmap_size = 0", "cell_size_check = on":
            connection.execute(f"pragma {pragma}")
        return connection

    def _take_lock(self) -> int:
        """Lock a file beside the log (closing the log itself would drop SQLite's own locks)."""
        lock = os.open(self.path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise InUse(f"The log {self.path} is in use by another server (process {holder}).") from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        return lock

    def _make(self) -> None:
        """Make the file under another name first: under its own it is whole or not there."""
        unfinished = self.path + ".new"
        if os.path.exists(unfinished):
            os.remove(unfinished)
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            connection = sqlite3.connect(unfinished, isolation_level=None)
            try:
                connection.executescript(f"begin; {SCHEMA} commit;")
                connection.execute("insert into log (epoch) values (?)", (secrets.token_urlsafe(9),))
            finally:
                connection.close()
            os.rename(unfinished, self.path)
        except sqlite3.Error as error:
            os.remove(unfinished)
            raise CannotOpen(f"The log {self.path} cannot be made: {error}.") from error
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _check_header(self) -> None:
        """Look at the first bytes, and whether the file may be written, before SQLite opens it."""
        file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        header = os.read(file, 16)
        os.close(file)
        if not header:
            raise Damaged(f"The log {self.path} is empty. Remove it, and a new one is made.")
        if header != b"SQLite format 3\0":
            raise Damaged(f"{self.path} is not a log of tcpchat; it was left as it is.")

    def _check(self) -> None:
        (application,) = self.writer.execute("pragma application_id").fetchone()
        if application != APPLICATION_ID:
            raise Damaged(f"{self.path} is a database of another program; it was left as it is.")
        (version,) = self.writer.execute("pragma user_version").fetchone()
        if version > VERSION:
            raise Damaged(f"The log {self.path} was made by a newer tcpchat (version {version}).")
        deadline = time.monotonic() + LONGEST_CHECK
        self.writer.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        try:
            (found,) = self.writer.execute("pragma quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            found = "ok"
        finally:
            self.writer.set_progress_handler(None, 0)
        if found != "ok":
            raise Damaged(f"The log {self.path} is damaged: {' '.join(found.split())}.")

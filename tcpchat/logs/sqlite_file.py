"""The file that `sqlite.SQLiteLog` keeps its entries in: made whole, checked, opened."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import NamedTuple
from urllib.parse import quote

from tcpchat.logs.interface import CannotOpen, Damaged
from tcpchat.logs.sqlite_place import Place, explained, read_header
from tcpchat.logs.sqlite_schema import SCHEMA, TABLES, VERSION, migrate

# Pages of the WAL after which they are moved into the file: 16 MB. Each is moved once, however often it was
# written, and while many rooms talk these are the same few hundred again and again: at SQLite's own 1,000
# they were moved, and the file flushed, several times a second. Not more, because the flush of a WAL that
# grows costs twice that of one that is written again from its beginning.
LONGEST_WAL = 4000
PAGE = 4096

# KiB of pages that each connection keeps. The system has them all in its own cache; SQLite's would be
# filled by whoever reads long ago's entries, and stay so.
CACHE = 256

# The same of the one that writes: it holds the pages that are being added to, some six for each stream
# where the log is long (10 million entries: 17 reads a commit with 2 MB, 1.5 with 8). If they are more,
# each commit reads them again, and writes some of them twice.
WRITERS_CACHE = 8192

# A file of more bytes is not looked through for damage at the start, but for what all depends on:
# reading it from a disk takes seconds. `tcpchat log check` looks through all of it.
LARGEST_CHECKED = 48 * 1024 * 1024
QUICKLY_CHECKED = "log", "stream"

# Seconds for which a statement waits for another program that holds the file.
BUSY = 5

# Errors after which SQLite has rolled back and may be asked again: a full disk, a file at its
# largest size, another program that holds the file locked. After any other one (a failed fsync
# above all) what is on the disk is not known, and the server must end.
PASSING_ERRORS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_CANTOPEN,  # a temporary file, once the log is open
    sqlite3.SQLITE_IOERR_GETTEMPPATH,
}


class Stream(NamedTuple):
    """Where a stream stands: its row, its last entry's number and time, what is gone and indexed."""

    id: int
    seq: int
    time: int
    kept_after: int
    searchable: int


class SQLiteFile(Place):
    """
    An open file of entries, held by a lock, and its connections.

    Before SQLite 3.51.3 two connections that write or checkpoint can corrupt a WAL, so there is
    one that does, ``writer``; ``reader``, and ``searcher`` for what takes longer, are read-only and
    closed first.
    """

    def __init__(self, path: str, synchronous: str, epoch: str = "") -> None:
        """
        Open the file, or make it where there is none, as the log ``epoch`` or another one.

        Raises:
            InUse: another server has it.
            Damaged: it is not a whole file of ours.
            CannotOpen: it cannot be opened or made.
        """
        with explained(path), ExitStack() as undo:
            super().__init__(path)
            undo.callback(super().close)
            if not os.path.exists(self.real):
                self._make(epoch or secrets.token_urlsafe(9))
            wal = self.real + "-wal"
            self.was_left_open = os.path.exists(wal) and os.path.getsize(wal) > 0  # by a server that died
            self._check(self._check_header())
            self._open(synchronous, undo)
            undo.pop_all()

    def _open(self, synchronous: str, undo: ExitStack) -> None:
        self._synchronous = synchronous
        # To look at the pages themselves. To close it drops SQLite's locks: so behind the connections.
        self._raw = os.open(self.real, os.O_RDWR | os.O_CLOEXEC)
        undo.callback(os.close, self._raw)
        self.writer = self._connect("rw")
        undo.callback(self.writer.close)
        self.writer.execute("pragma journal_mode = wal").fetchone()
        self.writer.execute(f"pragma synchronous = {synchronous}")
        self.writer.execute("pragma journal_size_limit = 67108864")
        self.writer.execute("pragma wal_autocheckpoint = 0")
        # What is deleted is overwritten: some builds of SQLite do it anyway.
        self.writer.execute("pragma secure_delete = on").fetchone()
        self.writer.execute(f"pragma cache_size = -{WRITERS_CACHE}")
        # The others find a damaged page when they read it. Here it is looked for each time that a page
        # has become too full, which is a third of the work of adding an entry.
        self.writer.execute("pragma cell_size_check = off")
        # What SQLite keeps to undo a statement of many rows would else go to a file, page by page.
        self.writer.execute("pragma temp_store = memory")
        migrate(self.writer)
        self._in_wal = 0
        self.reader, self.searcher = self._connect("ro"), self._connect("ro")
        for connection in self.reader, self.searcher:
            undo.callback(connection.close)
            connection.execute("pragma query_only = on")
        (newest,) = self.writer.execute("select max(id) from volume").fetchone()
        for table in *TABLES, f"words{newest}":
            self.reader.execute(f"select * from {table} limit 0")
        named = self.reader.execute("select epoch from log").fetchone()
        if named is None:
            raise Damaged(f"The log {self.path} is damaged: it has no epoch.")
        (self.epoch,) = named
        # The last entry's number may be that of one that is gone.
        found = self.reader.execute(
            "select name, id, max(coalesce(seq, 0), kept_after), coalesce(time, 0), kept_after, searchable"
            " from stream left join entry on stream = id"
            " and seq = (select max(seq) from entry where stream = id)"
        )
        self.streams: dict[str, Stream] = {name: Stream(*where) for name, *where in found.fetchall()}

    @contextmanager
    def unsynced(self) -> Iterator[None]:
        """Do not wait for the disk in the commits in here: what they hold can be made again."""
        self.writer.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            try:
                if self.writer.in_transaction:  # which has failed; the pragma would fail in it, too
                    self.writer.execute("rollback")
            finally:
                self.writer.execute(f"pragma synchronous = {self._synchronous}")

    def wrote(self, streams: int, size: int) -> None:
        """Count about how many pages the WAL holds: what was said in how many streams."""
        self._in_wal += 2 * streams + size // PAGE

    def checkpoint(self) -> None:
        """
        Move what the WAL holds into the file, if it is much.

        SQLite would do it by itself, within a commit, but would say nothing when it fails.
        """
        if self._in_wal >= LONGEST_WAL:
            self._in_wal = 0
            self.writer.execute("pragma wal_checkpoint(passive)").fetchone()

    def empty_wal(self) -> bool:
        """Move what the WAL holds into the file, and leave it empty; return whether nobody read from it."""
        self.writer.execute("pragma busy_timeout = 0").fetchone()
        try:
            (is_busy, *_) = self.writer.execute("pragma wal_checkpoint(truncate)").fetchone()
        finally:
            self.writer.execute(f"pragma busy_timeout = {BUSY * 1000}").fetchone()
        self._in_wal = 0
        return not is_busy

    def raw_pages(self, first: int, number: int) -> bytes:
        """Return some pages as they are in the file, whatever the WAL has of them; 0 is the first."""
        return os.pread(self._raw, number * PAGE, first * PAGE)

    def overwrite(self, places: Iterable[tuple[int, int]]) -> None:
        """
        Make bytes 0, from one offset in the file to another, which SQLite makes no use of.

        The WAL must be empty. Who reads meanwhile does not look at them; who writes has the pages in memory
        as they were, and lets go of them.
        """
        for begin, end in places:
            os.pwrite(self._raw, bytes(end - begin), begin)
        os.fsync(self._raw)
        self.writer.execute("pragma shrink_memory")

    def close_writer(self) -> None:
        """Close the connection that writes, the last one: it moves what the WAL holds into the file."""
        self.writer.close()

    def close(self) -> None:
        """Let go of the file and the lock; the connections are closed already."""
        os.close(self._raw)
        super().close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        """Open a connection. It is used by one thread at a time, not by the one that made it."""
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(self.real))}?mode={mode}",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in (
            "foreign_keys = on", "trusted_schema = off", "mmap_size = 0", "cell_size_check = on",
            f"cache_size = -{CACHE}",
        ):  # fmt: skip
            connection.execute(f"pragma {pragma}")
        return connection

    def _make(self, epoch: str) -> None:
        """Make the file under another name first: under its own it is whole or not there."""
        if os.path.exists(self.real + "-wal") and os.path.getsize(self.real + "-wal"):
            # SQLite would take that for a part of the new file.
            raise Damaged(
                f"The log {self.path} is gone, but {self.real}-wal holds a part of it; move that away too."
            )
        unfinished = self.real + ".new"
        for left_over in unfinished, unfinished + "-journal", unfinished + "-wal":
            if os.path.exists(left_over):
                os.remove(left_over)
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            connection = sqlite3.connect(unfinished, isolation_level=None)
            try:
                connection.executescript(f"begin; {SCHEMA} commit;")
                connection.execute("insert into log (epoch) values (?)", (epoch,))
            finally:
                connection.close()
            os.rename(unfinished, self.real)
        except sqlite3.Error as error:
            os.remove(unfinished)
            raise CannotOpen(f"The log {self.path} cannot be made: {error}.") from error
        folder = os.open(os.path.dirname(self.real), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _check_header(self) -> str:
        """
        Look at the first bytes, and whether the file may be written, before SQLite opens it.

        Return how SQLite has to open it so that it changes nothing while the rest is checked:
        who may write would, in the end, move what a WAL holds into the file.
        """
        header = read_header(self.real, self.path, os.O_RDWR, " Remove it, and a new one is made.")
        # See https://www.sqlite.org/fileformat.html, 1.3: the file is in WAL mode.
        return "ro" if header[18:20] == b"\2\2" else "rw"

    def _check(self, mode: str) -> None:
        with closing(self._connect(mode)) as connection:
            (version,) = connection.execute("pragma user_version").fetchone()
            if version > VERSION:
                raise Damaged(f"The log {self.path} was made by a newer tcpchat (version {version}).")
            if os.path.getsize(self.real) <= LARGEST_CHECKED:
                tables: tuple[str, ...] = ("1",)
            else:
                tables = QUICKLY_CHECKED
            for which in tables:
                (found,) = connection.execute(f"pragma quick_check({which})").fetchone()
                if found != "ok":
                    break
        if found != "ok":
            raise Damaged(f"The log {self.path} is damaged: {' '.join(found.split())}.")


def passes(error: Exception) -> bool:
    """Whether it is one after which SQLite may be asked again; errors of Python's module are none."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(error, "sqlite_errorcode", None) in PASSING_ERRORS


def is_its_own(error: Exception) -> bool:
    """Whether it lies in what was to be written, and not in the disk."""
    return not isinstance(error, sqlite3.Error | OSError) or isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError
    )

"""Where the file of an SQLite log is: held by a lock beside it, and looked at before SQLite opens it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from tcpchat.logs.interface import CannotOpen, Damaged, InUse
from tcpchat.logs.sqlite_schema import APPLICATION_ID


def read_header(real: str, path: str, access: int, if_empty: str = "") -> bytes:
    """
    Return the first bytes of a log, for SQLite not to open what is not ours.

    ``path`` is what the file is called; ``access`` has to be allowed; ``if_empty`` is advice.

    Raises:
        Damaged: it is not a log of ours.
        CannotOpen: it is not a file.
    """
    file = os.open(real, access | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise CannotOpen(f"The log {path} cannot be opened: it is not a file.")
        header = os.read(file, 100)
    finally:
        os.close(file)
    if not header:
        raise Damaged(f"The log {path} is empty.{if_empty}")
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise Damaged(f"{path} is not a log of tcpchat; it was left as it is.")
    if header[68:72] != APPLICATION_ID.to_bytes(4, "big"):
        raise Damaged(f"{path} is a database of another program; it was left as it is.")
    return header


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Raise `CannotOpen` or `Damaged`, with the reason, for what goes wrong with a log's file."""
    try:
        yield
    except OSError as error:
        raise CannotOpen(f"The log {path} cannot be opened: {error.strerror}.") from error
    except sqlite3.DatabaseError as error:
        # SQLITE_ERROR is what it says when a table or column of ours is not there.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
            raise CannotOpen(f"The log {path} cannot be opened: {error}.") from error
        raise Damaged(f"The log {path} is damaged: {error}.") from error


class Place:
    """A path that one process has, whether there is a file or not; ``real`` is where it leads."""

    def __init__(self, path: str) -> None:
        """
        Take the lock.

        Raises:
            InUse: another process has it.
            OSError: it cannot be made.
        """
        self.path = path
        self.real = os.path.realpath(path)  # by whatever name it is called, there is one lock
        self._lock = self._take_lock()

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self._lock)

    def _take_lock(self) -> int:
        """Lock a file beside the log (closing the log itself would drop SQLite's own locks)."""
        lock = os.open(self.real + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        except BlockingIOError as error:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise InUse(f"The log {self.path} is in use by another server (process {holder}).") from error
        except OSError:
            os.close(lock)
            raise
        return lock

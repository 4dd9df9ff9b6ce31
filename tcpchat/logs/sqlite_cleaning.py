"""
How the last copies of what was taken back leave the SQLite log's files, in small steps between the commits.

The rows go with the commit of the `Removed`. What is left is in the index for search, whose old parts are
joined until none is left that has it; in the WAL, which is emptied; and now and then where SQLite itself
keeps a copy (`sqlite_remains`): then the whole file is written anew. Until it is done, the table ``removed``
has what to look for, so that the next server goes on. See docs/adr/0018.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator

from tcpchat.logs.sqlite_file import PAGE, SQLiteFile
from tcpchat.logs.sqlite_remains import dead
from tcpchat.logs.sqlite_search import MERGED_AT_ONCE

# Bytes of the file that are looked through in one step: less than a millisecond.
LOOKED_THROUGH_AT_ONCE = 256 * PAGE

# Seconds until the WAL is tried again, which cannot be emptied while somebody reads from it.
PATIENCE = 0.1

# Lines wait while the file is written anew (ADR 18 has figures): not for more than so much of the time.
LARGEST_SHARE = 0.01

# Seconds until that is tried again which has failed, for want of room for a second file above all.
TRIED_AGAIN = 60.0


class Cleaning:
    """
    Cleans the file, step by step, after each removal and once at the start if a server died.

    In the writer's thread.
    """

    def __init__(self, file: SQLiteFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._steps: Iterator[float] | None = None
        self._is_wanted = file.was_left_open or self._last_piece() is not None
        self._wait_until = clock()
        self._not_before = clock()  # the file is written anew

    def want(self) -> None:
        """Take note that something was removed just now."""
        self._is_wanted = True

    @property
    def patience(self) -> float | None:
        """Seconds until there is something to do; None for nothing at all."""
        if self._steps is None and not self._is_wanted:
            return None
        return max(self._wait_until - self._clock(), 0)

    def work(self) -> None:
        """Do a little, when `patience` is 0; what fails is begun again a little later."""
        if self._steps is None:
            self._is_wanted = False
            self._steps = self._clean()
        try:
            self._wait_until = self._clock() + next(self._steps)
        except StopIteration:
            self._steps = None
        except BaseException:
            self._steps, self._is_wanted = None, True
            self._wait_until = self._clock() + PATIENCE
            raise

    def _last_piece(self) -> int | None:
        (last,) = self._file.writer.execute("select max(id) from removed").fetchone()
        return None if last is None else int(last)

    def _clean(self) -> Iterator[float]:
        """Yield, behind each step, how many seconds the next one has to wait."""
        last = self._last_piece()
        if last is not None:
            yield from self._join()
            yield from self._empty_wal()
            if (yield from self._is_left(last)):
                yield max(self._not_before - self._clock(), 0)
                self._write_anew()
                yield from self._empty_wal()
            # All or none: for that SQLite empties the pages, where for some it could leave copies of others.
            if self._last_piece() == last:
                self._file.writer.execute("delete from removed")
        yield from self._empty_wal()

    def _join(self) -> Iterator[float]:
        """Make one of all parts of the index: only then the words of what is deleted are in none of them."""
        writer = self._file.writer
        # Otherwise three new parts would keep it from going on with the old ones.
        writer.execute("insert into words (words, rank) values ('usermerge', 2)")
        pages = -MERGED_AT_ONCE  # below 0, it begins with all of them
        while True:
            before = writer.total_changes
            with self._file.unsynced():
                writer.execute("insert into words (words, rank) values ('merge', ?)", (pages,))
            self._file.wrote(0, MERGED_AT_ONCE * PAGE)
            # See https://www.sqlite.org/fts5.html#the_merge_command: there was nothing left to do.
            if writer.total_changes - before < 2:
                break
            pages = MERGED_AT_ONCE
            yield 0
        writer.execute("insert into words (words, rank) values ('usermerge', 4)")  # as it is by itself

    def _empty_wal(self) -> Iterator[float]:
        while not self._file.empty_wal():
            yield PATIENCE
        yield 0

    def _is_left(self, last: int) -> Generator[float, None, bool]:
        """Look through the file; return whether there is a copy in it of what was removed."""
        found = self._file.writer.execute("select piece from removed where id <= ?", (last,))
        sought = [piece for (piece,) in found.fetchall()]
        size = os.fstat(self._file.raw).st_size
        for at in range(0, size, LOOKED_THROUGH_AT_ONCE):
            pages = dead(os.pread(self._file.raw, LOOKED_THROUGH_AT_ONCE, at), PAGE, at == 0)
            if any(piece in pages for piece in sought):
                return True
            yield 0
        return False

    def _write_anew(self) -> None:
        began = self._clock()
        self._not_before = began + TRIED_AGAIN
        self._file.write_anew()
        ended = self._clock()
        self._not_before = ended + (ended - began) / LARGEST_SHARE

"""
How the last copies of what was taken back leave the SQLite log's files, in small steps between the commits.

The rows go with the commit of the `Removed`. What is left is in the volume of the index for search that the
line was in, whose parts are joined until none is left that has it; in the WAL, which is emptied; and now and
then where SQLite itself keeps a copy (`sqlite_remains`): that is overwritten. Until it is done, the table
``removed`` has what to look for, so that the next server goes on. See docs/adr/0018 and 0030.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence

from tcpchat.logs.sqlite_file import PAGE, SQLiteFile
from tcpchat.logs.sqlite_remains import free_pages, unused, with_copies
from tcpchat.logs.sqlite_volumes import Volumes

# Pages of the file in which so many pieces are looked for in one step: about a millisecond.
LOOKED_THROUGH_AT_ONCE = 256
SOUGHT_AT_ONCE = 8

# All of the file is looked through, however large it is: not for more than so much of the time.
LARGEST_SHARE = 0.1

# Pages that are overwritten in one step, which then waits for the disk once.
OVERWRITTEN_AT_ONCE = 64

# Seconds until the WAL is tried again, which cannot be emptied while somebody reads from it.
PATIENCE = 0.1


class Cleaning:
    """
    Cleans the file, step by step, after each removal and once at the start if a server died.

    In the writer's thread.
    """

    def __init__(
        self, file: SQLiteFile, volumes: Volumes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = file
        self._volumes = volumes
        self._clock = clock
        self._steps: Iterator[float] | None = None
        self._is_wanted = file.was_left_open or self._last_piece() is not None
        self._wait_until = clock()

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
            copies = yield from self._find(last)
            for at in range(0, len(copies), OVERWRITTEN_AT_ONCE):
                yield from self._overwrite(copies[at : at + OVERWRITTEN_AT_ONCE])
            # All or none: for that SQLite empties the pages, where for some it could leave copies of others.
            if self._last_piece() == last:
                self._file.writer.execute("delete from removed")
        yield from self._empty_wal()

    def _join(self) -> Iterator[float]:
        """Make one of all parts of the volumes in which a line was: only then its words are in none."""
        while self._volumes.has_to_tidy_soon:
            with self._file.unsynced():
                size = self._volumes.tidy()
            self._file.wrote(0, size)
            yield 0

    def _empty_wal(self) -> Iterator[float]:
        while not self._file.empty_wal():
            yield PATIENCE
        yield 0

    def _find(self, last: int) -> Generator[float, None, list[int]]:
        """Look through the file; return the pages with a copy in them of what was removed."""
        found = self._file.writer.execute("select piece from removed where id <= ?", (last,))
        sought = [piece for (piece,) in found.fetchall()]
        copies: list[int] = []
        at_once = 1 + LOOKED_THROUGH_AT_ONCE // (1 + len(sought) // SOUGHT_AT_ONCE)
        first = 0
        while True:
            began = self._clock()
            pages = self._file.raw_pages(first, at_once)
            if not pages:
                return copies
            copies += [first + number for number in with_copies(sought, pages, PAGE, first == 0)]
            first += at_once
            yield (self._clock() - began) * (1 / LARGEST_SHARE - 1)

    def _overwrite(self, copies: Sequence[int]) -> Iterator[float]:
        """Overwrite what is in some pages and belongs to nothing."""
        while not self._file.empty_wal():
            yield PATIENCE
        # Now the file has all, and until the end of this step nobody writes to it.
        free = free_pages(self._page)
        places: list[tuple[int, int]] = []
        for number in copies:
            begin, end = number * PAGE, (number + 1) * PAGE
            if number in free:
                places.append((begin + free[number], end))
            elif gap := unused(self._page(number), not number):
                places.append((begin + gap.start, begin + gap.stop))
        self._file.overwrite(places)
        yield 0

    def _page(self, number: int) -> bytes:
        return self._file.raw_pages(number, 1)

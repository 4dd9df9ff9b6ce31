"""The thread that writes the SQLite log: commits, and whatever else changes the file between them."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

from tcpchat.logs.batches import ENOUGH, Batches, Chore, Forget, Item, Keep, Reach
from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import NotKept
from tcpchat.logs.leisure import Leisure
from tcpchat.logs.reporter import Reporter
from tcpchat.logs.sqlite_cleaning import Cleaning
from tcpchat.logs.sqlite_commit import Committed, commit
from tcpchat.logs.sqlite_file import SQLiteFile, Stream, is_its_own, passes
from tcpchat.logs.sqlite_index import SLICE, Index
from tcpchat.logs.sqlite_removal import forget_some
from tcpchat.logs.sqlite_volumes import Volumes

# With more entries than this that are not in the index, it no longer waits for idle moments: a search has
# to wait until the index has them all, which takes some seconds.
MOST_WAITING = 250_000

# As many pages as a commit to so many streams, an index slice moves beside its text.
SLICE_STREAMS = 4

# Slices of the index that are made between two commits while a search waits for them.
SLICES_AT_ONCE = 4

# Seconds without a line after which there seems to be time for the index.
PAUSE = 0.02

# Seconds until that is tried again which a full disk has prevented.
RETRY = 1.0

CANNOT_WRITE = "the log cannot be written"
CLOSED = "the log is closed"


class Reports(NamedTuple):
    """What is called, in the reactor's thread, about what the writer has done."""

    committed: Callable[[Committed], Iterator[None]]
    not_committed: Callable[[Sequence[Item], Exception | None], None]
    forgotten: Callable[[str, Stream], None]
    finished: Callable[[], None]  # a batch, with all that was reported of it
    broke: Callable[[Exception], None]
    ended: Callable[[], None]  # in the writer's thread, which does nothing more


class Writer:
    """Owns the connection that writes, and a view of the streams that runs ahead of the deliveries."""

    def __init__(
        self,
        file: SQLiteFile,
        batches: Batches,
        reporter: Reporter,
        reports: Reports,
        commits: Commits,
    ) -> None:
        """``commits`` is told how each has gone."""
        self._commits = commits
        self._file = file
        self._batches = batches
        self._reporter = reporter
        self._reports = reports
        self._streams = dict(file.streams)
        volumes = Volumes(file.writer)
        self._index = Index(file.writer, volumes)
        for name, stream in file.streams.items():
            if name.startswith("#"):
                self._index.holds(stream.id, stream.searchable)
                self._index.grew(stream.id, stream.seq)
        self._cleaning = Cleaning(file, volumes)
        self._chores: deque[Chore] = deque()
        self._unwritten: dict[tuple[str, str], Keep] = {}  # records that a full disk did not take
        self._broken = False
        self._is_full = False
        self._is_idle = False

    def start(self) -> None:
        """Begin to write, in a thread that ends with the last batch."""
        threading.Thread(target=self._run, name="log writer", daemon=True).start()

    def _run(self) -> None:
        try:
            self._write_all()
        except Exception as error:
            # There is no more writing, and what is not in the log yet will never be.
            self._broken = True
            self._reporter.note(self._reports.broke, error)
            self._reporter.send()

    def _write_all(self) -> None:
        leisure = Leisure()
        is_over = False
        while not is_over:
            batch = self._batches.next(self._patience())
            items = batch.items if batch else []
            if items or self._unwritten:
                self._write([*self._unwritten.values(), *items])
            if batch:
                self._chores += batch.chores
                is_over = batch.is_last
                self._reporter.note(self._reports.finished)
            self._reporter.send()
            self._checkpoint()
            # Quiet, or so little that it would never be quiet for long.
            little = not items or (len(items) < ENOUGH and self._index.waiting >= SLICE)
            self._is_idle = little and leisure.has_time()
            if not is_over:
                self._work()
            self._reporter.send()
        for chore in self._chores:
            self._reporter.note(chore.answer.errback, NotKept(CLOSED))
        self._reporter.send()
        self._reports.ended()

    def _patience(self) -> float | None:
        if self._chores:
            return 0
        cleaning = self._cleaning.patience
        rests = self._index.is_at_rest and not self._unwritten
        if self._broken or (rests and cleaning is None):
            return None
        if self._is_full:
            return RETRY
        pause = 0 if self._is_idle else PAUSE
        if cleaning is None:
            return pause
        return cleaning if rests else min(cleaning, pause)

    def _write(self, items: Sequence[Item]) -> None:
        if self._broken:
            self._reporter.note(self._reports.not_committed, items, None)
            return
        began = perf_counter()
        try:
            committed = commit(self._file, self._index, self._streams, items)
        except Exception as error:
            self._commits.failed()
            if self._breaks(error):
                return
            if is_its_own(error) and len(items) > 1:
                half = len(items) // 2
                self._write(items[:half])
                self._write(items[half:])
                return
            self._is_full = not is_its_own(error)
            if self._is_full:
                self._unwritten.update(
                    ((item.kind, item.key), item) for item in items if isinstance(item, Keep)
                )
            self._reporter.note(self._reports.not_committed, items, error)
        else:
            self._commits.made(perf_counter() - began, len(items))
            self._is_full = False
            for item in items:
                if isinstance(item, Keep) and self._unwritten:
                    self._unwritten.pop((item.kind, item.key), None)
            for name, growth in committed.growths.items():
                self._streams[name] = growth.moved()
                if name.startswith("#"):
                    self._index.grew(growth.id, growth.seq)
            if committed.has_removed:
                self._cleaning.want()
            self._reporter.note(self._reports.committed, committed)

    def _breaks(self, error: Exception) -> bool:
        """Undo what has failed; return whether that cannot be done for certain."""
        passing = is_its_own(error) or passes(error)
        try:
            if passing and self._file.writer.in_transaction:
                self._file.writer.execute("rollback")
        except sqlite3.Error:
            passing = False
        if not passing:
            self._broken = True
            self._reporter.note(self._reports.broke, error)
        return not passing

    def _checkpoint(self) -> None:
        """Have the file take over what the WAL holds."""
        if self._broken:
            return
        try:
            self._file.checkpoint()
        except sqlite3.Error as error:
            self._breaks(error)

    # Between the commits.

    def _work(self) -> None:
        """Do a little of what is to be done between commits, in turns."""
        if self._chores:
            chore = self._chores.popleft()
            if not (self._forget(chore) if isinstance(chore, Forget) else self._reach(chore)):
                self._chores.append(chore)
        elif (
            self._cleaning.patience != 0
            and not self._index.is_at_rest
            and (self._is_idle or self._index.waiting > MOST_WAITING)
        ):
            self._add_to_index(())
        if self._cleaning.patience == 0 and not self._broken:
            self._clean()

    def _add_to_index(self, streams: Sequence[int]) -> bool:
        """Return whether that was possible."""
        if self._broken:
            return False
        try:
            with self._file.unsynced():
                size = self._index.work(streams)
        except Exception as error:
            self._could_not(error)
            return False
        self._is_full = False
        self._file.wrote(SLICE_STREAMS, size)
        return True

    def _clean(self) -> None:
        try:
            self._cleaning.work()
        except Exception as error:
            self._could_not(error)
        else:
            self._is_full = False

    def _could_not(self, error: Exception) -> None:
        """What is done between commits has failed; it is tried again later."""
        self._is_full = True
        if not self._breaks(error) and is_its_own(error):
            self._reporter.note(self._reports.not_committed, (), error)

    def _reach(self, chore: Reach) -> bool:
        """Return whether the index holds what it can hold: on a full disk, that is what it does hold."""
        for _ in range(SLICES_AT_ONCE):
            missing = self._index.lacks(chore.wanted)
            if not missing or not self._add_to_index(missing):
                break
        else:
            return False
        self._reporter.note(chore.answer.callback, None)
        return True

    def _forget(self, chore: Forget) -> bool:
        """Return whether it is done, or cannot be done."""
        if self._index.has_merges_due and self._add_to_index(()):
            return False
        stream = self._streams[chore.stream]
        # What follows from the entries may have been given to keep, and has to be in the file before.
        if self._broken or self._unwritten:
            self._reporter.note(chore.answer.errback, NotKept(CANNOT_WRITE))
            return True
        if stream.kept_after >= chore.upto:
            self._reporter.note(chore.answer.callback, None)
            return True
        try:
            upto, size = forget_some(self._file.writer, self._index, stream, chore.upto)
        except Exception as error:
            self._breaks(error)
            self._reporter.note(chore.answer.errback, NotKept(CANNOT_WRITE))
            return True
        self._index.holds(stream.id, upto)
        self._streams[chore.stream] = stream = stream._replace(kept_after=upto)
        self._reporter.note(self._reports.forgotten, chore.stream, stream)
        self._file.wrote(SLICE_STREAMS, size)
        return False

"""
What an operator does with the file of a log, also while a server has it: read, check, copy, restore.

The server's one connection is the only one that may write or checkpoint (see `sqlite_file`). What is
here reads through a connection that can do neither, and writes only what nobody else has opened yet.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from urllib.parse import quote

from tcpchat.events import Event, lines_said
from tcpchat.logs.interface import CannotOpen, Damaged, Found
from tcpchat.logs.sqlite_place import Place, explained, read_header
from tcpchat.logs.sqlite_salvage import END_OF_TIME, ENTRIES_A_STEP, Lost, Progress, Salvage, decoded
from tcpchat.logs.sqlite_schema import VERSION
from tcpchat.logs.sqlite_volumes import row_id

# The first version that knows what is forgotten and what can be found. A server changes older files.
WITH_SEARCH = 2

# The first that knows which entry another one is about.
WITH_ABOUT = 3

# 1 MB, or some milliseconds: so often the operator sees how far it is, and Ctrl-C is heard.
PAGES_A_STEP = 256

# The first whose index for search has volumes.
WITH_VOLUMES = 4

# The names between these two, for `StoredLog.entries`.
ALL = ("", "\U0010ffff")
ROOMS = ("#", "#\U0010ffff")


class NotWritten(Exception):
    """The disk does not take a file; the text says why."""


class StoredLog:
    """
    The log in a file, as it is when this is made.

    The file is not changed, and a server goes on writing; its WAL grows until this is closed.
    """

    def __init__(self, path: str) -> None:
        """
        Open the file.

        Raises:
            Damaged: it is not a whole file of ours.
            CannotOpen: it cannot be opened.
        """
        self.path = path
        with explained(path):
            read_header(path, path, os.O_RDONLY)
            self._connection = _connect(path)
            try:
                self._begin()
            except BaseException:
                self._connection.close()
                raise

    def _begin(self) -> None:
        (self.version,) = self._connection.execute("pragma user_version").fetchone()
        if self.version > VERSION:
            raise Damaged(f"The log {self.path} was made by a newer tcpchat (version {self.version}).")
        self._connection.execute("begin")  # what is seen from the next line on stays as it is
        try:
            named = self._connection.execute("select epoch from log").fetchall()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:  # without what it says beside that
                raise
            named = [("",)]  # what else there is can still be read, or found to be damaged
        if len(named) != 1:
            raise Damaged(f"The log {self.path} is damaged: it has {len(named)} epochs.")
        ((self.epoch,),) = named

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def room(self, typed: str) -> str | None:
        """Return the name of the room that is meant: in any case, with its # or without."""
        meant = "#" + typed.removeprefix("#").casefold()
        with explained(self.path):
            names = self._connection.execute("select name from stream where name between ? and ?", ROOMS)
            return next((str(name) for (name,) in names if name.casefold() == meant), None)

    def count(self) -> tuple[int, int]:
        """Return how many rooms there are, and how many entries altogether."""
        with explained(self.path):
            rooms = self._connection.execute("select count(*) from stream where name between ? and ?", ROOMS)
            entries = self._connection.execute("select count(*) from entry")
            return *rooms.fetchone(), *entries.fetchone()

    def entries(self, names: tuple[str, str], progress: Progress, lost: Lost) -> Iterator[Found]:
        """
        Give the entries of the streams between two names, by name and number: all that can be read.

        ``lost`` is told, in a sentence each, of those that cannot.
        """
        if not self.epoch:
            lost("The name of the log, its epoch, cannot be read.")
        with explained(self.path):
            yield from Salvage(self._connection, progress, lost).entries(names)

    def problems(self, progress: Progress) -> Iterator[str]:
        """Say, in a line each, what is wrong with the file."""
        whole = True
        try:
            for (found,) in self._connection.execute("pragma integrity_check"):
                if found != "ok":
                    whole = False
                    yield f"SQLite says: {' '.join(found.split())}"
            if whole:  # otherwise there would be no end of it
                yield from self._problems_of_entries(progress)
                if self.version >= WITH_SEARCH and self._index_is_wrong():
                    yield "The index for search has entries that are forgotten, private or not there."
        except sqlite3.DatabaseError as error:
            yield f"SQLite says: {error}"

    def _problems_of_entries(self, progress: Progress) -> Iterator[str]:
        ref = "ref" if self.version >= WITH_SEARCH else "null"
        about = "about" if self.version >= WITH_ABOUT else "null"
        select = f"select seq, time, spoken, {ref}, {about}, cast(body as blob) from entry where stream = ?"
        _, total = self.count()
        done = 0
        for id, name, kept_after, searchable in self._streams("name"):
            last, latest = kept_after, 0
            for seq, time, spoken, ref, about, body in self._connection.execute(
                select + " order by seq", (id,)
            ):
                done += 1
                if done % ENTRIES_A_STEP == 0:
                    progress(done, total)
                where = f"Entry {seq} of {name}"
                if seq != last + 1:
                    yield f"{where} stands where {last + 1} should."
                if not latest <= time < END_OF_TIME:
                    yield f"{where} is from before the entry in front of it, or from no possible time."
                yield from (f"{where} {wrong}." for wrong in self._wrong(spoken, ref, about, decoded(body)))
                last, latest = max(seq, last), max(time, latest)
            if searchable > last:
                yield f"{name} can be searched up to {searchable}, but ends with {last}."
        if done != total:
            yield f"{total - done} entries are of no stream."

    def _wrong(self, spoken: int, ref: str | None, about: int | None, event: Event | None) -> Iterator[str]:
        if event is None:
            yield "cannot be read"
            return
        lines = lines_said(event)
        if spoken != (lines if self.version >= WITH_SEARCH else bool(lines)):
            yield f"is counted as {spoken} lines that somebody said, and it is {lines}"
        if ref is not None and ref != f"{event.session} {event.ref}":
            yield f"is found as {ref!r}, which it is not"
        if self.version >= WITH_ABOUT and about != getattr(event, "about", None):
            yield f"is found as one about {about}, which it is not"

    def _index_is_wrong(self) -> bool:
        """Whether what is forgotten, private or not there can be found by its words."""
        rooms = {
            id: (kept_after, searchable)
            for id, name, kept_after, searchable in self._streams("id")
            if name.startswith("#")
        }
        if self.version < WITH_VOLUMES:
            return self._has_others(
                "words", [(row_id(id, after), row_id(id, last)) for id, (after, last) in rooms.items()]
            )
        volumes = self._connection.execute(
            "select distinct volume from part union select max(id) from volume order by 1"
        )
        before: dict[int, int] = {}  # the last entry of each stream in the volumes so far
        for (volume,) in volumes.fetchall():
            held: list[tuple[int, int]] = []
            for id, last in self._connection.execute(
                "select stream, last from part where volume = ? order by stream", (volume,)
            ).fetchall():
                kept_after, searchable = rooms.get(id, (0, 0))
                after = max(kept_after, before.get(id, 0))
                held.append((row_id(id, after), row_id(id, max(min(last, searchable), after))))
                before[id] = last
            if self._has_others(f"words{volume}", held):
                return True
        return False

    def _has_others(self, table: str, held: Iterable[tuple[int, int]]) -> bool:
        """Whether a table has rows that are not, of any of some pairs, behind the one and up to the other."""
        sought = f"select 1 from {table} where rowid > ? and rowid < ? limit 1"
        between = 0
        for after, last in held:
            if self._connection.execute(sought, (between, after + 1)).fetchone():
                return True
            between = last
        return self._connection.execute(sought, (between, 1 << 62)).fetchone() is not None

    def _streams(self, order: str) -> sqlite3.Cursor:
        more = "kept_after, searchable" if self.version >= WITH_SEARCH else "0, 0"
        return self._connection.execute(f"select id, name, {more} from stream order by {order}")

    def copy_to(self, path: str, epoch: str, progress: Progress) -> None:
        """
        Copy all of it into an empty file, under an epoch: one file that needs no WAL beside it.

        Raises:
            NotWritten: the disk does not take it.
            Damaged: SQLite does not find it whole.
        """

        def copied(_: int, remaining: int, total: int) -> None:
            progress(total - remaining, total)

        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                # What does not come to its end is thrown away: it needs no journal.
                for pragma in "synchronous = off", "locking_mode = exclusive", "journal_mode = off":
                    copy.execute(f"pragma {pragma}").fetchall()
                # It would begin anew at each commit of the server if it did not read at one moment.
                self._connection.backup(copy, pages=PAGES_A_STEP, progress=copied)
                copy.execute("pragma journal_mode = delete").fetchone()  # the log's is WAL
                copy.execute("update log set epoch = ?", (epoch,))
                (found,) = copy.execute("pragma integrity_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            raise NotWritten(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise Damaged(f"The log {self.path} is damaged: {error}.") from error
        if found != "ok":
            raise Damaged(f"The log {self.path} is damaged: {' '.join(found.split())}.")


class Vacancy(Place):
    """The place of a log that is not there, and that no server can make until this is closed."""

    def __init__(self, path: str) -> None:
        """
        Take the lock of the log.

        Raises:
            InUse: a server has the log.
            CannotOpen: there is a log, or something beside it that SQLite would take for a part of one.
        """
        with explained(path):
            super().__init__(path)
            for part in self.real, self.real + "-wal", self.real + "-journal":
                if os.path.exists(part) and (part == self.real or os.path.getsize(part)):
                    self.close()
                    raise CannotOpen(f"{part} is there already: nothing is overwritten, move it away first.")


def _connect(path: str) -> sqlite3.Connection:
    """Open a connection that can neither write nor checkpoint."""
    real = os.path.realpath(path)
    mode = "ro"
    if not os.access(os.path.dirname(real), os.W_OK) and not os.path.exists(real + "-wal"):
        mode = "ro&immutable=1"  # otherwise SQLite would want to make a WAL there, and be refused
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(real))}?mode={mode}", uri=True, timeout=5, isolation_level=None
    )
    for pragma in "query_only = on", "trusted_schema = off", "mmap_size = 0", "cell_size_check = on":
        connection.execute(f"pragma {pragma}")
    return connection

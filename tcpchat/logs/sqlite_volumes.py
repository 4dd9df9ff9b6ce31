"""
The volumes of the index for search: tables of at most so many lines, of which only the newest grows.

FTS5 joins what several parts of a table have of one word in one go, however much that is: a table must not
grow without end. A volume that is full is closed. Its parts are joined to one, in small steps when there is
time; from then on it changes only when lines in it are removed or forgotten, and when all of them are
forgotten it goes. What of which stream is in which volume stands in the table ``part``. See docs/adr/0030.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from tcpchat.logs.sqlite_schema import new_volume

# A volume is full with so many lines, or characters of them. To join what all of it has of one word (that of
# whoever says everything, or a word in each line) takes FTS5 some 10 ms then, and all else less.
LINES = 196_608
CHARACTERS = 8_388_608

# Pages that one transaction writes when parts of a volume are joined to larger ones: about a millisecond.
MERGED_AT_ONCE = 8

# The same, of those that are emptied when a volume goes.
EMPTIED_AT_ONCE = 64

# Up to here in a volume's table of pages is what FTS5 has to have to open it; the pages of parts follow.
LAST_OF_ALL = 10

# Why the parts of a volume are to be joined to one: it is full, or much of it is forgotten, and there is
# time; or something was taken back, and its words are to leave the file.
IN_TIME = 1
SOON = 2

# With so many parts of one size `merge` joins them: the most that may be, for the fewest pages to write, and
# while all are to be one. What has to be looked for in more parts is in the newest volume alone.
USUALLY = 16
TO_ONE = 2


class Row(NamedTuple):
    """What the index has of a line: the number of the entry in its stream, what was said, who said it."""

    seq: int
    text: str
    nick: str


def row_id(stream: int, seq: int) -> int:
    """Return the number that an entry of a stream has in a volume."""
    return stream << 40 | seq


def holding(connection: sqlite3.Connection, stream: int, first: int, last: int) -> list[tuple[int, int]]:
    """Return the volumes that have some entries of a stream, oldest first, each with the last it has."""
    parts: list[tuple[int, int]] = connection.execute(
        "select volume, last from part where stream = ? and last >= ? order by volume", (stream, first)
    ).fetchall()
    return parts[: bisect_left(parts, last, key=lambda part: part[1]) + 1]


class Volumes:
    """
    The volumes as the thread that writes has them.

    What is noted here of a transaction that fails does no harm: there is nothing to do then.
    """

    def __init__(self, writer: sqlite3.Connection, lines: int = LINES, characters: int = CHARACTERS) -> None:
        """One is full with so many lines, or characters of them."""
        self._writer = writer
        self._full = lines, characters
        newest = self._newest()
        # In which FTS5 may find some parts to be joined.
        self._unmerged: set[int] = {
            number for (number,) in writer.execute("select id from volume where id = ? and lines", (newest,))
        }
        self._empty: set[int] = {  # all of it is forgotten
            number
            for (number,) in writer.execute(
                "select id from volume where id < ? and id not in (select volume from part)", (newest,)
            )
        }
        self._to_join: dict[int, int] = dict(
            writer.execute("select id, to_join from volume where to_join").fetchall()
        )
        self._begun: set[int] = set()  # to be joined, with all parts that they have

    def _newest(self) -> int:
        (newest,) = self._writer.execute("select max(id) from volume").fetchone()
        return int(newest)

    @property
    def has_to_merge(self) -> bool:
        """Whether there may be parts that `merge` would join."""
        return bool(self._unmerged)

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._unmerged or self._to_join or self._empty)

    # Within a transaction.

    def add(self, rows: Mapping[int, Sequence[Row]], upto: Mapping[int, int]) -> None:
        """Add lines of streams, and note up to which entry each stream is in a volume now."""
        newest = self._newest()
        (is_full,) = self._writer.execute(
            "select lines >= ? or size >= ? from volume where id = ?", (*self._full, newest)
        ).fetchone()
        if is_full:
            newest = self._begin_after(newest)
        # In any other order FTS5 would make several parts of them.
        sorted_rows = sorted(
            (row_id(stream, seq), text, nick) for stream, lines in rows.items() for seq, text, nick in lines
        )
        self._writer.executemany(
            f"insert into words{newest} (rowid, text, nick) values (?, ?, ?)", sorted_rows
        )
        self._writer.executemany(
            "insert into part (stream, volume, last) values (?, ?, ?)"
            " on conflict do update set last = excluded.last",
            [(stream, newest, last) for stream, last in upto.items()],
        )
        self._writer.execute(
            "update volume set lines = lines + ?, size = size + ? where id = ?",
            (len(sorted_rows), sum([len(text) for _, text, _ in sorted_rows]), newest),
        )

    def added(self) -> None:
        """Take note that a transaction with `add` in it is over."""
        self._unmerged.add(self._newest())

    def _begin_after(self, full: int) -> int:
        self._writer.execute("update volume set to_join = max(to_join, ?) where id = ?", (IN_TIME, full))
        self._to_join.setdefault(full, IN_TIME)
        for statement in new_volume(full + 1):
            self._writer.execute(statement)
        if self._is_empty(full):
            self._empty.add(full)
        return full + 1

    def remove(self, stream: int, rows: Sequence[Row], at_once: bool) -> None:
        """Take lines of a stream out, in order; ``at_once`` if their words are to leave the file."""
        if not rows:
            return
        parts = holding(self._writer, stream, rows[0].seq, rows[-1].seq)
        for at, lines in groupby(rows, lambda row: bisect_left(parts, row.seq, key=lambda part: part[1])):
            number, deleted = parts[at][0], [(row_id(stream, seq), text, nick) for seq, text, nick in lines]
            self._writer.executemany(
                f"insert into words{number} (words{number}, rowid, text, nick) values ('delete', ?, ?, ?)",
                deleted,
            )
            # A quarter: while there is much left, no step comes upon much that goes and writes nothing.
            (to_join,) = self._writer.execute(
                "update volume set deleted = deleted + ?1, to_join ="
                " max(to_join, case when ?2 then ?3 when 4 * (deleted + ?1) > lines then ?4 else 0 end)"
                " where id = ?5 returning to_join",
                (len(deleted), at_once, SOON, IN_TIME, number),
            ).fetchone()
            self._unmerged.add(number)
            self._begun.discard(number)
            if to_join:
                self._to_join[number] = to_join

    def forget(self, stream: int, upto: int) -> None:
        """Take note that the entries of a stream up to a number are gone."""
        gone = self._writer.execute(
            "delete from part where stream = ? and last <= ? returning volume", (stream, upto)
        ).fetchall()
        self._empty.update(number for (number,) in gone if self._is_empty(number))

    def _is_empty(self, number: int) -> bool:
        """Whether nothing is left of a volume, which is not the newest."""
        return (
            number < self._newest()
            and not self._writer.execute(
                "select count(*) from (select 1 from part where volume = ? limit 1)", (number,)
            ).fetchone()[0]
        )

    def has_word(self, stream: int, seq: int, word: str) -> bool:
        """Whether a word is in the text of a line in the volume that an entry of a stream is in."""
        return any(
            self._writer.execute(
                f"select 1 from words{number} where words{number} match ? limit 1", (f'text : "{word}"',)
            ).fetchone()
            for number, _ in holding(self._writer, stream, seq, seq)
        )

    # Steps, each of a transaction or several; they return about how many characters were written.

    def merge(self) -> int:
        """Join a few small parts of a volume to larger ones, as FTS5 would do it by itself."""
        number = min(self._unmerged)
        changes = self._merge(number, MERGED_AT_ONCE)
        if not changes:
            self._unmerged.discard(number)
        return changes * 4096

    def _merge(self, number: int, pages: int) -> int:
        """Return how many rows were changed: about one a page, and none if there was nothing left to do."""
        before = self._writer.total_changes
        self._set(number, "merge", pages)
        # See https://www.sqlite.org/fts5.html#the_merge_command: one is the command itself.
        return self._writer.total_changes - before - 1

    def _set(self, number: int, what: str, value: int) -> None:
        self._writer.execute(f"insert into words{number} (words{number}, rank) values (?, ?)", (what, value))

    @property
    def has_to_tidy_soon(self) -> bool:
        """Whether words of what was taken back may be in a part of a volume still."""
        return bool(self._empty) or SOON in self._to_join.values()

    def tidy(self) -> int:
        """Let go of what is forgotten, or else go on to join what is full, and first what has to be soon."""
        return self._let_go() if self._empty else self._join()

    def _join(self) -> int:
        """Go on to make one of all parts of a volume: only then the words of what is gone are in none."""
        number = max(self._to_join, key=self._to_join.__getitem__)
        if number in self._begun:
            changes = self._merge(number, MERGED_AT_ONCE)
        else:
            # Otherwise some new parts would keep it from going on with the old ones.
            self._set(number, "usermerge", TO_ONE)
            changes = self._merge(number, -MERGED_AT_ONCE)  # below 0, it begins with all of them
            self._begun.add(number)
        if not changes:
            self._set(number, "usermerge", USUALLY)
            self._writer.execute(
                "update volume set to_join = 0, lines = lines - deleted, deleted = 0 where id = ?", (number,)
            )
            self._begun.discard(number)
            del self._to_join[number]
        return changes * 4096

    def _let_go(self) -> int:
        number = min(self._empty)
        if not self._is_empty(number):
            self._empty.discard(number)
            return 0
        # From now on FTS5 could make nothing of it.
        self._unmerged.discard(number)
        self._to_join.pop(number, None)
        self._writer.execute("begin immediate")
        # Dropped at once, all of it would be overwritten in one transaction.
        emptied = self._writer.execute(
            f"delete from words{number}_data where id in"
            f" (select id from words{number}_data where id > ? limit ?)",
            (LAST_OF_ALL, EMPTIED_AT_ONCE),
        ).rowcount
        if emptied < EMPTIED_AT_ONCE:
            self._writer.execute(f"drop table words{number}")
            self._writer.execute("delete from volume where id = ?", (number,))
        self._writer.execute("commit")
        if emptied < EMPTIED_AT_ONCE:
            self._empty.discard(number)
        return emptied * 4096

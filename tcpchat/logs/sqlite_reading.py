"""What the reactor's thread reads from the SQLite log itself: short, by indexes."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping

from tcpchat.events import Entry, decode
from tcpchat.logs.interface import Found
from tcpchat.logs.sqlite_file import Stream

# Which entries are read. Left to itself, SQLite would go through all the rest as well.
ALL = "entry where"
SPOKEN = "entry indexed by spoken where spoken and"
UNSPOKEN = "entry indexed by unspoken where not spoken and"
REF = "entry indexed by ref cross join stream on stream = id where ref is not null and"
ABOUT = "entry indexed by about where about is not null and"

# The row of an entry that is forgotten already, as will be reported in a moment: it is old.
GONE = (0,)


class Reading:
    """
    Reads entries up to where the tails were given them.

    The file may hold more than that (see interface.Log.read): ``streams`` says where each stands.
    """

    def __init__(self, reader: sqlite3.Connection, streams: Mapping[str, Stream]) -> None:
        self._reader = reader
        self._streams = streams

    def last(self, stream: str) -> int:
        """Return the number of a stream's last entry."""
        known = self._streams.get(stream)
        return known.seq if known else 0

    def read_some(self, which: str, stream: str, after: int, upto: int, limit: int) -> list[Entry]:
        """Return the first entries between two, of those that are meant (one of the constants above)."""
        known = self._streams.get(stream)
        if known is None:
            return []
        rows = self._reader.execute(
            f"select seq, time, body from {which} stream = ? and seq > ? and seq <= ? order by seq limit ?",
            (known.id, after, min(upto, known.seq), limit),
        )
        return [Entry(seq, time, decode(body)) for seq, time, body in rows.fetchall()]

    def find_about(self, stream: str, about: int) -> list[Entry]:
        """Return the entries that are about another one."""
        known = self._streams.get(stream)
        if known is None:
            return []
        rows = self._reader.execute(
            f"select seq, time, body from {ABOUT} stream = ? and about = ? and seq <= ? order by seq",
            (known.id, about, known.seq),
        )
        return [Entry(seq, time, decode(body)) for seq, time, body in rows.fetchall()]

    def find_spoken(self, stream: str, number: int, upto: int) -> tuple[int, int]:
        """Return where the last lines that people said begin, and how many there are."""
        after, found = upto, 0
        if known := self._streams.get(stream):
            rows = self._reader.execute(
                f"select seq, spoken from {SPOKEN} stream = ? and seq <= ? order by seq desc limit ?",
                (known.id, min(upto, known.seq), number),
            )
            for seq, lines in rows.fetchall():
                if found and found + lines > number:
                    break
                after, found = seq - 1, found + lines
        return after, found

    def find_ref(self, ref: str) -> Found | None:
        """Return what a session has asked for; ``ref`` is the session and its reference."""
        row = self._reader.execute(f"select name, seq, time, body from {REF} ref = ?", (ref,)).fetchone()
        if row is None or row[1] > self.last(row[0]):
            return None
        name, seq, time, body = row
        return Found(name, Entry(seq, time, decode(body)))

    def last_before(self, stream: str, time: int) -> int:
        """Return the number of the last entry older than a time."""
        known = self._streams.get(stream)
        if known is None:
            return 0

        def time_of(seq: int) -> int:
            found = self._reader.execute(
                "select time from entry where stream = ? and seq = ?", (known.id, seq)
            )
            (time,) = found.fetchone() or GONE
            return int(time)

        numbers = range(known.kept_after + 1, known.seq + 1)
        return known.kept_after + bisect_left(numbers, time, key=time_of)

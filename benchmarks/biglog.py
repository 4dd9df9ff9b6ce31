"""A log of many entries, made at once and not by talking: ``python -m benchmarks.biglog PATH ENTRIES``."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tcpchat.events import Said, encode
from tcpchat.logs.sqlite_schema import SCHEMA
from tcpchat.queries import words

ROOMS = 100  # the rooms that the load talks in
NICK = "historian"
_INDEXED_NICK = "n" + NICK.encode().hex()


def make(path: Path, entries: int) -> None:
    """Make the log under another name first, so that under its own it is whole."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    connection.executescript(f"pragma journal_mode = off; pragma synchronous = off; begin; {SCHEMA}")
    connection.execute("insert into log (epoch) values ('benchmark')")
    now = time.time_ns() // 1_000_000
    each = entries // ROOMS
    for room in range(ROOMS):
        stream = room + 1
        connection.execute(
            "insert into stream (id, name, searchable) values (?, ?, ?)", (stream, f"#load{room}", each)
        )
        lines = [*_lines(random.Random(room), each)]
        connection.executemany(
            "insert into entry (stream, seq, time, spoken, body) values (?, ?, ?, 1, ?)",
            (
                (stream, seq, now - entries + seq, encode(Said("historian", NICK, line)).decode())
                for seq, line in enumerate(lines, 1)
            ),
        )
        connection.executemany(
            "insert into words (rowid, text, nick) values (?, ?, ?)",
            ((stream << 40 | seq, words(line), _INDEXED_NICK) for seq, line in enumerate(lines, 1)),
        )
    connection.execute("commit")
    connection.close()
    unfinished.rename(path)


def _lines(chance: random.Random, count: int) -> Iterator[str]:
    """Yield lines as people say them, of eight words out of 5,000."""
    vocabulary = [f"w{number}" for number in range(5000)]
    for _ in range(count):
        yield " ".join(chance.choices(vocabulary, k=8))


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))

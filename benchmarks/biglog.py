"""A log of many entries, made at once and not by talking: ``python -m benchmarks.biglog PATH ENTRIES``."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tcpchat.events import Said, encode
from tcpchat.logs.sqlite_schema import SCHEMA
from tcpchat.logs.sqlite_volumes import Row, Volumes
from tcpchat.queries import words

ROOMS = 100  # the rooms that the load talks in
NICK = "historian"
_INDEXED_NICK = "n" + NICK.encode().hex()

# Lines that each room has in a row: they all talk at the same time.
IN_A_ROW = 64


def make(path: Path, entries: int) -> None:
    """Make the log under another name first, so that under its own it is whole."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished, isolation_level=None)
    connection.executescript(f"pragma journal_mode = off; pragma synchronous = off; begin; {SCHEMA} commit;")
    connection.execute("insert into log (epoch) values ('benchmark')")
    each = entries // ROOMS
    connection.executemany(
        "insert into stream (id, name, searchable) values (?, ?, ?)",
        [(room + 1, f"#load{room}", each) for room in range(ROOMS)],
    )
    volumes = Volumes(connection)
    rooms = [_lines(random.Random(room)) for room in range(ROOMS)]
    began = time.time_ns() // 1_000_000 - entries
    for first in range(1, each + 1, IN_A_ROW):
        last = min(first + IN_A_ROW - 1, each)
        said = {room + 1: [*islice(lines, last - first + 1)] for room, lines in enumerate(rooms)}
        connection.execute("begin")
        connection.executemany(
            "insert into entry (stream, seq, time, spoken, body) values (?, ?, ?, 1, ?)",
            (
                (stream, seq, began + seq * ROOMS, encode(Said("historian", NICK, line)).decode())
                for stream, lines in said.items()
                for seq, line in enumerate(lines, first)
            ),
        )
        volumes.add(
            {
                stream: [Row(seq, words(line), _INDEXED_NICK) for seq, line in enumerate(lines, first)]
                for stream, lines in said.items()
            },
            dict.fromkeys(said, last),
        )
        connection.execute("commit")
        volumes.added()
        while not volumes.is_at_rest:
            if volumes.has_to_merge:
                volumes.merge()
            else:
                volumes.tidy()
    connection.close()
    unfinished.rename(path)


def _lines(chance: random.Random) -> Iterator[str]:
    """Yield lines as people say them, of eight words out of 5,000."""
    vocabulary = [f"w{number}" for number in range(5000)]
    while True:
        yield " ".join(chance.choices(vocabulary, k=8))


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))

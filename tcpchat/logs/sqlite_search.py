"""The searches in what was said in rooms, and the thread for them and for other long questions."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.events import Entry, decode
from tcpchat.logs.interface import Found, NotKept, Range
from tcpchat.logs.sqlite_file import Stream
from tcpchat.logs.sqlite_index import nick_word
from tcpchat.logs.sqlite_volumes import holding, row_id
from tcpchat.queries import Query, words

T = TypeVar("T")


def _match(query: Query) -> str:
    """Return a query in FTS5's language. A phrase in quotes is never a part of that language."""
    parts = [("text", words(phrase)) for phrase in query.phrases]
    if query.nick:
        parts.append(("nick", nick_word(query.nick)))
    match = " ".join('{} : "{}"'.format(column, text.replace('"', " ")) for column, text in parts)
    return match.replace("\0", " ").encode(errors="replace").decode()


class Part(NamedTuple):
    """A part of a stream that is searched: from first to last, in the row ``id``."""

    stream: str
    id: int
    first: int
    last: int


def parts_of(streams: Mapping[str, Stream], ranges: Iterable[Range]) -> list[Part]:
    """Return what is to be searched of some ranges: that which is there, in rooms."""
    parts: list[Part] = []
    for name, after, before in ranges:
        known = streams.get(name)
        if known and name.startswith("#"):
            first, last = max(after, known.kept_after) + 1, min(before - 1, known.seq)
            parts.append(Part(name, known.id, first, last))
    return parts


def search(connection: sqlite3.Connection, query: Query, parts: Sequence[Part], limit: int) -> list[Found]:
    """Return the last ``limit`` entries in some parts that a query means, oldest first."""
    match = _match(query)
    if not match:
        return []
    found: list[Found] = []
    connection.execute("begin")  # entries that are forgotten meanwhile are there until the end
    try:
        for part, numbers in _last_numbers(connection, match, parts, limit).items():
            for seq in numbers:
                entry = connection.execute(
                    "select seq, time, body from entry where stream = ? and seq = ?", (part.id, seq)
                )
                _, time, body = entry.fetchone()
                found.append(Found(part.stream, Entry(seq, time, decode(body))))
    finally:
        connection.execute("commit")
    found.sort(key=lambda found: (found.entry.time, found.stream, found.entry.seq))
    return found[max(len(found) - limit, 0) :]


def _last_numbers(
    connection: sqlite3.Connection, match: str, parts: Sequence[Part], limit: int
) -> dict[Part, list[int]]:
    """Return the last numbers in each part that match: from the newest volume to the oldest, if need be."""
    numbers: dict[Part, list[int]] = {part: [] for part in parts}
    held_by: dict[int, list[Part]] = {}
    for part in numbers:
        for volume, _ in holding(connection, part.id, part.first, part.last):
            held_by.setdefault(volume, []).append(part)
    for volume in sorted(held_by, reverse=True):
        lacking = [part for part in held_by[volume] if len(numbers[part]) < limit]
        matching = f"from words{volume} where words{volume} match ?"
        # Of many rooms none has to be asked for where nobody has said it.
        if len(lacking) > 1 and not connection.execute(f"select 1 {matching} limit 1", (match,)).fetchone():
            continue
        for part in lacking:
            rows = connection.execute(
                f"select rowid & 0xffffffffff {matching} and rowid between ? and ?"
                " order by rowid desc limit ?",
                (match, row_id(part.id, part.first), row_id(part.id, part.last), limit - len(numbers[part])),
            )
            numbers[part] += [seq for (seq,) in rows.fetchall()]
    return numbers


def count_spoken(connection: sqlite3.Connection, stream: int, after: int, upto: int) -> int:
    """Return how many lines people said between two entries of the stream in a row."""
    (lines,) = connection.execute(
        "select coalesce(sum(spoken), 0) from entry indexed by spoken"
        " where spoken and stream = ? and seq > ? and seq <= ?",
        (stream, after, upto),
    ).fetchone()
    return int(lines)


class Searcher:
    """A thread for questions that may take long, with a connection of its own."""

    def __init__(self, connection: sqlite3.Connection, from_thread: Callable[..., Any]) -> None:
        self._connection = connection
        self._from_thread = from_thread
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Deferred[Any]] | None] = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="log searcher", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[..., T], *arguments: Any) -> Deferred[T]:
        """Answer with what a function of the connection returns."""
        answer: Deferred[T] = Deferred()
        self._queue.put((lambda: question(self._connection, *arguments), answer))
        return answer

    def end(self) -> None:
        """Let the thread and the connection end; what was asked and not answered yet fails."""
        self._ended = True
        self._connection.interrupt()
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (asked := self._queue.get()) is not None:
            question, answer = asked
            try:
                if self._ended:
                    raise NotKept("the log is closed")
                result = question()
            except Exception:
                self._from_thread(answer.errback, Failure())
            else:
                self._from_thread(answer.callback, result)

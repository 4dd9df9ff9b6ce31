"""The index over what was said in rooms: kept up by the thread that writes, searched in another."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.events import Entry, Spoken, decode
from tcpchat.logs.interface import Found, NotKept, Range
from tcpchat.logs.sqlite_file import Stream
from tcpchat.logs.sqlite_remains import word_piece
from tcpchat.names import NotAName, nickname
from tcpchat.queries import Query, words

T = TypeVar("T")

# What goes into the index in one transaction, about a millisecond: lines wait for that long.
SLICE = 64
LARGEST_SLICE = 16_384  # characters

# Pages that one transaction moves when parts of the index are joined to larger ones, and how many
# such transactions follow a slice: more than enough for it not to fall behind.
MERGED_AT_ONCE = 8
MERGES = 2


class Index:
    """
    What is in the index and what is not yet, as the thread that writes knows it.

    Inboxes are never in it.
    """

    def __init__(self, writer: sqlite3.Connection) -> None:
        self.waiting = 0  # entries that are not in the index
        self._writer = writer
        self._done: dict[int, int] = {}
        self._behind: dict[int, int] = {}
        self._merges = 0

    def holds(self, stream: int, upto: int) -> None:
        """Take note of what the index holds of a stream."""
        if stream in self._behind:
            self.waiting -= max(min(upto, self._behind[stream]) - self._done[stream], 0)
            if upto >= self._behind[stream]:
                del self._behind[stream]
        self._done[stream] = max(upto, self._done.get(stream, 0))

    def grew(self, stream: int, upto: int) -> None:
        """Take note of what was appended to a room's stream."""
        self.waiting += upto - self._behind.get(stream, self._done.setdefault(stream, 0))
        self._behind[stream] = upto

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to do."""
        return not self._behind and not self._merges

    def lacks(self, wanted: Mapping[int, int]) -> list[int]:
        """Return the streams that are not in the index up to a number."""
        return [stream for stream, upto in wanted.items() if self._done.get(stream, 0) < upto]

    def work(self, streams: Iterable[int] = ()) -> int:
        """
        Do a little, preferably for some streams; return the characters that were written.

        A part of the index that waits to be joined with others comes first.
        """
        if self._merges:
            self._merges -= 1
            self._writer.execute("insert into words (words, rank) values ('merge', ?)", (MERGED_AT_ONCE,))
            return MERGED_AT_ONCE * 4096
        size = self._add([*streams] or [*self._behind])
        self._merges = MERGES
        return size

    def _add(self, streams: Sequence[int]) -> int:
        rows: list[tuple[int, str, str]] = []
        done: dict[int, int] = {}
        size = 0
        self._writer.execute("begin immediate")
        for stream in streams[:SLICE]:
            done[stream] = self._behind[stream]
            for seq, body in self._writer.execute(
                "select seq, body from entry indexed by spoken where spoken"
                " and stream = ? and seq > ? and seq <= ? order by seq limit ?",
                (stream, self._done[stream], self._behind[stream], SLICE),
            ).fetchall():
                rows += _rows(stream, [(seq, body)])
                size += len(body)
                if len(rows) == SLICE or size > LARGEST_SLICE:
                    done[stream] = seq
                    break
            else:
                continue
            break
        self._writer.executemany("insert into words (rowid, text, nick) values (?, ?, ?)", rows)
        self._writer.executemany(
            "update stream set searchable = ? where id = ?", [(seq, stream) for stream, seq in done.items()]
        )
        self._writer.execute("commit")
        for stream, seq in done.items():
            self.holds(stream, seq)
        return size

    def has(self, stream: int, seq: int) -> bool:
        """Whether an entry of a stream is in it, if it is a line."""
        return seq <= self._done.get(stream, 0)

    def missing(self, words: Iterable[str]) -> list[bytes]:
        """Return what shows that words are there, of those that are not, or are no more."""
        sought = "select 1 from words where words match ? limit 1"
        return [
            word_piece(word)
            for word in words
            if self._writer.execute(sought, (f'text : "{word}"',)).fetchone() is None
        ]

    def remove(self, stream: int, entries: Iterable[tuple[int, str]]) -> None:
        """Take entries out of the index, within a transaction: what people said, by its numbers."""
        self._writer.executemany(
            "insert into words (words, rowid, text, nick) values ('delete', ?, ?, ?)",
            _rows(stream, [entry for entry in entries if self.has(stream, entry[0])]),
        )


def _rows(stream: int, entries: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """Return what the index has of entries; of what is no line, it has nothing."""
    for seq, body in entries:
        try:
            event = decode(body)
        except msgspec.MsgspecError:
            continue  # damaged: whoever reads it will be told
        if isinstance(event, Spoken):
            yield stream << 40 | seq, words(event.text), _nick(_fold(event.nick))


def _fold(nick: str) -> str:
    try:
        return nickname(nick).fold
    except NotAName:  # any more
        return nick


def _nick(fold: str) -> str:
    return "n" + fold.encode(errors="replace").hex()


def _match(query: Query) -> str:
    """Return a query in FTS5's language. A phrase in quotes is never a part of that language."""
    parts = [("text", words(phrase)) for phrase in query.phrases]
    if query.nick:
        parts.append(("nick", _nick(query.nick)))
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
        for stream, id, first, last in parts:
            rows = connection.execute(
                "select rowid & 0xffffffffff from words where words match ? and rowid between ? and ?"
                " order by rowid desc limit ?",
                (match, id << 40 | first, id << 40 | last, limit),
            )
            for (seq,) in rows.fetchall():
                entry = connection.execute(
                    "select seq, time, body from entry where stream = ? and seq = ?", (id, seq)
                )
                _, time, body = entry.fetchone()
                found.append(Found(stream, Entry(seq, time, decode(body))))
    finally:
        connection.execute("commit")
    found.sort(key=lambda found: (found.entry.time, found.stream, found.entry.seq))
    return found[max(len(found) - limit, 0) :]


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

"""
The log in one SQLite file: the default store. Nobody else in the project knows SQL.

One thread owns the one connection that writes (`sqlite_writer`). It commits together what was
appended in one turn of the reactor and while the commit before was on its way (group commit), so
that waiting for the disk costs next to nothing when there is much to write, and a line said alone
goes at once. Reads are short and go through a second connection, read-only, in the reactor's
thread; what may take longer has a third, in a thread of its own (`sqlite_search`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.events import Entry, Event, Removed
from tcpchat.log_lines import reason
from tcpchat.logs.batches import (
    LARGEST_BATCH,
    Append,
    Batches,
    Forget,
    Item,
    Keep,
    Post,
    Probe,
    Reach,
    Remove,
    Take,
    whose,
)  # fmt: skip
from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import Deliver, Found, NotKept, Parts, Posted, Range
from tcpchat.logs.reporter import Reporter
from tcpchat.logs.sqlite_commit import Committed
from tcpchat.logs.sqlite_file import SQLiteFile, Stream, is_its_own
from tcpchat.logs.sqlite_numbering import Growth
from tcpchat.logs.sqlite_reading import ALL, SPOKEN, UNSPOKEN, Reading
from tcpchat.logs.sqlite_records import Records
from tcpchat.logs.sqlite_search import Searcher, count_spoken, parts_of, search
from tcpchat.logs.sqlite_writer import CANNOT_WRITE, CLOSED, Reports, Writer
from tcpchat.logs.tails import Tails
from tcpchat.logs.unshared import Unshared
from tcpchat.queries import Query

# Posts of which it is told what came of them, before the others may have their turn.
TOLD_AT_ONCE = 16

# Bytes that are written to see whether the disk takes any: some pages, as with a line and its index.
PROBED = 16_384

Durability = Literal["power", "crash"]


class SQLiteLog(Unshared):
    """A log in the file ``path``. What it promises is in `interface.Log`."""

    logger = Logger()

    def __init__(
        self,
        path: str,
        wall: Callable[[], int],
        from_thread: Callable[..., Any],
        durability: Durability = "power",
        failed: Callable[[Exception], None] = lambda error: None,
        later: Callable[..., Any] | None = None,
        epoch: str = "",
    ) -> None:
        """
        Open the file, or make it; a new one is given the name ``epoch``, or one of its own.

        ``wall`` tells the time in milliseconds since 1970. ``from_thread`` calls something in the
        reactor's thread (``reactor.callFromThread``), ``later`` after so many seconds, for callers
        that are in it (``reactor.callLater``); without it, at once. ``failed`` is called once when
        the disk has failed so that nothing more can be written until the server is started again.

        Raises:
            CannotOpen: or one of its kinds, with a line for the operator.
        """
        super().__init__()
        self._file = SQLiteFile(path, "FULL" if durability == "power" else "NORMAL", epoch)
        self.epoch = self._file.epoch
        self._wall = wall
        self._from_thread = from_thread
        self._failed = failed
        self._closing = False
        self._broken = False
        self._is_refusing = False  # and has told the operator
        self._streams = dict(self._file.streams)
        self._reading = Reading(self._file.reader, self._streams)
        self._tails = Tails()
        later = later or (lambda _, call, *arguments: from_thread(call, *arguments))
        self._batches = Batches(later)
        self._reporter = Reporter(from_thread, partial(later, 0))
        self._closed: Deferred[None] = Deferred()
        self._reader_closed = threading.Event()
        self._searcher = Searcher(self._file.searcher, from_thread)
        self._records = Records(self._file.reader, self._searcher)
        reports = Reports(
            self._committed, self._not_committed, self._forgotten,
            self._batches.finished, self._break, self._end,
        )  # fmt: skip
        self._prepare()
        self.commits = Commits()
        Writer(self._file, self._batches, self._reporter, reports, self.commits).start()

    def _prepare(self) -> None:
        """Change the file before the thread begins that writes to it."""

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        return self._append(((stream, events),), len(events), True)

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        if self._broken or self._closing:
            posted(NotKept(CANNOT_WRITE))
        else:
            self._batches.add(Post(stream, event, self._wall(), posted))

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        return self._append(parts, sum([len(events) for _, events in parts]), False)

    def _append(self, parts: Parts, size: int, is_one: bool) -> Deferred[Any]:
        if self._broken or self._closing:
            return fail(NotKept(CANNOT_WRITE))
        if not size:
            return succeed([] if is_one else [[] for _ in parts])
        answer: Deferred[Any] = Deferred()
        self._batches.add(Append(parts, size, self._wall(), answer, is_one))
        return answer

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        if self._broken or self._closing:
            return fail(NotKept(CANNOT_WRITE))
        answer: Deferred[list[int]] = Deferred()
        self._batches.add(Remove(stream, about, event, also, self._wall(), answer))
        return answer

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return execute(self._read, stream, after, limit)

    def _read(self, stream: str, after: int, limit: int) -> list[Entry]:
        return self._reading.read_some(ALL, stream, after, self.last(stream), limit)

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return execute(self._reading.read_some, SPOKEN, stream, after, upto, limit)

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return execute(self._reading.read_some, UNSPOKEN, stream, after, upto, limit)

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        return execute(self._reading.find_spoken, stream, number, upto)

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        known = self._streams.get(stream)
        if known is None or self._closing:
            return succeed(0)
        return self._searcher.ask(count_spoken, known.id, after, min(upto, known.seq))

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        return execute(self._reading.find_ref, f"{session} {ref}")

    def find_about(self, stream: str, about: int) -> Deferred[list[Entry]]:
        return execute(self._reading.find_about, stream, about)

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        if self._closing:
            return fail(NotKept(CLOSED))
        parts = parts_of(self._streams, ranges)
        answer: Deferred[None] = Deferred()
        self._batches.add_chore(Reach({part.id: self._streams[part.stream].seq for part in parts}, answer))
        return answer.addCallback(lambda _: self._searcher.ask(search, query, parts, limit))

    def last(self, stream: str) -> int:
        return self._reading.last(stream)

    def kept_after(self, stream: str) -> int:
        return self._streams[stream].kept_after if stream in self._streams else 0

    def last_before(self, stream: str, time: int) -> Deferred[int]:
        return execute(self._reading.last_before, stream, time)

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        if self._broken or self._closing:
            return fail(NotKept(CANNOT_WRITE))
        if stream not in self._streams:
            return succeed(None)
        answer: Deferred[None] = Deferred()
        self._batches.add_chore(Forget(stream, min(upto, self.last(stream)), answer))
        return answer

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        item = Keep(kind, key, value)
        self._records.keep(item)
        if not self._closing:
            self._batches.add(item)

    def probe(self) -> Deferred[None]:
        if self._broken or self._closing:
            return fail(NotKept(CANNOT_WRITE))
        answer: Deferred[None] = Deferred()
        self._batches.add(Probe(bytes(PROBED), answer))
        return answer

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return self._records.find(kind, key)

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        return fail(NotKept(CLOSED)) if self._closing else self._records.find_all(kind)

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        while missed := self._read(stream, after, LARGEST_BATCH):
            deliver(missed)
            after = missed[-1].seq
        return self._tails.add(stream, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: stream.seq for name, stream in self._streams.items()})

    def close(self) -> Deferred[None]:
        self._closing = True
        self._batches.end()
        return self._closed

    # What the writer reports, in the reactor's thread.

    def _committed(self, committed: Committed) -> Iterator[None]:
        if self._is_refusing:
            self._is_refusing = False
            self.logger.info("The log can be written again")
        for name, growth in committed.growths.items():
            self._grown(name, growth)
            yield
        for number, (item, outcome) in enumerate(zip(committed.items, committed.outcomes, strict=True)):
            match item:
                case Post():
                    self._tell(item, outcome)
                    if number % TOLD_AT_ONCE == 0:
                        yield  # some are heard again now, who had to wait
                case Append() | Remove() | Probe():
                    item.tell(outcome)
                    yield  # who comes in, say, has much to do then
                case Take():
                    yield from item.taken()
                    yield
                case Keep():
                    self._records.written(item)

    def _grown(self, name: str, growth: Growth) -> None:
        """A stream has more. Only now: nothing can be read before the tails are given it."""
        self._streams[name] = growth.moved()
        self._tails.deliver(name, growth.entries)

    def _tell(self, post: Post, outcome: int | NotKept) -> None:
        """Tell what came of a post. Whoever fails at that does not keep the others from theirs."""
        try:
            post.posted(outcome)
        except Exception:
            self.logger.failure(
                "Something failed when it was told of an entry in {stream}",
                stream=post.stream,
                session=post.event.session,
            )

    def _not_committed(self, items: Sequence[Item], error: Exception | None) -> None:
        """A commit has failed, and nothing of it is in the file."""
        if error is not None and is_its_own(error):
            self.logger.failure("Something could not be written", Failure(error), session=whose(items))
        elif error is not None and not self._is_refusing:
            self._is_refusing = True
            self.logger.warn("The log cannot be written, and lines are refused: {error}", error=reason(error))
        for item in items:
            match item:
                case Post():
                    self._tell(item, NotKept(CANNOT_WRITE))
                case Append() | Remove() | Probe():
                    item.answer.errback(NotKept(CANNOT_WRITE))
                case Take():
                    item.failed(error)

    def _forgotten(self, name: str, stream: Stream) -> None:
        """Entries of a stream are no longer there."""
        self._streams[name] = stream

    def _break(self, error: Exception) -> None:
        """
        The disk has failed.

        A commit whose fsync fails may well be in the file, and the next server would find it
        there. So those who wait for it are told neither that it is kept nor that it is not.
        """
        self._broken = True
        self._failed(error)

    def _end(self) -> None:
        """In the writer's thread: nothing more will be written."""
        self._reporter.note(self._finish_reading)
        self._reporter.send()
        self._reader_closed.wait()
        self._searcher.end()
        self._file.close_writer()
        self._from_thread(self._finish_closing)

    def _finish_reading(self) -> None:
        """The last commit has been delivered."""
        self._file.reader.close()
        self._reader_closed.set()

    def _finish_closing(self) -> None:
        self._file.close()
        self._closed.callback(None)

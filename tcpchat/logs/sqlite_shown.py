"""
An SQLite log that shows entries before it has written them: they are kept elsewhere already.

They are written a little later, with much else. Who asks for what is not in the file yet waits until it is,
or has it from memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from twisted.internet.defer import Deferred

from tcpchat.events import Entry
from tcpchat.logs.ahead import Ahead
from tcpchat.logs.batches import LARGEST_BATCH, Reach, Take
from tcpchat.logs.interface import Found, Range
from tcpchat.logs.sqlite import Durability, SQLiteLog
from tcpchat.logs.sqlite_file import Stream
from tcpchat.logs.sqlite_numbering import Growth
from tcpchat.queries import Query

T = TypeVar("T")

# Seconds from one commit to the next of what was shown: much at once costs far less.
WRITTEN_EACH = 0.1


class ShownFirst(SQLiteLog):
    """A log that takes entries as they were numbered elsewhere."""

    def __init__(
        self,
        path: str,
        wall: Callable[[], int],
        from_thread: Callable[..., Any],
        durability: Durability,
        failed: Callable[[Exception], None],
        later: Callable[..., Any],
        epoch: str,
    ) -> None:
        """All is as in `SQLiteLog`."""
        self._later = later
        self._ahead = Ahead()
        self._fresh: dict[str, list[Entry]] = {}  # what is to be shown next, by stream
        self._unwritten: list[Take] = []  # and the writer does not have it yet
        self._size = 0  # of that, about, in entries
        self._is_due = False  # to be written
        self._unshown = 0  # messages that will be shown once they are written
        super().__init__(path, wall, from_thread, durability, failed, later, epoch)

    def take(self, item: Take) -> None:
        """Add what a message has, in its place among what was taken before; it is written, then shown."""
        self.write()
        if self._broken or self._closing:
            item.failed(None)
            return
        self._unshown += 1
        done = partial(self._done, item.taken), partial(self._done, item.failed)
        self._batches.add(item._replace(taken=done[0], failed=done[1]))

    def _done(self, tell: Callable[..., T], *arguments: Any) -> T:
        self._unshown -= 1
        return tell(*arguments)

    def may_show(self, item: Take) -> bool:
        """Tell whether what a message has can be shown before it is written: entries, and nothing else."""
        is_more = item.about or item.moves or item.begins or item.forgets
        return not (is_more or self._unshown) and item.stream in self._streams

    def add(self, item: Take) -> None:
        """Have what a message has be shown by the next `show`, and written after a while."""
        if self._broken or self._closing:
            item.failed(None)
            return
        fresh = self._fresh.get(item.stream)
        last = fresh[-1].seq if fresh else self.last(item.stream)
        entries = [self._free(entry) for entry in item.entries if entry.seq > last]
        if entries:
            self._ahead.add(item.stream, entries)
            self._fresh.setdefault(item.stream, []).extend(entries)
        self._unwritten.append(item)
        self._size += item.size
        if self._size >= LARGEST_BATCH:
            self.write()
        elif not self._is_due:
            self._is_due = True
            self._later(WRITTEN_EACH, self._write_due)

    def _free(self, entry: Entry) -> Entry:
        """Return an entry as it will be written (`sqlite_taking`): a reference is used once."""
        if not entry.event.ref:
            return entry
        is_used = self.has_ref(entry.event.session, entry.event.ref)
        return entry._replace(event=msgspec.structs.replace(entry.event, ref="")) if is_used else entry

    def show(self) -> None:
        """Give the tails what was added, all of a stream together."""
        fresh, self._fresh = self._fresh, {}
        for name, entries in fresh.items():
            seq, time, _ = entries[-1]
            self._streams[name] = self._streams[name]._replace(seq=seq, time=time)
            self._tails.deliver(name, entries)

    def _write_due(self) -> None:
        self._is_due = False
        self.write()

    def write(self) -> None:
        """Have what was shown be written now."""
        items, self._unwritten, self._size = self._unwritten, [], 0
        for item in items:
            self._batches.add(item)

    def level(self, stream: str) -> Deferred[None] | None:
        """Answer when the file has all of a stream that was shown, or cannot have it; None if it has."""
        if self._closing or not self._ahead.has(stream):
            return None
        self.write()
        answer: Deferred[None] = Deferred()
        self._batches.add_chore(Reach({}, answer))
        return answer

    def _grown(self, name: str, growth: Growth) -> None:
        shown = self.last(name)
        self._ahead.written(name, growth.seq)
        self._move(name, growth.moved())
        if growth.seq > shown:
            self._tails.deliver(name, [entry for entry in growth.entries if entry.seq > shown])

    def _forgotten(self, name: str, stream: Stream) -> None:
        self._move(name, stream)

    def _move(self, name: str, stream: Stream) -> None:
        """So far a stream is in the file; what was shown may be more."""
        known = self._streams.get(name)
        if known is not None and known.seq > stream.seq:
            stream = stream._replace(seq=known.seq, time=known.time)
        self._streams[name] = stream

    # What is asked, and done, behind what was shown

    def _ask(self, stream: str, question: Callable[[], Deferred[T]]) -> Deferred[T]:
        level = self.level(stream)
        return question() if level is None else level.addCallback(lambda _: question())

    def _read(self, stream: str, after: int, limit: int) -> list[Entry]:
        first = self._ahead.first(stream)
        found = [] if first is not None and after + 1 >= first else super()._read(stream, after, limit)
        if first is None:
            return found
        more = self._ahead.after(stream, found[-1].seq if found else after, limit - len(found))
        last = self.last(stream)
        return found + [entry for entry in more if entry.seq <= last]

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._ask(stream, partial(super().read_spoken, stream, after, upto, limit))

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._ask(stream, partial(super().read_unspoken, stream, after, upto, limit))

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        return self._ask(stream, partial(super().find_spoken, stream, number, upto))

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        return self._ask(stream, partial(super().count_spoken, stream, after, upto))

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        stream = self._ahead.find_ref(session, ref)
        return self._ask(stream, partial(super().find_ref, session, ref))

    def find_about(self, stream: str, about: int) -> Deferred[list[Entry]]:
        return self._ask(stream, partial(super().find_about, stream, about))

    def last_before(self, stream: str, time: int) -> Deferred[int]:
        return self._ask(stream, partial(super().last_before, stream, time))

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        self.write()
        return super().search(query, ranges, limit)

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        self.write()
        return super().forget(stream, upto)

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        self.write()  # it may be made of that
        super().keep(kind, key, value)

    def close(self) -> Deferred[None]:
        self.write()
        return super().close()

    def has_ref(self, session: str, ref: str) -> bool:
        """Has a session used a reference?"""
        return (
            bool(self._ahead.find_ref(session, ref)) or self._reading.find_ref(f"{session} {ref}") is not None
        )

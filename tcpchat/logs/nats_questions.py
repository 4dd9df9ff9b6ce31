"""Questions about entries, which the replica of a log on NATS answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred

from tcpchat.events import Entry
from tcpchat.logs.interface import Deliver, Found, Range
from tcpchat.logs.sqlite_replica import SQLiteReplica
from tcpchat.queries import Query


class Questions:
    """The part of `interface.Log` that asks for entries: of those that have come over."""

    _store: SQLiteReplica | None = None

    @property
    def _replica(self) -> SQLiteReplica:
        assert self._store is not None
        return self._store

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return self._replica.read(stream, after, limit)

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._replica.read_spoken(stream, after, upto, limit)

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._replica.read_unspoken(stream, after, upto, limit)

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        return self._replica.find_spoken(stream, number, upto)

    def count_spoken(self, stream: str, after: int, upto: int) -> Deferred[int]:
        return self._replica.count_spoken(stream, after, upto)

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        return self._replica.find_ref(session, ref)

    def find_about(self, stream: str, about: int) -> Deferred[list[Entry]]:
        return self._replica.find_about(stream, about)

    def search(self, query: Query, ranges: Sequence[Range], limit: int) -> Deferred[list[Found]]:
        return self._replica.search(query, ranges, limit)

    def last(self, stream: str) -> int:
        return self._replica.last(stream)

    def kept_after(self, stream: str) -> int:
        return self._replica.kept_after(stream)

    def last_before(self, stream: str, time: int) -> Deferred[int]:
        return self._replica.last_before(stream, time)

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        return self._replica.tail(stream, after, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return self._replica.streams()

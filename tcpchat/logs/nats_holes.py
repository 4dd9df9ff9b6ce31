"""What a replica lacks that the stream no longer has in its place: it was rewritten, or is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.events import Entry
from tcpchat.logs.batches import Take
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_messages import Commit, decode
from tcpchat.logs.nats_terms import Stored, Unclear
from tcpchat.logs.sqlite_replica import SQLiteReplica

# Seconds until that is tried again which could not be read or written.
AGAIN = 1.0


class Finding(Protocol):
    """What knows where erased messages were written anew."""

    async def find_rewritten(self, stream: str, first: int, before: int) -> tuple[int, int] | None:
        """Return the next erased message of a stream: its first entry, and where its contents stand."""


class Reading(Protocol):
    """What is needed of the link."""

    def read(self, seq: int) -> Deferred[Stored | None]:
        """As `Link.read` does."""


class Holes:
    """Fills them, while nothing else is applied."""

    def __init__(self, link: Reading, store: SQLiteReplica, clock: IReactorTime, finding: Finding) -> None:
        self._link = link
        self._store = store
        self._clock = clock
        self._finding = finding

    async def fill(self, stream: str, before: int) -> None:
        """
        Have what was erased before an entry from where it was rewritten; the rest is forgotten.

        Raises:
            NotKept: it cannot be written.
        """
        while (last := self._store.last(stream)) + 1 < before:
            found = await self._finding.find_rewritten(stream, last + 1, before)
            if found is None:
                break
            first, where = found
            entries = await self._read_rewritten(where, first)
            if not entries:
                break
            if first > last + 1:
                await self._store.forget(stream, last)
            await self._take_part(where, stream, entries)
        if last + 1 < before:
            await self._store.forget(stream, last)

    async def _read_rewritten(self, where: int, first: int) -> list[Entry]:
        while True:
            try:
                stored = await self._link.read(where)
            except Unclear:
                await deferLater(self._clock, AGAIN)
                continue
            parts = decode(stored.payload).again if stored else []
            return next((part.entries for part in parts if part.first == first), [])

    def _take_part(self, at: int, stream: str, entries: list[Entry]) -> Deferred[None]:
        answer: Deferred[None] = Deferred()

        def taken() -> Iterator[None]:
            answer.callback(None)
            yield

        def failed(error: Exception | None) -> None:
            answer.errback(error or NotKept("the replica cannot be written"))

        self._store.take(Take(stream, entries, at, 0, (), True, 0, taken, failed))
        return answer

    async def keep_room(self, commit: Commit) -> None:
        """Have the room as another node knew it, if not all of its entries that are forgotten were here."""
        if commit.room is None:
            return
        known = await self._store.record(records.ROOM, commit.stream)
        if known is None or records.room(known).seq < commit.room.seq:
            self._store.keep(records.ROOM, commit.stream, records.encode(commit.room))

    def forget(self, stream: str, upto: int) -> Deferred[object]:
        """Forget, and answer when that is done."""

        def again(failure: Failure) -> object:
            failure.trap(NotKept)
            return deferLater(self._clock, AGAIN, self.forget, stream, upto)

        return self._store.forget(stream, upto).addErrback(again)

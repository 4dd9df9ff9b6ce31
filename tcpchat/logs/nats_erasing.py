"""
What is taken back or forgotten goes from JetStream's stream, too.

The messages that held a text that was taken back are written anew, as they are now, and the old ones are
erased; where the new ones are stands in the bucket, for whoever makes a replica later. Every node that has
seen a removal sees to it that it is done, the one that published it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.events import Removed
from tcpchat.logs.interface import NoSuchEntry, NotKept, Parts, Unknown
from tcpchat.logs.nats_items import Special
from tcpchat.logs.nats_keys import bucket_key
from tcpchat.logs.nats_link import Link
from tcpchat.logs.nats_messages import Commit, Rewritten, subject
from tcpchat.logs.nats_records import NatsRecords
from tcpchat.logs.nats_terms import Refusing, Unclear
from tcpchat.logs.sqlite_replica import REPLICA, SQLiteReplica

# The kind of the records that tell where the contents of an erased message are: by stream and first entry.
AGAIN = "again"

# What this node has to see to, as records of its replica.
TASK = "task "

# Bytes of contents that are written anew at once.
LARGEST = 500_000

# Seconds until a node looks whether that was done of which another one has seen to it, and until it tries
# again what could not be done.
OTHERS_TURN = 30.0
TRIED_AGAIN = 5.0


class Removal(Special):
    """A line that is to be taken back."""

    __slots__ = ("_about", "_store", "_stream")

    def __init__(
        self, store: SQLiteReplica, stream: str, about: int, event: Removed, also: Parts, time: int,
        until: float, answer: Deferred[Any],
    ) -> None:  # fmt: skip
        super().__init__([(stream, [event]), *also], time, until, answer)
        self._store = store
        self._stream = stream
        self._about = about

    def complete(self, commit: Commit) -> Commit:
        gone = self._store.gone_with(self._stream, self._about)
        if not gone:
            raise NoSuchEntry(f"There is no line {self._about}.")
        return msgspec.structs.replace(commit, about=self._about, gone=gone)


class Forgetting(Special):
    """
    Entries that are to be kept no longer.

    What became of the room by them goes with it, for a replica that never had them.
    """

    __slots__ = ("_room", "_upto")

    def __init__(
        self, stream: str, upto: int, room: bytes | None, time: int, until: float, answer: Deferred[Any]
    ) -> None:
        """``room`` is the room as it was kept last."""
        super().__init__([(stream, ())], time, until, answer)
        self._upto = upto
        self._room = None if room is None else records.room(room)

    def complete(self, commit: Commit) -> Commit:
        return msgspec.structs.replace(commit, forgets=self._upto, room=self._room)


class Rewriting(Special):
    """Messages before ``before`` that hold some entries, whose contents are to be written anew."""

    __slots__ = ("_before", "_gone", "_store", "_stream")

    def __init__(
        self, store: SQLiteReplica, stream: str, gone: Sequence[int], before: int, time: int, until: float,
        answer: Deferred[Any],
    ) -> None:  # fmt: skip
        super().__init__([(stream, ())], time, until, answer)
        self._store = store
        self._stream = stream
        self._gone = gone
        self._before = before

    def complete(self, commit: Commit) -> Commit:
        again: list[Rewritten] = []
        erases: list[int] = []
        size = 0
        for at in sorted(self._store.holders(self._stream, self._gone)):
            if at < self._before:
                parts = [Rewritten(*part) for part in self._store.held(self._stream, at)]
                size += len(msgspec.json.encode(parts))
                if erases and size > LARGEST:
                    break
                again += parts
                erases.append(at)
        if not erases:
            raise NoSuchEntry("All of it was written anew.")
        return msgspec.structs.replace(commit, again=again, erases=erases)


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be seen to, of a message at ``at``: that of a removal, or that which writes anew."""

    stream: str
    at: int
    gone: list[int] = []
    firsts: list[int] = []
    erases: list[int] = []


class Erasing:
    """Sees to it that what is to go does go."""

    logger = Logger()

    def __init__(
        self,
        link: Link,
        name: str,
        records: NatsRecords,
        store: SQLiteReplica,
        clock: IReactorTime,
        rewrite: Callable[[str, Sequence[int], int], Deferred[object]],
    ) -> None:
        """
        ``name`` is that of the stream in JetStream. ``rewrite`` publishes a `Rewriting`; it answers when that
        is applied, or with `NoSuchEntry` when there is nothing to write.
        """
        self._link = link
        self._name = name
        self._records = records
        self._store = store
        self._clock = clock
        self._rewrite = rewrite
        self._is_closed = False

    async def open(self) -> None:
        """Go on with what was not done when the node ended."""
        for key, value in (await self._store.records(REPLICA)).items():
            if key.startswith(TASK):
                self._begin(msgspec.json.decode(value, type=Task), 0)

    def close(self) -> None:
        """See to nothing any more, until the next start."""
        self._is_closed = True

    def applied(self, commit: Commit, at: int, is_own: bool, is_live: bool) -> None:
        """What a message says holds in the replica; this node published it, or has it as soon as all."""
        if commit.gone:
            task = Task(commit.stream, at, gone=commit.gone)
        elif commit.erases and is_live:
            task = Task(commit.stream, at, firsts=[part.first for part in commit.again], erases=commit.erases)
        elif commit.forgets and is_own:
            self._run(self._purge(commit.stream, commit.forgets, at))
            return
        else:
            return
        self._store.keep(REPLICA, f"{TASK}{at}", msgspec.json.encode(task))
        self._begin(task, 0 if is_own else OTHERS_TURN)

    async def find(self, stream: str, first: int, before: int) -> tuple[int, int] | None:
        """
        Return the first of a stream's erased messages between two entries.

        That is the entry with which it began, and where its contents are now.
        """
        places = {began: at for began, at in self._places(stream) if began < before}
        found = min((began for began in places if began >= first), default=None)
        while found is None:  # it may have been rewritten just now
            try:
                change = await self._link.get(bucket_key("", AGAIN, f"{stream} {first}"))
            except Unclear:
                await deferLater(self._clock, TRIED_AGAIN)
            else:
                return (first, int(change.value)) if change and change.value else None
        return found, places[found]

    def _places(self, stream: str) -> list[tuple[int, int]]:
        found = []
        for key, at in self._records.records(AGAIN).items():
            name, _, first = key.rpartition(" ")
            if name == stream:
                found.append((int(first), int(at)))
        return found

    def _begin(self, task: Task, delay: float) -> None:
        self._run(self._see_to(task, delay))

    def _run(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("Something failed while old text was erased", failure)

    async def _see_to(self, task: Task, delay: float) -> None:
        await deferLater(self._clock, delay)
        while not self._is_closed:
            try:
                await (self._erase(task) if task.erases else self._write_anew(task))
            except (NotKept, Unknown, Unclear, Refusing):
                await deferLater(self._clock, TRIED_AGAIN)
            else:
                self._store.keep(REPLICA, f"{TASK}{task.at}", None)
                return

    async def _write_anew(self, task: Task) -> None:
        try:
            while not self._is_closed:
                await self._rewrite(task.stream, task.gone, task.at)
        except NoSuchEntry:
            pass  # it is done

    async def _erase(self, task: Task) -> None:
        for first in task.firsts:
            key = f"{task.stream} {first}"
            if int(self._records.record(AGAIN, key) or 0) < task.at:
                self._records.keep(AGAIN, key, b"%d" % task.at)
        await self._records.kept()
        for at in task.erases:
            await self._link.erase(at)

    async def _purge(self, stream: str, upto: int, at: int) -> None:
        """Take the messages away that hold nothing but what is forgotten; what remains goes the next time."""
        first = self._store.first_held(stream, upto)
        before = at if first is None else min(first, at)
        try:
            await self._link.purge(subject(self._name, stream), before)
        except (Unclear, Refusing):
            return
        for began, where in self._places(stream):
            if where < before:
                self._records.keep(AGAIN, f"{stream} {began}", None)

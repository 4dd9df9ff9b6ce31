"""
The log in a stream of NATS JetStream, which several nodes share, and in a replica of this node's own.

What is appended is published; it is in the log when it has come back and the replica has it. All
questions are answered by the replica, an SQLite file with all that has come (docs/adr/0027-*).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, TimeoutError, fail, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tcpchat.events import Event, Removed
from tcpchat.logs.interface import NotKept, Parts, Posted
from tcpchat.logs.nats_erasing import Erasing, Forgetting, Removal, Rewriting
from tcpchat.logs.nats_flights import CANNOT_WRITE
from tcpchat.logs.nats_items import LONGEST, NEVER, Append, Item, Line, is_sure, streams_of
from tcpchat.logs.nats_link import Link
from tcpchat.logs.nats_log_records import LogRecords
from tcpchat.logs.nats_messages import Commit
from tcpchat.logs.nats_queue import Queue
from tcpchat.logs.nats_records import NatsRecords
from tcpchat.logs.nats_replica import CURSOR, Applying
from tcpchat.logs.nats_terms import Facts
from tcpchat.logs.nats_values import NatsValues
from tcpchat.logs.sqlite_replica import REPLICA, SQLiteReplica, check_replica, remove_replica
from tcpchat.records import ROOM

# A record of the replica: this node's name.
NODE = "node"

# Seconds for the replica to become level with the stream.
LEVEL = 10.0

# Seconds for the records to be durable, when the log is closed.
LAST_RECORDS = 2.0


class Workings(NamedTuple):
    """What the log consists of once it is open."""

    queue: Queue
    applying: Applying
    erasing: Erasing


class NatsLog(LogRecords):
    """
    A log that nodes share. What it promises is in `interface.Log`.

    It is of use once `open` has answered.
    """

    logger = Logger()

    def __init__(
        self,
        reactor: Any,
        servers: Sequence[str],
        name: str,
        path: str,
        wall: Callable[[], int],
        failed: Callable[[Exception], None] = lambda error: None,
        node: str = "",
        monitoring: Sequence[str] = (),
        makes: bool = True,
    ) -> None:
        """
        ``servers`` are ``HOST:PORT`` of NATS, ``name`` is the stream's; ``path`` the replica's, which is made
        if need be. ``wall`` tells the time in milliseconds since 1970. ``failed`` is called once when the
        replica's disk has failed. ``node`` names this node; without it, it is as the replica has it.
        ``makes``: a stream that is not there is made.

        Raises:
            CannotOpen: or one of its kinds, with a line for the operator: the replica cannot be opened.
        """
        self.epoch = ""
        self.arrived: Callable[[str], object] = lambda stream: None
        self.forgetting: Callable[[str], object] = lambda stream: None
        self.is_fenced: Callable[[], bool] = lambda: False  # may others take this node for dead?
        self.reached: Callable[[bool], object] = lambda is_reached: None  # hears of the link's changes
        self.held: Callable[[Collection[str]], object] = lambda sessions: None  # of whom something waits
        self._makes = makes
        self._clock = reactor
        self._name = name
        self._path = path
        self._wall = wall
        self._failed = failed
        self._store: SQLiteReplica | None = None
        if os.path.exists(path):
            check_replica(path)
            self._store = self._open_store("")
            kept: list[bytes | None] = []
            self._store.record(REPLICA, NODE).addCallback(kept.append)
            node = node or (kept[0] or b"").decode()
        self.node = node or secrets.token_hex(4)
        self.link = Link(reactor, servers, name, self._connected, self.node, monitoring)
        self.shared = NatsRecords(self.link, self.node, reactor.callLater)
        self.bucket = NatsValues(self.link, self.shared)
        self.calls = self.link
        self._parts: Workings | None = None
        self._live_after = 0
        self._is_closing = False

    def _open_store(self, epoch: str) -> SQLiteReplica:
        return SQLiteReplica(
            self._path, self._wall, self._clock.callFromThread, self._failed, self._clock.callLater, epoch
        )

    def open(self) -> Deferred[Facts]:
        """
        Reach the servers, and answer when the replica has what the stream has.

        It waits for servers for ever: `close` gives up. Fails with `nats_terms.Refusing`, or `CannotOpen`.
        """
        return Deferred.fromCoroutine(self._open())

    async def _open(self) -> Facts:
        facts = await self.link.open(self._makes)
        self.epoch = facts.epoch
        if self._store is not None and self._store.epoch != facts.epoch:
            self.logger.warn(
                "The replica {path} is of another log (epoch {old}): it is made anew from this one"
                " (epoch {new}). The node is called {node} here, too.",
                path=self._path, old=self._store.epoch, new=facts.epoch, node=self.node,
            )  # fmt: skip
            await self._store.close()
            remove_replica(self._path)
            self._store = None
        if self._store is None:
            self._store = self._open_store(facts.epoch)
            self._store.keep(REPLICA, NODE, self.node.encode())
        store = self._store
        cursor = int(await store.record(REPLICA, CURSOR) or 0)
        await self.shared.open()
        names = self._name, self.node, f"{self.node}.{secrets.token_hex(4)}."
        parts = self._parts = Workings(
            Queue(self.link, self._clock, names, store, cursor, lambda: self.is_fenced()),
            Applying(self.link, store, self._clock, self, cursor),
            Erasing(self.link, self._name, self.shared, store, self._clock, self._rewrite),
        )
        self.link.wanted = parts.queue.wanted
        parts.queue.holding.tell = lambda sessions: self.held(sessions)
        self._live_after = facts.last
        caught_up: Deferred[None] = Deferred()
        self.link.follow(cursor, parts.applying.take, lambda: caught_up.callback(None))
        await caught_up
        await parts.applying.level()
        await parts.erasing.open()
        return facts

    @property
    def progress(self) -> tuple[str, int, int]:
        """How far opening it has come: it is another one as long as anything comes."""
        return self.epoch, self.shared.heard, self._parts.applying.cursor if self._parts else 0

    def have_lease(self, revision: int) -> None:
        """Name this node's lease in what is published from now on, for people who look."""
        self._queue.have_lease(revision)

    def give_up(self) -> None:
        """The people of this node are its own no longer: what waits of theirs is not said any more."""
        self._queue.give_up()

    async def catch_up(self) -> None:
        """
        Wait until everything has been applied that is in the stream by now.

        Raises:
            Unclear: how much that is cannot be known.
        """
        assert self._parts is not None
        upto = await self.link.end()
        try:
            await self._parts.applying.until(upto).addTimeout(LEVEL, self._clock)
        except TimeoutError:
            pass  # what was there last has been erased, perhaps

    def _connected(self, is_connected: bool) -> None:
        if self._parts is not None:
            self._parts.queue.connected(is_connected)
        self.reached(is_connected)

    @property
    def _queue(self) -> Queue:
        assert self._parts is not None
        return self._parts.queue

    # What comes over, as `nats_replica` tells it.

    @property
    def cursor(self) -> int:
        """Up to where the stream has come over."""
        return self._queue.cursor

    def came(self, commit: Commit, at: int) -> None:
        self._queue.came(commit, at)
        is_live = at > self._live_after
        if is_live and commit.entries and not self._replica.has_tail(commit.stream):
            self._tell(self.arrived, commit.stream)

    def launch(self) -> None:
        try:
            self._queue.launch()
        except Exception:
            self.logger.failure("Something failed when it was to be published")

    def forgets(self, commit: Commit) -> None:
        if commit.node != self.node:
            self._tell(self.forgetting, commit.stream)

    def _tell(self, told: Callable[[str], object], stream: str) -> None:
        try:
            told(stream)
        except Exception:
            self.logger.failure("Something failed when it was told of {stream}", stream=stream)

    def applied(self, commit: Commit, at: int) -> Iterator[None]:
        assert self._parts is not None
        self._parts.erasing.applied(commit, at, commit.node == self.node, at > self._live_after)
        return self._queue.applied(commit)

    async def find_rewritten(self, stream: str, first: int, before: int) -> tuple[int, int] | None:
        assert self._parts is not None
        return await self._parts.erasing.find(stream, first, before)

    # Appending.

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        return self._append([(stream, events)], True)

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        return self._append(parts, False)

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        if self._is_refusing:
            posted(NotKept(CANNOT_WRITE))
        else:
            self._add(Line(stream, event, self._wall(), self._clock.seconds() + LONGEST, posted), (stream,))

    @property
    def _is_refusing(self) -> bool:
        parts = self._parts
        return parts is None or self._is_closing or parts.queue.is_refusing or parts.applying.is_stuck

    def _append(self, parts: Parts, is_one: bool) -> Deferred[Any]:
        is_certain = not is_one and is_sure(parts)
        if self._is_closing or (self._is_refusing and not is_certain):
            return fail(NotKept(CANNOT_WRITE))
        streams = streams_of(parts)
        if not streams:
            return succeed([] if is_one else [[] for _ in parts])
        until = NEVER if is_certain else self._clock.seconds() + LONGEST
        answer: Deferred[Any] = Deferred()
        self._add(Append(parts, self._wall(), until, answer, is_one), streams)
        return answer

    def _add(self, item: Item, streams: Sequence[str]) -> None:
        item.kept = self._until_kept()
        self._queue.add(item, streams)

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        if self._is_refusing:
            return fail(NotKept(CANNOT_WRITE))
        answer: Deferred[list[int]] = Deferred()
        until = self._clock.seconds() + LONGEST
        item = Removal(self._replica, stream, about, event, also, self._wall(), until, answer)
        self._add(item, streams_of(item.parts))
        return answer

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        if self._is_refusing:
            return fail(NotKept(CANNOT_WRITE))
        upto = min(upto, self.last(stream))
        if upto <= self.kept_after(stream):
            return succeed(None)
        return self._replica.record(ROOM, stream).addCallback(self._forget, stream, upto)

    def _forget(self, room: bytes | None, stream: str, upto: int) -> Deferred[None]:
        answer: Deferred[Any] = Deferred()
        until = self._clock.seconds() + LONGEST
        self._queue.add(Forgetting(stream, upto, room, self._wall(), until, answer), (stream,))
        return answer.addCallback(lambda _: None)

    def _rewrite(self, stream: str, gone: Sequence[int], before: int) -> Deferred[object]:
        if self._is_refusing:
            return fail(NotKept(CANNOT_WRITE))
        answer: Deferred[object] = Deferred()
        until = self._clock.seconds() + LONGEST
        item = Rewriting(self._replica, stream, gone, before, self._wall(), until, answer)
        self._queue.add(item, (stream,))
        return answer

    # The end.

    def close(self) -> Deferred[None]:
        self._is_closing = True
        return Deferred.fromCoroutine(self._close())

    async def _close(self) -> None:
        if (parts := self._parts) is not None:
            parts.erasing.close()
            await self._until(lambda: parts.queue.is_empty, LONGEST)
            await self._until(lambda: self.shared.is_kept or not self.link.is_connected, LAST_RECORDS)
            parts.applying.keep_cursor()
        await self.link.close()
        if self._store is not None:
            await self._store.close()

    async def _until(self, true: Callable[[], bool], longest: float) -> None:
        end = self._clock.seconds() + longest
        while not true() and self._clock.seconds() < end:
            await deferLater(self._clock, 0.01)

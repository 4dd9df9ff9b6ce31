"""The records of a log on NATS: those that all nodes share, and those that are the replica's own."""

from __future__ import annotations

from abc import abstractmethod

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import Changed, NotKept
from tcpchat.logs.nats_flights import CANNOT_WRITE
from tcpchat.logs.nats_questions import Questions
from tcpchat.logs.nats_queue import Queue
from tcpchat.logs.nats_records import NatsRecords
from tcpchat.logs.nats_terms import Lost, Refusing, Unclear
from tcpchat.logs.nats_values import NatsValues
from tcpchat.logs.sqlite_replica import REPLICA
from tcpchat.records import LEASE, ROOM

# Kinds of records that are the replica's own: what is made of its entries, and what it knows of itself.
LOCAL = LEASE, ROOM, REPLICA

# The kind of key that is put into the bucket to see whether anything can be.
PROBE = "probe"


class LogRecords(Questions):
    """The part of `interface.Log` that is about records."""

    shared: NatsRecords
    bucket: NatsValues
    node: str
    _is_closing = False
    _gate: Deferred[None] | None = None  # until what was kept last is durable

    @property
    @abstractmethod
    def _queue(self) -> Queue:
        """What waits and what is on its way, once the log is open."""

    def _until_kept(self) -> Deferred[None] | None:
        """Return what answers when all that was kept so far is durable, if it is not."""
        if self.shared.is_kept:
            return None
        if self._gate is None:
            self._gate = self.shared.kept()
        return self._gate

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        if kind in LOCAL:
            self._replica.keep(kind, key, value)
        elif not self._is_closing:
            self._gate = None
            self.shared.keep(kind, key, value)

    def replace(self, kind: str, key: str, was: bytes, value: bytes) -> Deferred[bool]:
        found = self.shared.find(kind, key)
        if found is None or found.value != was:
            return succeed(False)

        def failed(failure: Failure) -> bool:
            if failure.trap(Lost, Refusing, Unclear) is Lost:
                return False
            raise NotKept(CANNOT_WRITE) from failure.value

        put = self.shared.put(kind, key, value, found.revision)
        return put.addCallbacks(lambda revision: True, failed)

    def probe(self) -> Deferred[None]:
        """First the servers: a quorum of them has to take a key of this node's own; then the replica."""

        def failed(failure: Failure) -> Deferred[None]:
            failure.trap(Lost, Refusing, Unclear)
            raise NotKept(str(failure.value)) from failure.value

        if self._is_closing:
            return fail(NotKept(CANNOT_WRITE))
        put = self.bucket.put(f"{PROBE}.{self.node}", PROBE.encode())
        return put.addCallbacks(lambda revision: self._replica.probe(), failed)

    @property
    def commits(self) -> Commits:
        return self._replica.commits

    @property
    def publishes(self) -> Commits:
        """How it has gone to have the servers keep what is this node's."""
        return self._queue.publishes

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return self._replica.record(kind, key) if kind in LOCAL else succeed(self.shared.record(kind, key))

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        return self._replica.records(kind) if kind in LOCAL else succeed(self.shared.records(kind))

    def watch(self, kind: str, changed: Changed) -> None:
        self.shared.watch(kind, changed)

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        return self.shared.records_of(node, kind)

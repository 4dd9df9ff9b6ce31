"""For tests: several chats in one process that are nodes of one cluster, on a log and a bucket in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from tcpchat import records
from tcpchat.calls import Calls
from tcpchat.clustering import Cluster
from tcpchat.events import Entry, Joined, Left
from tcpchat.from_afar import heed
from tcpchat.hashing import Hashing
from tcpchat.leases import Leases
from tcpchat.limits import NO_LIMITS
from tcpchat.logs.commits import Commits
from tcpchat.logs.interface import Changed, Parts
from tcpchat.logs.memory import Removal, _Stream
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tcpchat.shared_bucket import Bucket
from tests.buckets import MemoryBucket, Values
from tests.visitors import CHEAP, ChatCase, FullLog, Visitor


class Store:
    """What the nodes share: the records; and all of them, so that what one commits comes to each."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str, str], bytes] = {}  # by whose it is, if it is not everybody's
        self.logs: list[SharedLog] = []


class SharedLog(FullLog):
    """
    One node's log. What any node commits is in all of them at once; a record comes to others a turn later.

    A node that is dead is given nothing any more, and what it kept last is as it was.
    """

    def __init__(
        self, clock: Clock, wall: Callable[[], int], node: str, store: Store, values: Values
    ) -> None:
        super().__init__(clock, wall, "shared")
        link = MemoryBucket(clock, values, node)
        self.bucket: Bucket = link
        self.calls: Calls = link
        self.is_fenced: Callable[[], bool] = lambda: False
        self.held: Callable[[Collection[str]], object] = lambda sessions: None
        self.lease = 0
        self.node = node
        self.is_dead = False
        self._store = store
        self._changed: dict[str, list[Changed]] = {}
        if store.logs:
            self._streams = {name: self._copy(stream) for name, stream in store.logs[0]._streams.items()}
            self._refs = dict(store.logs[0]._refs)
        store.logs.append(self)

    publishes = Commits()

    def have_lease(self, revision: int) -> None:
        self.lease = revision

    def give_up(self) -> None:
        """Nothing waits behind the fence: it was refused."""

    async def catch_up(self) -> None:
        """Everything comes at once."""

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        return self._refusal() if self.is_fenced() else super().append_all(parts)

    @staticmethod
    def _copy(stream: _Stream) -> _Stream:
        copy = _Stream(stream)
        copy.kept_after = stream.kept_after
        return copy

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self.is_dead:
            return
        added: dict[str, list[Entry]] = {}
        answers = [(answer, self._write_item(item, added)) for item, answer in waiting]
        for log in self._store.logs:
            for name, entries in added.items():
                log.apply(name, entries, is_own=log is self)
        for answer, outcome in answers:
            if isinstance(outcome, Exception):
                answer.errback(outcome)
            else:
                answer.callback(outcome)

    def _write_item(self, item: Parts | Removal, added: dict[str, list[Entry]]) -> list[Any] | Exception:
        """As a log on NATS does: that somebody has left is said once, whoever says it."""
        if isinstance(item, Removal):
            return super()._write_item(item, added)
        parts = [
            (name, [event for event in events if not (isinstance(event, Left) and self._is_out(name, event))])
            for name, events in item
        ]
        return super()._write_item(parts, added)

    def _is_out(self, name: str, left: Left) -> bool:
        """Does the log say of somebody already that they have left a room?"""
        events = [entry.event for entry in self._streams.get(name, ())]
        known = [it for it in events if isinstance(it, Joined | Left) and it.person == left.person]
        return bool(known) and isinstance(known[-1], Left)

    def apply(self, name: str, entries: list[Entry], is_own: bool) -> None:
        """Take in what a node has committed."""
        if self.is_dead:
            return
        if not is_own and name not in self._tails._tails:
            self.arrived(name)
        self._streams.setdefault(name, _Stream()).extend(entries)
        self._tails.deliver(name, entries)

    def _whose(self, kind: str) -> str:
        return self.node if kind in (records.SHOWN, records.LEASE) else ""

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        if self.is_dead:
            return
        whose = self._whose(kind)
        if value is None:
            self._store.records.pop((whose, kind, key), None)
        else:
            self._store.records[whose, kind, key] = value
        for log in self._store.logs:
            if log is not self:
                for changed in log._changed.get(kind, ()):
                    self._clock.callLater(0, log.tell, changed, key, value)

    def tell(self, changed: Changed, key: str, value: bytes | None) -> None:
        """Another node has kept a record."""
        if not self.is_dead:
            changed(key, value)

    def replace(self, kind: str, key: str, was: bytes, value: bytes) -> Deferred[bool]:
        if self._store.records.get((self._whose(kind), kind, key)) != was:
            return succeed(False)
        self.keep(kind, key, value)
        return succeed(True)

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return succeed(self._store.records.get((self._whose(kind), kind, key)))

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        return succeed(self.records_of(self.node, kind))

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        whose = node if kind == records.SHOWN else ""
        return {
            key: value for (of, it, key), value in self._store.records.items() if (of, it) == (whose, kind)
        }

    def watch(self, kind: str, changed: Changed) -> None:
        self._changed.setdefault(kind, []).append(changed)


class Node:
    """One chat of the cluster."""

    def __init__(self, chat: Chat, log: SharedLog) -> None:
        self.chat = chat
        self.log = log
        assert isinstance(log.bucket, MemoryBucket)
        self.bucket = log.bucket
        self.stood = 0.0  # for how many seconds did this process stand still?
        self.cluster = Cluster(chat, log, self._ousted, Leases(), lambda: chat.clock.seconds() + self.stood)
        self.is_ousted = False
        self.opened: Deferred[None]

    def _ousted(self) -> None:
        self.is_ousted = True


class SharedCase(ChatCase):
    """Two nodes, "east" and "west"; `connect` comes to the one that is `at`."""

    def setUp(self) -> None:
        super().setUp()
        self.store, self.values = Store(), Values()
        self.nodes: dict[str, Node] = {}
        for name in "east", "west":
            self.start(name)
        self.go("east")

    def start(self, name: str) -> Node:
        """Start a node."""
        node = self.begin(name)
        self.successResultOf(node.opened)
        return node

    def begin(self, name: str) -> Node:
        """Start a node that is perhaps not let in."""
        log = SharedLog(self.clock, self.wall, name, self.store, self.values)
        chat = Chat(
            log, self.clock, self.wall, self._new_id, self._chance, NO_LIMITS, hashing=Hashing(argon2=CHEAP)
        )
        heed(chat)
        node = self.nodes[name] = Node(chat, log)

        async def open() -> None:
            await node.cluster.check()
            await chat.open()
            await node.cluster.open()
            await revive(chat)

        node.opened = Deferred.fromCoroutine(open())
        self.settle()
        return node

    def go(self, name: str) -> Node:
        """Have `connect` and the like be about a node."""
        self.at = self.nodes[name]
        self.chat = self.at.chat
        return self.at

    def enter_at(self, name: str, nick: str, address: str = "192.0.2.1") -> Visitor:
        """Somebody comes in over a node."""
        self.go(name)
        (visitor,) = self.enter(nick, address=address)
        return visitor

    def kill(self, name: str) -> None:
        """A node dies, as by ``kill -9``."""
        node = self.nodes[name]
        node.log.is_dead = True
        node.bucket.cut()
        node.cluster.nodes.stop()
        node.chat.registry.stop()
        self.store.logs.remove(node.log)

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pump([0.25] * int(seconds * 4))
        self.settle()

    def crowd(self) -> list[str]:
        """Return who is in the lobby, as each living node has it; it is the same for all."""
        rooms = [
            [member.nick for member in node.chat.rooms.lobby.room.members.values()]
            for node in self.nodes.values()
            if not node.log.is_dead
        ]
        self.assertEqual(len({tuple(room) for room in rooms}), 1, rooms)
        return rooms[0]

"""For tests: two chats that are nodes of one cluster, on a real NATS server, and people on each."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.clustering import Cluster
from tcpchat.from_afar import heed
from tcpchat.hashing import Hashing
from tcpchat.limits import KEEP_ALL, NO_LIMITS, Retention
from tcpchat.logs.nats import NatsLog
from tcpchat.records import KeptAccount
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tests.folders import a_folder
from tests.nats_servers import a_name, one_server
from tests.nodes import Nodes, Turns
from tests.visitors import CHEAP, Visitor

# Seconds within which what one node does holds on the other: a second, that is promised.
SOON = 1.0


def milliseconds() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Node:
    """One chat of the cluster."""

    def __init__(self, turns: Turns, log: NatsLog, retention: Retention, operators: tuple[str, ...]) -> None:
        self.turns = turns
        self.log = log
        self.chat = Chat(
            log,
            turns,  # type: ignore[arg-type]
            milliseconds,
            lambda: secrets.token_urlsafe(9),
            secrets.token_bytes,
            NO_LIMITS,
            retention=retention,
            hashing=Hashing(argon2=CHEAP),
            operators=operators,
        )
        self.cluster = Cluster(self.chat, log, lambda: None)
        heed(self.chat)
        turns.wait(Deferred.fromCoroutine(self._open()))

    async def _open(self) -> None:
        await self.chat.open()
        await self.cluster.open()
        await revive(self.chat)

    def settle(self) -> None:
        """What comes of something comes later, from the other threads."""

    def stop(self) -> None:
        """End, as an operator has it end."""
        self.chat.stop()
        self.cluster.stop()
        self.chat.close()


class Neighbour(Visitor):
    """Somebody who is connected to one of the nodes."""

    def __init__(self, node: Node, address: str) -> None:
        self._turns = node.turns
        super().__init__(node, address)  # type: ignore[arg-type]

    def says(self, line: str) -> None:
        """Type a line of which the others are shown something."""
        self.dialogue.received(line)

    def asks(self, line: str, *wanted: str) -> list[str]:
        """Type a line, and wait until what is wanted is shown; return all that is shown until then."""
        self.dialogue.received(line)
        return self.sees_soon(*wanted)

    def sees_soon(self, *wanted: str) -> list[str]:
        """Wait until lines with these words are shown; return all since the last look."""
        seen: list[str] = []

        def all_are_shown() -> bool:
            seen.extend(self.sees())
            return all(any(words in line for line in seen) for words in wanted)

        self._turns.until(all_are_shown)
        return seen


class NeighboursCase(SynchronousTestCase):
    """Two nodes, `east` and `west`."""

    retention: Retention = KEEP_ALL
    operators: tuple[str, ...] = ()

    def setUp(self) -> None:
        folder = str(a_folder(self))
        self.logs = Nodes(one_server().urls, a_name(), folder, milliseconds)
        self.turns = self.logs.turns
        self.running: list[Node] = []
        self.addCleanup(self.end)
        self.east, self.west = self.start("east"), self.start("west")

    def start(self, name: str) -> Node:
        """Start a node."""
        node = Node(self.turns, self.logs.open(name), self.retention, self.operators)
        self.running.append(node)
        return node

    def stop(self, node: Node) -> None:
        """End a node."""
        self.running.remove(node)
        node.stop()
        self.logs.close(node.log)

    def end(self) -> None:
        """End all that run."""
        for node in list(self.running):
            node.stop()
        self.logs.close_all()

    def enter(self, node: Node, nick: str, address: str = "192.0.2.1") -> Neighbour:
        """Somebody comes in over a node."""
        visitor = Neighbour(node, address)
        visitor.asks(nick, "You are", "brings you back")
        return visitor

    def log_in(self, node: Node, nick: str, address: str = "192.0.2.1") -> Neighbour:
        """Somebody comes in over a node by an account."""
        visitor = Neighbour(node, address)
        visitor.asks(f"/login {nick} correct-horse", "You are")
        return visitor

    def register(self, node: Node, nick: str, is_operator: bool = False) -> KeptAccount:
        """Somebody has an account, which both nodes know."""
        hash = self.turns.wait(node.chat.hashing.hash("correct-horse"))
        account = KeptAccount(f"a-{nick}", nick, hash, 0, is_operator=is_operator)
        node.chat.accounts.keep(account)
        self.turns.until(lambda: all(it.chat.accounts.get(account.id) == account for it in self.running))
        return account

    def soon(self, true: Callable[[], bool]) -> None:
        """See that something is so within a second."""
        begun = time.monotonic()
        self.turns.until(true)
        self.assertLess(time.monotonic() - begun, SOON)

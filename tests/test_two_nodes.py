"""Two nodes in one process, on a real server of NATS: nicknames, sessions and leases between them."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.clustering import CUT_OFF, Cluster
from tcpchat.from_afar import heed
from tcpchat.hashing import Hashing
from tcpchat.leases import Leases, Times
from tcpchat.limits import NO_LIMITS
from tcpchat.logs.interface import InUse
from tcpchat.logs.nats import NatsLog
from tcpchat.logs.nats_terms import Unclear
from tcpchat.nameless import connected
from tcpchat.names import Name, nickname
from tcpchat.requests import Refused
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tests.nats_servers import a_name, one_server
from tests.nodes import Nodes, Turns
from tests.test_log_sqlite import folder
from tests.visitors import CHEAP, FakeScreen

HOME, FAR = "192.0.2.1", "198.51.100.7"

# Of nodes that are in a hurry; another machine may stop a process for half a second.
TIMES = Times(renew=0.5, fence=1.5, dead=2.5)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


class Guest:
    """Somebody on one of them."""

    def __init__(self, chat: Chat, turns: Turns, address: str) -> None:
        self._turns = turns
        self._read = 0
        self.screen = FakeScreen()
        self.dialogue = connected(chat, self.screen, address)

    def until(self, text: str) -> str:
        """Wait for a text; return what came with it."""
        self._turns.until(lambda: text in self.screen.shown[self._read :].decode())
        shown, self._read = self.screen.shown[self._read :].decode(), len(self.screen.shown)
        return shown

    def types(self, line: str) -> None:
        self.dialogue.received(line)


class TwoNodesCase(SynchronousTestCase):
    times = Times()

    def setUp(self) -> None:
        self.nodes = Nodes(one_server().urls, a_name(), folder(self), milliseconds)
        self.turns = self.nodes.turns
        self.logs: dict[str, NatsLog] = {}
        self.chats: dict[str, Chat] = {}
        self.clusters: dict[str, Cluster] = {}
        self.ousted: list[str] = []
        self.addCleanup(self.close)
        for node in "east", "west":
            self.start(node)

    def start(self, node: str) -> None:
        """Start a node."""
        log = self.logs[node] = self.nodes.open(node)
        chat = self.chats[node] = Chat(
            log, cast(IReactorTime, self.turns), milliseconds, lambda: secrets.token_urlsafe(9),
            secrets.token_bytes, NO_LIMITS, hashing=Hashing(argon2=CHEAP),
        )  # fmt: skip
        cluster = Cluster(chat, log, lambda: self.ousted.append(node), Leases(self.times))
        self.clusters[node] = cluster

        async def open() -> None:
            heed(chat)
            await cluster.check()
            await chat.open()
            await cluster.open()
            await revive(chat)

        self.turns.wait(Deferred.fromCoroutine(open()))

    def close(self) -> None:
        for node in self.logs:
            self.chats[node].stop()
            self.chats[node].close()
            self.clusters[node].stop()
        self.nodes.close_all()

    def connect(self, node: str, address: str = HOME) -> Guest:
        """Somebody connects to a node."""
        guest = Guest(self.chats[node], self.turns, address)
        guest.until("What is your nickname?")
        return guest

    def enter(self, node: str, nick: str, address: str = HOME) -> Guest:
        """Somebody comes in over a node."""
        guest = self.connect(node, address)
        guest.types(nick)
        guest.until(f"*** You are {nick}, in #lobby")
        return guest


def note(outcomes: list[tuple[str, object]], node: str, outcome: object) -> None:
    """What somebody has asked a node for has come to something."""
    outcomes.append((node, outcome))


class NicknameTests(TwoNodesCase):
    def test_of_two_nodes_that_claim_one_nickname_at_the_same_moment_one_has_it(self) -> None:
        random = Random(1)
        nodes = list(self.chats)
        for n in range(100):
            random.shuffle(nodes)
            outcomes: list[tuple[str, object]] = []
            for node in nodes:
                claiming = self.chats[node].registry.claim(f"anna{n}", f"{node}{n}", HOME)

                Deferred.fromCoroutine(claiming).addBoth(partial(note, outcomes, node))
            self.turns.until(lambda: len(outcomes) == 2)  # noqa: B023
            (winner,) = [node for node, outcome in outcomes if isinstance(outcome, Name)]
            (failure,) = [getattr(outcome, "value", None) for node, outcome in outcomes if node != winner]
            assert isinstance(failure, Refused)
            self.assertEqual(str(failure), f'"anna{n}" is taken. Try "anna{n}2".')
            for chat in self.chats.values():
                holder = chat.people._claims.holder
                self.turns.until(lambda: holder(nickname(f"anna{n}")) == f"{winner}{n}")  # noqa: B023

    def test_a_name_is_taken_on_both_and_free_after_a_farewell(self) -> None:
        anna = self.enter("east", "anna")
        bert = self.connect("west", FAR)
        bert.types("anna")
        bert.until('!!! "anna" is taken. Try "anna2".')
        anna.types("/nick zoe")
        anna.until("*** anna is now known as zoe.")
        bert.types("zoe")
        bert.until('!!! "zoe" is taken. Try "zoe2".')
        other = self.connect("west", HOME)  # for whom the old one is kept

        def is_kept() -> bool:
            return self.chats["west"].people._claims.holder(nickname("anna")) is None

        self.turns.until(is_kept)
        other.types("anna")
        other.until("*** You are anna, in #lobby with zoe")


class ResumeTests(TwoNodesCase):
    def test_a_session_goes_on_on_the_other_node_and_back_and_nobody_is_told(self) -> None:
        anna, bert = self.enter("east", "anna"), self.enter("west", "bert")
        code = anna.screen.shown.decode().partition("/resume ")[2].split()[0]
        for n, node in enumerate(("west", "east", "west", "east")):
            bert.types(f"missed or seen {n}")
            if n % 2:
                anna.screen.on_its_way = 0
                anna.dialogue.lost("connection lost")
            other = self.connect(node)
            other.types(f"/resume {code}")
            other.until("*** You are anna, in #lobby with bert.")
            bert.types(f"live {n}")
            other.until(f"<bert> live {n}")
            other.types(f"here {n}")
            bert.until(f"<anna> here {n}")
            if not n % 2:
                anna.until("*** Taken up from another connection.")
            said = (anna.screen.shown + other.screen.shown).decode().count(f"> missed or seen {n}")
            self.assertEqual(said, 1)
            anna = other
        shown = bert.screen.shown.decode()
        self.assertEqual((shown.count("left"), shown.count("joined")), (0, 0))


class LeaseTests(TwoNodesCase):
    times = TIMES

    def cut(self, node: str) -> Callable[[], None]:
        """Have a node's lease not be renewed; return what ends that."""
        nodes = self.clusters[node].nodes._own
        whole = nodes._bucket

        class Cut:
            """A bucket that nothing gets through to."""

            is_connected = False

            def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
                failed: Deferred[int] = Deferred()
                failed.errback(Unclear("cut"))
                return failed

            get = whole.get
            follow = whole.follow

        nodes._bucket = Cut()

        def heal() -> None:
            nodes._bucket = whole

        return heal

    def test_a_lease_that_runs_out_is_taken_and_its_people_are_gone_once(self) -> None:
        anna, bert = self.enter("east", "anna"), self.enter("west", "bert")
        heal = self.cut("east")
        self.turns.until(self.clusters["east"].nodes.is_fenced)
        anna.types("too late")
        anna.until("!!! Not sent: the log cannot be written.")
        bert.until("*** anna left #lobby: connection lost.")
        carl = self.enter("west", "anna", FAR)
        heal()
        anna.until(f"!!! {CUT_OFF}")
        anna.types("I am anna")
        self.turns.until(lambda: not self.clusters["east"].nodes.is_fenced())
        dave = self.enter("east", "dave")
        dave.types("hello")
        for guest in bert, carl:
            guest.until("<dave> hello")
        shown = bert.screen.shown.decode()
        self.assertEqual((shown.count("anna left"), shown.count("too late"), shown.count("I am")), (1, 0, 0))

    def test_nodes_that_run_keep_their_leases(self) -> None:
        self.turns.run(3 * TIMES.dead)
        for node in self.clusters.values():
            self.assertFalse(node.nodes.is_fenced())
        self.assertEqual(self.ousted, [])


class SameNameTests(TwoNodesCase):
    def start_second(self, replica: str = "") -> None:
        """Start another server under the name of one that runs, perhaps with a copy of its replica."""
        first = self.logs["east"], self.chats["east"], self.clusters["east"]
        self.nodes.folder = folder(self)
        if replica:
            for ending in "", "-wal":
                shutil.copy(replica + ending, self.nodes.path("east") + ending)
        try:
            self.start("east")
        finally:
            self.nodes.close(self.logs["east"])
            self.logs["east"], self.chats["east"], self.clusters["east"] = first

    def test_a_second_server_of_one_name_is_refused_and_the_first_goes_on(self) -> None:
        anna, bert = self.enter("east", "anna"), self.enter("west", "bert")
        path = self.nodes.path("east")
        for replica in "", path:
            with self.assertRaisesRegex(InUse, "is the node east, and runs"):
                self.start_second(replica)
        anna.types("still here")
        bert.until("<anna> still here")
        self.assertEqual((self.ousted, self.clusters["east"].nodes.is_fenced()), ([], False))

    def test_one_that_dies_is_told_of_long_before_its_lease_is_over(self) -> None:
        with capturedLogs() as events:
            self.turns.wait(self.logs["east"].link.close())
            self.turns.until(lambda: any("does not answer" in formatEvent(event) for event in events))
        self.assertFalse([event for event in events if "lease is over" in formatEvent(event)])

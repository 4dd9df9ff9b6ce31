"""A node's lease: how it is had, kept, lost and taken from others, on links that fail."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.leases import Times
from tcpchat.nodes import CATCH_UP, STANDSTILL, Nodes
from tcpchat.own_lease import NODE
from tests.buckets import MemoryBucket, Values

TIMES = Times()


class Follower:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.looks = 0
        self.revisions: list[int] = []
        self.memory = ""  # as in the node's replica
        self.operators: tuple[str, ...] = ()

    def have_lease(self, revision: int) -> None:
        self.revisions.append(revision)

    async def recall(self) -> str:
        return self.memory

    def remember(self, incarnation: str) -> None:
        self.memory = incarnation

    async def catch_up(self) -> None:
        pass

    def cut_off(self) -> None:
        self.told.append("cut off")

    def back(self) -> None:
        self.told.append("back")

    def ousted(self) -> None:
        self.told.append("ousted")

    def bury(self, node: str) -> None:
        self.told.append(f"bury {node}")

    def look(self) -> None:
        self.looks += 1


class Node:
    """A process with its own clock: while it is stopped its timers stand still and leases end."""

    def __init__(self, values: Values, name: str, incarnation: Callable[[], str], memory: str = "") -> None:
        self.clock = Clock()
        self.now = 0.0
        self.bucket = MemoryBucket(self.clock, values, name)
        self.follower = Follower()
        self.nodes = Nodes(
            self.bucket, self.bucket, self.clock, name, incarnation, self.follower, seconds=lambda: self.now
        )
        self.is_stopped = False
        self.follower.memory = memory
        self.opened = Deferred.fromCoroutine(self.nodes.open())

    @property
    def told(self) -> list[str]:
        return self.follower.told

    def advance(self, seconds: float) -> None:
        self.now += seconds
        if not self.is_stopped:
            self.clock.advance(seconds)


class NodesCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.values = Values()
        numbers = count(1)
        self._incarnation = lambda: f"i{next(numbers)}"
        self.all: list[Node] = []

    def begin(self, name: str, memory: str = "") -> Node:
        """Start a node whose replica remembers a lease."""
        node = Node(self.values, name, self._incarnation, memory)
        self.all.append(node)
        self.run_for(0)
        return node

    def start(self, name: str, memory: str = "") -> Node:
        node = self.begin(name, memory)
        self.successResultOf(node.opened)
        return node

    def run_for(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass for all nodes."""
        for _ in range(6):
            for node in self.all:
                node.advance(0)
        while seconds > 0:
            for node in self.all:
                node.advance(step)
            for _ in range(4):
                for node in self.all:
                    node.advance(0)
            seconds -= step

    def leases(self) -> set[str]:
        return {key.removeprefix(f"{NODE}.") for key in self.values.keys(NODE)}


class AliveTests(NodesCase):
    def test_nodes_that_run_have_their_leases_and_know_each_other(self) -> None:
        east, west = self.start("east"), self.start("west")
        self.run_for(300)
        self.assertEqual(self.leases(), {"east", "west"})
        for node, other in (east, "west"), (west, "east"):
            self.assertEqual((node.told, node.nodes.is_fenced()), ([], False))
            self.assertTrue(node.nodes.is_living(other))
            self.assertTrue(node.nodes.is_living(node.nodes.name))

    def test_a_lease_is_renewed_each_15_seconds(self) -> None:
        east = self.start("east")
        before = east.bucket.puts
        self.run_for(150)
        self.assertEqual(east.bucket.puts - before, 10)

    def test_it_is_told_which_revision_its_lease_has(self) -> None:
        east, _ = self.start("east"), self.start("west")
        self.run_for(35)
        self.assertEqual(len(east.follower.revisions), 3)
        self.assertEqual(east.follower.revisions[-1], self.values.changes[f"{NODE}.east"].revision)

    def test_they_look_around_all_the_time(self) -> None:
        east = self.start("east")
        self.run_for(60)
        self.assertEqual(east.follower.looks, 12)

    def test_it_waits_for_a_lease_as_long_as_it_takes(self) -> None:
        node = Node(self.values, "east", self._incarnation)
        node.bucket.cut()
        self.all.append(node)
        self.run_for(100)
        self.assertNoResult(node.opened)
        self.assertTrue(node.nodes.is_fenced())
        node.bucket.heal()
        self.run_for(2)
        self.successResultOf(node.opened)
        self.assertFalse(node.nodes.is_fenced())

    def test_a_renewal_of_which_the_answer_is_lost_is_no_loss(self) -> None:
        east, west = self.start("east"), self.start("west")
        self.run_for(10)
        east.bucket.loses_answers = True
        self.run_for(15)
        east.bucket.loses_answers = False
        self.run_for(100)
        self.assertEqual((east.told, west.told, east.nodes.is_fenced()), ([], [], False))


class OperatorsTests(NodesCase):
    def told(self, *operators: str) -> list[str]:
        """Have the other node's configuration name these; return what this one's operator is told."""
        self.west.follower.operators = operators
        with capturedLogs() as events:
            self.run_for(2 * TIMES.renew)
        return [formatEvent(event) for event in events]

    def test_each_configuration_that_names_others_is_told_of_once(self) -> None:
        self.east, self.west = self.start("east"), self.start("west")
        self.east.follower.operators = ("anna",)
        told = self.told("anna", "bert")
        of = "The node {} has other operators of the server than this one: {}, and here {}."
        end = " --operator is to be the same on all nodes"
        self.assertIn(of.format("west", "anna, bert", "anna") + end, told)
        self.assertEqual(self.told("anna", "bert"), [])
        told = self.told()
        self.assertIn(of.format("west", "none", "anna") + end, told)
        self.assertEqual(self.told("anna"), [])
        self.assertEqual(self.told("anna"), [])

    def test_one_that_does_not_tell_or_has_ended_is_not_compared(self) -> None:
        self.east = self.start("east")
        self.east.follower.operators = ("anna",)
        with capturedLogs() as events:
            for lease in b'{"incarnation":"i"}', b'{"incarnation":"i","has_ended":true,"operators":["eve"]}':
                self.values.put(f"{NODE}.old", lease, None, "old")
                self.run_for(1)
        self.assertEqual([event for event in events if "operators" in formatEvent(event)], [])


class DeadTests(NodesCase):
    def setUp(self) -> None:
        super().setUp()
        self.east, self.west, self.north = map(self.start, ("east", "west", "north"))
        self.run_for(20)

    def test_one_that_is_dead_is_buried_after_45_seconds_by_one_of_the_others(self) -> None:
        self.east.is_stopped = True
        self.run_for(TIMES.dead - TIMES.renew)
        self.assertEqual((self.west.told, self.north.told), ([], []))
        self.run_for(TIMES.renew + TIMES.renew)
        self.assertEqual(sorted([*self.west.told, *self.north.told]), ["bury east"])
        self.assertEqual(self.leases(), {"west", "north"})
        for node in self.west, self.north:
            self.assertFalse(node.nodes.is_living("east"))

    def test_one_that_was_stopped_is_fenced_before_anything_else_and_begins_anew(self) -> None:
        self.east.is_stopped = True
        self.run_for(60)
        self.assertIn("bury east", [*self.west.told, *self.north.told])
        self.east.is_stopped = False
        self.east.clock.rightNow += 60  # no timer has fired yet
        self.assertTrue(self.east.nodes.is_fenced())
        self.run_for(5)
        self.assertEqual(self.east.told, ["cut off", "back"])
        self.assertFalse(self.east.nodes.is_fenced())
        self.run_for(100)
        self.assertEqual(self.leases(), {"east", "west", "north"})
        self.assertTrue(self.west.nodes.is_living("east"))
        self.assertEqual(sorted([*self.west.told, *self.north.told]), ["bury east"])

    def test_one_that_stood_still_is_unsure_for_a_while_of_what_the_others_did(self) -> None:
        nodes = self.east.nodes
        self.assertFalse(nodes.was_stopped())
        self.east.now += STANDSTILL
        self.assertFalse(nodes.was_stopped())
        self.east.now += STANDSTILL + 0.1
        self.assertTrue(nodes.was_stopped())
        self.run_for(CATCH_UP - 0.5)
        self.assertTrue(nodes.was_stopped())
        self.run_for(0.5)
        self.assertFalse(nodes.was_stopped())

    def test_nor_is_it_any_more_when_it_has_run_for_long_since(self) -> None:
        self.east.now += 10
        self.run_for(TIMES.renew)
        self.assertFalse(self.east.nodes.was_stopped())

    def test_one_that_is_cut_off_is_fenced_after_30_seconds_and_knows_when_it_is_back(self) -> None:
        self.east.bucket.cut()
        self.run_for(TIMES.fence - TIMES.renew - 1)
        self.assertFalse(self.east.nodes.is_fenced())
        self.run_for(TIMES.renew + 1)
        self.assertTrue(self.east.nodes.is_fenced())
        self.run_for(60)
        self.assertEqual(self.east.told, [])
        self.east.bucket.heal()
        self.run_for(3)
        self.assertEqual(self.east.told, ["cut off", "back"])

    def test_it_takes_nobody_for_dead_when_it_is_back(self) -> None:
        self.east.bucket.cut()
        self.run_for(100)
        self.east.bucket.heal()
        self.run_for(60)
        self.assertEqual(self.east.told, ["cut off", "back"])

    def test_a_short_cut_is_noticed_by_nobody(self) -> None:
        for _ in range(20):
            self.east.bucket.cut()
            self.run_for(10)
            self.east.bucket.heal()
            self.run_for(10)
        self.assertEqual([node.told for node in self.all], [[], [], []])

    def test_when_all_are_cut_off_nobody_is_dead_afterwards(self) -> None:
        for node in self.all:
            node.bucket.cut()
        self.run_for(300)
        self.assertTrue(all(node.nodes.is_fenced() for node in self.all))
        for node in self.all:
            node.bucket.heal()
        self.run_for(300)
        self.assertEqual([node.told for node in self.all], [[], [], []])
        self.assertFalse(any(node.nodes.is_fenced() for node in self.all))

    def test_one_that_was_taken_for_dead_is_back_when_it_has_heard_what_was_done_meanwhile(self) -> None:
        self.east.is_stopped = True
        self.run_for(60)
        self.east.bucket.is_deaf = True
        self.east.is_stopped = False
        self.run_for(25)
        self.assertEqual(self.east.told, ["cut off"])
        self.assertTrue(self.east.nodes.is_fenced())
        self.east.bucket.heal()
        self.run_for(1)
        self.assertEqual(self.east.told, ["cut off", "back"])
        self.run_for(1)
        self.assertFalse(self.east.nodes.is_fenced())

    def test_one_whose_lease_is_taken_hears_of_it_at_once(self) -> None:
        lease = self.values.changes[f"{NODE}.east"]
        self.west.bucket.put(lease.key, None, lease.revision)
        self.run_for(2)
        self.assertEqual(self.east.told, ["cut off", "back"])

    def test_one_whose_timers_stood_still_with_it_finds_out_when_it_looks_around(self) -> None:
        east = self.east
        east.now += 100  # it was stopped, and its reactor's clock too
        self.assertTrue(east.nodes.is_fenced())
        self.run_for(TIMES.renew / 3 + 1)
        self.assertFalse(east.nodes.is_fenced())
        self.assertEqual(east.told, [])


class ChaosTests(NodesCase):
    def test_whatever_happens_nobody_is_buried_who_takes_lines(self) -> None:
        for seed in range(5):
            random = Random(seed)
            self.setUp()
            nodes = [self.start(name) for name in ("east", "west", "north")]
            for _ in range(120):
                node = random.choice(nodes)
                match random.randrange(6):
                    case 0:
                        node.is_stopped = True
                    case 1:
                        node.bucket.cut()
                    case 2:
                        node.bucket.loses_answers = True
                    case _:
                        node.is_stopped = node.bucket.loses_answers = False
                        node.bucket.heal()
                before = [len(node.told) for node in nodes]
                self.run_for(random.choice([0.5, 5, 20]))
                for observer, told in zip(nodes, before, strict=True):
                    for word in observer.told[told:]:
                        if word.startswith("bury"):
                            (dead,) = [it for it in nodes if it.nodes.name == word.removeprefix("bury ")]
                            is_new = "back" in dead.told[-1:]
                            self.assertTrue(dead.nodes.is_fenced() or dead.is_stopped or is_new, seed)
            for node in nodes:
                node.is_stopped = node.bucket.loses_answers = False
                node.bucket.heal()
            self.run_for(100)
            self.assertEqual(self.leases(), {"east", "west", "north"})
            self.assertFalse(any(node.nodes.is_fenced() for node in nodes))
            away = [node.told.count("cut off") - node.told.count("back") for node in nodes]
            self.assertEqual(away, [0, 0, 0])

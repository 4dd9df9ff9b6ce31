"""A node's own lease: after a crash, a clean end, and where another server has the same name."""

from __future__ import annotations

from twisted.logger import LogLevel, capturedLogs, formatEvent

from tcpchat.logs.interface import InUse
from tcpchat.own_lease import LONG, NODE, Lease, decode
from tests.test_nodes import TIMES, Node, NodesCase


class OwnLeaseCase(NodesCase):
    def kill(self, node: Node) -> str:
        """End a node as a power cut does; return what its replica remembers."""
        node.is_stopped = True
        self.all.remove(node)
        del self.values.attending[node.nodes.name]
        return node.follower.memory

    def lease(self, name: str) -> Lease:
        return decode(self.values.value(f"{NODE}.{name}") or b"")


class RestartTests(OwnLeaseCase):
    def test_one_that_is_started_anew_after_a_crash_takes_its_old_lease_at_once(self) -> None:
        memory = self.kill(self.start("east"))
        with capturedLogs() as events:
            new = self.start("east", memory)
        self.assertEqual(events, [])
        self.run_for(100)
        self.assertEqual((new.told, new.nodes.is_fenced(), self.leases()), ([], False, {"east"}))

    def test_its_replica_remembers_the_new_one(self) -> None:
        first = self.kill(self.start("east"))
        new = self.start("east", first)
        self.assertNotEqual(new.follower.memory, first)
        self.assertEqual(new.follower.memory, self.lease("east").incarnation)

    def test_one_that_ends_says_so_and_the_next_one_has_its_lease_at_once_wherever_it_is(self) -> None:
        old = self.start("east")
        ended = old.nodes.stop()
        self.run_for(0)
        self.successResultOf(ended)
        self.assertTrue(self.lease("east").has_ended)
        self.run_for(100)
        self.assertEqual((old.told, old.follower.looks, self.leases()), ([], 0, {"east"}))
        self.kill(old)
        self.start("east")
        self.assertFalse(self.lease("east").has_ended)

    def test_one_that_ends_and_cannot_say_so_ends_all_the_same(self) -> None:
        for break_it in ("cut", "refuses"):
            node = self.start(f"east-{break_it}")
            if break_it == "cut":
                node.bucket.cut()
            else:
                node.bucket.refuses = True
            ended = node.nodes.stop()
            self.run_for(0)
            self.successResultOf(ended)
            self.assertFalse(self.lease(node.nodes.name).has_ended)

    def test_one_that_ends_before_it_has_a_lease_gives_up(self) -> None:
        node = Node(self.values, "east", self._incarnation)
        node.bucket.cut()
        self.all.append(node)
        self.run_for(3)
        node.nodes.stop()
        node.bucket.heal()
        self.run_for(3)
        self.successResultOf(node.opened)
        self.assertEqual((self.leases(), node.nodes.is_living("east")), (set(), False))

    def test_the_operator_is_told_when_a_lease_is_refused(self) -> None:
        node = Node(self.values, "east", self._incarnation)
        node.bucket.refuses = True
        self.all.append(node)
        with capturedLogs() as events:
            self.run_for(2 * LONG)
        told = {formatEvent(event) for event in events if event["log_level"] >= LogLevel.warn}
        self.assertEqual(told, {"The lease of this node, east, is refused: the bucket is full"})
        node.bucket.refuses = False
        self.run_for(LONG)
        self.successResultOf(node.opened)


class SameNameTests(OwnLeaseCase):
    def refused(self, node: Node) -> None:
        """See that a node was not let in, and has changed nothing."""
        error = self.failureResultOf(node.opened, InUse).value
        self.assertEqual(
            str(error),
            "Another server of this cluster is the node east, and runs: give each its own --node.",
        )

    def test_a_second_server_of_one_name_is_refused_and_the_first_goes_on(self) -> None:
        old, other = self.start("east"), self.start("west")
        revision = self.values.changes[f"{NODE}.east"].revision
        self.refused(self.begin("east"))
        self.assertEqual(self.values.changes[f"{NODE}.east"].revision, revision)
        self.run_for(100)
        self.assertEqual((old.told, old.nodes.is_fenced(), other.told), ([], False, []))

    def test_so_is_one_with_a_copy_of_its_replica(self) -> None:
        old = self.start("east")
        self.refused(self.begin("east", old.follower.memory))
        self.run_for(100)
        self.assertEqual((old.told, old.nodes.is_fenced()), ([], False))

    def test_of_two_copies_of_a_dead_ones_replica_the_first_is_it(self) -> None:
        memory = self.kill(self.start("east"))
        first, second = self.begin("east", memory), self.begin("east", memory)
        self.run_for(3)
        self.successResultOf(first.opened)
        self.refused(second)
        self.assertFalse(first.nodes.is_fenced())

    def test_of_two_that_are_new_and_start_at_once_one_is_refused(self) -> None:
        nodes = [Node(self.values, "east", self._incarnation) for _ in range(2)]
        self.all += nodes
        self.run_for(TIMES.doubt + 5)
        self.assertEqual([node.nodes.is_fenced() for node in nodes], [False, True])
        self.refused(nodes[1])

    def test_one_that_was_elsewhere_before_waits_for_as_long_as_a_living_one_needs_to_show(self) -> None:
        self.kill(self.start("east"))
        with capturedLogs() as events:
            new = self.begin("east")
            self.run_for(TIMES.doubt - 2)
            self.assertNoResult(new.opened)
            self.run_for(4)
        self.successResultOf(new.opened)
        self.assertEqual(
            [formatEvent(event) for event in events],
            [
                "The node name east is, or was, another server's, which does not answer: this one waits"
                " 17 s to see whether it lives"
            ],
        )
        self.run_for(100)
        self.assertEqual((new.told, new.nodes.is_fenced()), ([], False))

    def test_one_that_is_stopped_for_a_moment_and_then_renews_is_alive(self) -> None:
        old = self.start("east")
        old.is_stopped = True
        new = self.begin("east", old.follower.memory)
        self.run_for(5)
        self.assertNoResult(new.opened)
        old.is_stopped = False
        self.run_for(TIMES.renew)
        self.refused(new)
        self.assertEqual((old.told, old.nodes.is_fenced()), ([], False))

    def test_one_that_ends_or_is_buried_meanwhile_makes_room_at_once(self) -> None:
        for value in (None, b'{"incarnation":"i","has_ended":true}'):
            old = self.start("east")
            self.kill(old)
            new = self.begin("east")
            self.run_for(2)
            self.assertNoResult(new.opened)
            lease = self.values.changes[f"{NODE}.east"]
            self.values.put(lease.key, value, lease.revision, "west")
            self.run_for(3)
            self.successResultOf(new.opened)
            self.kill(new)
            self.values.put(lease.key, None, None, "west")

    def test_where_nothing_could_be_seen_meanwhile_it_waits_anew(self) -> None:
        self.kill(self.start("east"))
        new = self.begin("east")
        self.run_for(10)
        new.bucket.cut()
        self.run_for(10)
        new.bucket.heal()
        self.run_for(TIMES.doubt - 2)
        self.assertNoResult(new.opened)
        self.run_for(5)
        self.successResultOf(new.opened)

    def test_one_that_was_stopped_for_long_ends_when_another_server_has_its_name(self) -> None:
        old, other = self.start("east"), self.start("west")
        old.is_stopped = True
        new = self.begin("east")
        self.run_for(TIMES.doubt + 5)
        self.successResultOf(new.opened)
        old.is_stopped = False
        self.run_for(20)
        self.assertEqual((old.told, new.told, other.told), (["ousted"], [], []))
        self.assertTrue(old.nodes.is_fenced())
        self.run_for(100)
        self.assertEqual((old.told, new.told, self.leases()), (["ousted"], [], {"east", "west"}))

    def test_one_whose_name_was_given_to_another_while_it_was_taken_for_dead_ends(self) -> None:
        old, _ = self.start("east"), self.start("west")
        old.is_stopped = True
        self.run_for(TIMES.dead + TIMES.renew)
        self.assertEqual(self.leases(), {"west"})
        new = self.start("east")
        old.is_stopped = False
        self.run_for(20)
        self.assertEqual((old.told, new.told), (["ousted"], []))

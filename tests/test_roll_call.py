"""Who has come, ended, fallen silent, and is back, as the operator of another node is told."""

from __future__ import annotations

from twisted.logger import LogLevel, capturedLogs, formatEvent

from tcpchat.roll_call import EACH, MOST, SILENT
from tests.test_nodes import TIMES, Node, NodesCase


class RollCallTests(NodesCase):
    def setUp(self) -> None:
        super().setUp()
        self.east, self.west = self.start("east"), self.start("west")
        self.run_for(5)

    def told(self, seconds: float, started: str = "") -> list[str]:
        """Return what somebody's operator is told in that time, in which a node is started anew, perhaps."""
        with capturedLogs() as events:
            if started:
                self.begin(started, self.west.follower.memory)
            self.run_for(seconds)
        ours = [event for event in events if event["log_namespace"].endswith("RollCall")]
        return [formatEvent(event) for event in ours]

    def silence(self, name: str) -> str:
        return (
            f"The node {name} does not answer: it has died, is stopped, or is cut off from NATS."
            " If that lasts for 45 s, its people are shown as gone."
        )

    def test_those_who_are_there_at_the_start_are_known_and_no_news(self) -> None:
        with capturedLogs() as events:
            north = self.begin("north")
            self.run_for(5)
        told = [formatEvent(event) for event in events]
        self.assertEqual(told, ["The node north has come."] * 2)  # to each of the two
        self.assertEqual(north.nodes.roll_call.nodes, ["east", "west"])

    def test_while_all_is_well_nothing_is_told(self) -> None:
        self.assertEqual(self.told(200), [])

    def test_one_that_ends_is_told_of_at_once_and_nothing_else(self) -> None:
        self.west.nodes.stop()
        self.assertEqual(self.told(2), ["The node west has ended."])
        self.assertEqual(self.told(20), [])
        self.assertEqual(self.east.nodes.roll_call.nodes, [])
        self.assertEqual(self.told(60), ["The node west is gone: its lease is over."])

    def test_one_that_ends_and_is_started_again_has_come(self) -> None:
        self.west.nodes.stop()
        self.told(2)
        self.all.remove(self.west)
        self.assertEqual(self.told(5, "west"), ["The node west has come."])

    def test_one_that_dies_is_told_of_within_seconds_and_once(self) -> None:
        self.west.is_stopped = True
        self.west.bucket.cut()
        self.assertEqual(self.told((SILENT + 1) * EACH), [self.silence("west")])
        self.assertEqual(self.told(20), [])
        self.assertEqual(self.told(30), ["The node west is gone: its lease is over."])
        self.assertEqual(self.told(60), [])

    def test_one_that_is_stopped_takes_as_long_as_a_call_waits(self) -> None:
        self.west.is_stopped = True
        self.assertEqual(self.told((SILENT + 2) * EACH), [self.silence("west")])
        self.west.is_stopped = False
        self.assertEqual(self.told(2 * EACH), ["The node west is back."])

    def test_one_that_is_back_soon_was_not_away(self) -> None:
        self.west.bucket.cut()
        self.run_for(EACH)
        self.west.bucket.heal()
        self.assertEqual(self.told(60), [])

    def test_one_that_dies_and_is_started_again_is_told_of_so(self) -> None:
        self.west.is_stopped = True
        self.all.remove(self.west)
        del self.values.attending["west"]
        self.assertEqual(self.told(5, "west"), ["The node west has been started again."])

    def test_who_is_cut_off_takes_nobody_for_silent(self) -> None:
        north = self.start("north")
        north.bucket.cut()
        told = self.told(20)
        self.assertEqual(told, [self.silence("north")] * 2)
        with capturedLogs() as events:
            north.bucket.heal()
            self.run_for(10)
        self.assertEqual([formatEvent(event) for event in events], ["The node north is back."] * 2)

    def test_what_is_bad_is_a_warning(self) -> None:
        with capturedLogs() as events:
            self.west.nodes.stop()
            self.run_for(2)
            self.run_for(60)
        self.assertEqual([event["log_level"] for event in events], [LogLevel.info, LogLevel.warn])

    def test_of_many_each_has_its_turn(self) -> None:
        others = [self.start(f"n{number}") for number in range(2 * MOST)]
        self.run_for(10)
        called: dict[str, int] = {}
        whole = self.east.bucket.call

        def call(node: str) -> object:
            called[node] = called.get(node, 0) + 1
            return whole(node)

        self.east.nodes.roll_call._calls.call = call  # type: ignore[method-assign, assignment]
        self.run_for(3 * EACH)
        self.assertEqual(sum(called.values()), 2 * MOST + 1)
        self.assertEqual({*called.values()}, {1})
        self.assertEqual(len(called), len(others) + 1)
        self.assertLessEqual(EACH * SILENT, TIMES.dead)

    def test_one_whose_lease_was_never_seen_is_not_told_of(self) -> None:
        self.values.put("node.nobody", None, None, "west")
        self.assertEqual(self.told(2), [])
        self.assertIsInstance(self.west, Node)

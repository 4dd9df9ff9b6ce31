"""What a node hands over of a session comes to the node that waits for it, or is not waited for for ever."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.events import Joined
from tcpchat.handovers import LONGEST_HANDOVER, LONGEST_SILENCE, LOOK_AGAIN, Handovers
from tcpchat.places import Place
from tcpchat.records import KeptHandover
from tests.buckets import Values
from tests.sharing import SharedLog, Store

PLACES = {"#lobby": Place(17, 12)}


class HandoverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store, values = Store(), Values()
        self.logs = {
            name: SharedLog(self.clock, lambda: 0, name, self.store, values)
            for name in ("east", "west", "north")
        }
        self.handovers = {name: Handovers(log, self.clock) for name, log in self.logs.items()}
        for each in self.handovers.values():
            each.open()

    def wait(self) -> Deferred[KeptHandover | None]:
        self.handovers["west"].expect("s1")
        return Deferred.fromCoroutine(self.handovers["west"].wait("s1"))

    def test_it_comes_and_is_taken_away(self) -> None:
        waiting = self.wait()
        self.handovers["east"].give("s1", "west", PLACES, {})
        self.clock.pump([0, 0, LOOK_AGAIN])
        self.assertEqual(self.successResultOf(waiting), KeptHandover("west", PLACES, {}))
        self.handovers["west"].expect_no_more("s1")
        self.assertEqual(self.store.records, {})

    def test_it_waits_until_the_rooms_are_as_far_here(self) -> None:
        waiting = self.wait()
        self.handovers["east"].give("s1", "west", PLACES, {"#lobby": 1})
        self.clock.pump([0, LOOK_AGAIN, 1])
        self.assertNoResult(waiting)
        self.logs["east"].append("#lobby", [Joined("s2", "bob")])
        self.clock.pump([0, LOOK_AGAIN])
        self.assertEqual(self.successResultOf(waiting), KeptHandover("west", PLACES, {"#lobby": 1}))

    def test_but_not_longer_than_for_a_node_that_says_nothing(self) -> None:
        waiting = self.wait()
        self.handovers["east"].give("s1", "west", PLACES, {"#lobby": 1})
        self.clock.pump([LOOK_AGAIN] * int(LONGEST_HANDOVER / LOOK_AGAIN + 2))
        self.assertEqual(self.successResultOf(waiting), KeptHandover("west", PLACES, {"#lobby": 1}))

    def test_for_a_dead_node_which_promises_nothing_nobody_waits_long(self) -> None:
        waiting = self.wait()
        self.clock.pump([LOOK_AGAIN] * int(LONGEST_SILENCE / LOOK_AGAIN + 2))
        self.assertIsNone(self.successResultOf(waiting))

    def test_what_is_promised_is_waited_for(self) -> None:
        waiting = self.wait()
        self.handovers["east"].promise("s1", "west")
        self.clock.pump([LOOK_AGAIN] * int((LONGEST_HANDOVER - 0.5) / LOOK_AGAIN))
        self.assertNoResult(waiting)
        self.handovers["east"].give("s1", "west", PLACES, {})
        self.clock.pump([0, 0, LOOK_AGAIN])
        self.assertEqual(self.successResultOf(waiting), KeptHandover("west", PLACES, {}))
        self.handovers["west"].expect_no_more("s1")
        self.assertEqual(self.store.records, {})

    def test_a_promise_that_comes_when_nobody_waits_any_more_is_not_left_there(self) -> None:
        self.handovers["east"].promise("s1", "west")  # and dies
        self.clock.pump([0, 0])
        self.assertEqual(self.store.records, {})

    def test_a_promise_that_is_not_kept_is_forgotten(self) -> None:
        waiting = self.wait()
        self.handovers["east"].promise("s1", "west")
        self.clock.pump([LOOK_AGAIN] * int(LONGEST_HANDOVER / LOOK_AGAIN + 2))
        self.assertIsNone(self.successResultOf(waiting))
        self.handovers["west"].expect_no_more("s1")
        self.assertEqual(self.store.records, {})

    def test_what_is_for_another_node_is_that_ones(self) -> None:
        waiting = self.wait()
        self.handovers["north"].give("s1", "east", PLACES, {})
        self.clock.pump([0, LOOK_AGAIN])
        self.assertNoResult(waiting)
        self.logs["east"].keep(records.HANDED, "s1", None)
        self.clock.advance(LOOK_AGAIN)
        self.assertNoResult(waiting)

    def test_what_nobody_waits_for_any_more_is_taken_away_too(self) -> None:
        self.handovers["west"].expect("s1")
        self.handovers["west"].expect_no_more("s1")
        self.handovers["east"].give("s1", "west", PLACES, {})
        self.clock.advance(0)
        self.assertEqual(self.store.records, {})

"""In a room for which several nodes have something each has its turn; nobody waits for who has nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_turns import LONGEST, SHORTEST, TIMES, Turns


class TurnTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.turns = Turns()

    def test_after_its_turn_a_node_waits_for_the_other_and_goes_on_when_that_one_has_had_its(self) -> None:
        self.turns.came("b")
        self.assertEqual(self.turns.wait(0.0), 0.0)
        self.turns.had(1.0, 0.01)
        self.assertAlmostEqual(self.turns.wait(1.0), TIMES * 0.01)
        self.turns.came("b")
        self.assertEqual(self.turns.wait(1.001), 0.0)
        self.assertFalse(self.turns.are_over)

    def test_it_waits_for_each_of_the_others(self) -> None:
        for node in "bcd":
            self.turns.came(node)
        self.turns.had(1.0, 0.01)
        for node in "db":
            self.turns.came(node)
            self.assertGreater(self.turns.wait(1.0), 0.0)
        self.turns.came("c")
        self.assertEqual(self.turns.wait(1.0), 0.0)

    def test_who_lets_a_turn_pass_is_not_waited_for_again(self) -> None:
        self.turns.came("b")
        self.turns.had(1.0, 0.01)
        self.assertEqual(self.turns.wait(1.0 + TIMES * 0.01), 0.0)
        self.assertTrue(self.turns.are_over)
        self.turns.had(2.0, 0.01)
        self.assertEqual(self.turns.wait(2.0), 0.0)

    def test_who_lets_a_turn_pass_hinders_nobody_else_from_having_theirs(self) -> None:
        self.turns.came("b")
        self.turns.came("c")
        self.turns.had(1.0, 0.01)
        self.turns.came("c")
        self.turns.wait(1.5)
        self.turns.had(2.0, 0.01)
        self.assertGreater(self.turns.wait(2.0), 0.0)
        self.turns.came("c")
        self.assertEqual(self.turns.wait(2.0), 0.0)

    def test_who_says_that_it_was_too_late_is_waited_for_also_before_the_next_turn(self) -> None:
        self.turns.wants("b", 1.0)
        self.assertAlmostEqual(self.turns.wait(1.0), LONGEST)
        self.turns.had(1.05, 0.01)
        self.assertAlmostEqual(self.turns.wait(1.05), TIMES * 0.01)
        self.turns.came("b")
        self.assertEqual(self.turns.wait(1.05), 0.0)

    @given(st.floats(0, 1000))
    def test_nobody_waits_for_long(self, took: float) -> None:
        turns = Turns()
        turns.came("b")
        turns.had(0.0, took)
        self.assertTrue(SHORTEST <= turns.wait(0.0) <= LONGEST)

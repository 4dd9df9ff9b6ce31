"""Input waits while there is a reason, each reason by itself, and goes on when there is none."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.flow import FlowControl, Uncommitted, Wait
from tcpchat.limits import FEW_UNCOMMITTED, MANY_UNCOMMITTED, MOST_UNCOMMITTED


class Wire:
    """An input that knows whether it is paused, and minds being told so twice."""

    def __init__(self) -> None:
        self.paused = False

    def pause(self) -> None:
        assert not self.paused
        self.paused = True

    def resume(self) -> None:
        assert self.paused
        self.paused = False


class FlowCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.all = Uncommitted()
        self.wire = Wire()
        self.flow = FlowControl(self.wire, self.all)

    def send(self, number: int) -> None:
        for _ in range(number):
            self.flow.sent()

    def commit(self, number: int) -> None:
        for _ in range(number):
            self.flow.committed()

    def others_send(self, number: int) -> FlowControl:
        """Others have so many lines on their way to the log."""
        others = FlowControl(Wire(), self.all)
        for _ in range(number):
            others.sent()
        return others


class WaitTests(FlowCase):
    def test_it_waits_as_long_as_there_is_a_reason(self) -> None:
        self.flow.wait(Wait.LINES, True)
        self.flow.wait(Wait.ANSWERS, True)
        self.flow.wait(Wait.LINES, False)
        self.assertTrue(self.wire.paused and self.flow.reasons)
        self.assertEqual(list(self.flow.reasons), [Wait.ANSWERS])
        self.flow.wait(Wait.ANSWERS, False)
        self.assertFalse(self.wire.paused or self.flow.reasons)

    def test_the_lines_that_have_come_wait_for_the_reader_the_budget_and_an_upgrade_alone(self) -> None:
        for reason in Wait:
            self.flow.wait(reason, True)
            self.assertEqual(self.flow.stops, reason in (Wait.ANSWERS, Wait.BUDGET, Wait.UPGRADE))
            self.flow.wait(reason, False)
            self.assertFalse(self.flow.stops)

    def test_the_same_reason_twice_is_one(self) -> None:
        for wait in True, True, False, False:
            self.flow.wait(Wait.LINES, wait)
            self.assertEqual(self.wire.paused, wait)

    def test_after_the_end_the_wire_is_left_alone(self) -> None:
        self.flow.wait(Wait.LINES, True)
        self.flow.end()
        self.flow.wait(Wait.LINES, False)
        self.assertTrue(self.wire.paused)


class UncommittedTests(FlowCase):
    def test_one_line_fewer_than_the_most_does_not_wait(self) -> None:
        self.send(MOST_UNCOMMITTED - 1)
        self.assertFalse(self.wire.paused)

    def test_the_most_wait_until_half_of_them_are_in_the_log(self) -> None:
        self.send(MOST_UNCOMMITTED)
        self.assertTrue(self.wire.paused)
        self.commit(MOST_UNCOMMITTED // 2 - 1)
        self.assertTrue(self.wire.paused)
        self.commit(1)
        self.assertFalse(self.wire.paused)

    def test_while_all_together_have_many_one_may_have_few(self) -> None:
        self.others_send(MANY_UNCOMMITTED + 1)
        self.send(FEW_UNCOMMITTED - 1)
        self.assertFalse(self.wire.paused)
        self.send(1)
        self.assertTrue(self.wire.paused)
        self.commit(1)
        self.assertFalse(self.wire.paused)

    def test_that_counts_from_one_line_beyond_many(self) -> None:
        self.others_send(MANY_UNCOMMITTED - FEW_UNCOMMITTED)
        self.send(FEW_UNCOMMITTED)  # now they are as many as may be
        self.assertFalse(self.wire.paused)
        self.send(1)
        self.assertTrue(self.wire.paused)

    def test_who_had_more_before_there_were_many_waits_until_few_are_left(self) -> None:
        self.send(MOST_UNCOMMITTED // 2)
        self.others_send(MANY_UNCOMMITTED)
        self.send(1)
        self.commit(MOST_UNCOMMITTED // 2 - FEW_UNCOMMITTED + 1)
        self.assertEqual(self.flow.uncommitted, FEW_UNCOMMITTED)
        self.assertTrue(self.wire.paused)
        self.commit(1)
        self.assertFalse(self.wire.paused)

    def test_when_the_others_are_done_one_may_have_most_again(self) -> None:
        others = self.others_send(MANY_UNCOMMITTED + 1)
        self.send(FEW_UNCOMMITTED)
        for _ in range(MANY_UNCOMMITTED + 1):
            others.committed()
        self.commit(1)
        self.send(MOST_UNCOMMITTED - FEW_UNCOMMITTED)
        self.assertFalse(self.wire.paused)

    def test_what_one_had_on_the_way_is_counted_off_for_all_after_the_end_too(self) -> None:
        self.send(3)
        self.flow.end()
        self.commit(3)
        self.assertEqual((self.flow.uncommitted, self.all.number), (0, 0))

    def test_it_is_answered_when_all_is_in_the_log_and_once(self) -> None:
        self.send(2)
        first, second = self.flow.until_kept(), self.flow.until_kept()
        self.commit(1)
        self.assertNoResult(first)
        self.commit(1)
        self.assertEqual([self.successResultOf(first), self.successResultOf(second)], [None, None])
        self.send(1)
        third = self.flow.until_kept()
        self.commit(1)
        self.successResultOf(third)


class AnyOrderTests(SynchronousTestCase):
    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 49), st.booleans()), max_size=50))
    def test_however_many_send_what_waits_is_bounded_and_nobody_waits_for_ever(
        self, steps: list[tuple[int, bool]]
    ) -> None:
        uncommitted = Uncommitted()
        people = []
        for _ in range(50):
            wire = Wire()
            people.append((wire, FlowControl(wire, uncommitted)))
        for one, sends in steps:
            wire, flow = people[one]
            if sends:  # as much as it may
                while not wire.paused:
                    flow.sent()
            elif flow.uncommitted:
                flow.committed()
            self.assertEqual(uncommitted.number, sum(flow.uncommitted for _, flow in people))
            self.assertLess(uncommitted.number, MANY_UNCOMMITTED + 50 * FEW_UNCOMMITTED + MOST_UNCOMMITTED)
        for wire, flow in people:
            while flow.uncommitted:
                flow.committed()
            self.assertFalse(wire.paused)

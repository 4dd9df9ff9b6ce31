"""Those who wait equally long are called for in their order, once, and a few milliseconds a turn."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.deadlines import SHARE, Deadlines


class DeadlineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.deadlines = Deadlines(self.clock, 60)
        self.called: list[str] = []

    def set(self, *keys: str) -> None:
        for key in keys:
            self.deadlines.set(key, partial(self.called.append, key))

    def test_each_is_called_for_after_the_same_time(self) -> None:
        self.set("a")
        self.clock.advance(20)
        self.set("b")
        self.clock.advance(39)
        self.assertEqual(self.called, [])
        self.clock.advance(1)
        self.assertEqual(self.called, ["a"])
        self.clock.advance(20)
        self.assertEqual(self.called, ["a", "b"])
        self.clock.advance(600)
        self.assertEqual(self.called, ["a", "b"])

    def test_who_has_cancelled_is_not_called_for_and_may_do_so_twice(self) -> None:
        self.set("a", "b")
        self.deadlines.cancel("a")
        self.deadlines.cancel("a")
        self.clock.advance(60)
        self.assertEqual(self.called, ["b"])

    def test_who_is_set_again_waits_from_then_on(self) -> None:
        self.set("a")
        self.clock.advance(59)
        self.set("a")
        self.clock.advance(59)
        self.assertEqual(self.called, [])
        self.clock.advance(1)
        self.assertEqual(self.called, ["a"])

    def test_there_is_one_timer_for_all_and_none_when_nobody_waits(self) -> None:
        self.set(*"abcdef")
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(60)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.set("g")
        self.clock.advance(60)
        self.assertEqual(self.called, [*"abcdefg"])

    def test_when_many_are_due_at_once_the_others_have_their_turns(self) -> None:
        def take_time() -> None:
            self.called.append("late")
            self.clock.rightNow += SHARE / 4

        def other() -> None:
            self.called.append("other")
            if len(self.called) < 100:
                self.clock.callLater(0, other)

        for _ in range(60):
            self.deadlines.set(object(), take_time)
        self.clock.callLater(60, other)
        self.clock.advance(60)
        self.assertEqual(self.called.count("late"), 60)
        turns = "".join(self.called).split("other")
        self.assertLessEqual(max(map(len, turns)), 6 * len("late"))

    def test_one_that_fails_keeps_nobody_else_from_being_called_for(self) -> None:
        self.deadlines.set("bad", lambda: [].pop())
        self.set("good")
        self.clock.advance(60)
        self.assertEqual(self.called, ["good"])
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)

    def test_who_is_called_for_may_wait_anew(self) -> None:
        self.deadlines.set("a", lambda: self.set("a"))
        self.clock.advance(60)
        self.assertEqual(self.called, [])
        self.clock.advance(60)
        self.assertEqual(self.called, ["a"])

    @given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc"), st.booleans()), max_size=20))
    def test_everybody_is_called_for_who_has_waited_long_enough(
        self, steps: list[tuple[int, str, bool]]
    ) -> None:
        self.setUp()
        due: dict[str, float] = {}
        expected = []
        for pause, key, sets in steps:
            for _ in range(pause):
                self.clock.advance(1)
                expected += [late for late, time in due.items() if time == self.clock.seconds()]
                due = {late: time for late, time in due.items() if time > self.clock.seconds()}
            due.pop(key, None)
            if sets:
                self.set(key)
                due[key] = self.clock.seconds() + 60
            else:
                self.deadlines.cancel(key)
            self.assertEqual(self.called, expected)

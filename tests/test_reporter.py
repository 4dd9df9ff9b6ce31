"""What another thread reports: all of it, in order, in the reactor's thread, a few milliseconds a turn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.reporter import LONGEST_TURN, Reporter

BRIEF, LONG = LONGEST_TURN / 2, LONGEST_TURN * 2


class Plan(NamedTuple):
    """A report: the seconds that each of its steps takes, and which of them fails, if any."""

    steps: list[float]
    fails_at: int
    is_plain: bool  # it has but one step

    @property
    def done(self) -> int:
        """How many steps are done."""
        return min(len(self.steps), self.fails_at + 1)

    @property
    def fails(self) -> bool:
        return self.fails_at < len(self.steps)


SECONDS = st.sampled_from([0.0, BRIEF, LONG])
FAILS_AT = st.integers(0, 6)
PLANS = st.builds(Plan, st.tuples(SECONDS).map(list), FAILS_AT, st.just(True)) | st.builds(
    Plan, st.lists(SECONDS, max_size=5), FAILS_AT, st.just(False)
)


class ReporterTests(SynchronousTestCase):
    """A reporter, the reactor's turns, and a clock that moves when a step takes time."""

    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.now = self.began = 0.0
        self.done: list[object] = []
        self.calls: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self.reporter = Reporter(self.call, self.call, lambda: self.now)

    def call(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something in the next turn."""
        self.calls.append((call, arguments))

    def turn(self) -> None:
        """Let the reactor have a turn."""
        for _ in range(len(self.calls)):
            call, arguments = self.calls.popleft()
            self.began = self.now
            call(*arguments)

    def step(self, name: object, seconds: float = 0.0) -> None:
        """Do something that takes so long."""
        self.done.append(name)
        self.now += seconds

    def steps(self, name: str, *seconds: float) -> Iterator[None]:
        """Do several such things."""
        for n, each in enumerate(seconds, 1):
            self.step(f"{name}{n}", each)
            yield

    def break_off(self, name: object) -> None:
        self.step(name)
        raise ValueError(name)

    def fail_in_the_middle(self) -> Iterator[None]:
        self.step("before")
        yield
        self.break_off("failed")
        yield
        self.step("never")

    def failures(self) -> int:
        return len(self.flushLoggedErrors(ValueError))

    def test_reports_are_called_in_order(self) -> None:
        for name in "abc":
            self.reporter.note(self.step, name)
        self.reporter.note(self.steps, "d", 0, 0)
        self.reporter.note(self.step, "e")
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["a", "b", "c", "d1", "d2", "e"])
        self.assertFalse(self.calls)

    def test_what_was_noted_waits_until_it_is_sent(self) -> None:
        self.reporter.note(self.step, "a")
        self.turn()
        self.assertEqual(self.done, [])
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["a"])

    def test_the_reactor_is_not_woken_for_nothing(self) -> None:
        self.reporter.send()
        self.assertFalse(self.calls)
        self.reporter.note(self.step, "a")
        for _ in range(2):
            self.reporter.send()
        self.assertEqual(len(self.calls), 1)

    def test_nothing_is_called_in_the_thread_that_reports(self) -> None:
        def where() -> None:
            self.done.append(threading.current_thread())

        def twice() -> Iterator[None]:
            where()
            yield
            where()

        def report() -> None:
            self.reporter.note(where)
            self.reporter.note(twice)
            self.reporter.send()

        thread = threading.Thread(target=report)
        thread.start()
        thread.join()
        self.assertEqual(self.done, [])
        self.turn()
        self.assertEqual(self.done, [threading.current_thread()] * 3)

    def test_a_turn_ends_once_its_time_is_over(self) -> None:
        for name in "abcd":
            self.reporter.note(self.step, name, BRIEF)
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["a", "b", "c"])  # after the second it was just not over
        self.turn()
        self.assertEqual(self.done, ["a", "b", "c", "d"])

    def test_a_long_report_gives_way_to_others_but_not_to_what_was_reported_later(self) -> None:
        self.reporter.note(self.steps, "long", LONG, LONG, LONG)
        self.reporter.note(self.step, "later")
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["long1"])
        self.call(self.step, "another's turn")
        self.reporter.note(self.step, "last")
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["long1", "long2", "another's turn"])
        for _ in range(3):
            self.turn()
        self.assertEqual(self.done[3:], ["long3", "later", "last"])
        self.assertFalse(self.calls)

    def test_when_all_was_done_it_begins_again(self) -> None:
        for seconds in LONG, 0.0:
            self.reporter.note(self.step, seconds, seconds)
            self.reporter.send()
            self.turn()
            self.turn()
            self.assertFalse(self.calls)
        self.assertEqual(self.done, [LONG, 0.0])

    def test_a_report_that_fails_is_logged_and_the_rest_goes_on(self) -> None:
        self.reporter.note(self.break_off, "a")
        self.reporter.note(self.step, "b")
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["a", "b"])
        self.assertEqual(self.failures(), 1)

    def test_so_is_one_that_fails_in_a_step_and_no_more_of_it_is_done(self) -> None:
        self.reporter.note(self.fail_in_the_middle)
        self.reporter.note(self.steps, "b", 0, 0)
        self.reporter.send()
        self.turn()
        self.assertEqual(self.done, ["before", "failed", "b1", "b2"])
        self.assertEqual(self.failures(), 1)

    @given(st.lists(st.tuples(st.lists(PLANS, max_size=4), st.integers(0, 3)), max_size=5))
    def test_whatever_takes_long_or_fails_all_is_done_in_order_and_no_turn_is_long(
        self, sent: list[tuple[list[Plan], int]]
    ) -> None:
        """Several reports at a time are sent, each time with so many turns behind it."""
        self.begin()
        late: list[object] = []

        def step(plan: Plan, name: object, n: int) -> None:
            if self.now > self.began + LONGEST_TURN:
                late.append(name)
            self.step((name, n), plan.steps[n])
            if n == plan.fails_at:
                raise ValueError(name)

        def steps(plan: Plan, name: object) -> Iterator[None]:
            for n in range(len(plan.steps)):
                step(plan, name, n)
                yield

        expected = []
        plans = [plan for together, _ in sent for plan in together]
        for name, plan in enumerate(plans):
            expected += [(name, n) for n in range(plan.done)]
        name = 0
        for together, turns in sent:
            for plan in together:
                if plan.is_plain:
                    self.reporter.note(step, plan, name, 0)
                else:
                    self.reporter.note(steps, plan, name)
                name += 1
            self.reporter.send()
            for _ in range(turns):
                self.turn()
        while self.calls:
            self.turn()
        self.assertEqual(self.done, expected)
        self.assertEqual(late, [])
        self.assertEqual(self.failures(), sum(plan.fails for plan in plans))

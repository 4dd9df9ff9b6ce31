"""A clock that stands still while the process does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.deadlines import Deadlines
from tcpchat.running_time import STANDSTILL, running_time

# Steps of a clock that are exact, however they are added up.
STEPS = st.lists(st.integers(0, 4096).map(lambda number: number / 256))


class RunningTimeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.seconds = running_time(self.clock.seconds)

    def test_it_goes_as_the_other_clock_also_at_the_limit(self) -> None:
        for step in 0, 0.01, STANDSTILL, STANDSTILL / 2:
            self.clock.rightNow += step
            self.assertEqual(self.seconds(), self.clock.rightNow)

    def test_beyond_it_the_process_has_stood_still_and_no_time_has_passed(self) -> None:
        self.clock.rightNow = 5.0
        seconds = running_time(self.clock.seconds)
        for stop in STANDSTILL * 1.01, 60, 7200:
            before = seconds()
            self.clock.rightNow += stop
            self.assertAlmostEqual(seconds(), before)
            self.clock.rightNow += 0.5
            self.assertAlmostEqual(seconds(), before + 0.5)

    @given(STEPS)
    def test_it_never_goes_backwards_and_counts_all_but_the_standstills(self, steps: list[float]) -> None:
        clock = Clock()
        seconds = running_time(clock.seconds)
        shown = [seconds()]
        for step in steps:
            clock.rightNow += step
            shown.append(seconds())
        self.assertEqual(shown, sorted(shown))
        self.assertEqual(shown[-1], sum(step for step in steps if step <= STANDSTILL))


class StoppedClock(Clock):
    """A reactor's time, in which the process can be stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.real = 0.0
        self._running = running_time(lambda: self.real)

    def pass_by(self, seconds: float) -> None:
        """Let time pass in one go: if it is long, the process was stopped."""
        self.real += seconds
        self.advance(self._running() - self.rightNow)


class DeadlineTests(SynchronousTestCase):
    def test_nobody_s_time_runs_out_by_a_stop(self) -> None:
        clock = StoppedClock()
        late: list[str] = []
        deadlines = Deadlines(clock, 60)
        deadlines.set("bob", lambda: late.append("bob"))
        for _ in range(59):
            clock.pass_by(1)
        clock.pass_by(3600)
        self.assertEqual(late, [])
        clock.pass_by(0.5)
        self.assertEqual(late, [])
        clock.pass_by(0.5)
        self.assertEqual(late, ["bob"])

"""How late the reactor is, with clocks moved by hand."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.delays import EVERY, Delays


class DelaysTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.real = Clock(), Clock()
        self.delays = Delays(self.clock, self.real.seconds)
        self.delays.start()

    def pass_time(self, late: float) -> None:
        self.real.advance(EVERY + late)
        self.clock.advance(EVERY)

    def test_each_look_counts_how_late_it_is(self) -> None:
        for late in 0.0, 0.03, 4.0:
            self.pass_time(late)
        seen = self.delays.seen
        self.assertEqual(seen.number, 3)
        self.assertAlmostEqual(seen.total, 4.03)
        counted = dict(seen.up_to())
        self.assertEqual([counted[step] for step in ("0.025", "0.05", "2.5", "5.0")], [1, 2, 2, 3])

    def test_it_looks_no_more_when_it_is_stopped(self) -> None:
        self.pass_time(0)
        self.delays.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_to_stop_what_has_not_begun_is_nothing(self) -> None:
        Delays(Clock()).stop()
        self.assertEqual(self.delays.seen.number, 0)

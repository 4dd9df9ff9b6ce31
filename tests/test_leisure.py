"""When there is time for what can wait: measured on clocks that are moved by hand."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.leisure import MEASURED_FOR, MOST_USED, Leisure


class LeisureTests(SynchronousTestCase):
    """A thread beside others."""

    def setUp(self) -> None:
        self.now = self.used = self.used_here = 1.0
        self.leisure = Leisure(lambda: self.now, lambda: self.used, lambda: self.used_here)

    def pass_by(self, seconds: float, others: float, here: float = 0.0) -> bool:
        """Let time pass in which the others, and this thread, are busy for so many seconds."""
        self.now += seconds
        self.used += others + here
        self.used_here += here
        return self.leisure.has_time()

    def test_there_is_time_while_the_others_do_little(self) -> None:
        self.assertTrue(self.pass_by(1.0, 0.0))
        self.assertTrue(self.pass_by(1.0, MOST_USED - 0.01))
        self.assertFalse(self.pass_by(1.0, MOST_USED + 0.01))
        self.assertTrue(self.pass_by(1.0, 0.1))

    def test_what_the_thread_does_itself_does_not_count(self) -> None:
        self.assertTrue(self.pass_by(1.0, 0.1, here=0.9))

    def test_a_moment_is_too_short_to_tell(self) -> None:
        self.assertFalse(self.pass_by(1.0, 1.0))
        self.assertFalse(self.pass_by(MEASURED_FOR / 2, 0.0))
        self.assertTrue(self.pass_by(MEASURED_FOR / 2 + 0.001, 0.0))

    def test_several_moments_count_together(self) -> None:
        self.assertTrue(self.pass_by(MEASURED_FOR / 2, MEASURED_FOR / 2))
        self.assertFalse(self.pass_by(MEASURED_FOR / 2 + 0.001, MEASURED_FOR / 2))

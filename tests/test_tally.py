"""What the process counts of what it does."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.tally import Tally


class TallyTests(SynchronousTestCase):
    def test_nothing_was_done_at_first(self) -> None:
        tally = Tally()
        self.assertEqual((tally.lines_in, tally.lines_out, tally.deliveries, tally.connections), (0, 0, 0, 0))
        self.assertEqual((tally.refusals, tally.limits), ({}, {}))

    def test_refusals_and_limits_are_counted_by_their_names(self) -> None:
        tally = Tally()
        for code in "muted", "slow", "muted":
            tally.refused(code)
        tally.hit("tokens")
        tally.hit("tokens")
        self.assertEqual((tally.refusals, tally.limits), ({"muted": 2, "slow": 1}, {"tokens": 2}))

"""What is counted in steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.histogram import Histogram


class HistogramTests(SynchronousTestCase):
    def test_nothing_was_counted_at_first(self) -> None:
        histogram = Histogram((1, 2))
        self.assertEqual(histogram.up_to(), [("1", 0), ("2", 0), ("+Inf", 0)])
        self.assertEqual((histogram.number, histogram.total), (0, 0.0))

    def test_a_figure_counts_for_the_step_that_it_reaches_and_all_beyond(self) -> None:
        histogram = Histogram((0.5, 2.0))
        for figure in 0.5, 0.6, 2.0, 2.1:
            histogram.observe(figure)
        self.assertEqual(histogram.up_to(), [("0.5", 1), ("2.0", 3), ("+Inf", 4)])
        self.assertAlmostEqual(histogram.total, 5.2)

    @given(st.lists(st.floats(0, 20)))
    def test_each_step_has_as_many_as_there_were_of_no_more(self, figures: list[float]) -> None:
        histogram = Histogram((0.1, 1, 10))
        for figure in figures:
            histogram.observe(figure)
        expected = [(repr(step), sum(it <= step for it in figures)) for step in histogram.steps]
        self.assertEqual(histogram.up_to(), [*expected, ("+Inf", len(figures))])
        self.assertEqual(histogram.number, len(figures))

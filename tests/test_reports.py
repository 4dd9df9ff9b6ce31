"""So many reports within a while, for each person, and no memory of those who have made none lately."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import MOST_REPORTS, REPORTS_WITHIN
from tcpchat.reports import Reports


class ReportsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reports = Reports()

    def test_five_within_ten_minutes_and_no_more(self) -> None:
        for second in range(MOST_REPORTS):
            self.assertTrue(self.reports.take("bob", second))
        self.assertFalse(self.reports.take("bob", MOST_REPORTS))
        self.assertEqual((MOST_REPORTS, REPORTS_WITHIN), (5, 600))

    def test_each_person_has_their_own(self) -> None:
        for _ in range(MOST_REPORTS):
            self.assertTrue(self.reports.take("bob", 0))
        self.assertTrue(self.reports.take("eve", 0))

    def test_one_counts_for_ten_minutes_and_a_refused_one_not_at_all(self) -> None:
        for second in range(MOST_REPORTS):
            self.reports.take("bob", second)
        self.assertFalse(self.reports.take("bob", REPORTS_WITHIN - 0.01))
        self.assertTrue(self.reports.take("bob", REPORTS_WITHIN))  # the first is over
        self.assertFalse(self.reports.take("bob", REPORTS_WITHIN))

    def test_who_has_made_none_lately_is_not_known(self) -> None:
        for number in range(1000):
            self.reports.take(f"p{number}", 0)
        self.reports.take("p0", 1)
        self.assertEqual(len(self.reports), 1000)
        self.reports.take("bob", REPORTS_WITHIN)
        self.assertEqual(len(self.reports), 2)

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 400)), max_size=40))
    def test_within_no_ten_minutes_there_are_more(self, asked: list[tuple[str, float]]) -> None:
        reports, now = Reports(), 0.0
        taken: dict[str, list[float]] = {"a": [], "b": []}
        for person, wait in asked:
            now += wait
            may = len([time for time in taken[person] if time > now - REPORTS_WITHIN]) < MOST_REPORTS
            self.assertEqual(reports.take(person, now), may)
            if may:
                taken[person].append(now)

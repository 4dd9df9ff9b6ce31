"""Token buckets: bursts and a rate, waits that add up, floods that end, networks that are forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import BREAK_OF_FLOOD
from tcpchat.token_buckets import FEW_NETWORKS, Bucket, Budget, NetworkBuckets


class BucketTests(SynchronousTestCase):
    def test_as_much_as_the_burst_need_not_wait_and_what_is_beyond_waits_by_the_rate(self) -> None:
        bucket = Bucket(10, 2, now=0)
        self.assertEqual([bucket.take(1, 0) for _ in range(12)], [0] * 10 + [0.5, 1])

    def test_it_fills_with_time_and_no_further_than_the_burst(self) -> None:
        bucket = Bucket(10, 2, now=0)
        bucket.take(10, 0)
        self.assertEqual((bucket.take(4, 2), bucket.take(1, 2)), (0, 0.5))
        self.assertEqual([bucket.take(5, 1000) for _ in range(3)], [0, 0, 2.5])

    def test_what_costs_more_than_the_burst_waits_and_is_not_kept_out(self) -> None:
        self.assertEqual(Bucket(3, 2, now=0).take(5, 0), 1)

    def test_it_is_full_at_first_and_again_when_everything_has_come_back(self) -> None:
        bucket = Bucket(10, 2, now=0)
        self.assertTrue(bucket.is_full(0))
        bucket.take(1, 0)
        self.assertEqual([bucket.is_full(now) for now in (0, 0.4, 0.5, 9)], [False, False, True, True])

    @given(st.integers(1, 20), st.integers(1, 5), st.lists(st.tuples(st.integers(0, 8), st.integers(1, 20))))
    def test_whoever_waits_as_told_never_has_more_than_the_burst_and_the_rate_give(
        self, burst: int, rate: int, steps: list[tuple[int, int]]
    ) -> None:
        bucket = Bucket(burst, rate, now=0)
        now, taken = 0.0, 0.0
        for pause, cost in steps:
            now += pause
            now += bucket.take(cost / 4, now)
            taken += cost / 4
            self.assertLessEqual(taken, burst + rate * now + 1e-6)


class BudgetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.budget = Budget(Bucket(10, 2, now=0), Bucket(100, 10, now=0))

    def test_a_line_waits_for_what_it_costs_its_bytes_and_what_else_it_has_to_wait_for(self) -> None:
        self.assertEqual(self.budget.take(11, 100, 0), 0.5)
        self.assertEqual(self.budget.take(0, 20, 0), 2)
        self.assertEqual(self.budget.take(0, 0, 0, wait=7), 7)

    def test_what_is_charged_later_has_the_next_line_wait(self) -> None:
        self.budget.take(10, 1, 0)
        self.budget.charge(1, 0)
        self.assertEqual(self.budget.take(1, 1, 0), 1)

    def flood_until(self, end: float) -> float:
        """Send a line as soon as the one before need not wait, from now 0 on; return when that ends."""
        now = 0.0
        while now < end:
            now += self.budget.take(1, 0, now)
        return now

    def test_a_flood_begins_with_the_first_line_that_waits(self) -> None:
        self.assertEqual(self.budget.flood(0), 0)
        now = self.flood_until(60)
        self.assertEqual(self.budget.flood(now), now)

    def test_a_line_that_costs_nothing_is_no_break(self) -> None:
        now = self.flood_until(60)
        self.assertEqual(self.budget.take(0, 1, now), 0)
        self.budget.take(1, 0, now)
        self.assertEqual(self.budget.flood(now), now)

    def test_whose_lines_are_but_a_little_early_each_time_is_no_flood(self) -> None:
        now = self.flood_until(0.5)
        for _ in range(100):
            now += 0.49
            now += self.budget.take(1, 0, now)
            self.assertEqual(self.budget.flood(now + 0.3), 0)
        self.assertLess(self.budget.flood(now), 1)

    def test_a_while_in_which_nothing_waits_is_a_break_and_less_than_that_is_none(self) -> None:
        now = self.flood_until(60) + BREAK_OF_FLOOD
        self.assertEqual(self.budget.flood(now), now)
        self.assertEqual(self.budget.flood(now + 0.1), 0)
        self.budget.take(9, 0, now + 0.1)
        self.assertEqual(self.budget.flood(now + 0.1), 0)

    def test_just_within_that_while_the_flood_goes_on(self) -> None:
        now = self.flood_until(60) + BREAK_OF_FLOOD
        self.budget.take(9, 0, now)
        self.assertEqual(self.budget.flood(now), now)


class NetworkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.networks = NetworkBuckets()

    def test_those_of_one_network_share_a_bucket_and_others_have_theirs(self) -> None:
        waits = [self.networks.take(key, 2, 1, 1, 0) for key in ("a", "a", "b", "a", "b", "b")]
        self.assertEqual(waits, [0, 0, 0, 1, 0, 1])

    def test_those_that_are_full_are_forgotten_when_there_are_many(self) -> None:
        for n in range(FEW_NETWORKS - 1):
            self.networks.take(str(n), 30, 10, 1, 0)
        self.networks.take("flood", 30, 10, 60, 0)
        self.assertEqual(len(self.networks), FEW_NETWORKS)
        self.networks.take("new", 30, 10, 1, 1)
        self.assertEqual(len(self.networks), 2)
        self.assertEqual(self.networks.take("flood", 30, 10, 1, 1), 2.1)

    def test_they_are_looked_through_once_in_a_while_only_and_none_in_need_is_forgotten(self) -> None:
        for n in range(1000):
            self.networks.take(str(n), 30, 10, 60, 0)
        self.assertEqual(len(self.networks), 1000)
        for n in range(1000, 2000):
            self.networks.take(str(n), 30, 10, 1, 1000)
        self.assertLessEqual(len(self.networks), 2000)
        self.networks.take("x", 30, 10, 1, 2000)
        self.assertLess(len(self.networks), 2000)


class HandedOnTests(SynchronousTestCase):
    def test_a_budget_is_as_it_was_in_another_process(self) -> None:
        before = Budget(Bucket(10, 2, now=0), Bucket(100, 10, now=0))
        before.take(14, 50, 0)
        levels = before.levels(1)
        self.assertEqual(levels, (-2, 60))
        after = Budget(Bucket(10, 2, now=500), Bucket(100, 10, now=500))
        after.fill(levels, 500)
        self.assertEqual(after.take(1, 1, 500), before.take(1, 1, 1))

    def test_a_line_that_is_given_back_costs_nothing(self) -> None:
        budget = Budget(Bucket(10, 2, now=0), Bucket(100, 10, now=0))
        budget.take(3, 30, 0)
        budget.take(20, 200, 0)
        budget.refund(20, 200, 0)
        self.assertEqual(budget.levels(0), (7, 70))

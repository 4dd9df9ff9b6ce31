"""Who is alive and who is dead, by what was seen of the leases and when."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.leases import Leases, Times

TIMES = Times()
RENEW, FENCE, DEAD, _ = TIMES


class OwnTests(SynchronousTestCase):
    def test_a_node_without_a_lease_is_fenced(self) -> None:
        self.assertTrue(Leases().is_fenced(0))

    def test_it_is_fenced_30_seconds_after_it_asked_for_the_last_renewal_and_not_before(self) -> None:
        leases = Leases()
        leases.renewed(100)
        self.assertFalse(leases.is_fenced(129.9))
        self.assertTrue(leases.is_fenced(130))
        leases.renewed(129)
        self.assertFalse(leases.is_fenced(130))

    def test_it_is_fenced_at_once_when_its_lease_is_lost(self) -> None:
        leases = Leases()
        leases.renewed(100)
        leases.lost()
        self.assertTrue(leases.is_fenced(100))

    def test_a_node_is_fenced_before_anybody_may_take_it_for_dead(self) -> None:
        self.assertLess(FENCE, DEAD)
        self.assertLess(RENEW, TIMES.gap)
        self.assertLess(TIMES.gap, FENCE)


class OthersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.leases = Leases()
        self.leases.renewed(0)
        self.leases.seen("west", 7, 0)

    def renew_until(self, time: int) -> None:
        """Renew the own lease all the time."""
        for now in range(15, time + 1, 15):
            self.leases.renewed(now)

    def test_one_that_was_not_seen_to_renew_for_45_seconds_is_dead(self) -> None:
        self.renew_until(30)
        self.assertEqual(self.leases.dead(44.9), [])
        self.assertEqual(self.leases.dead(45), [("west", 7)])

    def test_a_renewal_is_another_revision_and_not_the_same_one_again(self) -> None:
        self.renew_until(30)
        self.leases.seen("west", 7, 30)
        self.assertEqual(self.leases.dead(45), [("west", 7)])
        self.leases.seen("west", 8, 45)
        self.assertEqual(self.leases.dead(45), [])

    def test_an_older_revision_that_comes_late_changes_nothing(self) -> None:
        self.renew_until(30)
        self.leases.seen("west", 6, 40)
        self.assertEqual(self.leases.dead(45), [("west", 7)])

    def test_who_has_not_renewed_lately_takes_nobody_for_dead(self) -> None:
        self.assertEqual(self.leases.dead(100), [])

    def test_who_has_lost_the_own_lease_takes_nobody_for_dead(self) -> None:
        self.renew_until(45)
        self.leases.lost()
        self.assertEqual(self.leases.dead(45), [])

    def test_who_was_cut_off_counts_anew(self) -> None:
        self.leases.renewed(60)
        self.assertEqual(self.leases.dead(60), [])
        for now in 75, 90:
            self.leases.renewed(now)
        self.assertEqual(self.leases.dead(104.9), [])
        self.assertEqual(self.leases.dead(105), [("west", 7)])

    def test_so_does_who_takes_a_new_lease(self) -> None:
        self.renew_until(45)
        self.leases.lost()
        self.leases.renewed(46)
        self.assertEqual(self.leases.dead(46), [])

    def test_one_that_somebody_has_buried_is_not_dead_once_more(self) -> None:
        self.leases.gone("west")
        self.renew_until(45)
        self.assertEqual(self.leases.dead(45), [])


class LivingTests(SynchronousTestCase):
    def test_a_node_with_a_lease_lives_until_that_is_gone(self) -> None:
        leases = Leases()
        leases.seen("west", 7, 0)
        self.assertTrue(leases.is_living("west", 1000))
        leases.gone("west")
        self.assertFalse(leases.is_living("west", 0))

    def test_one_that_has_come_back_lives(self) -> None:
        leases = Leases()
        leases.gone("west")
        leases.seen("west", 9, 5)
        self.assertTrue(leases.is_living("west", 5))

    def test_one_whose_lease_was_never_seen_lives_for_a_while(self) -> None:
        leases = Leases()
        self.assertTrue(leases.is_living("west", 100))
        self.assertTrue(leases.is_living("west", 144.9))
        self.assertFalse(leases.is_living("west", 145))

    def test_it_is_known_how_many_have_a_lease(self) -> None:
        leases = Leases()
        self.assertEqual(leases.living(0), 0)
        leases.renewed(0)
        leases.seen("west", 1, 0)
        leases.seen("east", 2, 10)
        self.assertEqual(leases.living(10), 3)
        self.assertEqual(leases.living(DEAD), 2)
        leases.gone("east")
        leases.lost()
        self.assertEqual(leases.living(DEAD), 0)


# When a node renews, how long the news of it travels, and when an observer looks.
RENEWALS: Any = st.lists(st.floats(0.1, 25), max_size=20)
DELAY: Any = st.floats(0, 5)


class LeaseLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(RENEWALS, DELAY, st.floats(0, 100))
    def test_whoever_is_taken_for_dead_has_fenced_itself_long_before(
        self, waits: list[float], delay: float, later: float
    ) -> None:
        node, observer = Leases(), Leases()
        now = 0.0
        for revision, wait in enumerate([0.0, *waits]):
            now += wait
            node.renewed(now)
            observer.seen("node", revision, now + delay)
        end = now + later
        for own in range(0, int(end) + 1, 15):
            observer.renewed(own)
        if observer.dead(end):
            self.assertTrue(node.is_fenced(end - (DEAD - FENCE)))

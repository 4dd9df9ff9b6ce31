"""How often somebody may be wrong about a password, and register: it is slowed, and nobody is locked out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.attempts import HOUR, MINUTE, Attempts, Counts
from tcpchat.limits import (
    KNOWN_NETWORK_FACTOR,
    LOGIN_DELAY,
    MOST_COUNTED,
    NETWORKS_OF_ACCOUNT,
    NO_LIMITS,
    Limits,
)
from tcpchat.networks import networks
from tcpchat.requests import Refused

HOME, CAFE = "192.0.2.1", "198.51.100.7"


class CountsTests(SynchronousTestCase):
    def test_so_often_and_no_more(self) -> None:
        counts = Counts(3, 30)
        for _ in range(3):
            self.assertFalse(counts.is_enough("a", 0))
            counts.add("a", 0)
        self.assertTrue(counts.is_enough("a", 0))
        self.assertFalse(counts.is_enough("b", 0))

    def test_it_is_forgotten_little_by_little(self) -> None:
        counts = Counts(3, 30)
        for _ in range(10):
            counts.add("a", 0)
        self.assertTrue(counts.is_enough("a", 9.9))
        self.assertFalse(counts.is_enough("a", 10))
        counts.add("a", 10)
        self.assertTrue(counts.is_enough("a", 10))
        self.assertFalse(counts.is_enough("a", 20))

    def test_without_a_limit_nothing_is_counted(self) -> None:
        counts = Counts(None, 30)
        counts.add("a", 0)
        self.assertEqual((len(counts), counts.is_enough("a", 0)), (0, False))

    def test_what_is_over_is_not_kept(self) -> None:
        counts = Counts(3, 30, 2)
        for key in range(100):
            counts.add(key, key)
        self.assertEqual(len(counts), 60)
        counts.add("last", 1000)
        self.assertEqual(len(counts), 1)

    def test_there_are_so_many_at_most_and_the_oldest_makes_room(self) -> None:
        counts = Counts(1, 30)
        for key in range(MOST_COUNTED):
            counts.add(key, 0)
        counts.add(0, 0)
        self.assertEqual(len(counts), MOST_COUNTED)
        counts.add("one more", 0)
        self.assertEqual(len(counts), MOST_COUNTED)
        enough = [counts.is_enough(key, 0) for key in (0, 1, 2, "one more")]
        self.assertEqual(enough, [True, False, True, True])

    @settings(deadline=None, database=None)
    @given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 20)), max_size=60))
    def test_in_no_time_it_happens_more_than_twice_as_often(self, wanted: list[tuple[str, float]]) -> None:
        """A burst at the beginning, and what was forgotten meanwhile."""
        counts, now, done = Counts(5, 100), 0.0, {"a": list[float](), "b": list[float]()}
        for key, pause in wanted:
            now += pause
            if not counts.is_enough(key, now):
                counts.add(key, now)
                done[key].append(now)
        for times in done.values():
            for start in times:
                self.assertLessEqual(sum(start <= time < start + 100 for time in times), 10)


class WrongTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.attempts = Attempts(Limits())

    def fail_so_often(self, number: int, nick: str = "bob", address: str = CAFE, now: float = 0) -> None:
        for _ in range(number):
            self.attempts.failed(nick, address, now)

    def is_slow(self, nick: str = "bob", address: str = CAFE, now: float = 0) -> bool:
        delay = self.attempts.delay(nick, address, now)
        self.assertIn(delay, (0, LOGIN_DELAY))
        return delay > 0

    def test_five_from_one_network_for_one_nickname_in_a_quarter_of_an_hour(self) -> None:
        self.fail_so_often(4)
        self.assertFalse(self.is_slow())
        self.fail_so_often(1)
        self.assertTrue(self.is_slow())
        self.assertFalse(self.is_slow(nick="anna"))
        self.assertFalse(self.is_slow(address=HOME))
        self.assertFalse(self.is_slow(now=3 * MINUTE))

    def test_one_ipv6_network_is_one(self) -> None:
        for n in range(5):
            self.fail_so_often(1, address=f"2001:db8::{n}")
        self.assertTrue(self.is_slow(address="2001:db8::ffff:1"))
        self.assertFalse(self.is_slow(address="2001:db8:0:1::1"))

    def test_twenty_from_one_network_in_an_hour_whatever_the_nickname(self) -> None:
        for n in range(19):
            self.fail_so_often(1, nick=f"n{n}")
        self.assertFalse(self.is_slow("anna"))
        self.fail_so_often(1, nick="n19")
        self.assertTrue(self.is_slow("anna"))
        self.assertFalse(self.is_slow("anna", HOME))
        self.assertFalse(self.is_slow("anna", now=3 * MINUTE))

    def test_two_hundred_from_strangers_in_an_hour_and_its_owner_is_not_slowed(self) -> None:
        self.attempts.succeeded("bob", HOME)
        for n in range(199):
            self.fail_so_often(1, address=f"203.0.113.{n}")
        self.assertFalse(self.is_slow())
        self.fail_so_often(1, address="203.0.113.199")
        self.assertTrue(self.is_slow())
        self.assertFalse(self.is_slow(address=HOME))
        self.assertFalse(self.is_slow("anna"))

    def test_whether_there_is_such_a_nickname_makes_no_difference(self) -> None:
        self.fail_so_often(5, nick="nobody")
        self.assertTrue(self.is_slow("nobody"))

    def test_an_owner_who_was_often_wrong_at_home_is_slowed_only_after_many_more(self) -> None:
        self.attempts.succeeded("bob", HOME)
        self.fail_so_often(5 * KNOWN_NETWORK_FACTOR - 1, address=HOME)
        self.assertFalse(self.is_slow(address=HOME))
        self.fail_so_often(1, address=HOME)
        self.assertTrue(self.is_slow(address=HOME))  # it is rather somebody else at the same address

    def test_who_was_right_there_is_not_slowed_for_what_others_do_in_the_network(self) -> None:
        self.attempts.succeeded("bob", HOME)
        self.fail_so_often(30, "anna", HOME)
        self.assertEqual((self.is_slow("anna", HOME), self.is_slow("bob", HOME)), (True, False))

    def test_so_many_networks_of_an_account_are_known_the_latest(self) -> None:
        self.attempts.succeeded("bob", HOME)
        for n in range(NETWORKS_OF_ACCOUNT - 1):
            self.attempts.succeeded("bob", f"203.0.113.{n}")
        self.fail_so_often(5, address=HOME)
        self.assertFalse(self.is_slow(address=HOME))
        self.attempts.succeeded("bob", HOME)  # it is the latest now
        self.attempts.succeeded("bob", CAFE)
        self.assertFalse(self.is_slow(address=HOME))
        self.fail_so_often(5, address="203.0.113.0")
        self.assertTrue(self.is_slow(address="203.0.113.0"))

    def test_so_many_accounts_are_known(self) -> None:
        for n in range(MOST_COUNTED + 1):
            self.attempts.succeeded(f"n{n}", HOME)
        slow = []
        for nick in "n0", "n1", f"n{MOST_COUNTED}":
            self.fail_so_often(5, nick, HOME)
            slow.append(self.is_slow(nick, HOME))
        self.assertEqual(slow, [True, False, False])

    def test_without_limits_nobody_is_slowed(self) -> None:
        self.attempts = Attempts(NO_LIMITS)
        self.fail_so_often(1000)
        self.assertFalse(self.is_slow())


class RegistrationTests(SynchronousTestCase):
    def register(self, number: int, *addresses: str, now: float = 0) -> int:
        """Return how many of so many come through."""
        done = 0
        for n in range(number):
            try:
                self.attempts.register(addresses[n % len(addresses)], now)
                done += 1
            except Refused as refusal:
                self.assertEqual(refusal.code, "too-many")
                self.assertIn("Too many have registered", str(refusal))
        return done

    def setUp(self) -> None:
        self.attempts = Attempts(Limits(), networks(["203.0.113.0/24"]))

    def test_ten_from_one_network_in_an_hour(self) -> None:
        self.assertEqual(self.register(12, CAFE), 10)
        self.assertEqual(self.register(1, HOME), 1)
        self.assertEqual(self.register(1, CAFE, now=0.1 * HOUR), 1)

    def test_sixty_from_a_private_one_and_from_all(self) -> None:
        self.assertEqual(self.register(70, "10.1.2.3"), 60)
        self.assertEqual(self.register(1, HOME), 0)
        self.assertEqual(self.register(1, HOME, now=HOUR / 60), 1)

    def test_trusted_networks_and_this_machine_are_counted_among_all_only(self) -> None:
        self.assertEqual(self.register(70, "203.0.113.9", "127.0.0.1"), 60)

    def test_who_is_refused_does_not_count(self) -> None:
        self.register(1000, CAFE)
        self.assertEqual(self.register(50, *(f"192.0.2.{n}" for n in range(50))), 50)

    def test_without_limits_everybody_may(self) -> None:
        self.attempts = Attempts(NO_LIMITS)
        self.assertEqual(self.register(200, HOME), 200)


class ChangeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.attempts = Attempts(Limits(wrong_passwords_per_nickname=3, registrations=2))

    def wrong(self, times: int) -> float:
        """Be wrong so often; return how long the next one waits."""
        for _ in range(times):
            self.attempts.failed("bob", HOME, 0.0)
        return self.attempts.delay("bob", HOME, 0.0)

    def test_what_was_wrong_before_counts_when_less_is_allowed(self) -> None:
        self.assertEqual(self.wrong(2), 0)
        self.attempts.change(Limits(wrong_passwords_per_nickname=2), ())
        self.assertEqual(self.wrong(0), LOGIN_DELAY)

    def test_it_is_forgotten_when_anything_is(self) -> None:
        self.wrong(3)
        self.attempts.change(NO_LIMITS, ())
        self.assertEqual(self.wrong(0), 0)
        self.attempts.change(Limits(wrong_passwords_per_nickname=3), ())
        self.assertEqual(self.wrong(2), 0)

    def test_who_comes_from_a_trusted_network_is_counted_among_all_only(self) -> None:
        self.attempts.change(Limits(registrations_per_network=1), networks(["192.0.2.0/24"]))
        for _ in range(2):
            self.attempts.register("192.0.2.1", 0.0)

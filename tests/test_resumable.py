"""Which sessions can be taken up, by what, and for how long."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.resumable import Resumable
from tcpchat.tickets import digest, ticket

CODE, TOKEN = "fig-42-moss-lamp", "0123abcd"
BOTH = digest(CODE), digest(TOKEN)


class ResumableTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.resumable = Resumable()
        self.resumable.add("s1", BOTH)

    def test_a_session_is_found_by_each_of_its_secrets_however_typed(self) -> None:
        for secret in CODE, TOKEN, f" {CODE.upper()} ", TOKEN.upper():
            self.assertEqual(self.resumable.find(secret, 0), "s1")

    def test_a_token_finds_it_by_the_code_that_follows_from_it(self) -> None:
        token, code = ticket(TOKEN)
        self.resumable.add("s2", (digest(code),))
        self.resumable.remove("s1")
        for secret in token, token.upper(), code:
            self.assertEqual(self.resumable.find(secret, 0), "s2")

    def test_by_nothing_else_it_is_not(self) -> None:
        for secret in "", "s1", digest(CODE), digest(TOKEN), CODE[:-1]:
            self.assertIsNone(self.resumable.find(secret, 0), secret)

    def test_one_that_is_there_does_not_expire(self) -> None:
        self.assertEqual(self.resumable.expired(1e9), [])
        self.assertEqual(self.resumable.find(CODE, 1e9), "s1")

    def test_one_that_has_broken_can_be_taken_up_until_its_time_and_not_longer(self) -> None:
        self.resumable.expire("s1", 300)
        self.assertEqual(self.resumable.find(CODE, 300), "s1")
        self.assertIsNone(self.resumable.find(CODE, 300.1))
        self.assertIsNone(self.resumable.find(TOKEN, 300.1))

    def test_what_has_expired_is_told_once(self) -> None:
        self.resumable.expire("s1", 300)
        self.assertEqual(self.resumable.expired(300), [])
        self.assertEqual(self.resumable.expired(300.1), ["s1"])
        self.assertEqual(self.resumable.expired(301), [])
        self.assertIsNone(self.resumable.find(CODE, 0))

    def test_one_that_was_taken_up_does_not_expire(self) -> None:
        self.resumable.expire("s1", 300)
        self.resumable.add("s1", BOTH)
        self.assertEqual(self.resumable.expired(301), [])
        self.assertEqual(self.resumable.find(CODE, 301), "s1")

    def test_of_one_that_broke_twice_the_later_time_counts(self) -> None:
        self.resumable.expire("s1", 300)
        self.resumable.add("s1", BOTH)
        self.resumable.expire("s1", 400)
        self.assertEqual(self.resumable.expired(301), [])
        self.assertEqual(self.resumable.find(CODE, 301), "s1")
        self.assertEqual(self.resumable.expired(401), ["s1"])

    def test_new_secrets_take_the_place_of_the_old_ones(self) -> None:
        self.resumable.add("s1", (digest(CODE), digest("another")))
        self.assertIsNone(self.resumable.find(TOKEN, 0))
        self.assertEqual(self.resumable.find("another", 0), "s1")
        self.assertEqual(self.resumable.find(CODE, 0), "s1")

    def test_one_that_was_removed_is_not_found_and_does_not_expire(self) -> None:
        self.resumable.expire("s1", 300)
        self.resumable.remove("s1")
        self.resumable.remove("s1")
        self.assertIsNone(self.resumable.find(CODE, 0))
        self.assertEqual(self.resumable.expired(301), [])

    def test_it_is_known_which_are_seen_to(self) -> None:
        self.assertTrue(self.resumable.holds("s1"))
        self.assertFalse(self.resumable.holds("s2"))
        self.resumable.expire("s1", 300)
        self.assertTrue(self.resumable.holds("s1"))
        self.resumable.expired(301)
        self.assertFalse(self.resumable.holds("s1"))

    def test_others_are_not_concerned(self) -> None:
        self.resumable.add("s2", (digest("two"),))
        self.resumable.expire("s1", 300)
        self.assertEqual(self.resumable.expired(301), ["s1"])
        self.assertEqual(self.resumable.find("two", 301), "s2")

    def test_times_may_come_in_any_order(self) -> None:
        """As after a restart of the server."""
        self.resumable.add("s2", (digest("two"),))
        self.resumable.expire("s1", 300)
        self.resumable.expire("s2", 10)
        self.assertIsNone(self.resumable.find("two", 11))
        self.assertEqual(self.resumable.find(CODE, 11), "s1")
        self.assertEqual([*self.resumable.expired(11), *self.resumable.expired(301)], ["s1", "s2"])


class Sessions(RuleBasedStateMachine):
    """Three sessions that come, break, return and go, and a dictionary that knows better."""

    def __init__(self) -> None:
        super().__init__()
        self.resumable = Resumable()
        self.known: dict[str, float] = {}
        self.now = 0.0

    @rule(session=st.sampled_from("abc"))
    def comes(self, session: str) -> None:
        self.resumable.add(session, (digest(session),))
        self.known[session] = float("inf")

    @rule(session=st.sampled_from("abc"))
    def breaks(self, session: str) -> None:
        if session in self.known:
            self.resumable.expire(session, self.now + 300)
            self.known[session] = self.now + 300

    @rule(session=st.sampled_from("abc"))
    def goes(self, session: str) -> None:
        self.resumable.remove(session)
        self.known.pop(session, None)

    @rule(seconds=st.integers(0, 400))
    def passes(self, seconds: int) -> None:
        self.now += seconds
        over = {session for session, until in self.known.items() if until < self.now}
        for session in "abc":
            there = session in self.known and session not in over
            assert self.resumable.find(session, self.now) == (session if there else None)
        assert sorted(self.resumable.expired(self.now)) == sorted(over)
        for session in over:
            del self.known[session]


class NumberTests(SynchronousTestCase):
    def test_each_session_counts_once(self) -> None:
        resumable = Resumable()
        resumable.add("a", (digest("code"), digest("token")))
        resumable.add("b", (digest("other"),))
        self.assertEqual(resumable.number, 2)
        resumable.remove("a")
        self.assertEqual(resumable.number, 1)


class ResumableLaws(SynchronousTestCase):
    def test_whatever_happens_a_session_is_found_as_long_as_it_may_be(self) -> None:
        run_state_machine_as_test(Sessions, settings=settings(database=None, deadline=None, max_examples=50))

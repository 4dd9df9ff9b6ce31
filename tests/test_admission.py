"""Who may connect: each limit, one beyond it, and how what was held against a network passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.admission import STEP, STEPS, Admission, Offence, Visit
from tcpchat.limits import NO_LIMITS, Limits
from tcpchat.networks import HERE, Network, network, networks

BAD_LUCK = 0.0
GOOD_LUCK = 0.999_999

HOME = network("192.0.2.1")
NEIGHBOUR = network("192.0.2.2")
CLASS = network("10.1.2.3")
WINDOW = (STEPS + 1) * STEP


def sixes(number: int) -> list[Network]:
    """Return so many IPv6 networks, all in one /48."""
    return [network(f"2001:db8:1:{n:x}::1") for n in range(number)]


class AdmissionCase(SynchronousTestCase):
    limits = Limits()

    def setUp(self) -> None:
        self.now = 1000.0 * STEP
        self.chance = GOOD_LUCK
        self.admission = Admission(self.limits)

    def refusal(self, where: Network) -> tuple[str, str] | None:
        """Return why somebody may not connect, and the limit that says so."""
        return self.admission.refusal(where, self.now, lambda: self.chance)

    def visit(self, where: Network, named: bool = True) -> Visit:
        """Somebody connects who may, and has a nickname at once."""
        self.assertIsNone(self.refusal(where))
        visit = self.admission.begin(where, self.now)
        assert visit is not None
        if named:
            visit.named()
        return visit

    def end(self, *visits: Visit) -> None:
        for visit in visits:
            visit.end(self.now)

    def assert_limit(self, limit: str, where: Network) -> str:
        """See that somebody may not connect for a limit, and nobody elsewhere is; return why."""
        refusal = self.refusal(where)
        assert refusal is not None
        self.assertEqual(refusal[1], limit)
        return refusal[0]


class AtOnceTests(AdmissionCase):
    def test_so_many_at_once_and_no_more(self) -> None:
        visits = [self.visit(HOME) for _ in range(50)]
        why = self.assert_limit("connections_per_network", HOME)
        self.assertEqual(why, "Too many connections from your network: at most 50 at once.")
        self.assertIsNone(self.refusal(NEIGHBOUR))
        self.end(visits.pop())
        self.visit(HOME)
        self.assert_limit("connections_per_network", HOME)

    def test_ten_times_as_many_in_a_private_range(self) -> None:
        for _ in range(500):
            self.visit(CLASS)
        why = self.assert_limit("connections_per_private_network", CLASS)
        self.assertEqual(why, "Too many connections from your network: at most 500 at once.")

    def test_a_64_is_one_network(self) -> None:
        one, other = network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9")
        for _ in range(25):
            self.visit(one)
            self.visit(other)
        self.assert_limit("connections_per_network", one)
        self.assertIsNone(self.refusal(network("2001:db8:1:3::1")))

    def test_a_48_has_a_limit_of_its_own(self) -> None:
        visits = [self.visit(where) for where in sixes(200)]
        fresh = network("2001:db8:1:ffff::1")
        why = self.assert_limit("connections_per_48", fresh)
        self.assertEqual(why, "Too many connections from the networks around yours: at most 200 at once.")
        self.assertIsNone(self.refusal(network("2001:db8:2::1")))
        self.end(visits.pop())
        self.visit(fresh)
        self.assert_limit("connections_per_48", fresh)

    def test_a_private_48_has_ten_times_that(self) -> None:
        for n in range(2000):
            self.visit(network(f"fd00:0:0:{n:x}::1"))
        self.assert_limit("connections_per_private_48", network("fd00:0:0:ffff::1"))

    def test_this_machine_and_the_trusted_are_neither_counted_nor_refused(self) -> None:
        trusted = network("192.0.2.1", networks(["192.0.2.0/24"]))
        self.chance = BAD_LUCK
        for _ in range(1000):
            for where in HERE, network("::1"), trusted:
                self.assertIsNone(self.refusal(where))
                self.assertIsNone(self.admission.begin(where, self.now))
        self.assertEqual((len(self.admission), self.admission.nameless), (0, 0))


class NewTests(AdmissionCase):
    def come_and_go(self, where: Network, number: int) -> None:
        for _ in range(number):
            self.end(self.visit(where))

    def test_so_many_in_ten_minutes_and_no_more(self) -> None:
        self.come_and_go(HOME, 99)
        self.now += 9 * STEP
        self.come_and_go(HOME, 1)
        why = self.assert_limit("new_connections_per_network", HOME)
        self.assertEqual(why, "Too many connections from your network: at most 100 in 10 minutes.")
        self.assertIsNone(self.refusal(NEIGHBOUR))
        self.now += 2 * STEP
        self.come_and_go(HOME, 99)
        self.assert_limit("new_connections_per_network", HOME)

    def test_ten_times_as_many_in_a_private_range(self) -> None:
        self.come_and_go(CLASS, 1000)
        self.assert_limit("new_connections_per_private_network", CLASS)

    def test_who_is_refused_does_not_count(self) -> None:
        self.come_and_go(HOME, 100)
        for _ in range(10):
            self.now += STEP
            self.assert_limit("new_connections_per_network", HOME)
        self.now += STEP
        self.assertIsNone(self.refusal(HOME))

    @given(st.lists(st.integers(0, 300)))
    def test_in_no_ten_minutes_are_there_more_and_after_eleven_all_is_forgotten(
        self, pauses: list[int]
    ) -> None:
        admission, now, came = Admission(Limits(new_connections_per_network=3)), 0.0, []
        for pause in pauses:
            now += pause
            if admission.refusal(HOME, now, lambda: GOOD_LUCK) is None:
                came.append(now)
                visit = admission.begin(HOME, now)
                assert visit is not None
                visit.named()
                visit.end(now)
            else:
                self.assertGreaterEqual(sum(time > now - WINDOW for time in came), 3)
        for end in came:
            self.assertLessEqual(sum(end - STEP * STEPS < time <= end for time in came), 3)


class EarlyDropTests(AdmissionCase):
    def crowd(self, number: int) -> list[Visit]:
        """So many are there who have no nickname, each from a network of its own."""
        return [self.admit(network(f"198.51.{n // 256}.{n % 256}")) for n in range(number)]

    def admit(self, where: Network) -> Visit:
        visit = self.admission.begin(where, self.now)
        assert visit is not None
        return visit

    def test_below_fifty_nobody_is_refused(self) -> None:
        self.crowd(49)
        self.chance = BAD_LUCK
        self.assertIsNone(self.refusal(HOME))
        self.admit(HOME)
        why = self.assert_limit("drop_from and drop_all_from", NEIGHBOUR)
        self.assertEqual(why, "Too many people are choosing a nickname just now. Try again in a moment.")

    def test_from_fifty_on_it_is_thirty_per_cent_and_from_two_hundred_on_all(self) -> None:
        self.crowd(50)
        for people, percent in (50, 30), (125, 65), (199, 99):
            self.crowd(people - self.admission.nameless)
            for self.chance, is_refused in (percent / 100 - 0.01, True), (percent / 100 + 0.006, False):
                self.assertEqual(bool(self.refusal(HOME)), is_refused, (people, self.chance))
        self.chance = GOOD_LUCK
        self.crowd(1)
        self.assert_limit("drop_from and drop_all_from", HOME)

    def test_whoever_has_a_nickname_or_is_gone_makes_room(self) -> None:
        visits = self.crowd(50)
        self.chance = BAD_LUCK
        visits[0].named()
        visits[0].named()
        self.assertEqual(self.admission.nameless, 49)
        self.assertIsNone(self.refusal(HOME))
        self.end(visits[0])
        self.assertEqual(self.admission.nameless, 49)
        self.end(visits[1])
        self.assertEqual(self.admission.nameless, 48)

    def test_the_percentage_can_be_zero(self) -> None:
        self.admission = Admission(Limits(drop_percent=0))
        self.crowd(50)
        self.chance = BAD_LUCK
        self.assertIsNone(self.refusal(HOME))
        self.crowd(1)
        self.assertIsNotNone(self.refusal(HOME))


class HandshakeTests(AdmissionCase):
    def refusal_with_tls(self) -> str:
        refusal = self.admission.refusal(HOME, self.now, lambda: self.chance, is_tls=True)
        return refusal.limit if refusal else ""

    def test_so_many_handshakes_at_once_and_no_more_of_those_with_tls(self) -> None:
        visits = []
        for n in range(50):
            self.assertEqual(self.refusal_with_tls(), "")
            visits.append(self.admission.begin(network(f"198.51.100.{n}"), self.now, is_tls=True))
        self.assertEqual(self.refusal_with_tls(), "tls_handshakes")
        self.assertIsNone(self.refusal(HOME))
        for visit in visits[:2]:
            assert visit is not None
            visit.secured()
            visit.secured()
        self.assertEqual(self.admission.handshakes, 48)
        for visit in visits[1:3]:
            assert visit is not None
            visit.end(self.now)
        self.assertEqual(self.admission.handshakes, 47)
        self.assertEqual(self.refusal_with_tls(), "")

    def test_they_can_be_without_limit(self) -> None:
        self.admission = Admission(NO_LIMITS)
        for _ in range(60):
            self.assertEqual(self.refusal_with_tls(), "")
            self.admission.begin(HOME, self.now, is_tls=True)


class PenaltyTests(AdmissionCase):
    def offend(self, where: Network, offence: Offence, number: int = 1) -> None:
        """So many come and go who never have a nickname."""
        for _ in range(number):
            visit = self.visit(where, named=False)
            visit.offence = offence
            self.end(visit)

    def test_they_add_up_and_are_enforced_from_fifteen_seconds_on(self) -> None:
        for offence, number in (Offence.NAMELESS, 14), (Offence.WRONG_CODE, 2), (Offence.TOO_LATE, 1):
            self.admission = Admission(self.limits)
            self.offend(HOME, offence, number)
            self.assertIsNone(self.refusal(HOME))
            self.offend(HOME, offence)
            self.assert_limit("penalty_from", HOME)
            self.assertIsNone(self.refusal(NEIGHBOUR))

    def test_a_refusal_tells_for_how_long_and_then_it_is_over(self) -> None:
        self.offend(HOME, Offence.NAMELESS, 15)
        text = "Too many connections from your network ended without a nickname. Try again in {}."
        self.assertEqual(self.assert_limit("penalty_from", HOME), text.format("15 seconds"))
        self.now += 14.5
        self.assertEqual(self.assert_limit("penalty_from", HOME), text.format("1 second"))
        self.now += 0.5
        self.assertIsNone(self.refusal(HOME))
        self.offend(HOME, Offence.NAMELESS, 14)
        self.assertIsNone(self.refusal(HOME))

    def test_they_pass_while_nothing_comes(self) -> None:
        for _ in range(50):
            self.offend(HOME, Offence.NAMELESS)
            self.now += 1
        self.assertIsNone(self.refusal(HOME))

    def test_it_is_ten_minutes_at_most(self) -> None:
        self.admission = Admission(Limits(connections_per_network=61))
        crowd = [self.visit(HOME, named=False) for _ in range(61)]
        for visit in crowd:
            visit.offence = Offence.TOO_LATE
        self.end(*crowd)
        self.assertIn("Try again in 600 seconds.", self.assert_limit("penalty_from", HOME))
        self.now += 599.9
        self.assert_limit("penalty_from", HOME)
        self.now += 0.1
        self.assertIsNone(self.refusal(HOME))

    def test_in_a_private_range_they_are_enforced_ten_times_later(self) -> None:
        self.offend(CLASS, Offence.NAMELESS, 149)
        self.assertIsNone(self.refusal(CLASS))
        self.offend(CLASS, Offence.NAMELESS)
        self.assert_limit("penalty_private_from", CLASS)

    def test_who_had_a_nickname_did_no_wrong(self) -> None:
        for _ in range(50):
            self.end(self.visit(HOME))
        self.assertIsNone(self.refusal(HOME))

    def test_each_can_be_switched_off(self) -> None:
        self.admission = Admission(Limits(penalty_nameless=0, penalty_too_late=None))
        self.offend(HOME, Offence.NAMELESS, 40)
        self.offend(HOME, Offence.TOO_LATE, 40)
        self.assertIsNone(self.refusal(HOME))
        self.offend(HOME, Offence.WRONG_CODE, 3)
        self.assert_limit("penalty_from", HOME)


class TableTests(AdmissionCase):
    limits = Limits(networks_known=3, new_connections_per_network=1)

    def test_when_it_is_full_further_networks_are_let_in(self) -> None:
        visits = [self.visit(where) for where in (HOME, NEIGHBOUR, CLASS)]
        self.assert_limit("new_connections_per_network", HOME)
        stranger = network("203.0.113.1")
        visits += [self.visit(stranger, named=False) for _ in range(2)]
        self.assertEqual((len(self.admission), self.admission.nameless), (3, 2))
        self.end(*visits)
        self.assertEqual(self.admission.nameless, 0)

    def test_who_is_not_known_counts_in_the_48_all_the_same(self) -> None:
        self.admission = Admission(Limits(networks_known=1, connections_per_48=2))
        visits = [self.visit(where) for where in sixes(2)]
        self.assertEqual(len(self.admission), 1)
        self.assert_limit("connections_per_48", sixes(3)[2])
        self.end(*visits)
        self.assertIsNone(self.refusal(sixes(3)[2]))

    def test_what_is_over_makes_room_and_what_is_not_stays(self) -> None:
        self.end(self.visit(HOME), self.visit(CLASS))
        stays = self.visit(NEIGHBOUR)
        self.now += WINDOW
        newer = [self.visit(network(f"203.0.113.{n}")) for n in range(2)]
        self.assertEqual(len(self.admission), 3)
        self.assertIsNone(self.refusal(HOME))
        self.end(stays, *newer)

    def test_a_network_of_which_nothing_counts_any_more_is_forgotten_when_the_last_goes(self) -> None:
        visit = self.visit(HOME)
        self.now += WINDOW
        self.assertEqual(len(self.admission), 1)
        self.end(visit)
        self.assertEqual(len(self.admission), 0)


class NoLimitsTests(AdmissionCase):
    limits = NO_LIMITS

    def test_nobody_is_refused(self) -> None:
        self.chance = BAD_LUCK
        for _ in range(300):
            self.end(self.visit(HOME, named=False))
            self.visit(CLASS, named=False)
            self.visit(sixes(1)[0], named=False)


COME, NAME, GO = "come", "name", "go"
WHERE = [HOME, CLASS, *sixes(2), HERE]


class BooksTests(SynchronousTestCase):
    """However people come and go, the books balance."""

    @given(st.lists(st.tuples(st.sampled_from([COME, NAME, GO]), st.integers(0, 9), st.floats(0, 400))))
    def test_who_is_there_is_counted_and_nothing_is_left_of_who_is_not(
        self, steps: list[tuple[str, int, float]]
    ) -> None:
        limits = Limits(connections_per_network=2, connections_per_48=3, connections_per_private_network=2)
        admission, now = Admission(limits), 0.0
        chance: Callable[[], float] = lambda: GOOD_LUCK  # noqa: E731
        visits: list[tuple[Network, Visit]] = []
        for step, number, pause in steps:
            now += pause
            where = WHERE[number % len(WHERE)]
            if step == COME:
                if admission.refusal(where, now, chance) is None:
                    visit = admission.begin(where, now)
                    self.assertEqual(visit is None, where is HERE)
                    if visit:
                        visits.append((where, visit))
            elif visits:
                _, visit = visits[number % len(visits)]
                if step == NAME:
                    visit.named()
                else:
                    del visits[number % len(visits)]
                    visit.end(now)
            self.assertEqual(admission.nameless, sum(visit.is_nameless for _, visit in visits))
            self.assertLessEqual(max(Counter(where.key for where, _ in visits).values(), default=0), 2)
            self.assertLessEqual(max(Counter(w.wider for w, _ in visits if w.wider).values(), default=0), 3)
        for _, visit in visits:
            visit.end(now)
        now += 600 + WINDOW
        for n in range(len(WHERE)):
            last = admission.begin(network(f"203.0.113.{n}"), now)
            assert last is not None
            last.named()
        self.assertEqual((len(admission), admission.nameless), (len(WHERE), 0))


class HandedOnTests(AdmissionCase):
    def test_who_has_been_here_all_the_time_counts_at_once_and_not_as_new(self) -> None:
        for _ in range(49):
            here = self.admission.begin(HOME, self.now, is_new=False)
            assert here is not None
            here.named()
        for _ in range(100):
            self.end(self.visit(HOME))
        self.assertIn("100 in 10 minutes", self.assert_limit("new_connections_per_network", HOME))

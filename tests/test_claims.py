"""Who holds which nickname, what is kept for whom, and which variant is free."""

from collections.abc import Callable
from itertools import islice, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import SearchStrategy
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import wcswidth

from tcpchat import claims
from tcpchat.claims import KEPT_FOR, MOST_KEPT, Claims, Taken
from tcpchat.names import RESERVED, Key, Name, is_reserved, nickname
from tests.test_names import NICKNAMES

HOME, CAFE = "192.0.2.1", "198.51.100.7"
BOB = nickname("bob")
THAI = "\u0e17\u0e35\u0e48\u0e23\u0e31\u0e01"
# Many of these are the same as another.
SPELLINGS = "bob Bob BOB b0b paul pauI pauL paui mike rnike Rnike MIKE bot bot1 botl bot2 rob".split()
NAMES = [*map(nickname, SPELLINGS), nickname("\u0440\u0430\u0443"), nickname(THAI)]


def law(*strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law that holds for whatever the strategies draw, on however slow a machine."""

    def of(test: Callable[..., None]) -> Callable[..., None]:
        return settings(deadline=None, database=None)(given(*strategies)(test))

    return of


class ClaimsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.claims = Claims()

    def claim(self, typed: str, holder: str, address: str = HOME, now: float = 0.0) -> None:
        self.claims.claim(nickname(typed), holder, address, now)

    def release(self, typed: str, holder: str, address: str = HOME, now: float = 0.0) -> None:
        self.claims.release(nickname(typed), holder, address, now)

    def assert_taken(self, typed: str, holder: str, address: str = HOME, now: float = 0.0) -> None:
        self.assertRaises(Taken, self.claim, typed, holder, address, now)

    def holder(self, typed: str) -> str | None:
        return self.claims.holder(nickname(typed))


class HoldingTests(ClaimsCase):
    def test_who_claims_a_name_holds_it_and_all_that_are_the_same(self) -> None:
        self.claim("paul", "s1")
        for typed in "paul", "PAUL", "pauI", "pau1":
            self.assertEqual(self.holder(typed), "s1")
        self.assertIsNone(self.holder("bob"))

    def test_of_two_who_claim_a_name_one_gets_it(self) -> None:
        self.claim("bob", "s1")
        self.assert_taken("bob", "s2")
        self.assertEqual(self.holder("bob"), "s1")

    def test_nor_does_another_get_what_looks_like_it(self) -> None:
        self.claim("mike", "s1")
        for typed in "Mike", "rnike", "\uff4dike":
            self.assert_taken(typed, "s2")

    def test_a_refusal_names_the_name_and_changes_nothing(self) -> None:
        self.claim("bob", "s1")
        refusal = self.assertRaises(Taken, self.claim, "b0b", "s2")
        self.assertEqual(str(refusal), '"b0b" is taken')
        self.assertEqual(refusal.name, nickname("b0b"))
        self.release("bob", "s1")
        self.claim("b0b", "s3")

    def test_a_name_like_two_that_are_held_is_of_whoever_spells_it_so(self) -> None:
        self.claim("RNIKE", "s1")
        self.claim("Mike", "s2")
        self.assertEqual(self.holder("rnike"), "s1")
        self.assertEqual(self.holder("mike"), "s2")

    def test_nobody_gets_a_reserved_name(self) -> None:
        for word in RESERVED:
            self.assert_taken(word, "s1")
            self.assert_taken(word.upper(), "s1")

    def test_the_same_session_may_claim_a_name_again(self) -> None:
        self.claim("bob", "s1")
        self.claim("bob", "s1")
        self.release("bob", "s1")
        self.assertIsNone(self.holder("bob"))


class RegisteredTests(ClaimsCase):
    def setUp(self) -> None:
        self.owners = {key: "s1" for key in nickname("mike").keys}
        self.claims = Claims(self.owners)

    def test_only_its_owner_may_hold_what_is_registered_or_looks_like_it(self) -> None:
        for typed in "mike", "MIKE", "rnike":
            self.assert_taken(typed, "s2")
        self.claim("rnike", "s1")
        self.assertEqual(self.holder("mike"), "s1")

    def test_no_variant_is_offered_that_is_registered(self) -> None:
        self.owners |= {key: "s3" for key in nickname("Mike2").keys}
        self.assertEqual(self.claims.free_variant(nickname("mike"), HOME, 0).display, "mike3")
        self.claim("mike3", "s4")
        self.assertEqual(self.claims.free_variant(nickname("mike"), HOME, 0).display, "mike4")

    def test_after_its_owner_has_left_it_is_still_theirs_and_once_it_is_not_registered_anybodys(self) -> None:
        self.claim("mike", "s1")
        self.release("mike", "s1")
        self.assert_taken("mike", "s2", now=2 * KEPT_FOR)
        self.owners.clear()
        self.claim("mike", "s2", now=2 * KEPT_FOR)

    def test_who_holds_what_somebody_else_registers_holds_it_until_they_let_it_go(self) -> None:
        self.claim("carl", "s2")
        self.owners |= {key: "s5" for key in nickname("carl").keys}
        self.claim("carl", "s2")
        self.assert_taken("carl", "s5")
        self.release("carl", "s2")
        self.assert_taken("carl", "s2")


class RenamingTests(ClaimsCase):
    def test_while_a_session_is_renamed_it_holds_both_names(self) -> None:
        self.claim("bob", "s1")
        self.claim("rob", "s1")
        self.assert_taken("bob", "s2")
        self.assert_taken("rob", "s2")
        self.release("bob", "s1")
        self.claim("bob", "s2")
        self.assertEqual(self.holder("rob"), "s1")

    def test_bob_who_becomes_Bob_holds_it_all_the_time(self) -> None:
        self.claim("bob", "s1")
        self.claim("Bob", "s1")
        self.release("bob", "s1")
        self.assertEqual(self.holder("bob"), "s1")
        self.assert_taken("BOB", "s2")
        self.release("Bob", "s1")
        self.assertIsNone(self.holder("bob"))

    def test_a_renaming_that_fails_leaves_the_old_name_whole(self) -> None:
        self.claim("mike", "s1")
        self.claim("rnike", "s1")
        self.release("rnike", "s1")
        self.assertEqual(self.holder("mike"), "s1")
        self.assertEqual(self.holder("rnike"), "s1")  # because they are the same
        self.assert_taken("mike", "s2")

    def test_what_only_the_old_name_had_is_free_for_others_later(self) -> None:
        self.claim("mike", "s1")
        self.claim("rnike", "s1")
        self.release("mike", "s1", now=0)
        # MIKE is the same as mike, and not as rnike.
        self.assert_taken("MIKE", "s2", CAFE, now=19)
        self.claim("MIKE", "s2", CAFE, now=20)
        self.assertEqual(self.holder("rnike"), "s1")

    def test_who_does_not_hold_a_name_cannot_release_it(self) -> None:
        self.claim("bob", "s1")
        self.release("bob", "s2")
        self.release("Bob", "s1")
        self.release("rob", "s1")
        self.assertEqual(self.holder("bob"), "s1")


class KeepingTests(ClaimsCase):
    def setUp(self) -> None:
        super().setUp()
        self.claim("bob", "s1", HOME, now=100)
        self.release("bob", "s1", HOME, now=200)

    def test_a_released_name_is_free_at_once_for_the_same_address(self) -> None:
        self.assertIsNone(self.holder("bob"))
        self.claim("b0b", "s2", HOME, now=200)

    def test_and_for_the_session_that_had_it_wherever_it_is(self) -> None:
        self.claim("bob", "s1", CAFE, now=201)
        self.assert_taken("bob", "s2", HOME, now=202)

    def test_before_twenty_seconds_it_is_not_free_for_others(self) -> None:
        self.assert_taken("bob", "s2", CAFE, now=219.9)
        self.assert_taken("B0B", "s2", CAFE, now=219.9)

    def test_after_twenty_seconds_it_is(self) -> None:
        self.claim("bob", "s2", CAFE, now=220)

    def test_the_last_release_counts(self) -> None:
        self.claim("bob", "s2", HOME, now=210)
        self.release("bob", "s2", HOME, now=215)
        self.assert_taken("bob", "s3", CAFE, now=234)
        self.claim("bob", "s3", CAFE, now=235)

    def test_a_name_that_is_not_kept_is_free_for_all_at_once(self) -> None:
        self.claim("rob", "s1", HOME, now=200)
        self.claims.release(nickname("rob"), "s1", HOME, 200, is_kept=False)
        self.claim("rob", "s2", CAFE, now=200)

    def test_but_not_if_it_is_the_same_as_another_that_is(self) -> None:
        self.claim("Bob", "s2", HOME, now=210)
        self.claims.release(nickname("Bob"), "s2", HOME, 210, is_kept=False)
        self.assert_taken("bob", "s3", CAFE, now=219)
        self.claim("bob", "s3", CAFE, now=220)

    def test_the_address_is_the_one_it_was_released_from(self) -> None:
        self.claim("rob", "s3", HOME, now=200)
        self.release("rob", "s3", CAFE, now=200)
        self.assert_taken("rob", "s4", HOME, now=201)
        self.claim("rob", "s4", CAFE, now=201)

    def test_what_was_kept_for_an_earlier_address_does_not_stand_in_the_holders_way(self) -> None:
        self.claim("bob", "s1", CAFE, now=201)
        self.claim("Bob", "s1", CAFE, now=202)
        self.release("bob", "s1", CAFE, now=203)
        self.assertEqual(self.holder("bob"), "s1")

    def test_so_many_names_are_kept_and_of_one_more_the_oldest_is_free(self) -> None:
        for number in range(MOST_KEPT - 1):
            self.claim(f"x{number}", "s2", HOME, now=201)
            self.release(f"x{number}", "s2", HOME, now=201)
        self.assert_taken("bob", "s3", CAFE, now=202)
        self.claim("one-more", "s2", HOME, now=202)
        self.release("one-more", "s2", HOME, now=202)
        self.claim("bob", "s3", CAFE, now=202)
        self.assert_taken("x2", "s3", CAFE, now=202)

    def test_nothing_is_remembered_of_names_that_are_free(self) -> None:
        self.claim("rob", "s2", CAFE, now=220)
        self.release("rob", "s2", CAFE, now=220)
        self.claim("zoe", "s2", CAFE, now=240)
        self.release("zoe", "s2", CAFE, now=260)
        self.claims.free_variant(BOB, CAFE, 280)
        held = vars(self.claims).pop("_holders")
        left = {name: len(value) for name, value in (vars(self.claims) | held).items()}
        self.assertEqual(set(left.values()), {0}, left)


class ElsewhereTests(ClaimsCase):
    """What other nodes of a cluster hold."""

    def hold_elsewhere(self, typed: str, holder: str, kept_for: str | None = None) -> None:
        for key in nickname(typed).keys:
            self.claims.hold_elsewhere(key, holder, kept_for)

    def release_elsewhere(self, typed: str) -> None:
        for key in nickname(typed).keys:
            self.claims.release_elsewhere(key)

    def test_what_somebody_has_there_is_taken_here_but_for_themselves(self) -> None:
        self.hold_elsewhere("bob", "s1")
        self.assertEqual(self.holder("b0b"), "s1")
        self.assert_taken("bob", "s2")
        self.claim("bob", "s1")
        self.assertIsNone(self.holder("carl"))

    def test_once_it_is_free_there_it_is_free_here(self) -> None:
        self.hold_elsewhere("bob", "s1")
        self.release_elsewhere("bob")
        self.assertIsNone(self.holder("bob"))
        self.claim("bob", "s2")
        self.release_elsewhere("bob")  # once more changes nothing
        self.assertEqual(self.holder("bob"), "s2")

    def test_what_is_kept_there_is_free_here_for_that_address_and_that_session(self) -> None:
        self.hold_elsewhere("bob", "s1", HOME)
        self.assertIsNone(self.holder("bob"))
        self.assert_taken("bob", "s2", CAFE)
        self.claim("bob", "s1", CAFE)
        self.release("bob", "s1", CAFE)
        self.claim("bob", "s2", HOME, now=KEPT_FOR)

    def test_who_holds_it_here_is_found_first(self) -> None:
        self.claim("bob", "s1")
        self.hold_elsewhere("bob", "s2")
        self.assertEqual(self.holder("bob"), "s1")
        self.release("bob", "s1")
        self.assertEqual(self.holder("bob"), "s2")

    def test_a_variant_is_free_on_all_nodes(self) -> None:
        self.claim("bob", "s1")
        self.hold_elsewhere("bob2", "s2")
        self.hold_elsewhere("bob3", "s3", CAFE)
        self.assertEqual(self.claims.free_variant(nickname("bob"), HOME, 0), nickname("bob4"))
        self.assertEqual(self.claims.free_variant(nickname("bob"), CAFE, 0), nickname("bob3"))
        self.release_elsewhere("bob2")
        self.assertEqual(self.claims.free_variant(nickname("bob"), HOME, 0), nickname("bob2"))

    def test_one_knows_which_names_somebody_holds_here(self) -> None:
        self.hold_elsewhere("carl", "s1")
        self.claim("bob", "s1")
        self.claim("Bob", "s1")
        self.assertEqual(self.claims.names("s1"), (nickname("bob"), nickname("Bob")))
        self.assertEqual(self.claims.names("s2"), ())


class VariantTests(ClaimsCase):
    def variant(self, typed: str, address: str = HOME, now: float = 0.0, **options: bool) -> str:
        return self.claims.free_variant(nickname(typed), address, now, **options).display

    def as_nick(self, typed: str, holder: str, address: str = HOME, now: float = 0.0) -> str:
        """What /as does."""
        try:
            self.claim(typed, holder, address, now)
        except Taken:
            name = self.claims.free_variant(nickname(typed), address, now)
            self.claims.claim(name, holder, address, now)
            return name.display
        return typed

    def test_the_first_number_is_two(self) -> None:
        self.claim("bob", "s1")
        self.assertEqual(self.variant("bob"), "bob2")
        self.assertEqual(self.variant("Bob"), "Bob2")

    def test_asking_claims_nothing(self) -> None:
        self.assertEqual([self.variant("bob"), self.variant("bob")], ["bob2", "bob2"])

    def test_numbers_that_are_taken_are_passed_over(self) -> None:
        for holder, typed in enumerate(["bob", "bob2", "BOB3", "b0b4"]):
            self.claim(typed, str(holder))
        self.assertEqual(self.variant("bob"), "bob5")

    def test_a_number_that_is_given_back_is_the_first_again(self) -> None:
        self.assertEqual([self.as_nick("bot", str(n)) for n in range(4)], ["bot", "bot2", "bot3", "bot4"])
        self.release("bot3", "2")
        self.assertEqual(self.variant("bot"), "bot3")
        self.assertEqual(self.variant("bot", CAFE), "bot5")  # bot3 is kept for another
        self.assertEqual(self.variant("bot"), "bot3")
        self.assertEqual(self.variant("bot", CAFE, now=KEPT_FOR), "bot3")

    def test_a_variant_of_a_reserved_name_is_to_be_had_if_it_is_not_reserved_itself(self) -> None:
        self.assertEqual(self.variant("admin"), "admin2")
        for number in range(2, 11):
            self.claim(f"a{number}", "s1")
        # a11 looks like all.
        self.assertEqual(self.variant("a"), "a12")

    def test_a_long_name_is_cut_where_the_number_would_not_fit(self) -> None:
        self.assertEqual(self.variant("b" * 20), "b" * 19 + "2")
        self.assertEqual(self.variant("b" * 19), "b" * 19 + "2")
        for number in range(2, 10):
            self.claim("b" * 19 + str(number), "s1")
        self.assertEqual(self.variant("b" * 20), "b" * 18 + "10")

    def test_so_is_a_wide_one_and_one_of_many_bytes(self) -> None:
        self.assertEqual(self.variant("\u6771" * 10), "\u6771" * 9 + "2")
        self.assertEqual(self.variant("\u0e01\u0e34" * 10 + "1234"), "\u0e01\u0e34" * 10 + "1232")

    def test_what_does_not_go_with_the_number_is_cut_too(self) -> None:
        ali = "\u0639\u0644\u064a"
        self.assertEqual(self.variant(ali + "\N{ARABIC-INDIC DIGIT THREE}"), ali + "2")

    def test_where_only_ascii_is_allowed_a_variant_is_ascii(self) -> None:
        self.assertEqual(self.variant("bob", ascii_only=True), "bob2")
        self.assertEqual(self.variant(THAI, ascii_only=True), "guest2")

    def test_of_so_many_spellings_it_is_known_from_which_number_on_there_may_be_free_ones(self) -> None:
        letters = "abcdefghijklmn"
        self.claim(letters + "2", "s1")
        spellings = product(*((letter, letter.upper()) for letter in letters))
        for spelling in islice(map("".join, spellings), MOST_KEPT + 1):
            self.assertEqual(self.variant(spelling), spelling + "3")
        self.assertEqual(len(self.claims._first_numbers), 1)

    def test_a_name_that_is_full_is_cut_anew_for_every_digit_more(self) -> None:
        stem = "x" * 17
        for number in range(2, 1000):
            self.claim(f"{(stem + 'yyy')[: 20 - len(str(number))]}{number}", "s1")
        self.assertEqual(self.variant(stem + "yyy"), stem[:16] + "1000")

    def test_a_crowd_that_wants_one_name_gets_as_many_in_order(self) -> None:
        given = [self.as_nick("bot", str(number), now=number / 1000) for number in range(2000)]
        self.assertEqual(given, ["bot", *(f"bot{number}" for number in range(2, 2001))])

    @law(st.sampled_from(NAMES), st.sets(st.integers(2, 120)))
    def test_a_variant_is_a_nickname_that_can_be_claimed(self, name: Name, held: set[int]) -> None:
        held_by = Claims()
        held_by.claim(name, "s1", HOME, 0)
        for number in held:
            held_by.claim(nickname(f"{name.display}{number}"), "s1", HOME, 0)
        variant = held_by.free_variant(name, CAFE, 0)
        self.assertTrue(wcswidth(variant.display) <= 20)
        held_by.claim(variant, "s2", CAFE, 0)

    @law(st.sampled_from(NAMES) | NICKNAMES, st.integers(2, 12_000), st.booleans())
    def test_the_keys_of_a_variant_are_known_before_it_is_judged(
        self, name: Name, first: int, ascii_only: bool
    ) -> None:
        for number, stem in islice(claims._variants(name.display, first, ascii_only), 12):
            keys = nickname(f"{stem.display}{number}", ascii_only).keys
            self.assertEqual(claims._keys(stem, number), keys, ascii((name, number)))

    def test_of_a_thousand_that_are_held_by_their_looks_none_is_judged(self) -> None:
        for number in range(2, 1000):
            self.claim(f"bot{number}", "s1")
        judged = nickname.cache_info().misses
        self.assertEqual(self.variant("b0t"), "b0t1000")
        self.assertLess(nickname.cache_info().misses - judged, 10)


class Registry(RuleBasedStateMachine):
    """Claims beside a plain account of the same rules that looks through everything each time."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = Claims()
        self.now = 0.0
        self.held: list[tuple[str, Name]] = []  # holder, name
        self.kept: dict[Key, tuple[str, str, float]] = {}  # holder, address, until

    def is_free(self, name: Name, holder: str | None, address: str) -> bool:
        if is_reserved(name) or any(name.same(other) for who, other in self.held if who != holder):
            return False
        mine = {key for who, other in self.held if who == holder for key in other.keys}
        return all(
            key in mine or self.now >= until or address == kept_for or holder == who
            for key, (who, kept_for, until) in self.kept.items()
            if key in name.keys
        )

    @rule(name=st.sampled_from(NAMES), holder=st.sampled_from("abc"), address=st.sampled_from([HOME, CAFE]))
    def claim(self, name: Name, holder: str, address: str) -> None:
        free = self.is_free(name, holder, address)
        try:
            self.claims.claim(name, holder, address, self.now)
        except Taken:
            assert not free, name
        else:
            assert free, name
            if (holder, name) not in self.held:
                self.held.append((holder, name))

    @rule(which=st.integers(0, 20), address=st.sampled_from([HOME, CAFE]), is_kept=st.booleans())
    def release(self, which: int, address: str, is_kept: bool) -> None:
        if self.held:
            holder, name = self.held.pop(which % len(self.held))
            self.claims.release(name, holder, address, self.now, is_kept)
            needed = {key for who, other in self.held if who == holder for key in other.keys}
            for key in set(name.keys) - needed if is_kept else ():
                self.kept[key] = (holder, address, self.now + KEPT_FOR)

    @rule(seconds=st.sampled_from([0.1, 5.0, 10.0, KEPT_FOR]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from(NAMES), address=st.sampled_from([HOME, CAFE]))
    def ask_for_a_variant(self, name: Name, address: str) -> None:
        variant = self.claims.free_variant(name, address, self.now)
        numbers = range(2, int(variant.display.removeprefix(name.display)))
        assert self.is_free(variant, None, address)
        for number in numbers:
            assert not self.is_free(nickname(f"{name.display}{number}"), None, address), number

    @invariant()
    def no_two_hold_names_that_are_the_same(self) -> None:
        for holder, name in self.held:
            assert self.claims.holder(name) == holder
            assert not any(name.same(other) for who, other in self.held if who != holder)


RegistryTests = Registry.TestCase
RegistryTests.settings = settings(deadline=None, database=None, max_examples=50)

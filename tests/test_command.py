"""How the words of a command are taken apart, and who may use one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.command import (
    LONGEST_DURATION,
    Command,
    Rank,
    alone,
    duration,
    for_a_while,
    forbidden,
    number,
    one_word,
    room,
    span,
    split,
    word,
)
from tcpchat.requests import Go


class WordsTests(SynchronousTestCase):
    def test_the_first_word_and_the_rest(self) -> None:
        for rest, parts in (("a  b c", ("a", "b c")), ("a", ("a", "")), ("", ("", "")), ("a ", ("a", ""))):
            self.assertEqual(split(rest), parts)

    def test_a_name_has_to_be_there(self) -> None:
        self.assertEqual(word(" a b\t"), "a b")
        self.assertRaises(ValueError, word, " \t")

    def test_a_name_may_have_to_be_one_word(self) -> None:
        self.assertEqual(one_word(" a\t"), "a")
        for rest in "", "a b", "a\tb":
            self.assertRaises(ValueError, one_word, rest)

    def test_nothing_stands_behind_what_stands_alone(self) -> None:
        self.assertEqual(alone(" ", Go()), Go())
        self.assertRaises(ValueError, alone, " x", Go())

    def test_a_room_may_be_named_in_front(self) -> None:
        for rest, parts in (
            ("#dev eve 1h", ("#dev", "eve 1h")), (" #dev ", ("#dev", "")),
            ("eve #dev", ("", "eve #dev")), ("", ("", "")),
        ):  # fmt: skip
            self.assertEqual(room(rest), parts)

    def test_a_number_of_an_entry_is_one_from_1_on_with_its_sign_or_without(self) -> None:
        for rest, parts in ("12", (12, "")), ("#12  a b", (12, "a b")), (" 007 x", (7, "x")):
            self.assertEqual(number(rest), parts)
        self.assertEqual(number("9" * 4000)[0], 10**18 - 1)
        for wrong in "", "x", "0", "-1", "1.5", "\u0665", "#", "1x":
            self.assertRaises(ValueError, number, wrong)


class TimeTests(SynchronousTestCase):
    def test_a_time_is_numbers_each_with_its_unit(self) -> None:
        for typed, seconds in (
            ("90s", 90), ("10m", 600), ("2h", 7200), ("1d12h", 129600), ("3W", 1814400), ("0s", 0),
            ("999999999w", LONGEST_DURATION),
        ):  # fmt: skip
            self.assertEqual(duration(typed), seconds, typed)
        for typed in "", "s", "10", "h2", "1h 2m", "1.5h", "-1h", "\u0665m", "1234567890s", "2hours":
            self.assertIsNone(duration(typed), typed)

    def test_a_span_is_told_in_the_largest_units(self) -> None:
        for seconds, told in (0, "0s"), (59, "59s"), (60, "1m"), (129600, "1d12h"), (694861, "1w1d1h1m1s"):
            self.assertEqual(span(seconds), told)

    @given(st.integers(0, LONGEST_DURATION))
    def test_what_is_told_can_be_typed(self, seconds: int) -> None:
        self.assertEqual(duration(span(seconds)), seconds)

    def test_behind_a_time_stands_the_reason_and_both_may_be_left_out(self) -> None:
        for rest, parts in (
            ("2h spam, again", (7200, "spam, again")), ("spam 2h", (None, "spam 2h")), ("2h", (7200, "")),
            ("", (None, "")), ("2nd time", (None, "2nd time")),
        ):  # fmt: skip
            self.assertEqual(for_a_while(rest), parts)
        for wrong in "0s spam", "10 spam", "10min", "1y", "2H30 spam", "1.5h", "3rdly":
            self.assertRaises(ValueError, for_a_while, wrong)


class RankTests(SynchronousTestCase):
    def test_a_rank_has_what_those_before_it_have_but_the_nameless_have_their_own(self) -> None:
        for nameless in False, True:
            command = Command("/go", "", "", lambda rest: Go(), nameless=nameless, rank=Rank.ACCOUNT)
            self.assertEqual([command.is_for(rank) for rank in Rank], [nameless, False, True, True, True])

    def test_the_refusal_says_who_may(self) -> None:
        for rank, of, text in (
            (Rank.ACCOUNT, "", "That needs an account: /register PASSWORD"),
            (Rank.ROOM_OPERATOR, "#own", "Only an operator of #own may do that."),
            (Rank.SERVER_OPERATOR, "", "Only an operator of the server may do that."),
        ):
            refusal = forbidden(rank, of)
            self.assertEqual((str(refusal), refusal.code), (text, "forbidden"))

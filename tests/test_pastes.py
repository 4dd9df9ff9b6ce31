"""The lines between /paste and a single dot: one message, or none."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import LARGEST_PASTE, LONGEST_LINE, LONGEST_PASTE
from tcpchat.messages import pasted
from tcpchat.pastes import END, Pasting
from tcpchat.requests import NotUnderstood, Refused, Say
from tests.handing import over


def pasting(*lines: str | Refused) -> Pasting:
    pasting = Pasting()
    for line in lines:
        pasting.add(line)
    return pasting


class PastingTests(SynchronousTestCase):
    def test_it_is_over_at_a_single_dot_and_at_nothing_else(self) -> None:
        for line in "", "..", " .", ". ", ".x", "/quit", "\u3002":
            self.assertFalse(pasting("a", line).is_over, line)
        self.assertTrue(pasting("a", ".").is_over)

    def test_what_came_is_said_in_the_current_room_in_order(self) -> None:
        self.assertEqual(
            pasting("def f():", "\treturn 1", "", "/quit", ".").request(),
            Say("def f():\n        return 1\n\n/quit"),
        )

    def test_an_unfinished_one_can_be_said_too(self) -> None:
        self.assertEqual(pasting("a", "b").request(), Say("a\nb"))

    def test_of_one_with_a_line_that_could_not_be_read_nothing_is_said(self) -> None:
        first, second = NotUnderstood("Not UTF-8.", "not-utf8"), NotUnderstood("Too long.", "too-long")
        refusal = self.assertRaises(Refused, pasting("a", first, "b", second, ".").request)
        self.assertIs(refusal, first)

    def test_of_one_that_is_too_large_nothing_is_said(self) -> None:
        for lines in ["x"] * (LONGEST_PASTE + 1), ["x" * LONGEST_LINE] * (LARGEST_PASTE // LONGEST_LINE + 1):
            refusal = self.assertRaises(Refused, pasting(*lines, ".").request)
            self.assertEqual(refusal.code, "too-long")

    def test_one_that_just_fits_is_said(self) -> None:
        self.assertEqual(pasting(*["x"] * LONGEST_PASTE, ".").request().text.count("\n"), LONGEST_PASTE - 1)
        lines = ["x" * (LONGEST_LINE - 1)] * (LARGEST_PASTE // LONGEST_LINE)
        self.assertEqual(pasting(*lines, ".").request(), Say("\n".join(lines)))

    def test_an_empty_one_is_refused(self) -> None:
        for lines in ["."], ["", " ", "."], []:
            self.assertRaises(NotUnderstood, pasting(*lines).request)

    def test_however_much_comes_no_more_is_kept_than_can_be_sent(self) -> None:
        endless = Pasting()
        for _ in range(1000):
            endless.add("x" * LONGEST_LINE)
        for _ in range(1000):
            endless.add("")
        kept = sum(sys.getsizeof(line) for line in endless._lines)
        self.assertLess(kept, LARGEST_PASTE + 3 * LONGEST_LINE)
        self.assertLess(len(endless._lines), LONGEST_PASTE)
        self.assertRaises(Refused, endless.request)

    def test_of_many_empty_lines_as_well(self) -> None:
        empty = pasting(*[""] * 1000)
        self.assertEqual(len(empty._lines), LONGEST_PASTE + 1)

    def test_empty_lines_at_the_end_do_not_count_however_many(self) -> None:
        self.assertEqual(
            pasting(*["x"] * LONGEST_PASTE, *[""] * 10, ".").request().text.count("x"), LONGEST_PASTE
        )

    def test_a_line_that_was_not_taken_any_more_is_not_lost_silently(self) -> None:
        for before in ["first", *[""] * LONGEST_PASTE], ["first" + " " * 4000] * 5:
            refusal = self.assertRaises(Refused, pasting(*before, "last", ".").request)
            self.assertEqual(refusal.code, "too-long")


LINES = st.text(st.characters(exclude_characters="\n"), max_size=30) | st.sampled_from(["", " ", "x" * 4096])


class PastingLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(st.lists(LINES.filter(lambda line: line != END), max_size=70))
    def test_of_any_lines_all_are_said_in_order_or_none_for_the_same_reason(self, lines: list[str]) -> None:
        outcomes: list[object] = []
        for request in pasting(*lines).request, lambda: Say(pasted(lines)):
            try:
                outcomes.append(request())
            except Refused as refusal:
                outcomes.append((str(refusal), refusal.code))
        self.assertEqual(outcomes[0], outcomes[1])

    @settings(deadline=None, database=None)
    @given(st.lists(LINES.filter(lambda line: line != END), max_size=70), st.integers(0, 70), st.booleans())
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, lines: list[str], place: int, is_broken: bool
    ) -> None:
        refused = [NotUnderstood("Not UTF-8.", "not-utf8")] if is_broken else []
        one, alone = pasting(*refused, *lines[:place]), pasting(*refused, *lines)
        one = Pasting.going_on_from(over(one.hand_on()))
        for line in lines[place:]:
            one.add(line)
        outcomes: list[object] = []
        for request in one.request, alone.request:
            try:
                outcomes.append(request())
            except Refused as refusal:
                outcomes.append((str(refusal), refusal.code))
        self.assertEqual(outcomes[0], outcomes[1])

"""How wide texts are, and how lines are broken that are wider than a terminal."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import wcwidth

from tcpchat.columns import HANG, WIDTHS, least_width, usual, width, wrap
from tcpchat.commands import help_lines
from tcpchat.text import clean

ZWJ = "\u200d"
FAMILY = ZWJ.join(["\U0001f468", "\U0001f469", "\U0001f467"])

WORDS = st.text(
    st.sampled_from("ab \u00e9\u0301\u65e5\u672c\U0001f600\U0001f469\u200d\ufe0f\u2764\u0915\u094d\u0937")
)
LINES = (st.text(st.sampled_from("abc ")) | WORDS | st.text(st.characters())).map(
    lambda text: f"<bob> {clean(text)}"
)


class UsualWidthTests(SynchronousTestCase):
    def test_common_windows_are_taken_as_they_are(self) -> None:
        for columns in 20, 40, 80, 100, 120, 500:
            self.assertEqual(usual(columns), columns)

    def test_others_as_little_narrower_and_what_is_not_known_stays_so(self) -> None:
        self.assertEqual([usual(columns) for columns in (0, 83, 132, 211)], [0, 80, 130, 200])

    def test_there_are_few_of_them_and_each_fits(self) -> None:
        for columns in range(20, 501):
            self.assertIn(usual(columns), WIDTHS)
            self.assertLessEqual(usual(columns), columns)
        self.assertLess(len(WIDTHS), 50)


class WidthTests(SynchronousTestCase):
    def test_a_text_is_as_wide_as_a_terminal_may_show_it(self) -> None:
        for text, columns in (
            ("", 0), ("hello", 5), ("caf\u00e9", 4), ("\u65e5\u672c", 4), ("x\u0301y", 2), ("\U0001f600", 2),
            ("\u2764", 1), ("\u2764\ufe0f", 2), ("\u0e17\u0e35\u0e48", 1), ("\u05d0\u200f", 1),
        ):  # fmt: skip
            self.assertEqual(width(text), columns, ascii(text))

    def test_or_as_narrow(self) -> None:
        for text, columns in (
            ("", 0), ("abc", 3), ("漢", 2), ("e\u0301", 1), ("\x1b\udcff", 1), ("\u2764\ufe0f", 1),
        ):  # fmt: skip
            self.assertEqual(least_width(text), columns, ascii(text))

    def test_a_family_counts_as_its_members_because_many_terminals_show_them(self) -> None:
        self.assertEqual(width(FAMILY), 6)

    def test_what_the_commands_do_stands_in_one_column(self) -> None:
        for line in help_lines():
            usage, does = line[:29].rstrip(), line[31:]
            self.assertEqual(line, usage + " " * (31 - width(usage)) + does)
            self.assertLessEqual(width(line), 80)


class WrapTests(SynchronousTestCase):
    def test_a_line_that_fits_stays_as_it_is(self) -> None:
        for line in (
            "",
            "<bob> " + "x" * 14,
            "<bob> \u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5",
            "  two  blanks  ",
        ):
            self.assertEqual(wrap(line, 20), [line])

    def test_a_wider_one_is_broken_at_a_blank_and_hangs(self) -> None:
        self.assertEqual(wrap("<bob> " + "x" * 15, 20), ["<bob>", HANG + "x" * 15])
        self.assertEqual(
            wrap("<bob> the quick brown fox jumps over it", 20),
            ["<bob> the quick", "    brown fox jumps", "    over it"],
        )

    def test_the_blanks_at_a_break_are_not_shown_and_others_are(self) -> None:
        self.assertEqual(wrap("<bob> a  b    cccccccccccc", 20), ["<bob> a  b", "    cccccccccccc"])
        self.assertEqual(wrap("<bob> aaaaaaaaaaaa" + " " * 8, 20), ["<bob> aaaaaaaaaaaa"])

    def test_a_word_that_is_too_wide_is_broken_where_it_has_to_be(self) -> None:
        self.assertEqual(
            wrap("<bob> " + "0123456789" * 3, 20), ["<bob> 01234567890123", "    4567890123456789"]
        )
        self.assertEqual(wrap("<bob> " + "\u65e5" * 9, 20), ["<bob> " + "\u65e5" * 7, HANG + "\u65e5" * 2])

    def test_what_people_see_as_one_character_stays_whole(self) -> None:
        line = "<bob> " + "e\u0301\u0302" * 20
        self.assertEqual(wrap(line, 20), [line[: 6 + 14 * 3], HANG + "e\u0301\u0302" * 6])
        self.assertEqual(wrap("<bob> aaaaaaaaa" + FAMILY, 20), ["<bob> aaaaaaaaa", HANG + FAMILY])

    def test_but_one_that_is_wider_than_the_terminal_is_broken_too(self) -> None:
        lines = wrap("<bob> " + ZWJ.join("\U0001f468" * 30), 20)
        self.assertGreater(len(lines), 3)
        self.assertLessEqual(max(map(width, lines)), 20)

    @settings(deadline=None, database=None)
    @given(LINES, st.integers(20, 90))
    @example("<bob> " + " " * 8 + "x" * 30, 20)
    def test_every_line_fits_and_hangs_and_nothing_is_lost(self, line: str, columns: int) -> None:
        lines = wrap(line, columns)
        self.assertEqual("".join(lines).replace(" ", ""), line.replace(" ", ""))
        for each in lines:
            self.assertLessEqual(sum(max(wcwidth(character), 0) for character in each), columns, ascii(each))
        for each in lines[1:]:
            self.assertTrue(each.startswith(HANG), ascii(each))
            self.assertTrue(each.strip(" "))
        if width(line) <= columns:
            self.assertEqual(lines, [line])

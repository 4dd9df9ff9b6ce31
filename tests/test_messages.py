"""What may be said: safe to show, and no more than fits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import LARGEST_PASTE, LONGEST_LINE, LONGEST_PASTE, LONGEST_REMARK, MOST_INDENTATION
from tcpchat.messages import NOTHING_SHOWN, line_of_paste, message, pasted, remark, text
from tcpchat.requests import NotUnderstood, Refused
from tcpchat.text import MOST_SPACES, clean

QA = "\u0958"  # 3 bytes; NFC makes 6 of them
NOTHING = ("", " ", "\u200b", "\u202e\x1b\x07", "\u3164", "\u2800", "\u00ad")

TEXTS = st.text(st.characters(codec="utf-8")) | st.text(st.sampled_from(" \t\n\r\x1b\u0301a"))
LINES = st.lists(TEXTS.map(lambda it: it.replace("\n", "")), max_size=LONGEST_PASTE + 2)


class MessagesCase(SynchronousTestCase):
    def assert_too_long(self, why: str, refusal: Refused) -> None:
        self.assertEqual((str(refusal), refusal.code), (why, "too-long"))


class TextTests(MessagesCase):
    def test_a_text_is_clean_and_has_no_blanks_around_it(self) -> None:
        self.assertEqual(text(" a\x1b[1m\u202e b "), "a[1m b")

    def test_it_is_not_empty(self) -> None:
        for nothing in NOTHING:
            self.assertRaises(ValueError, text, nothing)

    def test_a_remark_may_be_empty(self) -> None:
        for nothing in NOTHING:
            self.assertEqual(remark(nothing), "")

    def test_a_remark_may_have_300_bytes_and_not_more(self) -> None:
        for full in "x" * LONGEST_REMARK, "\u00e9" * (LONGEST_REMARK // 2), QA * (LONGEST_REMARK // 6):
            self.assertEqual(remark(f" {full} "), clean(full))
            refusal = self.assertRaises(Refused, remark, full + "x")
            self.assert_too_long(
                f"That text is longer than {LONGEST_REMARK} bytes and was not taken.", refusal
            )


class MessageTests(MessagesCase):
    def test_a_line_is_clean_and_keeps_its_indentation_but_not_the_blanks_at_its_end(self) -> None:
        self.assertEqual(message("  a\x1b[1m\tb  \t"), "  a[1m b")

    def test_with_the_space_before_it_there_are_no_more_than_may_be(self) -> None:
        for spaces, kept in (
            (MOST_SPACES - 1, MOST_SPACES - 1),
            (MOST_SPACES, MOST_SPACES - 1),
            (40, MOST_SPACES - 1),
        ):
            self.assertEqual(message(" " * spaces + "a"), " " * kept + "a")

    def test_nothing_that_can_be_shown_is_no_message(self) -> None:
        for nothing in NOTHING:
            refusal = self.assertRaises(NotUnderstood, message, nothing)
            self.assertEqual(str(refusal), NOTHING_SHOWN)

    def test_a_line_has_at_most_4096_bytes(self) -> None:
        for full in (
            "x" * LONGEST_LINE,
            "\u00e9" * (LONGEST_LINE // 2),
            QA * ((LONGEST_LINE - 4) // 6) + "aaaa",
        ):
            self.assertEqual(message(full), clean(full))
            refusal = self.assertRaises(Refused, message, full + "x")
            self.assert_too_long(f"That line is longer than {LONGEST_LINE} bytes and was not sent.", refusal)

    def test_several_lines_are_a_paste(self) -> None:
        self.assertEqual(message("a\n  b\n\nc"), "a\n  b\n\nc")
        self.assertEqual(message("a\n"), "a")


class PastedTests(MessagesCase):
    def test_each_line_keeps_its_indentation_of_up_to_40_spaces(self) -> None:
        for line, shown in (
            ("a", "a"), ("    a", "    a"), (" " * 40 + "a", " " * 40 + "a"),
            (" " * 41 + "a", " " * 40 + "a"), ("\ta", " " * 8 + "a"), ("  \ta", " " * 8 + "a"),
            ("\t\ta", " " * 16 + "a"), (" \t a", " " * 9 + "a"),
            ("\t" * 9 + "a", " " * 40 + "a"), ("a  ", "a"), ("    ", ""), ("", ""),
        ):  # fmt: skip
            self.assertEqual(line_of_paste(line), shown, ascii(line))

    def test_the_rest_of_a_line_is_cleaned_as_ever(self) -> None:
        self.assertEqual(
            line_of_paste("  a\x1b[1m\u202e" + " " * 20 + "b\t"), "  a[1m" + " " * MOST_SPACES + "b"
        )

    def test_no_other_blank_makes_more_of_an_indentation(self) -> None:
        """A blank that is no space becomes one only after the spaces were counted."""
        self.assertLessEqual(
            len(line_of_paste(" " * 40 + "\u3000" * 40 + "a")), MOST_INDENTATION + MOST_SPACES + 1
        )

    def test_empty_lines_stay_but_not_at_the_end(self) -> None:
        self.assertEqual(pasted(["", "a", "", "b", "", " "]), "\na\n\nb")

    def test_50_lines_may_be_pasted_and_not_more(self) -> None:
        self.assertEqual(pasted(["x"] * LONGEST_PASTE), "\n".join(["x"] * LONGEST_PASTE))
        refusal = self.assertRaises(Refused, pasted, ["x"] * (LONGEST_PASTE + 1))
        self.assert_too_long(
            f"A paste has at most {LONGEST_PASTE} lines and 16 KiB. It was not sent.", refusal
        )
        self.assertEqual(pasted(["x"] * LONGEST_PASTE + ["", " "]), "\n".join(["x"] * LONGEST_PASTE))

    def test_16_kib_may_be_pasted_and_not_more(self) -> None:
        full = "x" * LONGEST_LINE
        self.assertEqual(len(pasted([full, full[1:], full[1:], full[1:]])), LARGEST_PASTE)
        for lines in [full, full, full[1:], full[1:]], ["\u00e9" * 2048] * 4, [QA * 683] * 4:
            refusal = self.assertRaises(Refused, pasted, lines)
            self.assert_too_long("A paste has at most 50 lines and 16 KiB. It was not sent.", refusal)

    def test_each_of_its_lines_may_be_as_long_as_one_alone_and_its_indentation_does_not_count(self) -> None:
        full = "x" * LONGEST_LINE
        self.assertEqual(pasted(["\t" * 9 + full, "y"]), " " * MOST_INDENTATION + full + "\ny")
        for lines in [full + "x", "y"], ["y", "\u00e9" * 2049]:
            refusal = self.assertRaises(NotUnderstood, pasted, lines)
            self.assert_too_long(f"That line is longer than {LONGEST_LINE} bytes and was not sent.", refusal)

    def test_nothing_that_can_be_shown_is_no_paste(self) -> None:
        for lines in [], [""], ["", " ", "\t"], list(NOTHING):
            self.assertEqual(str(self.assertRaises(NotUnderstood, pasted, lines)), NOTHING_SHOWN)


class MessageLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(TEXTS)
    def test_what_is_said_is_something_clean_that_fits(self, typed: str) -> None:
        try:
            said = message(typed)
        except Refused:
            return
        self.assertTrue(said.strip())
        self.assertEqual(said.rstrip(), said)
        self.assertLessEqual(len(said.encode()), LARGEST_PASTE if "\n" in typed else LONGEST_LINE)
        if "\n" in said or "\n" not in typed:  # a paste of one line may be indented further
            self.assertEqual(message(said), said)

    @settings(deadline=None, database=None)
    @given(LINES)
    def test_a_paste_is_clean_line_by_line_and_pasting_it_again_changes_nothing(
        self, lines: list[str]
    ) -> None:
        try:
            said = pasted(lines)
        except Refused:
            return
        parts = said.split("\n")
        self.assertLessEqual(len(parts), min(LONGEST_PASTE, len(lines)))
        for part in parts:
            bare = part.lstrip(" ")
            self.assertEqual(clean(bare), bare)
            self.assertLessEqual(len(part) - len(bare), MOST_INDENTATION + MOST_SPACES)
        self.assertEqual(pasted(parts), said)

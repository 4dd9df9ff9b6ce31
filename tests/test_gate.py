"""What no line may hold that goes out, whatever the log holds."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.gate import Gate
from tcpchat.text import clean

LRM, RLM, ALM, ZWNJ, ZWJ = "\u200e", "\u200f", "\u061c", "\u200c", "\u200d"
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

HARMFUL = {
    "an escape sequence": ("\x1b[2J", f"{UNKNOWN}[2J"),
    "the end of a line": ("a\r\n*** b", f"a{UNKNOWN}{UNKNOWN}*** b"),
    "a tab, DEL and NUL": ("a\tb\x7fc\0", f"a{UNKNOWN}b{UNKNOWN}c{UNKNOWN}"),
    "C1": ("\u009b2J \u0085", f"{UNKNOWN}2J {UNKNOWN}"),
    "overrides and isolates": ("\u202ea\u2066b\u2069", f"{UNKNOWN}a{UNKNOWN}b{UNKNOWN}"),
    "separators": ("a\u2028b\u2029", f"a{UNKNOWN}b{UNKNOWN}"),
    "what is invisible": ("\u200b\u00ad\u2060\ufeff\U000e0041", UNKNOWN * 5),
    "lone surrogates": ("\ud800", UNKNOWN),
}


class GateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.gate = Gate()

    def test_what_is_harmful_is_stopped_and_counted(self) -> None:
        stopped = 0
        for name, (text, passed) in HARMFUL.items():
            self.assertEqual(self.gate.harmless(text), passed, name)
            stopped += passed.count(UNKNOWN)
            self.assertEqual(self.gate.sanitizer_escape_total, stopped, name)

    def test_what_people_write_passes_and_nothing_is_counted(self) -> None:
        for text in (
            "", "plain ASCII ~", "caf\u00e9", "\u65e5\u672c\u8a9e", "\U0001fae9", UNKNOWN, "a\u00a0b",
            f"\u05d0{RLM}!", f"{LRM}{ALM}", f"\u0645\u06cc{ZWNJ}\u062e", f"\U0001f468{ZWJ}\U0001f469",
            "\u2764\ufe0f", "\u1820\u180b", "\ue000", "\u0378",
        ):  # fmt: skip
            self.assertEqual(self.gate.harmless(text), text)
        self.assertEqual(self.gate.sanitizer_escape_total, 0)

    def test_of_all_characters_none_that_a_terminal_obeys_passes(self) -> None:
        for code in range(sys.maxunicode + 1):
            character = chr(code)
            if (
                unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
                or "\u202a" <= character <= "\u202e"
            ):
                self.assertEqual(self.gate.harmless(character), UNKNOWN, hex(code))

    @settings(deadline=None, database=None)
    @given(st.text(st.characters()))
    def test_whatever_was_cleaned_passes_as_it_is(self, text: str) -> None:
        self.assertEqual(self.gate.harmless(clean(text)), clean(text))
        self.assertEqual(self.gate.sanitizer_escape_total, 0)

    @settings(deadline=None, database=None)
    @given(st.text(st.characters()))
    def test_what_has_passed_passes_again_and_is_as_long(self, text: str) -> None:
        once = self.gate.harmless(text)
        before = self.gate.sanitizer_escape_total
        self.assertEqual(self.gate.harmless(once), once)
        self.assertEqual(self.gate.sanitizer_escape_total, before)
        self.assertEqual(len(once), len(text))

"""How a line becomes the bytes of one connection."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.columns import HANG
from tcpchat.encoding import USABLE
from tcpchat.gate import GATE
from tcpchat.text import clean
from tcpchat.wire import PLAIN, Wire


class WireTests(SynchronousTestCase):
    def test_a_line_is_utf_8_and_has_its_end(self) -> None:
        self.assertEqual(PLAIN.line("caf\u00e9"), b"caf\xc3\xa9\r\n")
        self.assertEqual(PLAIN.line(""), b"\r\n")
        self.assertEqual(PLAIN.line("x" * 4096), b"x" * 4096 + b"\r\n")

    def test_or_what_the_terminal_takes_and_question_marks(self) -> None:
        text = "caf\u00e9 \u043f\u0440 \u65e5 \U0001f600 \u20ac"
        self.assertEqual(Wire("latin_1").line(text), b"caf\xe9 ?? ? ? ?\r\n")
        self.assertEqual(Wire("cp437").line(text), b"caf\x82 ?? ? ? ?\r\n")
        self.assertEqual(Wire("koi8_r").line(text), b"caf? \xd0\xd2 ? ? ?\r\n")
        self.assertEqual(Wire("euc_jp").line("\u65e5\u672c"), b"\xc6\xfc\xcb\xdc\r\n")
        self.assertEqual(Wire("ascii").line(text), b"caf? ?? ? ? ?\r\n")

    def test_what_could_do_harm_stops_at_the_gate_before_any_encoding(self) -> None:
        before = GATE.sanitizer_escape_total
        for codec in USABLE - {"utf_8"}:
            self.assertEqual(Wire(codec).line("a\x9b\x85\x1b\r\nb"), b"a?????b\r\n", codec)
        self.assertEqual(GATE.sanitizer_escape_total - before, 5 * (len(USABLE) - 1))

    def test_a_wide_line_is_broken_and_each_part_has_its_end(self) -> None:
        self.assertEqual(
            Wire(width=20).line("<bob> the quick brown fox"), b"<bob> the quick\r\n    brown fox\r\n"
        )
        self.assertEqual(
            Wire("latin_1", 20).line("<bob> " + "\u00e9" * 17),
            b"<bob> " + b"\xe9" * 14 + b"\r\n    \xe9\xe9\xe9\r\n",
        )

    def test_for_telnet_a_byte_255_is_two(self) -> None:
        self.assertEqual(Wire("latin_1", telnet=True).line("\u00ff\u00fe"), b"\xff\xff\xfe\r\n")
        self.assertEqual(Wire("latin_1").line("\u00ff\u00fe"), b"\xff\xfe\r\n")

    @settings(deadline=None, database=None)
    @given(st.text(st.characters()), st.sampled_from(sorted(USABLE)), st.sampled_from([0, 20, 80]))
    def test_whatever_is_said_its_line_has_no_control_but_its_ends(
        self, text: str, codec: str, width: int
    ) -> None:
        shown = Wire(codec, width).line(f"<bob> {clean(text)}")
        self.assertTrue(shown.endswith(b"\r\n"))
        first, *rest = shown.decode(codec).split("\r\n")[:-1]
        self.assertTrue(first.startswith("<bob>"))
        self.assertTrue(all(line.startswith(HANG) for line in rest))
        self.assertTrue(width or not rest)
        for line in first, *rest:
            self.assertIsNone(
                re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line), ascii(line)
            )

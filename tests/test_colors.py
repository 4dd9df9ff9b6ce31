"""Nicknames in color: where they stand at the beginning of a line, and nowhere else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.colors import color, paint


class ColorTests(SynchronousTestCase):
    def paint(self, lines: bytes, front: str = "<bob> ", codec: str = "utf-8") -> bytes:
        return paint(lines, front, "<bob>", "bob", codec)

    def test_a_nickname_has_one_color_however_it_is_spelled(self) -> None:
        self.assertEqual(color("bob"), color("BOB"))
        self.assertEqual({color(f"nick{n}") for n in range(100)}, set(range(31, 37)))

    def test_it_is_around_the_nickname_alone(self) -> None:
        bob = b"\x1b[%dm<bob>\x1b[0m" % color("bob")
        self.assertEqual(self.paint(b"<bob> hi <bob> hi\r\n"), bob + b" hi <bob> hi\r\n")
        self.assertEqual(self.paint(b"#dev <bob> hi\r\n", "#dev <bob> "), b"#dev " + bob + b" hi\r\n")

    def test_each_line_of_a_paste_has_it_and_what_a_broken_line_goes_on_with_has_not(self) -> None:
        painted = self.paint(b"<bob> x\r\n    <bob> y\r\n<bob> z\r\n")
        self.assertEqual([b"\x1b" in line for line in painted.split(b"\r\n")], [True, False, True, False])

    def test_a_beginning_that_is_broken_itself_stays_as_it_is(self) -> None:
        broken = b"[10:02]\r\n    <bob> x\r\n"
        self.assertEqual(self.paint(broken, "[10:02] <bob> "), broken)

    def test_in_another_encoding_and_what_that_cannot_show(self) -> None:
        painted = paint(b"<?> x\r\n", "<\u0431> ", "<\u0431>", "\u0431", "latin-1")
        self.assertEqual(painted, b"\x1b[%dm<?>\x1b[0m x\r\n" % color("\u0431"))

    @given(st.binary(max_size=50))
    def test_without_the_colors_everything_is_as_it_was(self, text: bytes) -> None:
        painted = self.paint(b"<bob> " + text)
        plain = painted.replace(b"\x1b[%dm<bob>\x1b[0m" % color("bob"), b"<bob>")
        self.assertEqual(plain, (b"<bob> " + text).replace(b"\x1b[%dm<bob>\x1b[0m" % color("bob"), b"<bob>"))

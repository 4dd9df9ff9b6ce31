"""What keys do to the line that is typed, and what is seen of it where the server shows it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.editing import Echo, Editor, TooManyKeys
from tcpchat.limits import LONGEST_LINE, MOST_COMMANDS, PATIENCE_WITH_COMMANDS
from tcpchat.lines import END_OF_FILE, TOO_LONG, EndOfFile, LineReader, TooLong
from tests.handing import over
from tests.test_telnet import bytewise, cut

# What is typed, the lines that come of it, and what is left of the last.
KEYS: list[tuple[bytes, list[bytes], bytes]] = [
    (b"hello\r\0", [b"hello"], b""),
    (b"hello\r\n", [b"hello"], b""),
    (b"hello\n", [b"hello"], b""),
    (b"one\rtwo\r\r\nthree", [b"one", b"two", b""], b"three"),
    (b"a\n\nb\r\0\r\0", [b"a", b"", b"b", b""], b""),
    (b"a\r\0\nb\r\n\0c\r\0", [b"a", b"", b"b", b"c"], b""),
    (b"hellp\x7fo\r\0", [b"hello"], b""),
    (b"hellp\x08o\r\0", [b"hello"], b""),
    (b"\x7f\x08a\r\0\x7fb", [b"a"], b"b"),
    ("grü\x7fün".encode(), [], "grün".encode()),
    (b"one two\x17three", [], b"one three"),
    (b"one two  \x17\x17\x17x", [], b"x"),
    (b"one two\x15three", [], b"three"),
    (b"one two\x03three", [], b"three"),
    (b"tab\there", [], b"tab\there"),
    (b"a\0b\x01\x0b\x0c\x1d\x1fc", [], b"abc"),
    (b"a\x04b", [], b"ab"),
    (b"\x1b[Aup \x1b[1;5Cright\x1bOP", [], b"up right"),
    (b"a\x1bb\x1b\x1b[Cc", [], b"abc"),
    (b"a\x1b[12\r\0b\x1b[\x80\x1bO\r\0c", [b"a", b"b\x80"], b"c"),
]

TYPED = st.lists(st.sampled_from(b"ab \t\r\n\0\x7f\x08\x15\x17\x03\x1b[O1A\xc3\xa9\xe6\xbc\xa2"), max_size=60)


def take(reader: LineReader) -> list[bytes | TooLong | EndOfFile]:
    return [reader.lines.take() for _ in iter(lambda: bool(reader.lines), False)]


def type_in(
    *chunks: bytes, echo: Echo = Echo.SERVER
) -> tuple[list[bytes | TooLong | EndOfFile], bytes, bytes]:
    """Return the lines, what is unfinished, and what is shown."""
    reader = LineReader()
    editor = Editor(reader)
    shown = b"".join(editor.feed(chunk, echo, 0) for chunk in chunks)
    return take(reader), reader.unfinished, shown


class EditorTests(SynchronousTestCase):
    def test_every_key_whole(self) -> None:
        for typed, lines, unfinished in KEYS:
            for echo in Echo:
                self.assertEqual(type_in(typed, echo=echo)[:2], (lines, unfinished), typed)

    def test_every_key_byte_by_byte(self) -> None:
        for typed, _, _ in KEYS:
            for echo in Echo:
                self.assertEqual(type_in(*bytewise(typed), echo=echo), type_in(typed, echo=echo), typed)

    def test_ctrl_d_on_an_empty_line_is_the_end_and_on_another_nothing(self) -> None:
        self.assertEqual(type_in(b"a\r\0\x04")[0], [b"a", END_OF_FILE])
        self.assertEqual(type_in(b"a\x7f\x04")[0], [END_OF_FILE])
        self.assertEqual(type_in(b"a\x04\r\0")[0], [b"a"])

    def test_a_line_has_the_same_limit_as_elsewhere(self) -> None:
        self.assertEqual(type_in(b"x" * LONGEST_LINE + b"\r\0y\r\0")[0], [b"x" * LONGEST_LINE, b"y"])
        self.assertEqual(type_in(b"x" * (LONGEST_LINE + 1) + b"\r\0y\r\0")[0], [TOO_LONG, b"y"])


class PatienceTests(SynchronousTestCase):
    def test_so_many_keys_are_borne_in_ten_seconds_and_no_more(self) -> None:
        for key in b"\x03\x04\x08\x15\x17\x1b\x7f":
            editor = Editor(reader := LineReader())
            editor.feed(b"a\n" + bytes([key]) * MOST_COMMANDS, Echo.SERVER, 100)
            later = 100 + PATIENCE_WITH_COMMANDS
            self.assertRaises(TooManyKeys, editor.feed, b"b" + bytes([key]), Echo.SERVER, later - 0.1)
            editor.feed(b"\n" + bytes([key]) * MOST_COMMANDS, Echo.SERVER, later)
            self.assertRaises(TooManyKeys, editor.feed, b"c" + bytes([key]), Echo.SERVER, later)
            self.assertEqual(take(reader)[0], b"a")

    def test_text_and_lines_are_no_such_keys(self) -> None:
        self.assertEqual(len(type_in(b"a\tb\r\0" * 2 * MOST_COMMANDS)[0]), 2 * MOST_COMMANDS)


class EchoTests(SynchronousTestCase):
    def test_the_server_shows_what_is_typed_and_takes_back_what_is_erased(self) -> None:
        for typed, shown in (
            ("hello\r\0", b"hello\r\n"),
            ("a\n", b"a\r\n"),
            ("ab\x7fc", b"ab\b \bc"),
            ("漢\x7f", "漢\b \b\b \b".encode()),
            ("e\u0301\x7f", "e\u0301\b \b".encode()),
            ("\x7f", b""),
            ("one two\x17", b"one two" + b"\b \b" * 3),
            ("one\x15", b"one" + b"\b \b" * 3),
            ("one\x03", b"one" + b"\b \b" * 3),
            ("\x1b[A", b""),
            ("a\x04\0", b"a"),
        ):
            self.assertEqual(type_in(typed.encode())[2], shown, ascii(typed))

    def test_no_control_is_shown(self) -> None:
        self.assertEqual(type_in("a\u009b2J\u202eb\tc".encode())[2], b"a2Jbc")

    def test_what_is_not_utf8_is_not_shown_and_what_follows_is(self) -> None:
        self.assertEqual(type_in(b"gr\xfc\xdfe\xc3\r\0ok")[2], b"gre\r\nok")

    def test_of_a_password_only_the_end_of_its_line_is_shown(self) -> None:
        self.assertEqual(type_in(b"secrex\x7ft\x15secret\r\0", echo=Echo.NOBODY)[2], b"\r\n")
        self.assertEqual(type_in(b"secret\r\n", echo=Echo.NOBODY)[2], b"\r\n")

    def test_a_client_that_shows_what_is_typed_is_shown_what_its_enter_key_lacks(self) -> None:
        self.assertEqual(type_in(b"hellp\x7fo\r\0", echo=Echo.CLIENT)[2], b"\r\n")
        self.assertEqual(type_in(b"one\r\ntwo\nthree\x15", echo=Echo.CLIENT)[2], b"")


class EditorLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(TYPED.map(bytes) | st.binary(max_size=60), st.lists(st.integers(0, 60)), st.sampled_from(Echo))
    def test_how_the_bytes_are_cut_does_not_matter(self, data: bytes, cuts: list[int], echo: Echo) -> None:
        self.assertEqual(type_in(*cut(data, cuts), echo=echo), type_in(data, echo=echo))
        self.assertEqual(type_in(*bytewise(data), echo=echo), type_in(data, echo=echo))

    @settings(deadline=None, database=None)
    @given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc"))))
    def test_text_without_controls_is_typed_as_it_is(self, text: str) -> None:
        self.assertEqual(type_in(text.encode())[1], text.encode())

    @settings(deadline=None, database=None)
    @given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), st.binary(max_size=10))
    def test_as_often_erased_as_there_are_characters_nothing_is_left(self, text: str, broken: bytes) -> None:
        typed = text.encode() + bytes(byte for byte in broken if byte > 0x7F)
        reader = LineReader()
        editor = Editor(reader)
        editor.feed(typed, Echo.SERVER, 0)
        editor.feed(b"\x7f" * len(typed), Echo.SERVER, 0)
        self.assertEqual(reader.unfinished, b"")

    @settings(deadline=None, database=None)
    @given(TYPED.map(bytes) | st.binary(max_size=60), st.integers(0, 60), st.sampled_from(Echo))
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, data: bytes, place: int, echo: Echo
    ) -> None:
        reader = LineReader()
        first, second = Editor(reader), Editor(reader)
        shown = first.feed(data[:place], echo, 0)
        second.go_on_from(over(first.hand_on()))
        shown += second.feed(data[place:], echo, 0)
        self.assertEqual((take(reader), reader.unfinished, shown), type_in(data, echo=echo))

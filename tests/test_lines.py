"""How bytes become lines, however the network cuts them."""

import tracemalloc
from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import handed
from tcpchat.limits import ENDLESS_LINE, LARGEST_READ, LONGEST_LINE, LONGEST_OBJECT
from tcpchat.lines import (
    END_OF_FILE,
    TOO_LONG,
    TOO_LONG_OBJECT,
    Endless,
    EndOfFile,
    LineReader,
    TooLong,
    is_cut,
)
from tests.handing import over

ENDLESS = Endless()  # stands at the end of what is read until it is raised
Read = bytes | TooLong | EndOfFile | Endless

FULL = b"x" * LONGEST_LINE
OVER = b"x" * (LONGEST_LINE + 1)

# What comes, and the lines in it; at the end of the stream, so an unfinished line is one too.
CASES: list[tuple[bytes, list[Read]]] = [
    (b"", []),
    (b"\n", [b""]),
    (b"a\nb\n", [b"a", b"b"]),
    (b"a\r\nb\r\n", [b"a", b"b"]),
    (b"a\r\0b\r\0", [b"a", b"b"]),
    (b"a\nb\r\nc\r\0d", [b"a", b"b", b"c", b"d"]),
    (b"\n\r\n\r\0", [b"", b"", b""]),
    (b"a\r\0\nb\n", [b"a", b"", b"b"]),
    (b"a\n\rb\n", [b"a", b"\rb"]),
    (b"a\rb\n", [b"a\rb"]),
    (b"a\r\r\nb\r\r\0", [b"a\r", b"b\r"]),
    (b"a\0b\n\0\n", [b"a\0b", b"\0"]),
    (b"a\r", [b"a"]),
    (b"\xc3\xa9\n\xf0\x9f\x91\x8b\r\n", [b"\xc3\xa9", b"\xf0\x9f\x91\x8b"]),
    (b"\xff\n\xc3\n", [b"\xff", b"\xc3"]),
    ("\x0b\x0c\x1c\x85\u2028\n".encode(), ["\x0b\x0c\x1c\x85\u2028".encode()]),
    (FULL + b"\n" + FULL + b"\r\n" + FULL + b"\r\0", [FULL] * 3),
    (
        OVER + b"\n1\n" + OVER + b"\r\n2\n" + OVER + b"\r\0003\n",
        [TOO_LONG, b"1", TOO_LONG, b"2", TOO_LONG, b"3"],
    ),
    (FULL, [FULL]),
    (FULL + b"\r", [FULL]),
    (OVER, [TOO_LONG]),
    (FULL + b"\r\r\n1\n" + FULL + b"\r\r\0002", [TOO_LONG, b"1", TOO_LONG, b"2"]),
    (b"a\n" + OVER + b"\r\n\r\n" + OVER * 3 + b"\r\0b", [b"a", TOO_LONG, b"", TOO_LONG, b"b"]),
    # One byte more is where it ends; that is known at once only if nothing comes behind it.
    (b"a\n" + b"x" * ENDLESS_LINE + b"\r\nb\n", [b"a", TOO_LONG, b"b"]),
    (b"a\n" + b"x" * ENDLESS_LINE, [b"a", TOO_LONG]),
    (b"a\n" + b"x" * (ENDLESS_LINE + 1), [b"a", TOO_LONG, ENDLESS]),
]


def take(reader: LineReader) -> list[Read]:
    return [reader.lines.take() for _ in iter(lambda: bool(reader.lines), False)]


def read(chunks: Iterable[bytes], longest: int = LONGEST_LINE, endless: int = ENDLESS_LINE) -> list[Read]:
    reader = LineReader(longest, endless)
    try:
        for chunk in chunks:
            reader.feed(chunk)
    except Endless:
        return [*take(reader), ENDLESS]
    reader.end()
    return take(reader)


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@st.composite
def cut_bytes(draw: st.DrawFn) -> list[bytes]:
    """Some bytes, most of them of importance, cut somewhere."""
    data = bytes(draw(st.lists(st.sampled_from(b"aab\r\r\n\n\0\xc3\xa9"), max_size=60)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]


class FramingTests(SynchronousTestCase):
    def test_every_case_is_read_whole(self) -> None:
        for data, lines in CASES:
            self.assertEqual(read([data]), lines, ascii(data[:40]))

    def test_every_case_is_read_byte_by_byte(self) -> None:
        for data, lines in CASES:
            self.assertEqual(read(bytewise(data)), lines, ascii(data[:40]))

    def test_a_line_is_there_as_soon_as_its_end_is(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntw")
        self.assertEqual((take(reader), reader.unfinished), ([b"one"], b"tw"))
        reader.feed(b"o\r")
        self.assertEqual((take(reader), reader.unfinished), ([], b"two\r"))
        reader.feed(b"\n")
        self.assertEqual((take(reader), reader.unfinished), ([b"two"], b""))

    def test_lines_can_be_taken_one_at_a_time_while_others_come(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntwo\nthr")
        self.assertEqual(reader.lines.take(), b"one")
        reader.feed(b"ee\n")
        self.assertEqual(take(reader), [b"two", b"three"])
        self.assertFalse(reader.lines)

    def test_a_line_that_was_given_up_can_end_and_be_endless_in_one_read(self) -> None:
        reader = LineReader(longest=10, endless=100)
        reader.feed(b"x" * 50)
        with self.assertRaises(Endless):
            reader.feed(b"x" * 60 + b"\nnext\n")
        self.assertEqual(take(reader), [TOO_LONG])

    def test_many_short_lines_that_wait_take_no_more_room_than_their_bytes(self) -> None:
        reader = LineReader()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        reader.feed(b"ab\n" * (LARGEST_READ // 3))
        self.assertLess(tracemalloc.get_traced_memory()[0], LARGEST_READ + 2000)
        self.assertEqual(take(reader), [b"ab"] * (LARGEST_READ // 3))

    def test_the_rest_can_be_dropped_between_any_two(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntwo\n")
        self.assertEqual(reader.lines.take(), b"one")
        reader.lines.clear()
        reader.feed(b"three\n")
        self.assertEqual(take(reader), [b"three"])

    def test_the_end_comes_once(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntwo")
        reader.end()
        reader.end()
        self.assertEqual((take(reader), reader.unfinished), ([b"one", b"two"], b""))


class TooLongTests(SynchronousTestCase):
    def test_a_line_is_given_up_as_soon_as_it_is_too_long_and_told_once(self) -> None:
        reader = LineReader()
        reader.feed(FULL)
        self.assertEqual(take(reader), [])
        reader.feed(b"x")
        self.assertEqual((take(reader), reader.unfinished), ([TOO_LONG], b""))
        reader.feed(OVER)
        reader.feed(b"still the same\nthe next\n")
        self.assertEqual(take(reader), [b"the next"])

    def test_a_carriage_return_after_a_full_line_may_be_half_of_its_end(self) -> None:
        reader = LineReader()
        reader.feed(FULL + b"\r")
        self.assertEqual(take(reader), [])
        reader.feed(b"x")
        self.assertEqual(take(reader), [TOO_LONG])

    def test_the_end_of_a_stream_does_not_end_a_line_that_was_given_up(self) -> None:
        reader = LineReader()
        reader.feed(OVER + b"\r")
        reader.end()
        self.assertEqual(take(reader), [TOO_LONG])

    def test_the_lines_before_an_endless_one_can_still_be_taken(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntwo\n" + OVER)
        reader.feed(b"x" * (ENDLESS_LINE - len(OVER)))
        self.assertRaises(Endless, reader.feed, b"x")
        self.assertEqual(take(reader), [b"one", b"two", TOO_LONG])

    def test_a_line_that_comes_whole_is_endless_too(self) -> None:
        self.assertEqual(read([b"x" * (ENDLESS_LINE + 1) + b"\n"]), [TOO_LONG, ENDLESS])

    def test_an_end_of_line_begins_the_count_anew(self) -> None:
        almost = b"x" * ENDLESS_LINE
        self.assertEqual(read([almost, b"\n", almost, b"\r", b"\0", almost]), [TOO_LONG] * 3)


class ObjectTests(SynchronousTestCase):
    """Lines that begin with a brace: what they are for a client that speaks JSON."""

    def read(self, *chunks: bytes) -> list[Read]:
        reader = LineReader()
        reader.lines.longest_object = LONGEST_OBJECT
        for chunk in chunks:
            reader.feed(chunk)
            self.assertLessEqual(len(reader.unfinished), LONGEST_OBJECT + 1)
        return take(reader)

    def test_an_object_may_be_longer_than_a_line_and_nothing_else_may(self) -> None:
        full = b"{" + b"x" * (LONGEST_OBJECT - 1)
        cases: list[tuple[bytes, list[Read]]] = [
            (full + b"\n", [full]),
            (full + b"\r\n1\n" + full + b"\r\0" + b"2\n", [full, b"1", full, b"2"]),
            (full + b"x\n1\n", [TOO_LONG_OBJECT, b"1"]),
            (FULL + b"\n" + OVER + b"\n1\n", [FULL, TOO_LONG, b"1"]),
            (b" " + full + b"\n", [TOO_LONG]),
        ]
        for data, lines in cases:
            self.assertEqual(self.read(data), lines)
            self.assertEqual(self.read(*bytewise(data)), lines)

    def test_where_no_json_is_spoken_it_is_a_line_as_any_other(self) -> None:
        self.assertEqual(read([b"{" + FULL + b"\n{\n"]), [TOO_LONG, b"{"])

    def test_what_has_no_end_is_shorter_than_none_that_is_taken(self) -> None:
        self.assertLess(LONGEST_OBJECT, ENDLESS_LINE)
        with self.assertRaises(Endless):
            self.read(b"{" * LONGEST_OBJECT, b"{" * (ENDLESS_LINE - LONGEST_OBJECT), b"{")


class LineReaderLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(cut_bytes(), st.integers(0, 5))
    def test_how_the_bytes_are_cut_does_not_matter(self, chunks: list[bytes], longest: int) -> None:
        data = b"".join(chunks)
        self.assertEqual(read(chunks, longest), read([data], longest))
        self.assertEqual(read(bytewise(data), longest), read([data], longest))

    @settings(deadline=None, database=None)
    @given(cut_bytes(), st.integers(0, 5), st.integers(0, 5))
    def test_an_endless_line_ends_it_unless_its_end_came_along_with_the_rest(
        self, chunks: list[bytes], longest: int, more: int
    ) -> None:
        endless = longest + more
        data = b"".join(chunks)
        lengths = [len(line.removesuffix(b"\r")) for line in data.replace(b"\r\0", b"\r\n").split(b"\n")]
        dripped, cut = read(bytewise(data), longest, endless), read(chunks, longest, endless)
        self.assertEqual(ENDLESS in dripped, max(lengths) > endless)
        if ENDLESS in dripped:
            self.assertEqual(dripped[-2:], [TOO_LONG, ENDLESS])
            self.assertEqual(dripped[:-1], cut[: len(dripped) - 1])
        else:
            self.assertEqual(dripped, cut)

    @settings(deadline=None, database=None)
    @given(cut_bytes(), st.integers(0, 5))
    def test_no_more_is_held_than_a_line_and_perhaps_half_of_its_end(
        self, chunks: list[bytes], longest: int
    ) -> None:
        reader = LineReader(longest)
        for chunk in chunks:
            reader.feed(chunk)
            self.assertLessEqual(len(reader.unfinished.removesuffix(b"\r")), longest)


class EndOfFileTests(SynchronousTestCase):
    def test_ctrl_d_alone_on_a_line_is_the_end_with_its_end_and_without(self) -> None:
        for data in (b"a\n\x04", b"a\n\x04\n", b"a\n\x04\r\n", b"a\n\x04\r\0", b"a\n\x04\r"):
            for chunks in ([data], bytewise(data)):
                self.assertEqual(read(chunks)[:2], [b"a", END_OF_FILE], data)

    def test_ctrl_d_beside_something_else_is_a_byte_of_the_line(self) -> None:
        for line in (b"a\x04", b"\x04a", b"\x04\x04"):
            self.assertEqual(read([line + b"\n"]), [line])

    def test_in_a_line_that_was_given_up_it_is_nothing(self) -> None:
        self.assertEqual(read([OVER, b"\x04", b"\nb\n"]), [TOO_LONG, b"b"])

    def test_at_telnets_end_of_file_what_is_unfinished_is_a_line(self) -> None:
        reader = LineReader()
        reader.feed(b"one\ntwo")
        reader.end_of_file()
        self.assertEqual(take(reader), [b"one", b"two", END_OF_FILE])
        reader.end_of_file()
        self.assertEqual(take(reader), [END_OF_FILE])


class TakingBackTests(SynchronousTestCase):
    def taken(self, take_back: Callable[[LineReader], str], typed: str | bytes) -> tuple[str, str]:
        """Return what is left, and what was taken back."""
        reader = LineReader()
        reader.feed(b"before\n" + (typed if isinstance(typed, bytes) else typed.encode()))
        back = take_back(reader)
        self.assertEqual(take(reader), [b"before"])
        return reader.unfinished.decode(errors="surrogateescape"), back

    def test_a_character_with_the_marks_on_it(self) -> None:
        for typed, left in (
            ("", ""), ("a", ""), ("grü", "gr"), ("漢字", "漢"), ("ae\u0301", "a"), ("\u0301", ""),
            ("ab ", "ab"),
        ):  # fmt: skip
            self.assertEqual(self.taken(LineReader.erase_character, typed), (left, typed[len(left) :]))

    def test_half_a_character_is_one_and_so_is_each_byte_that_is_not_utf8(self) -> None:
        for typed, left in ((b"a\xc3", "a"), (b"gr\xfc\xdf", "gr\udcfc"), (b"a\x80", "a")):
            self.assertEqual(self.taken(LineReader.erase_character, typed)[0], left)

    def test_a_word_with_the_blanks_behind_it(self) -> None:
        for typed, left in (("", ""), ("one", ""), ("one two", "one "), ("one two  ", "one "), ("  ", "")):
            self.assertEqual(self.taken(LineReader.erase_word, typed), (left, typed[len(left) :]))

    def test_the_line(self) -> None:
        self.assertEqual(self.taken(LineReader.erase_line, "one two"), ("", "one two"))

    def test_a_line_that_was_given_up_is_over_with_that(self) -> None:
        reader = LineReader()
        reader.feed(OVER)
        self.assertEqual(reader.erase_character(), "")
        self.assertEqual(reader.erase_line(), "")
        reader.feed(b"the next\n")
        self.assertEqual(take(reader), [TOO_LONG, b"the next"])

    def test_a_line_can_end_within_a_character(self) -> None:
        for letter in ("é", "中", "👍"):
            whole = letter.encode()
            for before in (b"", b"a", "中".encode(), b"\x91\x8d"):
                self.assertFalse(is_cut(before + whole))
                for size in range(1, len(whole)):
                    self.assertTrue(is_cut(before + whole[:size]), (before, whole[:size]))
        self.assertFalse(is_cut(b""))


class HandedOnTests(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(
        st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\0", b"\x04", FULL, OVER]), max_size=20),
        st.integers(0, 20),
        st.integers(0, 3),
    )
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, parts: list[bytes], place: int, taken: int
    ) -> None:
        alone, first, second = LineReader(), LineReader(), LineReader()
        lines: list[Read] = []
        for reader in alone, first:
            reader.feed(b"".join(parts[:place]))
        while first.lines and taken:
            lines.append(first.lines.take())
            taken -= 1
        second.go_on_from(over(first.hand_on()))
        self.assertEqual((bool(first.lines), first.unfinished), (False, b""))
        for reader in alone, second:
            reader.feed(b"".join(parts[place:]))
        self.assertEqual(lines + take(second), take(alone))
        self.assertEqual(second.unfinished, alone.unfinished)

    def test_what_stands_in_the_place_of_a_line_does_so_in_another_process(self) -> None:
        first, second = LineReader(), LineReader()
        first.feed(b"one\n" + OVER + b"\n\x04")
        second.go_on_from(over(first.hand_on()))
        self.assertEqual(take(second), [b"one", TOO_LONG, END_OF_FILE])
        first.lines.longest_object = 2 * LONGEST_LINE
        first.feed(b"{" + OVER + OVER)
        second.go_on_from(over(first.hand_on()))
        self.assertEqual(take(second), [TOO_LONG_OBJECT])

    def test_lines_that_waited_behind_the_door_come_first(self) -> None:
        reader = LineReader()
        reader.go_on_from(handed.Input([b"second"], b"thi"), [b"first", handed.Mark.TOO_LONG])
        reader.feed(b"rd\n")
        self.assertEqual(take(reader), [b"first", TOO_LONG, b"second", b"third"])

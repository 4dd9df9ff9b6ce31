"""Where text ends and a command begins, in bytes that are telnet's and in any others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import LARGEST_KEPT_SUBNEGOTIATION, LARGEST_SUBNEGOTIATION
from tcpchat.telnet import Command, Negotiation, Parser, Part, Subnegotiation, TooLarge
from tests.handing import over

# What plink sends before anything is typed: WILL NAWS, TSPEED, TTYPE, NEW-ENVIRON, DO ECHO, WILL and DO SGA.
PLINK = bytes.fromhex("fffb1f fffb20 fffb18 fffb27 fffd01 fffb03 fffd03")

# What comes, the text in it, and the rest.
CASES: list[tuple[bytes, bytes, list[Part]]] = [
    (b"", b"", []),
    (b"bob\r\n", b"bob\r\n", []),
    (b"a\xff\xffb", b"a\xffb", []),
    (b"\xff\xff\xff\xff", b"\xff\xff", []),
    (b"\xff\xfb\x1fbob\r\n", b"bob\r\n", [Negotiation(0xFB, 0x1F)]),
    (b"a\xff\xfb\x01b\xff\xfc\x01", b"ab", [Negotiation(0xFB, 1), Negotiation(0xFC, 1)]),
    (b"a\xff\xfd\x01b\xff\xfe\x01", b"ab", [Negotiation(0xFD, 1), Negotiation(0xFE, 1)]),
    (b"a\xff\xfd\xffb", b"ab", [Negotiation(0xFD, 0xFF)]),  # option 255 is one like the others
    (
        b"".join(b"a\xff%c" % byte for byte in range(0xEC, 0xFA)),
        b"a" * 14,
        [*map(Command, range(0xEC, 0xFA))],
    ),
    (b"a\xff\xfa\x18\x00xterm\xff\xf0b", b"ab", [Subnegotiation(0x18, b"\0xterm")]),
    # 255 columns: IAC is doubled
    (b"a\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0b", b"ab", [Subnegotiation(0x1F, b"\x00\xff\x00\x18")]),
    # SE after a doubled IAC ends nothing
    (b"a\xff\xfa\xff\xff\xf0b\xff\xf0c", b"ac", [Subnegotiation(0xFF, b"\xf0b")]),
    (b"a\xff\xfa\x18\r\n\xff\xfb\x01\xff\xfa\xff\xf0b", b"ab", [Subnegotiation(0x18, b"\r\n\x01")]),
    # Malformed
    (b"a\xff\x01b", b"ab", [Command(1)]),
    (b"a\xff\xf0b", b"ab", [Command(0xF0)]),
    (b"a\xff\xfa\xff\xf0b", b"ab", [Subnegotiation(0xF0, b"")]),
    (b"a\xff\nb", b"a\xff\nb", []),  # no command: the line, which is not UTF-8, ends there
    # Nor are these commands: who sends them is more likely nc, and the line is not UTF-8.
    (b"a\xff b", b"a\xff b", []),
    (b"a\xff\xe9b\xff\xebc", b"a\xff\xe9b\xff\xebc", []),
    (b"a\xff", b"a", []),
    (b"a\xff\xfb", b"a", []),
    (b"a\xff\xfa\x18 and no end\n", b"a", []),
    (b"a\xff\xfa\x18\xff", b"a", []),
    (b"\xc3\xff\xf1\xa9", b"\xc3\xa9", [Command(0xF1)]),  # NOP inside of a UTF-8 character
    (b"\xf0\x9f\xff\xfd\x06\x91\x8b", b"\xf0\x9f\x91\x8b", [Negotiation(0xFD, 6)]),
]

COMMANDS = [
    PLINK, b"\xff\xf1", b"\xff\x01", b"\xff\xfe\x22", b"\xff\xfa\xff\xf0", b"\xff\xfa\x1f\xff\xff\xff\xf0",
]  # fmt: skip
TELNET = st.lists(st.sampled_from(b"ab\xff\xff\xff\xf0\xfa\xfb\xfe\xc3\xa9\r\n\0"), max_size=60).map(bytes)


def parse(chunks: Iterable[bytes]) -> tuple[bytes, list[Part], list[int]]:
    """Return the text, the rest, and how much text is before each of that."""
    parser = Parser()
    text = bytearray()
    rest: list[Part] = []
    places: list[int] = []
    for chunk in chunks:
        for part in parser.feed(chunk):
            if isinstance(part, bytes):
                text += part
            else:
                rest.append(part)
                places.append(len(text))
    return bytes(text), rest, places


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted(at % (len(data) + 1) for at in cuts)
    return [data[start:end] for start, end in pairwise([0, *places, len(data)])]


class ParserTests(SynchronousTestCase):
    def test_every_case_whole(self) -> None:
        for data, text, rest in CASES:
            self.assertEqual(parse([data])[:2], (text, rest), data)

    def test_every_case_byte_by_byte(self) -> None:
        for data, _, _ in CASES:
            self.assertEqual(parse(bytewise(data)), parse([data]), data)

    def test_what_ends_inside_of_a_command_goes_on_with_the_next_chunk(self) -> None:
        parser = Parser()
        chunks = (b"a\xff", b"\xffb\xff\xfa", b"\x18no text\xff", b"\xf0c\xff\xfd", b"\x01d")
        self.assertEqual(
            [list(parser.feed(chunk)) for chunk in chunks],
            [
                [b"a"], [b"\xff", b"b"], [], [Subnegotiation(0x18, b"no text"), b"c"],
                [Negotiation(0xFD, 1), b"d"],
            ],
        )  # fmt: skip


class LetterTests(SynchronousTestCase):
    """Where byte 255 is a letter (here of code page 1251), and the client may be telnet nevertheless."""

    def parse(self, *chunks: bytes) -> tuple[bytes, list[Part]]:
        parser = Parser()
        parser.has_letter = True
        parts = [part for chunk in chunks for part in parser.feed(chunk)]
        text = b"".join(part for part in parts if isinstance(part, bytes))
        return text, [part for part in parts if not isinstance(part, bytes)]

    def test_every_word_stays_as_it_is(self) -> None:
        for typed in ("яблоко\r\n", "пять, моя\n", "я\r\n", "ять яы яю\tяэ\r\n", "яъ яр яш ян яь\n"):
            data = typed.encode("cp1251")
            self.assertEqual(self.parse(data), (data, []), typed)
            self.assertEqual(self.parse(*bytewise(data)), (data, []), typed)

    def test_doubled_it_is_one_also_behind_what_could_be_a_verb(self) -> None:
        for data, text in ((b"\xff\xff", b"\xff"), (b"\xff\xfb\xff\xffa", b"\xff\xfb\xffa")):
            self.assertEqual(self.parse(data), (text, []))
            self.assertEqual(self.parse(*bytewise(data)), (text, []))

    def test_what_negotiates_is_a_command(self) -> None:
        for option in (0, 1, 3, 6, 24, 31):
            self.assertEqual(self.parse(b"a\xff\xfd%cb" % option), (b"ab", [Negotiation(0xFD, option)]))


class SubnegotiationTests(SynchronousTestCase):
    def negotiate(self, data: bytes) -> list[Part]:
        whole = parse([b"\xff\xfa" + data + b"\xff\xf0"])
        self.assertEqual(parse(bytewise(b"\xff\xfa" + data + b"\xff\xf0")), whole)
        return whole[1]

    def test_up_to_512_bytes_are_kept(self) -> None:
        kept = b"x" * (LARGEST_KEPT_SUBNEGOTIATION - 1)
        self.assertEqual(self.negotiate(b"\x18" + kept), [Subnegotiation(0x18, kept)])

    def test_of_more_only_the_option_is_known(self) -> None:
        for size in (LARGEST_KEPT_SUBNEGOTIATION, LARGEST_SUBNEGOTIATION - 1):
            self.assertEqual(self.negotiate(b"\x18" + b"x" * size), [Subnegotiation(0x18, b"")])

    def test_more_than_4096_bytes_are_too_large_and_that_is_told_before_they_end(self) -> None:
        for bomb in (b"\x18" + b"x" * LARGEST_SUBNEGOTIATION, b"\xff\xff" * (LARGEST_SUBNEGOTIATION + 1)):
            for chunks in ([b"\xff\xfa" + bomb], bytewise(b"\xff\xfa" + bomb)):
                self.assertEqual(parse(chunks)[1], [TooLarge()])

    def test_a_doubled_255_counts_once(self) -> None:
        data = b"\xff\xff" * LARGEST_SUBNEGOTIATION
        self.assertEqual(self.negotiate(data), [Subnegotiation(0xFF, b"")])

    def test_one_does_not_add_to_the_next(self) -> None:
        data = (b"\xff\xfa\x18" + b"x" * 4000 + b"\xff\xf0") * 3
        self.assertEqual(parse([data]), (b"", [Subnegotiation(0x18, b"")] * 3, [0] * 3))


class ParserLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(TELNET | st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8))
    def test_how_the_bytes_are_cut_does_not_matter(self, data: bytes, cuts: list[int]) -> None:
        self.assertEqual(parse(cut(data, cuts)), parse([data]))
        self.assertEqual(parse(bytewise(data)), parse([data]))

    @settings(deadline=None, database=None)
    @given(st.binary())
    def test_bytes_without_255_come_back_as_they_are(self, data: bytes) -> None:
        data = data.replace(b"\xff", b"")
        self.assertEqual(parse([data])[:2], (data, []))

    @settings(deadline=None, database=None)
    @given(TELNET)
    def test_doubled_every_byte_255_gets_through(self, data: bytes) -> None:
        self.assertEqual(parse([data.replace(b"\xff", b"\xff\xff")])[:2], (data, []))

    @settings(deadline=None, database=None)
    @given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from(COMMANDS))))
    def test_commands_between_the_words_of_a_text_are_not_in_it(self, parts: list[tuple[str, bytes]]) -> None:
        data = b"".join(word.encode() + command for word, command in parts)
        self.assertEqual(parse([data])[0].decode(), "".join(word for word, _ in parts))

    @settings(deadline=None, database=None)
    @given(TELNET | st.binary(max_size=60), st.integers(0, 60), st.booleans())
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, data: bytes, place: int, has_letter: bool
    ) -> None:
        alone, first, second = Parser(), Parser(), Parser()
        alone.has_letter = first.has_letter = has_letter
        alone.is_telnet = first.is_telnet = place % 2 == 1
        heard = [part for chunk in bytewise(data[:place]) for part in first.feed(chunk)]
        second.go_on_from(over(first.hand_on()))
        heard += [part for chunk in bytewise(data[place:]) for part in second.feed(chunk)]
        self.assertEqual(heard, [part for chunk in bytewise(data) for part in alone.feed(chunk)])

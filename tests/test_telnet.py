"""How telnet's own bytes are taken out of the text, well formed or not."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.telnet import TelnetFilter

# What plink sends before anything is typed: WILL NAWS, TSPEED, TTYPE, NEW-ENVIRON, DO ECHO, WILL and DO SGA.
PLINK = bytes.fromhex("fffb1f fffb20 fffb18 fffb27 fffd01 fffb03 fffd03")

CASES = [
    (b"", b""),
    (b"bob\r\n", b"bob\r\n"),
    (b"a\xff\xffb", b"a\xffb"),
    (b"\xff\xff\xff\xff", b"\xff\xff"),
    (PLINK + b"bob\r\n", b"bob\r\n"),
    *((b"a\xff" + bytes([verb]) + b"\x01b", b"ab") for verb in range(0xFB, 0xFF)),
    (b"a\xff\xfd\xffb", b"ab"),  # option 255 is one like the others
    *((b"a\xff" + bytes([command]) + b"b", b"ab") for command in range(0xF0, 0xFA)),
    (b"a\xff\xfa\x18\x00xterm\xff\xf0b", b"ab"),
    (b"a\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0b", b"ab"),  # 255 columns: IAC is doubled
    (b"a\xff\xfa\xff\xff\xf0b\xff\xf0c", b"ac"),  # SE after a doubled IAC ends nothing
    (b"a\xff\xfa\x18\r\n\xff\xfb\x01\xff\xfa\xff\xf0b", b"ab"),
    # Malformed
    (b"a\xff\x01b", b"ab"),
    (b"a\xff\xf0b", b"ab"),
    (b"a\xff\xfa\xff\xf0b", b"ab"),
    (b"a\xff\nb", b"a\xff\nb"),  # no command: the line, which is not UTF-8, ends there
    (b"a\xff", b"a"),
    (b"a\xff\xfb", b"a"),
    (b"a\xff\xfa\x18 and no end\n", b"a"),
    (b"a\xff\xfa\x18\xff", b"a"),
    (b"\xc3\xff\xf1\xa9", b"\xc3\xa9"),  # NOP inside of a UTF-8 character
    (b"\xf0\x9f\xff\xfd\x06\x91\x8b", b"\xf0\x9f\x91\x8b"),
]

COMMANDS = [
    PLINK,
    b"\xff\xf1",
    b"\xff\x01",
    b"\xff\xfe\x22",
    b"\xff\xfa\xff\xf0",
    b"\xff\xfa\x1f\xff\xff\xff\xf0",
]
TELNET = st.lists(st.sampled_from(b"ab\xff\xff\xff\xf0\xfa\xfb\xfe\xc3\xa9\r\n\0"), max_size=60).map(bytes)


def text(chunks: Iterable[bytes]) -> bytes:
    telnet = TelnetFilter()
    return b"".join(telnet.feed(chunk)[0] for chunk in chunks)


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


class TelnetFilterTests(SynchronousTestCase):
    def test_every_case_leaves_its_text_whole(self) -> None:
        for data, left in CASES:
            self.assertEqual(text([data]), left, data)

    def test_every_case_leaves_its_text_byte_by_byte(self) -> None:
        for data, left in CASES:
            self.assertEqual(text(bytewise(data)), left, data)

    def test_what_ends_inside_of_a_command_goes_on_with_the_next_chunk(self) -> None:
        telnet = TelnetFilter()
        chunks = (b"a\xff", b"\xffb\xff\xfa", b"\x18no text\xff", b"\xf0c\xff\xfd", b"\x01d")
        self.assertEqual([telnet.feed(chunk)[0] for chunk in chunks], [b"a", b"\xffb", b"", b"c", b"d"])


class AnswerTests(SynchronousTestCase):
    def test_a_timing_mark_is_refused_each_time_and_nothing_else_is_answered(self) -> None:
        telnet = TelnetFilter()
        self.assertEqual(telnet.feed(b"a\xff\xf4\xff\xfd"), (b"a", b""))
        self.assertEqual(telnet.feed(b"\x06b"), (b"b", b"\xff\xfc\x06"))
        self.assertEqual(telnet.feed(b"\xff\xfd\x06" * 2), (b"", b"\xff\xfc\x06" * 2))
        self.assertEqual(telnet.feed(PLINK + b"\xff\xfe\x06\xff\xfb\x06\xff\xf6"), (b"", b""))


class TelnetFilterLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(st.lists(TELNET | st.binary(max_size=20), max_size=8))
    def test_how_the_bytes_are_cut_does_not_matter(self, chunks: list[bytes]) -> None:
        data = b"".join(chunks)
        self.assertEqual(text(chunks), text([data]))
        self.assertEqual(text(bytewise(data)), text([data]))

    @settings(deadline=None, database=None)
    @given(st.binary())
    def test_bytes_without_255_come_back_as_they_are(self, data: bytes) -> None:
        data = data.replace(b"\xff", b"")
        self.assertEqual(text([data]), data)

    @settings(deadline=None, database=None)
    @given(TELNET)
    def test_doubled_every_byte_255_gets_through(self, data: bytes) -> None:
        self.assertEqual(text([data.replace(b"\xff", b"\xff\xff")]), data)

    @settings(deadline=None, database=None)
    @given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from(COMMANDS))))
    def test_commands_between_the_words_of_a_text_are_not_in_it(self, parts: list[tuple[str, bytes]]) -> None:
        data = b"".join(word.encode() + command for word, command in parts)
        self.assertEqual(text([data]).decode(), "".join(word for word, _ in parts))

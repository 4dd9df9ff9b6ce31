"""A telnet client from its bytes to its lines: commands that act on the line, and who edits it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.lines import END_OF_FILE, EndOfFile, LineReader, TooLong
from tcpchat.telnet_client import Abuse, Answer, Charset, Signal, Window
from tcpchat.terminal import Terminal, Told
from tests.handing import over
from tests.test_editing import TYPED, take
from tests.test_telnet import PLINK, TELNET, bytewise, cut

AYT, IP, BRK, EC, EL, EOF = b"\xff\xf6", b"\xff\xf4", b"\xff\xf3", b"\xff\xf7", b"\xff\xf8", b"\xff\xec"
AO, SUSP = b"\xff\xf5", b"\xff\xed"
DO_SGA, DO_ECHO, DONT_ECHO = b"\xff\xfd\x03", b"\xff\xfd\x01", b"\xff\xfe\x01"


class Client:
    """Sends bytes; what comes of them is remembered."""

    def __init__(self) -> None:
        self.reader = LineReader()
        self.terminal = Terminal(self.reader, "UTF-8".__eq__)

    def sends(self, *chunks: bytes) -> list[Told]:
        return [told for chunk in chunks for told in self.terminal.feed(chunk, 0)]

    def is_shown(self, *chunks: bytes) -> bytes:
        return b"".join(told.data for told in self.sends(*chunks) if isinstance(told, Answer))

    def lines(self) -> list[bytes | TooLong | EndOfFile]:
        return take(self.reader)


class SignalTests(SynchronousTestCase):
    def test_what_is_unfinished_is_dropped_or_its_last_character(self) -> None:
        for signal, line in ((IP, b"b"), (BRK, b"b"), (EL, b"b"), (EC, b"grb")):
            client = Client()
            self.assertEqual(client.sends("one\ngrü".encode() + signal + b"b\r\n"), [])
            self.assertEqual(client.lines(), [b"one", line])

    def test_a_key_within_a_character_was_none_and_the_client_is_asked_once_to_send_all_bytes(self) -> None:
        for key in (IP, BRK, AO, SUSP):
            for letter in ("я".encode()[:1], "中".encode()[:2], "👍".encode()[:1], "👍".encode()[:3]):
                client = Client()
                self.assertEqual(client.is_shown(b"gr" + key + "\nüя".encode() + key), b"")
                self.assertEqual(client.is_shown(letter + key + letter + key), b"\xff\xfd\x00")
                self.assertEqual(client.is_shown(b"\xff\xfb\x00\n" + letter + key), b"")

    def test_what_is_asked_within_a_character_is_no_key(self) -> None:
        client = Client()
        self.assertEqual(client.is_shown(b"\xc3" + AYT + b"\xff\xf1\xff\xf2\xa9\n"), b"")
        self.assertEqual(client.lines(), ["é".encode()])

    def test_there_is_nothing_to_suspend_and_what_others_say_is_not_aborted(self) -> None:
        client = Client()
        self.assertEqual(client.sends(b"a" + AO + b"b" + SUSP + b"c\n"), [])
        self.assertEqual(client.lines(), [b"abc"])

    def test_at_the_end_of_file_what_is_unfinished_is_a_line(self) -> None:
        client = Client()
        client.sends(b"one\ntwo" + EOF)
        self.assertEqual(client.lines(), [b"one", b"two", END_OF_FILE])

    def test_who_asks_whether_somebody_is_there_is_told_elsewhere(self) -> None:
        client = Client()
        self.assertEqual(client.sends(b"on" + AYT + b"e\n"), [Signal.ARE_YOU_THERE])
        self.assertEqual(client.lines(), [b"one"])

    def test_what_is_not_about_the_line_is_passed_on(self) -> None:
        client = Client()
        told = client.sends(
            b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0",
            b"\xff\xfb\x2a\xff\xfa\x2a\x01;UTF-8\xff\xf0",
            b"\xff\xf1" * 101,
        )
        answers = [Answer(b"\xff\xfd\x1f"), Answer(b"\xff\xfd\x2a"), Answer(b"\xff\xfa\x2a\x02UTF-8\xff\xf0")]
        self.assertEqual([item for item in told if isinstance(item, Answer)], answers)
        rest = [item for item in told if not isinstance(item, Answer)]
        self.assertEqual(rest[:2], [Window(80, 24), Charset("UTF-8")])
        self.assertIsInstance(rest[2], Abuse)


class EditingTests(SynchronousTestCase):
    def test_who_edits_lines_itself_sends_them_as_they_are(self) -> None:
        client = Client()
        client.sends(b"\xff\xfb\x1fa\x7fb\x15c\r\n")
        self.assertEqual(client.lines(), [b"a\x7fb\x15c"])

    def test_who_sends_characters_has_them_edited_from_that_moment_on(self) -> None:
        client = Client()
        self.assertEqual(client.sends(b"a\x7fb\n" + DO_SGA + b"a\x7fb\x04\n"), [Answer(b"\xff\xfb\x03")])
        self.assertEqual(client.lines(), [b"a\x7fb", b"b"])

    def test_plink_on_a_terminal_sends_characters_and_shows_them_itself(self) -> None:
        client = Client()
        client.sends(PLINK)
        self.assertEqual(client.is_shown(*bytewise(b"bon\x7fb\r\0")), b"\r\n")
        self.assertEqual(client.lines(), [b"bob"])

    def test_a_password_is_not_shown_and_what_follows_is_until_the_client_does(self) -> None:
        client = Client()
        client.sends(IP)
        self.assertEqual(client.terminal.hide_input(True), b"\xff\xfb\x01")
        self.assertEqual(client.is_shown(DO_ECHO, *bytewise(b"secrex\x7ft\r\n")), b"\r\n")
        self.assertEqual(client.terminal.hide_input(False), b"\xff\xfc\x01")
        self.assertEqual(client.is_shown(b"typed ahead\r\n"), b"typed ahead\r\n")
        self.assertEqual(client.is_shown(DONT_ECHO + b"typed\x7f\r\n"), b"")
        self.assertEqual(client.lines(), [b"secret", b"typed ahead", b"typed\x7f"])

    def test_where_byte_255_is_a_letter_it_is_one_until_the_client_shows_that_it_is_telnet(self) -> None:
        client = Client()
        client.terminal.take_for_letter(True)
        told = client.sends("пять\n".encode("cp1251") + b"\xff\xfd\x06a\xff\xf1b\n")
        self.assertEqual(told, [Answer(b"\xff\xfc\x06")])
        self.assertEqual(client.lines(), ["пять".encode("cp1251"), b"ab"])
        client.terminal.take_for_letter(True)
        client.sends(b"a\xff\xf1b\n")
        self.assertEqual(client.lines(), [b"ab"])

    def test_too_many_keys_end_it_and_nothing_behind_them_is_heard(self) -> None:
        for chunks in ([data := b"a\n" + b"\x7f" * 1001 + b"b\n" + AYT], bytewise(data)):
            client = Client()
            client.sends(DO_SGA)
            (abuse,) = client.sends(*chunks)
            self.assertIsInstance(abuse, Abuse)
            self.assertEqual(client.lines(), [b"a"])

    def test_is_telnet_who_has_sent_a_whole_command(self) -> None:
        client = Client()
        client.sends(b"\xff\xff\xff")
        self.assertFalse(client.terminal.is_telnet)
        self.assertEqual(client.terminal.hide_input(True), b"")
        client.sends(b"\xfb\x01")
        self.assertTrue(client.terminal.is_telnet)


class TerminalLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(
        st.lists(
            st.sampled_from(
                [PLINK, DO_SGA, DO_ECHO, DONT_ECHO, IP, EC, EL, EOF, AYT, b"hello", b"\r\0", b"\xff"]
            )
            | TYPED.map(bytes)
            | TELNET
            | st.binary(max_size=20),
            max_size=8,
        ),
        st.lists(st.integers(0, 300), max_size=8),
        st.booleans(),
    )
    def test_how_the_bytes_are_cut_does_not_matter(
        self, parts: list[bytes], cuts: list[int], hides: bool
    ) -> None:
        data = b"".join(parts)
        outcomes = []
        for chunks in ([data], cut(data, cuts), bytewise(data)):
            client = Client()
            client.sends(IP)
            client.terminal.hide_input(hides)
            told = client.sends(*chunks)
            shown = b"".join(item.data for item in told if isinstance(item, Answer))
            rest = [item for item in told if not isinstance(item, Answer)]
            outcomes.append((client.lines(), client.reader.unfinished, shown, rest))
        self.assertEqual(outcomes[1], outcomes[0])
        self.assertEqual(outcomes[2], outcomes[0])

    @settings(deadline=None, database=None)
    @given(
        st.lists(
            st.sampled_from([PLINK, DO_SGA, DO_ECHO, IP, EC, b"hello", b"\r\0", b"gr\xc3\xbc"]), max_size=8
        ),
        st.integers(0, 60),
        st.booleans(),
    )
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, parts: list[bytes], place: int, hides: bool
    ) -> None:
        data = b"".join(parts)
        alone, one = Client(), Client()
        for client in alone, one:
            client.terminal.hide_input(hides)
        told = one.sends(data[:place])
        before, one = one, Client()
        one.terminal.go_on_from(over(before.terminal.hand_on()))
        one.reader.go_on_from(over(before.reader.hand_on()))
        self.assertEqual(alone.sends(data[:place]), told)
        self.assertEqual(one.sends(data[place:]), alone.sends(data[place:]))
        self.assertEqual((one.lines(), one.reader.unfinished), (alone.lines(), alone.reader.unfinished))

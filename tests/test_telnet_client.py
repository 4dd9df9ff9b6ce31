"""What a telnet client is answered, what is heard of it, and where patience with it ends."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import LARGEST_SUBNEGOTIATION, MOST_COMMANDS, MOST_IDLE_COMMANDS, PATIENCE_WITH_COMMANDS
from tcpchat.telnet_client import (
    TOO_LARGE,
    TOO_MANY,
    Abuse,
    Answer,
    Charset,
    Heard,
    Signal,
    TelnetClient,
    Window,
)
from tests.handing import over
from tests.test_telnet import PLINK, TELNET, bytewise, cut

NOP = b"\xff\xf1"
WINDOW = b"\xff\xfa\x1f%b\xff\xf0"
BY_NAME = {"UTF-8": "utf-8", "utf-8": "utf-8", "ISO-8859-1": "latin-1", "KOI8-R": "koi8-r"}


def make() -> TelnetClient:
    return TelnetClient(BY_NAME.__contains__)


def hear(client: TelnetClient, *chunks: bytes, now: float = 0) -> list[Heard]:
    """Return what is heard, text in one piece wherever nothing else is between."""
    heard: list[Heard] = []
    for chunk in chunks:
        for item in client.feed(chunk, now):
            if heard and isinstance(item, bytes) and isinstance(last := heard[-1], bytes):
                heard[-1] = last + item
            else:
                heard.append(item)
    return heard


def answers(client: TelnetClient, *chunks: bytes, now: float = 0) -> bytes:
    return b"".join(item.data for item in hear(client, *chunks, now=now) if isinstance(item, Answer))


def seen(heard: Iterable[Heard]) -> list[Window]:
    return [item for item in heard if isinstance(item, Window)]


class NegotiationTests(SynchronousTestCase):
    def test_plink_is_agreed_with_on_some_and_refused_the_rest(self) -> None:
        expected = "fffd1f fffe20 fffd18 fffa1801fff0 fffe27 fffc01 fffd03 fffb03"
        self.assertEqual(answers(make(), PLINK), bytes.fromhex(expected))

    def test_each_is_answered_once(self) -> None:
        client = make()
        answers(client, PLINK)
        self.assertEqual(answers(client, PLINK), b"")

    def test_a_command_that_there_is_not_is_text_until_the_client_has_shown_that_it_is_telnet(self) -> None:
        client = make()
        self.assertEqual(hear(client, b"a\xffb c", b"\xff", b"\xe9"), [b"a\xffb c\xff\xe9"])
        self.assertEqual(hear(client, b"\xff\xf1a\xffb c", b"\xff", b"\xe9d"), [b"a cd"])

    def test_what_is_no_longer_wanted_is_confirmed(self) -> None:
        client = make()
        answers(client, b"\xff\xfb\x03\xff\xfd\x03")
        self.assertEqual(answers(client, b"\xff\xfc\x03\xff\xfe\x03"), b"\xff\xfe\x03\xff\xfc\x03")

    def test_a_timing_mark_is_refused_each_time(self) -> None:
        client = make()
        self.assertEqual(hear(client, b"a\xff\xf4\xff\xfd"), [b"a", Signal.INTERRUPT])
        self.assertEqual(hear(client, b"\x06b"), [Answer(b"\xff\xfc\x06"), b"b"])
        self.assertEqual(answers(client, b"\xff\xfd\x06" * 2), b"\xff\xfc\x06" * 2)
        self.assertEqual(answers(client, b"\xff\xfe\x06\xff\xfb\x06\xff\xfc\x06"), b"")

    def test_binary_is_agreed_to_both_ways(self) -> None:
        self.assertEqual(answers(make(), b"\xff\xfb\x00\xff\xfd\x00"), b"\xff\xfd\x00\xff\xfb\x00")

    def test_who_is_promised_to_suppress_go_ahead_sends_characters(self) -> None:
        client = make()
        self.assertFalse(client.sends_characters)
        hear(client, b"\xff\xfb\x03")
        self.assertFalse(client.sends_characters)
        hear(client, b"\xff\xfd\x03")
        self.assertEqual((client.sends_characters, client.expects_echo), (True, False))
        hear(client, b"\xff\xfe\x03")
        self.assertFalse(client.sends_characters)

    def test_signals_are_told_where_they_came(self) -> None:
        heard = hear(make(), b"a\xff\xecb\xff\xf3c\xff\xf4d\xff\xf6e\xff\xf7f\xff\xf8g\xff\xf1h\xff\xf2i")
        self.assertEqual(
            heard,
            [
                b"a", Signal.END_OF_FILE, b"b", Signal.BREAK, b"c", Signal.INTERRUPT, b"d",
                Signal.ARE_YOU_THERE, b"e", Signal.ERASE_CHARACTER, b"f", Signal.ERASE_LINE, b"ghi",
            ],
        )  # fmt: skip

    def test_it_shows_itself_by_a_whole_command_and_not_by_byte_255(self) -> None:
        for data, shows in (
            (b"\xff\xff", False), (b"\xff ", False), (b"\xff\xfb", False), (b"\xff\xfb\x01", True),
            (b"\xff\xf4", True), (b"\xff\xf1", True), (b"\xff\xeb", False),
        ):  # fmt: skip
            client = make()
            hear(client, data)
            self.assertIs(client.negotiates, shows, data)

    def test_byte_255_is_a_letter_until_then_where_it_is_one(self) -> None:
        client = make()
        client.take_for_letter(True)
        heard = hear(client, b"\xff\xf4\xff\xfb\x03\xff\xf4")
        self.assertEqual(heard, [b"\xff\xf4", Answer(b"\xff\xfd\x03"), Signal.INTERRUPT])
        client.take_for_letter(True)
        self.assertEqual(hear(client, b"\xff\xf4"), [Signal.INTERRUPT])


class HiddenInputTests(SynchronousTestCase):
    def test_all_bytes_are_asked_for_once(self) -> None:
        client = make()
        self.assertEqual(client.send_all_bytes(), b"\xff\xfd\x00")
        self.assertEqual(client.send_all_bytes(), b"")
        self.assertEqual(hear(client, b"\xff\xfb\x00"), [])

    def test_who_has_not_shown_to_be_telnet_is_sent_nothing(self) -> None:
        client = make()
        hear(client, b"\xff\xff")
        self.assertEqual(client.hide_input(True), b"")

    def test_telnet_is_told_to_show_nothing_and_then_to_show_it_again(self) -> None:
        client = make()
        hear(client, b"\xff\xf4")
        self.assertEqual(client.hide_input(True), b"\xff\xfb\x01")
        self.assertFalse(client.expects_echo)
        self.assertEqual(answers(client, b"\xff\xfd\x01"), b"")
        self.assertEqual((client.expects_echo, client.sends_characters), (True, True))
        self.assertEqual(client.hide_input(False), b"\xff\xfc\x01")
        self.assertTrue(client.expects_echo)
        self.assertEqual(answers(client, b"\xff\xfe\x01"), b"")
        self.assertFalse(client.expects_echo)

    def test_who_refuses_is_not_asked_again_while_it_is_hidden(self) -> None:
        client = make()
        hear(client, b"\xff\xf4")
        client.hide_input(True)
        self.assertEqual(answers(client, b"\xff\xfe\x01"), b"")
        self.assertEqual(client.hide_input(False), b"")

    def test_at_any_other_time_echo_is_refused(self) -> None:
        self.assertEqual(
            answers(make(), b"\xff\xfd\x01\xff\xfd\x03\xff\xfd\x01"), b"\xff\xfc\x01\xff\xfb\x03"
        )


class WindowTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.client = make()
        hear(self.client, b"\xff\xfb\x1f")

    def tell(self, width: int, height: int) -> list[Heard]:
        data = width.to_bytes(2) + height.to_bytes(2)
        return hear(self.client, WINDOW % data.replace(b"\xff", b"\xff\xff"))

    def test_its_size_is_told_when_it_changes(self) -> None:
        self.assertEqual(self.tell(80, 24), [Window(80, 24)])
        self.assertEqual(self.tell(80, 24), [])
        self.assertEqual(self.tell(255, 24), [Window(255, 24)])

    def test_what_no_terminal_has_is_taken_as_the_least_or_the_most(self) -> None:
        for told, size in (
            ((65535, 65535), (500, 200)), ((501, 201), (500, 200)), ((500, 200), (500, 200)),
            ((20, 5), (20, 5)), ((19, 4), (20, 5)), ((1, 1), (20, 5)),
        ):  # fmt: skip
            self.tell(80, 24)
            self.assertEqual(self.tell(*told), [Window(*size)])

    def test_zero_is_not_known(self) -> None:
        self.assertEqual(self.tell(0, 24), [Window(0, 24)])
        self.assertEqual(self.tell(0, 0), [Window(0, 0)])

    def test_it_is_not_known_when_the_client_tells_it_no_longer(self) -> None:
        self.tell(80, 24)
        self.assertEqual(hear(self.client, b"\xff\xfc\x1f"), [Answer(b"\xff\xfe\x1f"), Window(0, 0)])
        self.assertEqual(self.tell(80, 24), [])

    def test_what_is_no_size_is_none(self) -> None:
        for data in (b"", b"\0", b"\0\x50\0", b"\0\x50\0\x18\0"):
            self.assertEqual(hear(self.client, WINDOW % data), [])


class TerminalTypeTests(SynchronousTestCase):
    def test_it_is_asked_for_once_and_kept(self) -> None:
        client = make()
        self.assertEqual(answers(client, b"\xff\xfb\x18"), b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0")
        self.assertEqual(hear(client, b"\xff\xfa\x18\x00XTERM-256COLOR\xff\xf0"), [])
        self.assertEqual(client.terminal, "XTERM-256COLOR")

    def test_of_a_long_name_some_is_kept(self) -> None:
        client = make()
        hear(client, b"\xff\xfb\x18\xff\xfa\x18\x00" + b"x" * 41 + b"\xff\xf0")
        self.assertEqual(client.terminal, "x" * 40)

    def test_who_was_not_asked_tells_nothing(self) -> None:
        client = make()
        hear(client, b"\xff\xfa\x18\x00XTERM\xff\xf0", b"\xff\xfb\x18\xff\xfa\x18\x01\xff\xf0")
        self.assertEqual(client.terminal, "")


class CharsetTests(SynchronousTestCase):
    def request(self, client: TelnetClient, offered: bytes) -> list[Heard]:
        return hear(client, b"\xff\xfa\x2a\x01" + offered + b"\xff\xf0")

    def test_utf8_is_chosen_wherever_it_stands(self) -> None:
        for offered in (b";UTF-8", b";ISO-8859-1;UTF-8", b" KOI8-R UTF-8", b"[TTABLE]\x01;UTF-8"):
            client = make()
            self.assertEqual(answers(client, b"\xff\xfb\x2a"), b"\xff\xfd\x2a")
            self.assertEqual(
                self.request(client, offered),
                [Answer(b"\xff\xfa\x2a\x02UTF-8\xff\xf0"), Charset("UTF-8")],
            )

    def test_of_others_the_first_that_is_known(self) -> None:
        client = make()
        hear(client, b"\xff\xfb\x2a")
        self.assertEqual(
            self.request(client, b";EBCDIC;KOI8-R;ISO-8859-1"),
            [Answer(b"\xff\xfa\x2a\x02KOI8-R\xff\xf0"), Charset("KOI8-R")],
        )

    def test_if_none_is_known_all_are_rejected(self) -> None:
        client = make()
        hear(client, b"\xff\xfb\x2a")
        for offered in (b";EBCDIC", b";", b"", b"UTF-8", b";\xff\xff"):
            self.assertEqual(self.request(client, offered), [Answer(b"\xff\xfa\x2a\x03\xff\xf0")])

    def test_who_wants_to_be_asked_is_asked_for_utf8(self) -> None:
        client = make()
        self.assertEqual(answers(client, b"\xff\xfd\x2a"), b"\xff\xfb\x2a\xff\xfa\x2a\x01;UTF-8\xff\xf0")
        self.assertEqual(hear(client, b"\xff\xfa\x2a\x02UTF-8\xff\xf0"), [Charset("UTF-8")])
        self.assertEqual(hear(client, b"\xff\xfa\x2a\x02EBCDIC\xff\xf0"), [])
        self.assertEqual(hear(client, b"\xff\xfa\x2a\x03\xff\xf0"), [])

    def test_without_the_option_nothing_is_agreed_on(self) -> None:
        client = make()
        self.assertEqual(self.request(client, b";UTF-8"), [])
        hear(client, b"\xff\xfb\x2a")
        self.assertEqual(hear(client, b"\xff\xfa\x2a\x02KOI8-R\xff\xf0"), [])
        self.assertEqual(hear(client, b"\xff\xfa\x2a\xff\xf0"), [])


class PatienceTests(SynchronousTestCase):
    def test_100_commands_that_change_nothing_are_borne_and_one_more_is_not(self) -> None:
        for idle in (
            NOP,
            b"\xff\xf6",
            b"\xff\xfd\xc8",
            b"\xff\xfe\x03",
            b"\xff\x01",
            b"\xff\xfa\x01x\xff\xf0",
        ):
            client = make()
            borne = hear(client, idle * MOST_IDLE_COMMANDS)
            self.assertNotIn(TOO_MANY, borne)
            self.assertEqual(hear(client, idle + b"text" + idle)[-1], TOO_MANY)
            self.assertEqual(hear(client, b"text" + NOP), [])

    def test_in_another_ten_seconds_there_can_be_as_many(self) -> None:
        client = make()
        hear(client, NOP * (MOST_IDLE_COMMANDS - 1), now=0)
        hear(client, NOP, now=9)
        self.assertEqual(hear(client, NOP * (MOST_IDLE_COMMANDS - 1), now=PATIENCE_WITH_COMMANDS), [])
        self.assertEqual(hear(client, NOP, now=18.9), [TOO_MANY])

    def test_what_changes_something_is_borne_longer_and_not_for_ever(self) -> None:
        for change in (b"\xff\xfb\x1f\xff\xfc\x1f", b"\xff\xf7" * 2, b"\xff\xf4" * 2):
            client = make()
            self.assertNotIn(TOO_MANY, hear(client, change * (MOST_COMMANDS // 2)))
            self.assertEqual(hear(client, change, now=PATIENCE_WITH_COMMANDS - 1)[-1], TOO_MANY)

    def test_a_window_whose_corner_is_dragged_is_borne(self) -> None:
        client = make()
        hear(client, b"\xff\xfb\x1f")
        for second in range(20):
            sizes = b"".join(WINDOW % bytes((0, 30 + n, 0, 24)) for n in range(60))
            self.assertEqual(len(seen(hear(client, sizes, now=second))), 60)

    def test_a_subnegotiation_that_is_too_large_is_not_borne(self) -> None:
        client = make()
        self.assertEqual(hear(client, b"\xff\xfa\x18" + b"x" * (LARGEST_SUBNEGOTIATION - 1)), [])
        self.assertEqual(hear(client, b"x" * 100_000), [TOO_LARGE])
        self.assertEqual(hear(client, b"\xff\xf0text"), [])


class TelnetClientLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(TELNET | st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=8))
    def test_how_the_bytes_are_cut_does_not_matter(self, data: bytes, cuts: list[int]) -> None:
        self.assertEqual(hear(make(), *cut(data, cuts)), hear(make(), data))
        self.assertEqual(hear(make(), *bytewise(data)), hear(make(), data))

    @settings(deadline=None, database=None)
    @given(st.integers(), st.integers(0, 20000))
    def test_whatever_comes_it_goes_on_until_it_is_ended(self, seed: int, size: int) -> None:
        client = make()
        data = bytes(Random(seed).choices(range(256), [1] * 240 + [8] * 15 + [200], k=size))
        heard = hear(client, data)
        ends = [item for item in heard if isinstance(item, Abuse)]
        self.assertEqual(ends, heard[-1:] if ends else [])
        # Never is more said than was asked.
        self.assertLessEqual(sum(len(item.data) for item in heard if isinstance(item, Answer)), 3 * size)

    @settings(deadline=None, database=None)
    @given(TELNET | st.binary(max_size=80), st.integers(0, 80), st.booleans())
    def test_another_process_goes_on_wherever_the_first_one_was(
        self, data: bytes, place: int, hides: bool
    ) -> None:
        alone, first, second = make(), make(), make()
        heard = hear(first, PLINK, data[:place])
        second.go_on_from(over(first.hand_on()))
        self.assertEqual(hear(alone, PLINK, data[:place]), heard)
        self.assertEqual(hear(second, data[place:]), hear(alone, data[place:]))
        self.assertEqual(second.hide_input(hides), alone.hide_input(hides))
        known = "negotiates", "terminal", "window", "expects_echo", "sends_characters"
        self.assertEqual([getattr(second, it) for it in known], [getattr(alone, it) for it in known])

"""What a telnet client says beside its lines reaches the dialogue, and what is answered the client."""

from __future__ import annotations

from tcpchat.deadlines import Deadlines
from tcpchat.ear import Ear
from tcpchat.limits import TELNET_SILENCE
from tcpchat.lines import LineReader
from tests.visitors import ChatCase


class EarTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.reader = LineReader()
        self.ear = Ear(self.reader, self.bob.dialogue, Deadlines(self.clock, TELNET_SILENCE))
        self.bob.screen.shown = b""

    def hear(self, data: bytes) -> str:
        return self.ear.hear(data, self.clock.seconds())

    def test_lines_go_to_the_reader_and_answers_to_the_client(self) -> None:
        self.assertEqual(self.hear(b"one\n\xff\xfd\x03two\n"), "")
        self.assertEqual((self.reader.lines.take(), self.reader.lines.take()), (b"one", b"two"))
        self.assertEqual(self.bob.screen.shown, b"\xff\xfb\x03")

    def test_who_asks_whether_somebody_is_there_is_told(self) -> None:
        self.hear(b"\xff\xf6")
        self.assertEqual(self.bob.screen.shown, b"*** Yes, this is tcpchat.\r\n")

    def test_of_a_windows_sizes_the_last_counts(self) -> None:
        self.hear(b"\xff\xfb\x1f" + b"".join(b"\xff\xfa\x1f\0%c\0\x18\xff\xf0" % width for width in (80, 90)))
        self.assertEqual(self.bob.dialogue.wire.width, 90)
        self.hear(b"hello\n")
        self.assertEqual(self.bob.dialogue.wire.width, 90)
        self.hear(b"\xff\xfc\x1f")
        self.assertEqual(self.bob.dialogue.wire.width, 0)

    def test_a_character_set_is_agreed_on(self) -> None:
        self.hear(b"\xff\xfb\x2a\xff\xfa\x2a\x01;EBCDIC;UTF-8\xff\xf0")
        self.assertEqual(self.bob.screen.shown, b"\xff\xfd\x2a\xff\xfa\x2a\x02UTF-8\xff\xf0")

    def test_why_it_is_to_be_ended_is_returned_once(self) -> None:
        self.assertEqual(self.hear(b"\xff\xf1" * 100), "")
        self.assertEqual(self.hear(b"\xff\xf1"), "Too many telnet commands or keys.")
        self.assertEqual(self.hear(b"\xff\xf1"), "")

    def test_input_is_hidden(self) -> None:
        self.ear.hide_input(True)
        self.assertEqual(self.bob.screen.shown, b"")
        self.hear(b"\xff\xf4")
        self.ear.hide_input(True)
        self.ear.hide_input(False)
        self.hear(b"\xff\xfd\x01")
        self.assertEqual(self.bob.screen.shown, b"\xff\xfb\x01\xff\xfc\x01")

    def test_who_is_telnet_is_sent_what_means_nothing_after_a_minute_of_silence(self) -> None:
        self.hear(b"\xff\xff")  # it may be anybody's
        self.clock.advance(TELNET_SILENCE)
        self.assertEqual(self.bob.screen.shown, b"")
        self.hear(b"\xff\xf4")
        self.clock.advance(TELNET_SILENCE - 1)
        self.hear(b"hello")
        self.clock.advance(TELNET_SILENCE - 1)
        self.assertEqual(self.bob.screen.shown, b"")
        self.clock.advance(1)
        self.clock.advance(TELNET_SILENCE)
        self.assertEqual(self.bob.screen.shown, b"\xff\xf1" * 2)
        self.ear.stop()
        self.clock.advance(TELNET_SILENCE)
        self.assertEqual(self.bob.screen.shown, b"\xff\xf1" * 2)

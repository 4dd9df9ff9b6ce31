"""What one connection is told, in the encoding and the width of its terminal, and what it is taken to say."""

from __future__ import annotations

import json

from tcpchat.room import LOBBY
from tcpchat.room_feed import RoomFeed
from tcpchat.telling import NOT_UTF8
from tests.visitors import ChatCase, Visitor

RUSSIAN = "\u043f\u0440\u0438\u0432\u0435\u0442"


class EncodingTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def set(self, visitor: Visitor, name: str) -> None:
        visitor.sees()
        visitor.encoding = name
        self.assertEqual(visitor.types(f"/set encoding {name}"), [f"*** encoding is {name}."])

    def test_at_first_it_is_utf_8(self) -> None:
        self.assertEqual(self.bob.types("/set encoding"), ["*** encoding is utf-8."])
        self.bob.types(RUSSIAN.encode())
        self.assertEqual(self.alice.sees(), [f"<bob> {RUSSIAN}"])
        self.assertTrue(self.alice.screen.shown.endswith(f"<bob> {RUSSIAN}\r\n".encode()))

    def test_a_line_is_taken_and_shown_in_the_encoding_that_is_set(self) -> None:
        for name in "latin-1", "cp437", "cp850", "iso-8859-15":
            self.set(self.bob, name)
            self.bob.types("caf\u00e9 \u00fc".encode(name))
            self.assertEqual(self.alice.sees(), ["<bob> caf\u00e9 \u00fc"])
            self.alice.types(f"na\u00efve {RUSSIAN} \U0001f600")
            self.assertEqual(self.bob.sees(), ["<alice> na\u00efve ?????? ?"])
            self.assertTrue(self.bob.screen.shown.endswith("na\u00efve ?????? ?\r\n".encode(name)))

    def test_so_it_is_with_every_other_word_of_the_server(self) -> None:
        self.set(self.bob, "koi8-r")
        self.alice.types(f"/topic {RUSSIAN}", f"/away {RUSSIAN}")
        self.assertEqual(self.bob.sees(), [f"*** alice set the topic of #lobby: {RUSSIAN}"])
        self.assertEqual(self.bob.types("/topic"), [f"*** The topic of #lobby is: {RUSSIAN}"])
        self.assertEqual(self.bob.types("/msg alice hi"), [f"*** alice is away: {RUSSIAN}", "[to alice] hi"])
        self.assertEqual(
            self.bob.types(f"/{RUSSIAN}".encode("koi8-r")),
            [f"!!! There is no command /{RUSSIAN}. Did you mean /me?"],
        )
        self.assertIn(f"[10:02] <bob> {RUSSIAN}", self.bob.types(RUSSIAN.encode("koi8-r"), "/history"))
        self.assertIn(f"[10:02] <bob> {RUSSIAN}", self.bob.types(f"/search {RUSSIAN}".encode("koi8-r")))

    def test_utf_8_can_be_set_back(self) -> None:
        self.set(self.bob, "latin-1")
        self.set(self.bob, "utf-8")
        self.bob.types("gr\u00fc\u00df".encode())
        self.assertEqual(self.alice.sees(), ["<bob> gr\u00fc\u00df"])

    def test_what_is_not_in_the_encoding_is_refused(self) -> None:
        self.assertEqual(self.bob.types(b"gr\xfc\xdf"), [f"!!! {NOT_UTF8}"])
        self.set(self.bob, "euc-kr")
        self.assertEqual(
            self.bob.types(b"\xff"),
            ["!!! That line is not euc-kr and was not sent. /set encoding utf-8 if your terminal uses it."],
        )
        self.assertEqual(self.alice.sees(), [])

    def test_a_wrong_name_changes_nothing_and_one_line_says_so(self) -> None:
        self.set(self.bob, "latin-1")
        self.assertEqual(
            self.bob.types("/set encoding klingon"), ['!!! There is no encoding "klingon". Try latin-1.']
        )
        self.assertEqual(
            self.bob.types("/set encoding big5"),
            ['!!! "big5" cannot be used: its characters may have ASCII in them. Try latin-1.'],
        )
        self.assertEqual(self.bob.types("/set encoding"), ["*** encoding is latin-1."])

    def test_what_was_typed_ahead_is_taken_as_what_was_set_before_it(self) -> None:
        pipe = self.connect()
        for line in (
            b"/as jos",
            b"/set encoding latin-1",
            b"gr\xfc\xdf",
            b"/set encoding utf-8",
            "gr\u00fc\u00df".encode(),
        ):
            pipe.dialogue.received(line)
        self.assertEqual(self.alice.sees(), ["*** jos joined #lobby.", *["<jos> gr\u00fc\u00df"] * 2])

    def test_it_can_be_set_before_there_is_a_nickname(self) -> None:
        visitor = self.connect()
        visitor.encoding = "latin-1"
        question = "*** What is your nickname?"
        self.assertEqual(visitor.types(b"Jos\xe9")[2:], [f"!!! {NOT_UTF8}", question])
        visitor.types("/set encoding latin-1")
        self.clock.advance(1)  # until then a line might be piped in, and no answer
        self.assertEqual(visitor.sees(), ["*** encoding is latin-1.", question])
        self.assertEqual(visitor.types(b"Jos\xe9")[0], "*** You are Jos\u00e9, in #lobby with alice, bob.")

    def test_a_program_speaks_utf_8_whatever_is_set(self) -> None:
        self.bob.types("/set encoding latin-1", "/json")
        self.alice.types("na\u00efve")
        self.assertEqual(json.loads(self.bob.sees()[-1])["text"], "na\u00efve")
        self.bob.types('{"type":"say","text":"gr\u00fc\u00df"}'.encode())
        self.bob.types("gr\u00fc\u00df".encode())
        self.assertEqual(self.alice.sees(), ["<bob> gr\u00fc\u00df"] * 2)

    def test_it_comes_back_with_the_session(self) -> None:
        code = self.bob.code
        self.set(self.bob, "koi8-r")
        for back in range(2):
            self.bob.breaks_off()
            if back:
                self.crash()
                (self.alice,) = self.enter("alice2")
            self.alice.types(f"{RUSSIAN} {back}")
            self.bob = self.connect()
            self.bob.encoding = "koi8-r"
            self.bob.types(f"/resume {code}")
            self.assertTrue(
                f"<alice{'2' * back}> {RUSSIAN} {back}\r\n".encode("koi8-r") in self.bob.screen.shown
            )

    def test_but_what_was_set_over_the_new_connection_before_holds(self) -> None:
        code = self.bob.code
        self.set(self.bob, "koi8-r")
        self.bob.breaks_off()
        bob = self.connect()
        bob.types("/set encoding cp866", f"/resume {code}")
        self.assertEqual(bob.types("/set encoding"), ["*** encoding is cp866."])

    def test_people_with_the_same_encoding_are_shown_the_same_bytes(self) -> None:
        carl, dora = self.enter("carl", "dora")
        for visitor in self.bob, carl:
            self.set(visitor, "latin-1")
        dora.types("/set encoding ISO-8859-1")
        feed = self.chat.rooms.lobby
        assert isinstance(feed, RoomFeed)
        self.assertEqual(sorted(len(crowd) for crowd in feed._live.values()), [1, 3])

    def test_a_long_line_in_it_is_as_long_as_its_bytes(self) -> None:
        self.set(self.bob, "latin-1")
        self.bob.types(b"\xe9" * 2048)
        self.assertEqual(self.alice.sees(), ["<bob> " + "\u00e9" * 2048])

    def test_who_may_have_been_shown_fewer_bytes_than_utf_8_has_misses_nothing(self) -> None:
        self.set(self.bob, "koi8-r")
        code = self.bob.code
        self.alice.types(RUSSIAN, "!" + RUSSIAN)
        self.set(self.bob, "utf-8")
        self.bob.breaks_off(
            unacknowledged=len(f"<alice> {RUSSIAN}\r\n<alice> !{RUSSIAN}\r\n*** encoding is utf-8.\r\n")
        )
        _, shown = self.come_back(code)
        self.assertIn(f"[10:02] <alice> {RUSSIAN}", shown)


class CharsetTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_a_terminal_that_tells_its_encoding_is_told_nothing_and_shown_it(self) -> None:
        self.bob.dialogue.charset("ISO-8859-1")
        self.bob.encoding = "latin-1"
        self.assertEqual(self.bob.sees(), [])
        self.alice.types("na\u00efve")
        self.assertEqual(self.bob.sees(), ["<alice> na\u00efve"])
        self.bob.types(b"gr\xfc\xdf")
        self.assertEqual(self.alice.sees(), ["<bob> gr\u00fc\u00df"])

    def test_what_is_not_known_is_ignored(self) -> None:
        for name in "", "klingon", "utf-16", "\x1b[2J", "\u00e9":
            self.bob.dialogue.charset(name)
        self.assertEqual(self.bob.types("/set encoding"), ["*** encoding is utf-8."])

    def test_a_session_that_goes_on_there_goes_on_in_it(self) -> None:
        code = self.bob.code
        self.bob.types("/set encoding koi8-r")
        self.bob.breaks_off()
        bob = self.connect()
        bob.dialogue.charset("UTF-8")
        bob.types(f"/resume {code}")
        self.assertEqual(bob.types("/set encoding"), ["*** encoding is utf-8."])

    def test_a_door_is_told_whether_byte_255_is_a_letter(self) -> None:
        self.assertFalse(self.bob.dialogue.has_letter_255)
        self.bob.types("/set encoding cp1251")
        self.assertTrue(self.bob.dialogue.has_letter_255)
        self.bob.types("/json")
        self.assertFalse(self.bob.dialogue.has_letter_255)

    def test_for_telnet_a_byte_255_is_doubled_and_in_utf_8_there_is_none(self) -> None:
        self.bob.types("/set encoding cp1251")
        self.alice.types("\u044f")
        self.assertTrue(self.bob.screen.shown.endswith(b"<alice> \xff\r\n"))
        self.bob.dialogue.speak_telnet()
        self.bob.dialogue.speak_telnet()
        self.alice.types("\u044f")
        self.assertTrue(self.bob.screen.shown.endswith(b"<alice> \xff\xff\r\n"))
        self.alice.dialogue.speak_telnet()
        (carl,) = self.enter("carl")
        self.assertEqual(self.alice.dialogue.view(LOBBY), carl.dialogue.view(LOBBY))


class WindowTests(ChatCase):
    LONG = "the quick brown fox jumps over the lazy dog"

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_a_line_wider_than_the_window_is_broken_at_a_word_and_hangs(self) -> None:
        self.bob.dialogue.window(30, 24)
        self.alice.types(self.LONG)
        self.assertEqual(self.bob.sees(), ["<alice> the quick brown fox", "    jumps over the lazy dog"])
        self.assertEqual(
            self.bob.types("/history 1")[1:3],
            ["[10:02] <alice> the quick", "    brown fox jumps over the"],
        )

    def test_the_server_s_own_sentences_too(self) -> None:
        self.bob.dialogue.window(40, 24)
        self.assertEqual(
            self.bob.types("/whois alice"),
            ["*** alice is in #lobby, connected since", "    10:02, idle for 0 seconds."],
        )
        self.assertEqual(self.bob.types("/set joins maybe")[0:1], ["!!! joins is all, folded or none, not"])

    def test_it_follows_the_window_and_ends_with_it(self) -> None:
        for width, lines in (30, 2), (20, 4), (500, 1), (0, 1), (20, 4):
            self.bob.dialogue.window(width, 24)
            self.alice.types(self.LONG)
            self.assertEqual(len(self.bob.sees()), lines)

    def test_windows_of_about_the_same_width_are_shown_the_same_bytes(self) -> None:
        self.alice.dialogue.window(84, 24)
        self.bob.dialogue.window(80, 50)
        self.assertEqual(self.alice.dialogue.view(LOBBY), self.bob.dialogue.view(LOBBY))

    def test_no_text_of_anybody_s_stands_at_the_left_edge(self) -> None:
        self.bob.dialogue.window(20, 24)
        self.alice.types(
            "x" * 12 + "        <root> *** You are banned. " + "x" * 50 + "!!! <root> \u4f60\u597d" * 9
        )
        first, *rest = self.bob.sees()
        self.assertTrue(first.startswith("<alice> x"))
        self.assertTrue(all(line.startswith("    ") for line in rest))

    def test_lines_that_were_missed_are_counted_as_they_were_said(self) -> None:
        code = self.bob.code
        for ignored in "", "/ignore carl":
            self.bob.types(ignored)
            self.bob.breaks_off()
            self.alice.types(self.LONG, self.LONG)
            self.bob = self.connect()
            self.bob.dialogue.window(40, 24)
            shown = self.bob.types(f"/resume {code}")
            self.assertIn("*** While you were away: 2 lines.", shown)

    def test_a_program_has_no_width(self) -> None:
        self.bob.dialogue.window(20, 24)
        self.bob.types("/json")
        self.alice.types(self.LONG)
        self.assertEqual(json.loads(self.bob.sees()[-1])["text"], self.LONG)

    def test_each_line_of_a_paste_is_broken_by_itself(self) -> None:
        self.bob.dialogue.window(30, 24)
        self.alice.types("/paste", "def f():", f"    return {self.LONG}", ".")
        self.assertEqual(
            self.bob.sees(),
            [
                "<alice> def f():",
                "<alice>     return the quick",
                "    brown fox jumps over the",
                "    lazy dog",
            ],
        )

"""What is said in rooms and privately: who hears it, and in what form."""

from __future__ import annotations

from tests.visitors import ChatCase


class SpeakingTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_the_others_hear_and_the_speaker_does_not(self) -> None:
        self.assertEqual(self.bob.types("hello"), [])
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_nobody_hears_before_it_is_in_the_log(self) -> None:
        self.bob.dialogue.received("hello")
        self.assertNotIn(b"hello", self.alice.screen.shown)
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_lines_come_in_the_order_in_which_they_were_typed(self) -> None:
        self.bob.types(*map(str, range(100)))
        self.assertEqual(self.alice.sees(), [f"<bob> {n}" for n in range(100)])

    def test_an_action(self) -> None:
        self.bob.types("/me waves")
        self.assertEqual(self.alice.sees(), ["* bob waves"])

    def test_two_slashes_say_one(self) -> None:
        self.bob.types("//etc/passwd")
        self.assertEqual(self.alice.sees(), ["<bob> /etc/passwd"])

    def test_echo_shows_ones_own_lines_as_others_see_them(self) -> None:
        self.assertEqual(self.bob.types("/set echo on", "hello"), ["*** echo is on.", "<bob> hello"])

    def test_control_characters_do_not_reach_the_others(self) -> None:
        self.bob.types("a\x1b[2Jb\x07\u202ec")
        self.assertEqual(self.alice.sees(), ["<bob> a[2Jbc"])

    def test_an_empty_line_is_not_said(self) -> None:
        self.assertEqual(self.bob.types("", "   "), [])
        self.assertEqual(self.alice.sees(), [])

    def test_a_line_of_nothing_that_can_be_shown_is_refused(self) -> None:
        self.assertTrue(self.bob.types("\u200b\x07")[0].startswith("!!! "))
        self.assertEqual(self.alice.sees(), [])

    def test_bad_input_is_told_to_one_alone_and_all_goes_on(self) -> None:
        for line in (
            "/foo",
            "/msg",
            "/history 0",
            "/join",
            "/whois",
            "/set x y",
            "/topic " + "x" * 301,
            "/help foo",
        ):
            shown = self.bob.types(line)
            self.assertEqual((len(shown), shown[0][:4]), (1, "!!! "), line)
        self.bob.types("still here")
        self.assertEqual(self.alice.sees(), ["<bob> still here"])


class PrivateTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.eve = self.enter("alice", "bob", "eve")

    def test_both_see_it_and_nobody_else(self) -> None:
        self.assertEqual(self.bob.types("/msg alice hi"), ["[to alice] hi"])
        self.assertEqual(self.alice.sees(), ["[from bob] hi"])
        self.assertEqual(self.eve.sees(), [])

    def test_one_does_not_write_to_oneself(self) -> None:
        self.assertEqual(self.bob.types("/msg Bob hi"), ["!!! That is you."])

    def test_who_is_away_is_told_of(self) -> None:
        self.assertEqual(self.alice.types("/away lunch"), ["*** You are away: lunch"])
        self.assertEqual(self.bob.types("/msg alice hi"), ["*** alice is away: lunch", "[to alice] hi"])
        self.assertEqual(self.alice.types("/back"), ["[from bob] hi", "*** You are back."])

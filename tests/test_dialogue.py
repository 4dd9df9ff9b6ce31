"""The order of things: lines take effect as typed, nothing grows without bound, pastes are whole."""

from __future__ import annotations

from tcpchat.limits import LONGEST_LINE, LONGEST_PASTE, MOST_UNCOMMITTED
from tcpchat.requests import NotUnderstood
from tests.visitors import ChatCase


class OrderTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_what_comes_behind_a_change_of_name_comes_under_the_new_one(self) -> None:
        self.bob.types("one", "/nick rob", "two", "/nick bob", "three")
        self.assertEqual(
            self.alice.sees(),
            [
                "<bob> one",
                "*** bob is now known as rob.",
                "<rob> two",
                "*** rob is now known as bob.",
                "<bob> three",
            ],
        )

    def test_what_comes_behind_quit_is_not_said(self) -> None:
        self.bob.types("one", "/quit bye", "two")
        self.assertEqual(self.alice.sees(), ["<bob> one", "*** bob left #lobby: bye."])

    def test_many_lines_whose_effects_are_there_at_once(self) -> None:
        self.bob.dialogue.received("/nick rob")
        for _ in range(30):
            self.bob.dialogue.received("/join #lobby")
            self.bob.dialogue.received("/topic")
        self.assertEqual(len(self.bob.sees()), 61)


class BoundTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_input_waits_while_so_many_lines_are_not_in_the_log(self) -> None:
        for n in range(MOST_UNCOMMITTED - 1):
            self.bob.dialogue.received(str(n))
        self.assertFalse(self.bob.screen.paused)
        self.bob.dialogue.received("one more")
        self.assertTrue(self.bob.screen.paused)
        self.settle()
        self.assertFalse(self.bob.screen.paused)
        self.assertEqual(len(self.alice.sees()), MOST_UNCOMMITTED)

    def test_input_waits_while_so_many_lines_wait_for_an_effect(self) -> None:
        self.bob.dialogue.received("/join #dev")
        for n in range(MOST_UNCOMMITTED):
            self.assertFalse(self.bob.screen.paused)
            self.bob.dialogue.received(str(n))
        self.assertTrue(self.bob.screen.paused)
        self.settle()
        self.assertFalse(self.bob.screen.paused)

    def test_input_waits_while_one_line_waits_that_only_a_program_may_send(self) -> None:
        self.bob.types("/json")
        self.bob.dialogue.received("/join #dev")
        self.bob.dialogue.received(f'{{"type":"say","text":"{"x" * LONGEST_LINE}"}}')
        self.assertTrue(self.bob.screen.paused)
        self.settle()
        self.assertFalse(self.bob.screen.paused)

    def test_input_waits_while_too_many_answers_are_not_read(self) -> None:
        self.bob.stalls()
        while not self.bob.screen.paused:
            self.bob.dialogue.received("/help")
            self.assertLess(len(self.bob.screen.kept), 70_000)
        self.assertGreater(len(self.bob.screen.kept), 64_000)
        self.bob.reads()
        self.assertFalse(self.bob.screen.paused)


class PasteTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_the_lines_up_to_a_dot_are_one_message_shown_as_lines_with_their_indentation(self) -> None:
        self.bob.types("/paste", "def f():", "    return 1", "", "/quit", ".", "and so on")
        self.assertEqual(
            self.alice.sees(),
            ["<bob> def f():", "<bob>     return 1", "<bob> ", "<bob> /quit", "<bob> and so on"],
        )
        self.assertEqual(self.log.last("#lobby"), 4)  # two came in, two entries

    def test_nothing_of_it_is_said_before_its_end(self) -> None:
        self.bob.types("/paste", "one")
        self.assertEqual(self.alice.sees(), [])

    def test_the_end_of_the_stream_sends_an_unfinished_one(self) -> None:
        self.bob.types("/paste", "one", "two")
        self.bob.dialogue.ended()
        self.assertEqual(self.alice.sees(), ["<bob> one", "<bob> two", "*** bob left #lobby."])

    def test_a_break_does_not(self) -> None:
        self.bob.types("/paste", "one", "two")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), [])

    def test_one_that_is_too_long_is_refused_whole_and_all_goes_on(self) -> None:
        shown = self.bob.types("/paste", *["x"] * (LONGEST_PASTE + 1), ".", "hello")
        self.assertEqual(
            shown[1:], [f"!!! A paste has at most {LONGEST_PASTE} lines and 16 KiB. It was not sent."]
        )
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_one_with_a_line_that_the_door_refused_is_refused_whole(self) -> None:
        shown = self.bob.types("/paste", "one", NotUnderstood("That line is not UTF-8."), "two", ".")
        self.assertEqual(shown[1:], ["!!! That line is not UTF-8."])
        self.assertEqual(self.alice.sees(), [])

    def test_an_empty_one_is_refused(self) -> None:
        self.assertRegex(self.bob.types("/paste", ".")[1], "^!!! There is nothing in that")
        self.bob.types("/paste")
        self.bob.dialogue.ended()
        self.assertRegex(self.bob.sees()[-1], "^!!! There is nothing in that")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

"""The order of things: lines take effect as typed, nothing grows without bound, ends are farewells."""

from __future__ import annotations

from tcpchat.limits import MOST_UNCOMMITTED
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

    def test_input_waits_while_too_many_answers_are_not_read(self) -> None:
        self.bob.stalls()
        while not self.bob.screen.paused:
            self.bob.dialogue.received("/help")
            self.assertLess(len(self.bob.screen.kept), 70_000)
        self.assertGreater(len(self.bob.screen.kept), 64_000)
        self.bob.reads()
        self.assertFalse(self.bob.screen.paused)


class EndTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_quit_is_answered_and_told(self) -> None:
        self.assertEqual(self.bob.types("/quit"), ["*** Goodbye."])
        self.assertTrue(self.bob.screen.closed)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

    def test_quit_comes_after_what_was_said_before(self) -> None:
        self.bob.dialogue.received("hello")
        self.bob.dialogue.received("/quit")
        self.assertFalse(self.bob.screen.closed)
        self.assertEqual(self.alice.sees(), ["<bob> hello", "*** bob left #lobby."])
        self.assertTrue(self.bob.screen.closed)

    def test_the_end_of_the_stream_is_a_farewell_once_all_is_done(self) -> None:
        self.bob.dialogue.received("hello")
        self.bob.dialogue.ended()
        self.assertFalse(self.bob.screen.closed)
        self.assertEqual(self.alice.sees(), ["<bob> hello", "*** bob left #lobby."])
        self.assertTrue(self.bob.screen.closed)

    def test_a_broken_connection_is_told_in_all_rooms(self) -> None:
        self.bob.types("/join #dev")
        self.alice.types("/join #dev")
        self.bob.breaks_off()
        self.assertEqual(
            self.alice.sees(),
            ["*** bob left #lobby: connection lost.", "*** bob left #dev: connection lost."],
        )

    def test_who_breaks_off_with_answers_unread_is_gone_too(self) -> None:
        self.bob.stalls()
        while not self.bob.screen.paused:
            self.bob.dialogue.received("/help")
        self.bob.dialogue.received("hello")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), ["<bob> hello", "*** bob left #lobby: connection lost."])

    def test_what_was_said_before_a_break_is_said(self) -> None:
        self.bob.dialogue.received("hello")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), ["<bob> hello", "*** bob left #lobby: connection lost."])

    def test_who_breaks_off_while_coming_in_was_there_for_a_moment(self) -> None:
        carl = self.connect()
        carl.dialogue.received("carl")
        carl.breaks_off()
        self.assertEqual(
            self.alice.sees(), ["*** carl joined #lobby.", "*** carl left #lobby: connection lost."]
        )
        self.enter("carl")

    def test_who_breaks_off_while_being_renamed_leaves_both_names(self) -> None:
        self.bob.dialogue.received("/nick rob")
        self.bob.breaks_off()
        self.settle()
        self.enter("bob", "rob")

    def test_the_name_is_free_at_once_to_the_same_address_only(self) -> None:
        self.bob.types("/quit")
        self.assertIn('!!! "bob" is taken. Try "bob2".', self.connect("198.51.100.7").types("bob"))
        self.enter("bob")

    def test_after_the_end_nothing_is_shown_and_nothing_is_heard(self) -> None:
        self.bob.types("/quit")
        shown = self.bob.screen.shown
        self.bob.types("hello")
        self.alice.types("hello")
        self.assertEqual((self.bob.screen.shown, self.alice.sees()[1:]), (shown, []))

    def test_the_server_ends_after_what_was_received_is_done(self) -> None:
        self.bob.dialogue.received("hello")
        self.bob.dialogue.finish("The server restarts.")
        self.assertTrue(self.bob.screen.deaf)
        self.assertFalse(self.bob.dialogue.is_settled)
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.assertTrue(self.bob.dialogue.is_settled)


class OurFaultTests(ChatCase):
    def test_a_fault_of_ours_goes_to_the_log_and_ends_that_connection(self) -> None:
        alice, bob = self.enter("alice", "bob")
        del bob.session.settings  # so that the next change of a view fails
        bob.types("/join #dev")
        (logged,) = self.flushLoggedErrors(AttributeError)
        self.assertTrue(bob.screen.aborted)
        self.assertNotIn(b"settings", bob.screen.shown)
        self.assertIn("settings", str(logged.value))
        self.assertEqual(alice.types("still here"), ["*** bob left #lobby."])

"""The order of things: lines take effect as typed, nothing grows without bound, ends are farewells."""

from __future__ import annotations

from tcpchat.limits import GRACE, LONGEST_PASTE, MOST_UNCOMMITTED
from tcpchat.requests import NotUnderstood
from tests.visitors import ChatCase, FakeScreen, LateLog


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

    def test_a_broken_connection_is_told_in_all_rooms_once_it_has_not_healed(self) -> None:
        self.bob.types("/join #dev")
        self.alice.types("/join #dev")
        self.bob.breaks_off()
        self.clock.advance(GRACE - 0.1)
        self.assertEqual(self.alice.sees(), [])
        self.clock.advance(0.1)
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
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_what_was_said_before_a_break_is_said(self) -> None:
        self.bob.dialogue.received("hello")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_who_breaks_off_while_coming_in_was_there_for_a_moment(self) -> None:
        carl = self.connect()
        carl.dialogue.received("carl")
        carl.breaks_off()
        self.assertEqual(self.alice.sees(), ["*** carl joined #lobby."])
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** carl left #lobby: connection lost."])
        self.enter("carl")

    def test_who_breaks_off_while_being_renamed_leaves_both_names(self) -> None:
        self.bob.dialogue.received("/nick rob")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob."])
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** rob left #lobby: connection lost."])
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


class GoneTests(ChatCase):
    def test_who_turns_out_to_be_gone_as_input_goes_on_is_gone_once(self) -> None:
        (alice,) = self.enter("alice")
        bob = self.connect()

        class Broken(FakeScreen):
            def resume(self) -> None:
                super().resume()
                bob.dialogue.lost("")

        bob.screen.__class__ = Broken
        for line in "bob", *["/foo"] * MOST_UNCOMMITTED:
            bob.dialogue.received(line)
        self.assertTrue(bob.screen.paused)
        self.assertEqual(alice.sees(), ["*** bob joined #lobby.", "*** bob left #lobby."])

    def test_what_somebody_asked_who_is_gone_is_not_looked_up_and_what_they_said_is_said(self) -> None:
        log = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(log)
        alice, bob = self.enter("alice", "bob")
        log.late = 1
        for line in ("/seen carl", "/seen dan", "/seen eve", "hello"):
            bob.dialogue.received(line)
        bob.breaks_off()
        self.assertEqual(alice.sees(), [])  # the first was being looked up
        self.clock.advance(1)
        self.assertEqual(alice.sees(), ["<bob> hello"])


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


class OurFaultTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def assert_ended(self, secret: str) -> None:
        (logged,) = self.flushLoggedErrors(AttributeError)
        self.assertTrue(self.bob.screen.aborted)
        self.assertNotIn(secret.encode(), self.bob.screen.shown)
        self.assertIn(secret, str(logged.value))
        self.assertEqual(self.alice.types("still here"), ["*** bob left #lobby."])

    def test_a_fault_of_ours_goes_to_the_log_and_ends_that_connection(self) -> None:
        del self.chat.ascii_names  # which is asked for with every nickname
        self.bob.types("/ignore zoe", "hello")
        self.assert_ended("ascii_names")

    def test_so_does_one_that_comes_later(self) -> None:
        del self.chat.limits  # which is asked for while somebody comes into a room
        self.bob.types("/join #dev", "hello")
        self.assert_ended("limits")

    def test_so_does_one_at_the_end_of_a_paste(self) -> None:
        feed = self.chat.rooms.find("#lobby")
        room = feed.room
        del feed.room
        for line in "/paste", "one", ".":
            self.bob.dialogue.received(line)
        feed.room = room
        self.assert_ended("room")

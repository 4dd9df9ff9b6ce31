"""However a connection ends, all that came before is done, and the others are told as it was."""

from __future__ import annotations

from tcpchat.limits import GRACE, LONGEST_FAREWELL, MOST_UNCOMMITTED
from tests.visitors import ChatCase, FakeScreen, LateLog


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

    def test_a_farewell_that_waits_is_one_also_when_the_stream_has_ended_by_then(self) -> None:
        self.bob.dialogue.received("/nick rob")  # which is to be in the log first
        self.bob.dialogue.received("/quit see you")
        self.bob.dialogue.received("not said")
        self.bob.dialogue.ended()
        self.assertEqual(self.bob.sees(), ["*** bob is now known as rob.", "*** Goodbye."])
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob.", "*** rob left #lobby: see you."])

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


class HandedOverTests(ChatCase):
    def test_what_came_before_is_done_and_a_paste_without_an_end_is_told_as_not_sent(self) -> None:
        alice, bob = self.enter("alice", "bob")
        code = bob.code
        bob.types("/paste", "one")
        again, _ = self.come_back(code)
        self.assertEqual(
            bob.sees(),
            ["!!! Not sent: that paste was not finished.", "*** Taken up from another connection."],
        )
        self.assertTrue(bob.screen.closed)
        self.assertEqual((alice.sees(), again.types("hello"), alice.sees()), ([], [], ["<bob> hello"]))

    def test_so_is_one_that_has_ended_already(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.dialogue.received("hello")
        bob.breaks_off()
        again, _ = self.come_back(bob.code)
        again.types("still here")
        self.assertEqual(alice.sees(), ["<bob> hello", "<bob> still here"])


class CutOffTests(ChatCase):
    def test_who_is_cut_off_is_told_why_and_what_waits_is_not_done(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.dialogue.received("/join #dev")
        bob.dialogue.received("hello")
        bob.dialogue.cut_off("That is enough.")
        self.assertEqual(bob.sees()[-1], "!!! That is enough.")
        self.assertTrue(bob.screen.closed)
        self.assertEqual(alice.sees(), ["*** bob left #lobby."])

    def test_who_does_not_read_to_the_end_is_hung_up_on(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.stalls()
        alice.types("hello")
        bob.dialogue.received("/quit")
        self.settle()
        self.clock.advance(LONGEST_FAREWELL - 0.1)
        self.assertFalse(bob.screen.aborted)
        self.clock.advance(0.1)
        self.assertTrue(bob.screen.aborted)

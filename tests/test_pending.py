"""What came over a connection and was not done: it is handed on whole, in order, and paid for once."""

from __future__ import annotations

from tcpchat.handed import Mark
from tcpchat.limits import Limits
from tcpchat.lines import END_OF_FILE
from tcpchat.requests import NotUnderstood
from tests.handing import over
from tests.visitors import ChatCase


class PendingTests(ChatCase):
    limits = Limits(tokens=3, tokens_a_second=1, bytes=1000, bytes_a_second=100)

    def test_lines_that_wait_are_handed_on_as_they_came_with_what_there_is_to_pay_them(self) -> None:
        (alice,) = self.enter("alice")
        self.clock.advance(60)
        for line in b"1", b"2", b"3", b"waits", "text", NotUnderstood("Too long.", "too-long"), END_OF_FILE:
            alice.dialogue.received(line)
        self.settle()
        alice.dialogue.rest(True)
        _, conversation = alice.dialogue.hand_on()
        conversation = over(conversation)
        self.assertEqual(conversation.lines, [b"waits", b"text", Mark.TOO_LONG, Mark.END_OF_FILE])
        tokens, size = conversation.levels or (None, None)
        self.assertAlmostEqual(tokens or 0, 0)
        self.assertAlmostEqual(size or 0, 1000 - 6)
        self.assertTrue(alice.dialogue.is_over)
        self.clock.advance(60)
        self.assertEqual(self.chat.pacing.waiting, set())

    def test_what_a_connection_was_told_and_how_long_it_says_nothing_is_known_there(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/register")
        self.clock.pump([1] * 7)  # it has to wait for a while
        idle = alice.dialogue.idle
        self.assertGreater(idle, 0)
        alice.dialogue.rest(True)
        conversation = over(alice.dialogue.hand_on()[1])
        assert conversation.question is not None
        self.assertEqual(conversation.question.request, "Register")
        self.assertEqual((conversation.idle, conversation.knows_password), (idle, True))
        bob.dialogue.go_on_from(conversation)
        self.assertEqual(bob.dialogue.idle, idle)
        bob.dialogue.received(b"correct-horse")
        self.clock.pump([1] * 60)
        self.assertTrue(bob.session.person.account)

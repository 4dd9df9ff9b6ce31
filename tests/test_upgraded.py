"""People whose server becomes another version: what they had begun goes on, once and in order."""

from __future__ import annotations

import json

from tcpchat import handed
from tcpchat.dialogue import Dialogue
from tcpchat.limits import Limits
from tcpchat.lines import LineReader
from tcpchat.nameless import LOOK_FOR_END
from tcpchat.upgraded import NotHere, gone_on
from tests.handing import over
from tests.visitors import ChatCase, FakeScreen, Visitor


class UpgradeCase(ChatCase):
    def hand_on(self, visitor: Visitor) -> handed.Connection:
        """Return all about somebody, as a door does it."""
        visitor.dialogue.rest(True)
        self.settle()
        self.assertTrue(visitor.dialogue.can_be_handed_on and visitor.dialogue.is_at_rest)
        reading = visitor.dialogue.reader.hand_on(visitor.screen.kept)
        who, conversation = visitor.dialogue.hand_on()
        self.assertFalse(visitor.dialogue.can_be_handed_on)
        return over(
            handed.Connection(7, visitor.dialogue.address, who, handed.Input(), conversation, reading)
        )

    def upgrade(self, *visitors: Visitor) -> None:
        """Have the server become another version, where these go on."""
        for feed in self.chat.rooms:
            feed.show_folded()
        connections = [self.hand_on(visitor) for visitor in visitors]
        self.chat.stop()
        self.settle()
        self.chat.close()
        self.crash()
        for visitor, connection in zip(visitors, connections, strict=True):
            self.go_on(visitor, connection)

    def go_on(self, visitor: Visitor, connection: handed.Connection) -> Dialogue:
        screen, before = FakeScreen(), visitor.screen
        screen.shown, screen.room, screen.hides = before.shown, before.room, before.hides
        visitor.screen = screen
        visitor.dialogue = gone_on(self.chat, screen, connection, None)
        lines = LineReader()
        lines.go_on_from(connection.input, connection.conversation.lines)
        while lines.lines:
            line = lines.lines.take()
            assert isinstance(line, bytes)
            visitor.dialogue.received(line)
        return visitor.dialogue


class GoingOnTests(UpgradeCase):
    def test_nobody_is_shown_anything_and_everybody_is_there_as_before(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.types("/join #dev", "/set timestamps on", "/away at lunch", "/ignore alice")
        alice.sees()
        self.upgrade(alice, bob)
        self.assertEqual((alice.sees(), bob.sees()), ([], []))
        self.clock.advance(60)
        self.assertEqual((alice.sees(), bob.sees()), ([], []))
        alice.types("hello")
        self.assertEqual(bob.types("/who #lobby"), ["*** 2 people are in #lobby: alice, bob (away)."])
        self.assertEqual(bob.types("/unignore alice")[0][:3], "***")
        alice.types("again")
        self.assertEqual(bob.sees(), ["[10:03] #lobby <alice> again"])

    def test_who_comes_back_by_the_code_from_before_is_the_same(self) -> None:
        alice, bob = self.enter("alice", "bob")
        code = alice.code
        self.upgrade(alice, bob)
        alice.breaks_off()
        bob.types("hello")
        _, shown = self.come_back(code)
        self.assertIn("*** You are alice, in #lobby with bob.", shown)
        self.assertIn("[10:02] <bob> hello", shown)

    def test_a_program_goes_on_with_its_token_and_its_numbers(self) -> None:
        alice, bob = self.enter("alice", "bob")
        (welcome,) = alice.types("/json")
        self.upgrade(alice, bob)
        bob.types("hello")
        self.assertIn('"type":"message","room":"lobby","seq":3', alice.sees()[0])
        (again,) = alice.types("/json")
        for key in "session", "code", "nick":
            self.assertEqual(json.loads(again)[key], json.loads(welcome)[key])

    def test_a_question_for_a_password_is_answered_by_the_next_line(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/register")
        self.upgrade(alice, bob)
        alice.types("correct-horse")
        self.assertEqual(bob.sees(), [])
        self.assertTrue(alice.session.person.account)

    def test_a_paste_goes_on_to_its_end(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/paste", "one")
        self.upgrade(alice, bob)
        alice.types("two", ".")
        self.assertEqual(bob.sees(), ["<alice> one", "<alice> two"])

    def test_who_holds_is_shown_it_later(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.types("/hold")
        alice.types("before")
        self.upgrade(alice, bob)
        alice.types("after")
        self.assertEqual(bob.sees(), [])
        self.assertEqual(bob.types("/go")[-2:], ["<alice> before", "<alice> after"])

    def test_who_has_no_nickname_yet_gets_one(self) -> None:
        stranger = self.connect()
        stranger.types("server")
        self.upgrade(stranger)
        stranger.types("eve")
        self.clock.advance(LOOK_FOR_END)
        self.assertEqual(stranger.sees()[0], "*** You are eve, in #lobby.")

    def test_whose_session_is_not_there_any_more_cannot_go_on(self) -> None:
        (alice,) = self.enter("alice")
        connection = self.hand_on(alice)
        self.chat.forget(alice.dialogue.reader.session)
        self.crash()
        self.assertRaises(NotHere, gone_on, self.chat, FakeScreen(), connection, None)

    def test_whose_connection_was_broken_before_has_a_while_still(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.breaks_off()
        self.upgrade(alice)
        self.clock.advance(19)
        self.assertEqual(alice.sees(), [])
        self.clock.advance(2)
        self.assertEqual(len(alice.sees()), 1)


class BehindTests(UpgradeCase):
    history = 0

    def test_a_stalled_reader_gets_the_rest_once(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.stalls(after=20)
        for number in range(100):
            alice.types(f"{number} {'x' * 400}")
        self.upgrade(alice, bob)
        alice.types("after")
        shown = [line.split(" ")[1] for line in bob.reads() if line]
        self.assertEqual(shown, [*map(str, range(100)), "after"])

    def test_answers_that_wait_come_behind_what_was_before_them(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for number in range(40):
            alice.types(f"{number} {'x' * 400}")
        bob.sees()
        bob.stalls()
        bob.types("/history 30", "/who")
        alice.types("after")
        self.upgrade(alice, bob)
        shown = bob.reads()
        self.assertEqual(shown[0], "*** The last 30 lines of #lobby:")
        self.assertEqual([line.split(" ")[2] for line in shown[1:31]], [*map(str, range(10, 40))])
        self.assertEqual(shown[-2:], ["*** 2 people are in #lobby: alice, bob.", "<alice> after"])

    def test_more_goes_on_where_it_was(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for number in range(120):
            alice.types(f"word {number}")
        for ask, begin in (
            ("/history 10", "*** Earlier, 10 lines of #lobby:"),
            ("/search word", "*** Earlier, "),
        ):
            bob.sees()
            bob.types(ask)
            self.upgrade(alice, bob)
            self.assertEqual(bob.types("/more")[0][: len(begin)], begin)

    def test_what_was_missed_is_shown_to_its_end(self) -> None:
        alice, bob = self.enter("alice", "bob")
        code = bob.code
        bob.breaks_off()
        for number in range(60):
            alice.types(f"{number} {'x' * 400}")
        bob = self.connect()
        bob.sees()
        bob.stalls(after=3000)
        bob.dialogue.received(f"/resume {code}")
        self.settle()
        self.upgrade(alice, bob)
        alice.types("after")
        lines = bob.reads()
        self.assertEqual(lines[1], "*** While you were away: 60 lines.")
        self.assertEqual([line.split(" ")[2] for line in lines[2:62]], [*map(str, range(60))])
        self.assertEqual(lines[62:], ["*** Live now.", "<alice> after"])


class PacedTests(UpgradeCase):
    limits = Limits(tokens=5, tokens_a_second=1)

    def test_lines_that_wait_for_their_budget_wait_on_and_cost_nothing_twice(self) -> None:
        alice, bob = self.enter("alice", "bob")
        self.clock.advance(60)
        for number in range(10):
            alice.dialogue.received(f"line {number}".encode())
        self.assertEqual(len(bob.sees()), 5)
        self.upgrade(alice, bob)
        self.assertEqual(bob.sees(), [])
        for number in range(5, 10):
            self.clock.advance(0.9)
            self.assertEqual(bob.sees(), [])
            self.clock.advance(0.1)
            self.assertEqual(bob.sees(), [f"<alice> line {number}"])

    def test_a_password_that_waits_for_its_budget_is_not_said(self) -> None:
        alice, bob = self.enter("alice", "bob")
        self.clock.advance(60)
        for line in ("1", "2", "3", "4", "/register", "correct-horse", "hello"):
            alice.dialogue.received(line.encode())
        self.settle()
        self.upgrade(alice, bob)
        for _ in range(30):
            self.clock.advance(1)
        self.assertEqual(bob.sees()[-1], "<alice> hello")
        self.assertNotIn(b"correct", bob.screen.shown)
        self.assertTrue(alice.session.person.account)


class RestTests(UpgradeCase):
    def test_who_rests_takes_nothing_and_goes_on_with_all_of_it(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.dialogue.rest(True)
        self.assertTrue(alice.screen.paused)
        alice.dialogue.received(b"hello")
        self.assertEqual(bob.sees(), [])
        alice.dialogue.rest(False)
        self.assertEqual((bob.sees(), alice.screen.paused), (["<alice> hello"], False))

    def test_what_is_under_way_is_waited_for(self) -> None:
        (alice,) = self.enter("alice")
        alice.dialogue.received(b"hello")
        self.assertFalse(alice.dialogue.is_at_rest)
        self.settle()
        self.assertTrue(alice.dialogue.is_at_rest)

"""What can be asked for over every connection: the same with a nickname and without."""

from __future__ import annotations

import json

from tcpchat.anywhere import carry_out_anywhere
from tcpchat.command import Rank
from tcpchat.commands import help_lines
from tcpchat.nameless import LOOK_FOR_END
from tcpchat.requests import Asked, NotUnderstood, Say
from tests.visitors import ChatCase, Visitor

QUESTION = "*** What is your nickname?"
SETTINGS = (
    "*** echo off, joins all, timestamps off, numbers off, bell off, color off, timezone UTC, encoding utf-8"
)


class AnywhereTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.stranger = self.connect()
        self.stranger.sees()
        self.both = self.bob, self.stranger

    def ask(self, visitor: Visitor, *lines: str) -> list[str]:
        """Return what is answered, without the question that a stranger is asked again."""
        answer = visitor.types(*lines)
        self.clock.advance(LOOK_FOR_END)  # who was refused before may be a pipe
        answer += visitor.sees()
        return answer if visitor is self.bob else [line for line in answer if line != QUESTION]

    def test_a_line_with_nothing_in_it_is_nothing(self) -> None:
        for visitor in self.both:
            self.assertEqual(self.ask(visitor, "", "   "), [])

    def test_help_tells_all_commands_or_one(self) -> None:
        for visitor in self.both:
            self.assertIn("*** /quit [REASON]", "\n".join(self.ask(visitor, "/help")))
        self.assertEqual(
            self.stranger.types("/help"), [*(f"*** {line}" for line in help_lines(Rank.NAMELESS)), QUESTION]
        )
        self.assertEqual(self.bob.types("/help"), [f"*** {line}" for line in help_lines(Rank.GUEST)])
        self.has_account(self.bob, is_operator=True)
        self.assertEqual(
            self.bob.types("/help"), [f"*** {line}" for line in help_lines(Rank.SERVER_OPERATOR)]
        )
        for visitor in self.both:
            self.assertRegex(self.ask(visitor, "/help me")[0], r"^\*\*\* /me ACTION: ")
            self.assertRegex(self.ask(visitor, "/help nothing")[0], "^!!! There is no command /nothing")

    def test_all_settings_are_shown_or_one_or_one_is_changed(self) -> None:
        for visitor in self.both:
            self.assertEqual(self.ask(visitor, "/set"), [SETTINGS])
            self.assertEqual(self.ask(visitor, "/set echo on"), ["*** echo is on."])
            self.assertEqual(self.ask(visitor, "/set echo"), ["*** echo is on."])
            self.assertEqual(self.ask(visitor, "/set"), [SETTINGS.replace("echo off", "echo on")])

    def test_a_setting_or_a_value_that_there_is_not_changes_nothing(self) -> None:
        for visitor in self.both:
            self.assertRegex(self.ask(visitor, "/set colour on")[0], '^!!! There is no setting "colour"')
            self.assertRegex(self.ask(visitor, "/set colour")[0], '^!!! There is no setting "colour"')
            self.assertEqual(self.ask(visitor, "/set echo maybe"), ['!!! echo is on or off, not "maybe".'])
            self.assertEqual(self.ask(visitor, "/set"), [SETTINGS])

    def test_what_is_set_holds_from_the_next_line_on(self) -> None:
        self.bob.types("/set numbers on")
        (alice,) = self.enter("alice")
        alice.types("hello")
        self.assertEqual(self.bob.sees(), ["2 *** alice joined #lobby.", "3 <alice> hello"])

    def test_what_is_set_without_a_nickname_holds_with_one(self) -> None:
        self.stranger.types("/set echo on", "carl")
        self.assertEqual(self.stranger.types("hello"), ["<carl> hello"])

    def test_everything_is_json_after_json(self) -> None:
        for visitor in self.both:
            visitor.types("/json")
            (line, *_) = visitor.types("/set")
            self.assertEqual(json.loads(line)["type"], "set")

    def test_quit_is_answered_and_the_end(self) -> None:
        for visitor in self.both:
            self.assertEqual(self.ask(visitor, "/quit"), ["*** Goodbye."])
            self.assertTrue(visitor.screen.closed)
            self.assertEqual(self.ask(visitor, "/set"), [])

    def test_everything_else_cannot_be_done_here(self) -> None:
        refusal = self.assertRaises(
            NotUnderstood, carry_out_anywhere, self.stranger.dialogue, Asked(Say("hello")), lambda: Rank.GUEST
        )
        self.assertEqual(str(refusal), "That cannot be done now.")

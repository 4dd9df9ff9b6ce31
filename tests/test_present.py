"""What somebody with a nickname can ask for, and who is shown what."""

from __future__ import annotations

from tests.visitors import ChatCase


class AskingTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_who(self) -> None:
        self.alice.types("/away")
        self.assertEqual(self.bob.types("/who"), ["*** 2 people are in #lobby: alice (away), bob."])
        self.alice.types("/join #dev")
        self.assertEqual(self.bob.types("/names #dev"), ["*** 1 person is in #dev: alice (away)."])
        self.assertEqual(self.bob.types("/who #x"), ["!!! There is no room #x. /rooms lists the rooms."])

    def test_rooms(self) -> None:
        self.alice.types("/join #dev", "/topic tests")
        self.enter("carl")
        self.assertEqual(
            [line for line in self.bob.types("/rooms") if "#" in line and ":" in line][-2:],
            ["*** #lobby: 3 people", "*** #dev: 1 person: tests"],
        )

    def test_topic(self) -> None:
        self.assertEqual(self.bob.types("/topic"), ["*** #lobby has no topic."])
        self.assertEqual(self.bob.types("/topic tests"), ["*** bob set the topic of #lobby: tests"])
        self.assertEqual(self.alice.types("/topic")[-1], "*** The topic of #lobby is: tests")

    def test_history_goes_back_to_lines_that_one_hears(self) -> None:
        self.bob.types("/ignore alice", "one", "two")
        self.alice.types(*map(str, range(20)))
        self.assertEqual(self.bob.types("/history 2")[1:3], ["[10:02] <bob> one", "[10:02] <bob> two"])

    def test_a_question_is_answered_after_what_was_typed_before_it(self) -> None:
        self.bob.dialogue.received("/topic tests")
        self.bob.dialogue.received("/topic")
        self.bob.dialogue.received("hello")
        self.bob.dialogue.received("/history 1")
        self.assertEqual(
            self.bob.sees(),
            [
                "*** bob set the topic of #lobby: tests",
                "*** The topic of #lobby is: tests",
                "*** The last 1 line of #lobby:",
                "[10:02] <bob> hello",
                "*** Live now.",
            ],
        )

    def test_a_setting_without_a_value_is_shown(self) -> None:
        self.assertEqual(self.bob.types("/set echo"), ["*** echo is off."])
        self.assertRegex(self.bob.types("/set colour")[0], '^!!! There is no setting "colour"')

    def test_history_counts_what_is_shown(self) -> None:
        self.alice.types("one")
        self.bob.types("two", "/ignore alice")
        self.assertEqual(
            self.bob.types("/history"),
            ["*** The last 1 line of #lobby:", "[10:02] <bob> two", "*** Live now."],
        )

    def test_settings_change_what_is_seen(self) -> None:
        self.assertEqual(
            self.bob.types("/set"),
            [
                "*** echo off, joins all, timestamps off, numbers off, bell off, color off, timezone UTC, "
                "encoding utf-8"
            ],
        )
        self.bob.types("/set timestamps on", "/set timezone Europe/Paris", "/set joins none")
        self.alice.types("hello", "/quit")
        self.assertEqual(self.bob.sees(), ["[11:02] <alice> hello"])

    def test_numbers_stand_before_what_is_said_and_what_happens(self) -> None:
        self.assertEqual(self.bob.types("/set numbers on"), ["*** numbers is on."])
        self.alice.types("hello", "/topic tests")
        self.assertEqual(self.bob.sees(), ["3 <alice> hello", "4 *** alice set the topic of #lobby: tests"])
        self.assertEqual(self.bob.types("/history 1")[1], "[10:02] 3 <alice> hello")

    def test_who_is_here_needs_no_code(self) -> None:
        self.assertEqual(
            self.bob.types("/resume fig-42-moss-lamp"),
            ["!!! You are bob already. /resume answers the question for a nickname."],
        )

    def test_more_needs_something_to_be_more_of(self) -> None:
        self.assertRegex(self.bob.types("/more")[0], "^!!! There is nothing to be shown more of")

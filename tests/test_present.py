"""What somebody with a nickname can ask for, and who is shown what."""

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


class NameTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_all_see_a_new_name_and_oneself_too(self) -> None:
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob."])
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<rob> hello"])

    def test_once_however_many_rooms_are_shared(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev", "/join #ops")
            visitor.sees()
        self.alice.sees()
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob."])

    def test_also_by_somebody_who_shares_but_the_second_room(self) -> None:
        (carl,) = self.enter("carl")
        carl.types("/leave")
        self.bob.types("/join #dev")
        carl.types("/join #dev")
        self.bob.types("/join #ops", "/nick rob")
        self.assertEqual(carl.sees(), ["*** bob is now known as rob."])

    def test_a_taken_one_is_refused_and_the_old_one_kept(self) -> None:
        self.assertEqual(self.bob.types("/nick Alice"), ['!!! "Alice" is taken. Try "Alice2".'])
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_one_can_change_the_case_of_ones_own(self) -> None:
        self.assertEqual(self.bob.types("/nick Bob"), ["*** bob is now known as Bob."])
        self.assertEqual(self.bob.types("/nick bob"), ["*** Bob is now known as bob."])

    def test_the_old_one_can_be_had_by_the_same_address(self) -> None:
        self.bob.types("/nick rob")
        self.enter("bob")

    def test_and_by_others_after_20_seconds(self) -> None:
        self.bob.types("/nick rob")
        stranger = self.connect("198.51.100.7")
        self.assertIn('!!! "bob" is taken. Try "bob2".', stranger.types("bob"))
        self.clock.advance(20)
        stranger.types("/as bob")
        self.clock.advance(0.2)
        self.assertTrue(stranger.sees()[0].startswith("*** You are bob, "))

    def test_as_takes_a_variant(self) -> None:
        self.assertEqual(self.bob.types("/as alice"), ["*** bob is now known as alice2."])

    def test_without_a_room_one_is_told_alone(self) -> None:
        self.bob.types("/leave")
        self.alice.sees()
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), [])


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

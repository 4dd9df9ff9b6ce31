"""Rooms: coming into them, going out of them, and which one is current."""

from __future__ import annotations

import msgspec

from tcpchat.limits import GRACE, NO_LIMITS
from tests.visitors import ChatCase


class RoomsTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_joining_makes_a_room_current_and_shows_who_is_there(self) -> None:
        self.assertEqual(self.bob.types("/join #dev"), ["*** You are bob, in #dev."])
        self.assertEqual(self.alice.types("/join #dev"), ["*** You are alice, in #dev with bob."])
        self.assertEqual(self.bob.sees(), ["*** alice joined #dev."])

    def test_a_room_can_be_named_without_its_sign_and_in_any_case(self) -> None:
        self.bob.types("/join #dev")
        self.assertEqual(self.alice.types("/join DEV"), ["*** You are alice, in #dev with bob."])

    def test_one_hears_the_other_rooms_too(self) -> None:
        self.bob.types("/join #dev", "/me waves", "here")
        self.alice.types("hello", "/me waves")
        self.assertEqual(self.bob.sees(), ["#lobby <alice> hello", "#lobby * alice waves"])
        self.assertEqual(self.alice.sees(), [])

    def test_a_room_shows_its_last_lines(self) -> None:
        self.bob.types("/join #dev", "one", "two")
        self.assertEqual(
            self.alice.types("/join #dev"),
            [
                "*** You are alice, in #dev with bob.",
                "*** The last 2 lines of #dev:",
                "[10:02] <bob> one",
                "[10:02] <bob> two",
                "*** Live now.",
            ],
        )

    def test_a_room_that_one_is_in_is_but_made_current(self) -> None:
        self.bob.types("/join #dev", "/join #ops")
        self.assertEqual(self.bob.types("/join #lobby"), ["*** You are bob, in #lobby with alice."])
        self.alice.sees()
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_after_leaving_the_room_before_is_current(self) -> None:
        self.bob.types("/join #dev", "/join #ops")
        self.assertEqual(self.bob.types("/leave")[-1], "*** You left #ops. You are in #dev.")
        self.assertEqual(self.bob.types("/part #lobby")[-1], "*** You left #lobby. You are in #dev.")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

    def test_in_no_room_nothing_can_be_said(self) -> None:
        self.bob.types("/leave")
        for line in "hello", "/me waves", "/topic x", "/leave", "/history", "/who":
            self.assertEqual(self.bob.types(line), ["!!! You are in no room. /join #lobby"], line)
        self.assertEqual(self.bob.types("/join #lobby"), ["*** You are bob, in #lobby with alice."])

    def test_who_has_left_hears_nothing_more(self) -> None:
        self.bob.types("/leave")
        self.alice.types("hello")
        self.assertEqual(self.bob.sees()[1:], [])

    def test_what_is_no_room_is_refused(self) -> None:
        for name in "#", "#a b c", "#" + "x" * 33, "#-x", "#a\x1bb":
            shown = self.bob.types(f"/join {name}")
            self.assertRegex(shown[0], r'^!!! ".*" is not a room: .*\.$')
        self.assertEqual(
            self.bob.types("/leave #dev"), ["!!! There is no room #dev. /rooms lists the rooms."]
        )
        self.alice.types("/join #dev")
        self.assertEqual(self.bob.types("/leave #dev"), ["!!! You are not in #dev. /join #dev"])

    def test_the_longest_name_is_taken(self) -> None:
        name = "#" + "x" * 32
        self.assertEqual(self.bob.types(f"/join {name}"), [f"*** You are bob, in {name}."])

    def test_lines_behind_a_join_are_said_in_the_new_room(self) -> None:
        (carl,) = self.enter("carl")
        carl.types("/join #dev")
        self.bob.types("/join #dev", "first", "second")
        self.assertEqual(carl.sees(), ["*** bob joined #dev.", "<bob> first", "<bob> second"])

    def test_who_breaks_off_while_coming_into_a_room_is_out_of_it_again(self) -> None:
        self.alice.types("/join #dev")
        self.bob.dialogue.received("/join #dev")
        self.bob.breaks_off()
        self.assertEqual(self.alice.sees(), ["*** bob joined #dev."])
        self.clock.advance(GRACE)
        self.assertEqual(
            self.alice.sees(),
            [
                "*** bob left #lobby: connection lost.",
                "*** bob left #dev: connection lost.",
            ],
        )


class HistoryTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.alice.types(*(f"line {n}" for n in range(600)))
        self.bob.sees()

    def test_the_last_lines_are_shown(self) -> None:
        self.assertEqual(
            self.bob.types("/history 2"),
            [
                "*** The last 2 lines of #lobby:",
                "[10:02] <alice> line 598",
                "[10:02] <alice> line 599",
                "*** Live now.",
            ],
        )
        self.assertEqual(self.bob.types("/history 1")[0], "*** The last 1 line of #lobby:")

    def test_ten_unless_said_and_500_at_most(self) -> None:
        self.assertEqual(len(self.bob.types("/history")), 12)
        shown = self.bob.types("/history 1000 #lobby")
        self.assertEqual((len(shown), shown[1]), (502, "[10:02] <alice> line 100"))

    def test_ones_own_lines_are_part_of_it(self) -> None:
        self.assertEqual(self.alice.types("/history 1")[1], "[10:02] <alice> line 599")

    def test_only_who_is_in_a_room_reads_there(self) -> None:
        self.alice.types("/join #dev", "secret")
        self.assertEqual(self.bob.types("/history #dev"), ["!!! You are not in #dev. /join #dev"])

    def test_there_may_be_none(self) -> None:
        self.bob.types("/join #dev")
        self.assertEqual(self.bob.types("/history"), ["*** There are no lines in #dev yet."])

    def test_coming_and_going_are_no_lines(self) -> None:
        for _ in range(300):
            self.bob.types("/leave", "/join #lobby")
        self.assertEqual(self.bob.types("/history 2")[1], "[10:02] <alice> line 598")

    def test_an_earlier_day_is_named(self) -> None:
        self.clock.advance(86400)
        self.assertEqual(self.bob.types("/history 1")[1], "[2026-11-21 10:02] <alice> line 599")


class LimitsTests(ChatCase):
    limits = msgspec.structs.replace(NO_LIMITS, rooms_per_person=3, rooms=4)

    def test_one_can_be_in_so_many_rooms_and_no_more(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/join #a", "/join #b")
        self.assertRegex(bob.types("/join #c")[-1], "^!!! You are in 3 rooms")
        bob.types("/leave")
        self.assertEqual(bob.types("/join #c"), ["*** You are bob, in #c."])

    def test_who_is_refused_makes_no_room(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/join #a", "/join #b")
        rooms = [feed.stream for feed in self.chat.rooms]
        self.assertRegex(bob.types("/join #c")[-1], "^!!! You are in 3 rooms")
        self.assertRegex(bob.types("/join #-c")[-1], "^!!! ")
        self.assertEqual([feed.stream for feed in self.chat.rooms], rooms)
        self.assertEqual(bob.types("/join A")[-1], "*** You are bob, in #a.")

    def test_there_are_so_many_rooms_and_no_more(self) -> None:
        bob, carl = self.enter("bob", "carl")
        bob.types("/join #a", "/join #b")
        carl.types("/join #c")
        self.assertRegex(carl.types("/join #d")[-1], "^!!! There are 4 rooms already")
        self.assertEqual(carl.types("/join #a")[-1], "*** You are carl, in #a with bob.")
        bob.types("/leave #b")
        carl.types("/leave #c")
        self.assertEqual(carl.types("/join #d")[-1], "*** You are carl, in #d.")

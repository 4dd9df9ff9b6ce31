"""What somebody is shown who is back: in which order, behind which times, counted, and nothing twice."""

from __future__ import annotations

from tcpchat.room import LOBBY
from tests.visitors import ChatCase


def heard(lines: list[str]) -> list[str]:
    """Return what people said, without the rest of each line."""
    return [line.partition("> ")[2] for line in lines if "> " in line]


class MissedTests(ChatCase):
    """A break of the connection, and a new one."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.code = self.bob.code

    def test_a_topic_and_renamings_are_told_once(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev")
        self.bob.sees()
        self.bob.breaks_off()
        self.alice.types("/nick anna", "/topic tests")
        self.assertEqual(
            self.come_back(self.code)[1][1:],
            [
                "*** While you were away: 2 lines.",
                "[10:02] *** alice is now known as anna.",
                "[10:02] *** anna set the topic of #dev: tests",
                "*** Live now.",
            ],
        )

    def test_who_came_and_went_is_one_line(self) -> None:
        self.bob.breaks_off()
        carl, _dora = self.enter("carl", "dora")
        carl.types("hi", "/quit")
        self.assertEqual(
            self.come_back(self.code)[1][1:],
            [
                "*** While you were away: 2 lines.",
                "[10:02] <carl> hi",
                "[10:02] *** carl, dora joined, carl left #lobby.",
                "*** Live now.",
            ],
        )

    def test_ones_own_lines_come_too_where_they_stood(self) -> None:
        self.bob.dialogue.received("mine")
        self.bob.dialogue.lost("connection lost")
        self.alice.types("yours")
        self.assertEqual(self.come_back(self.code)[1][2:4], ["[10:02] <bob> mine", "[10:02] <alice> yours"])

    def test_rooms_come_one_after_the_other_the_current_one_last(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev", "/join #ops", "/join #dev")
            visitor.sees()
        self.bob.sees()
        self.bob.breaks_off()
        self.alice.types("in dev", "/join #ops", "in ops", "/join #lobby", "in lobby", "/msg bob psst")
        self.assertEqual(
            self.come_back(self.code)[1],
            [
                "*** You are bob, in #dev with alice.",
                "*** While you were away: 4 lines.",
                "[10:02] [from alice] psst",
                "[10:02] #lobby <alice> in lobby",
                "[10:02] #ops <alice> in ops",
                "[10:02] <alice> in dev",
                "*** Live now.",
            ],
        )

    def test_who_was_in_no_room_is_in_none(self) -> None:
        self.bob.types("/leave")
        self.bob.breaks_off()
        self.alice.types("hello", "/msg bob psst")
        bob, shown = self.come_back(self.code)
        self.assertEqual(
            shown,
            [
                "*** You are bob, in no room. /join #lobby",
                "*** While you were away: 1 line.",
                "[10:02] [from alice] psst",
                "*** Live now.",
            ],
        )
        self.assertEqual(bob.types("hello"), ["!!! You are in no room. /join #lobby"])

    def test_a_room_that_all_the_others_have_left_is_there(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev")
        self.bob.sees()
        self.bob.breaks_off()
        self.alice.types("bye", "/leave")
        self.assertEqual(
            self.come_back(self.code)[1],
            [
                "*** You are bob, in #dev.",
                "*** While you were away: 2 lines.",
                "[10:02] <alice> bye",
                "[10:02] *** alice left #dev.",
                "*** Live now.",
            ],
        )

    def test_a_room_joined_in_the_last_moment_is_shown_from_then_on(self) -> None:
        self.alice.types("/join #dev", "long ago")
        self.bob.dialogue.received("/join #dev")
        self.bob.breaks_off()
        self.settle()
        self.alice.types("now")
        self.assertEqual(heard(self.come_back(self.code)[1]), ["now"])

    def test_private_messages_of_before_do_not_come_again(self) -> None:
        self.alice.types("/msg bob before")
        self.bob.sees()
        self.bob.breaks_off()
        self.alice.types("/msg bob meanwhile")
        bob, shown = self.come_back(self.code)
        self.assertEqual(shown[2:3], ["[10:02] [from alice] meanwhile"])
        self.assertEqual(shown[1], "*** While you were away: 1 line.")
        self.assertEqual(bob.types("/reply yes"), ["[to alice] yes"])

    def test_the_first_private_message_can_come_while_one_is_away(self) -> None:
        self.bob.breaks_off()
        self.alice.types("/msg bob psst")
        bob, shown = self.come_back(self.code)
        self.assertEqual(shown[2:3], ["[10:02] [from alice] psst"])
        self.alice.types("/msg bob hm?")
        self.assertEqual(bob.sees(), ["[from alice] hm?"])

    def test_so_can_the_second(self) -> None:
        self.bob.breaks_off()
        self.alice.types("/msg bob one")
        self.alice.types("/msg bob two")  # when the first is in the log
        bob, shown = self.come_back(self.code)
        self.assertEqual(
            shown[1:],
            [
                "*** While you were away: 2 lines.",
                "[10:02] [from alice] one",
                "[10:02] [from alice] two",
                "*** Live now.",
            ],
        )
        self.alice.types("/msg bob three")
        self.assertEqual(bob.sees(), ["[from alice] three"])

    def test_everything_that_one_has_set_is_there(self) -> None:
        (carl,) = self.enter("carl")
        carl.types("/msg bob psst")
        self.bob.types(
            "/set echo on",
            "/set joins none",
            "/set timezone Europe/Paris",
            "/ignore alice",
            "/away lunch",
            "/set encoding latin-1",
        )
        self.bob.breaks_off()
        self.alice.types("not heard", "/msg bob nor this")
        carl.types("heard", "/quit")
        bob, shown = self.come_back(self.code)
        self.assertEqual(
            shown[1:], ["*** While you were away: 1 line.", "[11:02] <carl> heard", "*** Live now."]
        )
        self.assertEqual(bob.types("mine"), ["<bob> mine"])
        self.assertEqual(bob.types("/set")[0].split(", "), [
            "*** echo on", "joins none", "timestamps off", "numbers off", "bell off", "color off",
            "timezone Europe/Paris", "encoding latin-1",
        ])  # fmt: skip
        self.assertEqual(self.alice.types("/whois bob")[-1], "*** bob is away: lunch")
        self.assertRegex(bob.types("/reply hm")[0], "^!!! Whoever wrote to you last is no longer here")

    def test_lines_of_the_past_have_one_time_each(self) -> None:
        self.bob.types("/set timestamps on")
        self.bob.breaks_off()
        self.alice.types("one")
        self.assertEqual(self.come_back(self.code)[1][2:3], ["[10:02] <alice> one"])

    def test_numbers_stand_there_too(self) -> None:
        self.bob.types("/set numbers on")
        self.bob.breaks_off()
        self.alice.types("one")
        self.assertEqual(self.come_back(self.code)[1][2:3], [f"[10:02] {self.log.last(LOBBY)} <alice> one"])

    def test_the_day_is_told_of_what_is_older(self) -> None:
        self.bob.stalls()
        self.alice.types("yesterday")
        self.clock.advance(15 * 3600)
        self.bob.breaks_off()
        self.assertEqual(self.come_back(self.code)[1][2:3], ["[2026-11-21 10:02] <alice> yesterday"])

    def test_a_paste_is_counted_by_its_lines(self) -> None:
        self.bob.breaks_off()
        self.alice.types("/paste", "one", "  two", ".")
        self.assertEqual(
            self.come_back(self.code)[1][1:],
            [
                "*** While you were away: 2 lines.",
                "[10:02] <alice> one",
                "[10:02] <alice>   two",
                "*** Live now.",
            ],
        )

    def test_what_is_no_longer_kept_is_told(self) -> None:
        self.bob.breaks_off()
        self.alice.types("one", "two", "three")
        self.log.forget(LOBBY, self.log.last(LOBBY) - 1)
        self.assertEqual(
            self.come_back(self.code)[1][1:],
            [
                "*** 2 lines are no longer kept.",
                "*** While you were away: 1 line.",
                "[10:02] <alice> three",
                "*** Live now.",
            ],
        )

    def test_also_when_all_of_it_is(self) -> None:
        self.bob.breaks_off()
        self.alice.types("one")
        self.log.forget(LOBBY, self.log.last(LOBBY))
        bob, shown = self.come_back(self.code)
        self.assertEqual(shown[1:], ["*** 1 line is no longer kept."])
        self.alice.types("two")
        self.assertEqual(bob.sees(), ["<alice> two"])

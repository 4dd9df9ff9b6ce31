"""Who comes back is told the numbers of the lines that mention them."""

from __future__ import annotations

from tcpchat.limits import MOST_MENTIONS
from tcpchat.mentioned import MOST_READ
from tests.visitors import ChatCase, Visitor

LIVE = "*** Live now."


class MentionedTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.enter("alice")
        self.bob = self.connect()
        self.bob.types("bob")
        self.alice.sees()

    def back(self) -> tuple[Visitor, list[str]]:
        """Bob comes back; return what he is shown of what he missed."""
        bob, shown = self.come_back(self.bob.code)
        return bob, shown[1:]

    def test_behind_how_much_it_is_stands_what_mentions_one(self) -> None:
        self.bob.breaks_off()
        self.alice.types("hello", "bob: lunch?", "bobby is here", "/me waits for Bob")
        first = self.log.last("#lobby") - 3
        self.assertEqual(
            self.back()[1],
            [
                "*** While you were away: 4 lines.",
                f"*** 2 of them mention you: {first + 1}, {first + 3}.",
                "[10:02] <alice> hello",
                "[10:02] <alice> bob: lunch?",
                "[10:02] <alice> bobby is here",
                "[10:02] * alice waits for Bob",
                LIVE,
            ],
        )

    def test_who_is_not_mentioned_is_told_nothing_of_it(self) -> None:
        self.bob.breaks_off()
        self.alice.types("hello", "/topic bob", "/msg bob hi bob")
        self.assertEqual(
            [line for line in self.back()[1] if line.startswith("***")],
            ["*** While you were away: 3 lines.", LIVE],
        )

    def test_ones_own_lines_and_those_of_whom_one_does_not_hear_are_no_mention(self) -> None:
        (eve,) = self.enter("eve")
        self.bob.types("/ignore eve")
        self.bob.stalls()
        self.bob.types("I am bob")
        self.bob.breaks_off(unacknowledged=1000)
        eve.types("bob bob bob")
        self.alice.types("hi")
        self.assertFalse([line for line in self.back()[1] if "mention" in line])

    def test_rooms_that_are_not_current_are_named(self) -> None:
        self.bob.types("/join #dev", "/join #lobby")
        self.alice.types("/join #dev")
        self.bob.breaks_off()
        self.alice.types("bob 1", "bob 2", "/join #lobby", "bob 3")
        dev, lobby = self.log.last("#dev"), self.log.last("#lobby")
        self.assertEqual(self.back()[1][1], f"*** 3 of them mention you: {lobby}, #dev {dev - 1}, {dev}.")

    def test_of_very_many_the_first_are_named(self) -> None:
        self.bob.breaks_off()
        self.alice.types(*["bob"] * (MOST_MENTIONS + 5), *["hello"] * (MOST_READ - MOST_MENTIONS - 5))
        told = self.back()[1][1]
        self.assertRegex(told, rf"^\*\*\* {MOST_MENTIONS + 5} of them mention you: [0-9, ]+ and 5 more\.$")

    def test_beyond_what_is_read_the_same_is_found_by_the_index(self) -> None:
        for lines in MOST_READ, MOST_READ + 1:
            self.setUp()
            self.bob.breaks_off()
            self.alice.types("bob: lunch?", "bobby", *["hello"] * (lines - 3), "is @BOB here")
            last = self.log.last("#lobby")
            self.assertEqual(self.back()[1][1], f"*** 2 of them mention you: {last - lines + 1}, {last}.")

    def test_a_program_counts_by_itself(self) -> None:
        self.bob.types("/json")
        self.bob.breaks_off()
        self.alice.types("bob: lunch?")
        again = self.connect()
        again.types("/json")
        self.assertNotIn("mention you", "".join(again.types(f"/resume {self.bob.code}")))

    def test_what_was_taken_back_is_none(self) -> None:
        self.bob.breaks_off()
        self.alice.types("bob: oops", "hello")
        self.alice.types(f"/rm {self.log.last('#lobby') - 1}")
        shown = "".join(self.back()[1])
        self.assertNotIn("mention", shown)
        self.assertNotIn("oops", shown)

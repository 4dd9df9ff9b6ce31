"""Who is told early that what they said waits, and how often."""

from __future__ import annotations

from tcpchat.events import Joined
from tcpchat.logs.interface import Unknown
from tcpchat.logs.nats_holding import EARLY
from tests.test_log_nats_queue import QueueCase


class HoldingTests(QueueCase):
    def test_whose_line_is_not_acknowledged_is_told_early_once_and_then_what_came_of_it(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a", session="ann")
        self.advance(EARLY - 1)
        self.assertEqual(self.one.told_early, [])
        self.advance(2)
        self.assertEqual(self.one.told_early, ["ann"])
        self.one.say("b", session="ann")
        self.one.say("c", session="bob")
        self.advance(EARLY + 1)
        self.assertEqual(self.one.told_early, ["ann", "bob"])
        self.advance(60)
        self.assertEqual(self.one.told_early, ["ann", "bob"])
        self.assertIn(("a", Unknown), self.one.outcomes())

    def test_whoever_waits_again_after_all_is_well_is_told_again(self) -> None:
        for times in 1, 2:
            self.one.link.drops_all = True
            self.one.say("a", session="ann")
            self.advance(EARLY + 1)
            self.one.link.drops_all = False
            self.advance(10)
            self.assertEqual((self.one.told_early, len(self.one.told)), (["ann"] * times, times))

    def test_what_lands_soon_is_nothing_to_tell_of(self) -> None:
        for number in range(20):
            self.one.say(str(number))
            self.advance(1)
        self.assertEqual((self.one.told_early, len(self.one.told)), ([], 20))

    def test_who_does_something_else_is_told_as_well(self) -> None:
        self.one.link.drops_all = True
        self.one.append([("#a", [Joined("ann", "ann")]), ("#b", [Joined("ann", "ann")])]).addErrback(
            lambda failure: failure.trap(Unknown)
        )
        self.advance(60)
        self.assertEqual(self.one.told_early, ["ann"])

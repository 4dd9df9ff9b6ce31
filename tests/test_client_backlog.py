"""What was said before one came in, page by page."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.backlog import Backlog


def past(*numbers: int) -> list[dict[str, Any]]:
    return [{"seq": seq, "replay": True} for seq in numbers]


class BacklogTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.backlog = Backlog(lambda it: it["seq"] >= 10)

    def page(self, *entries: dict[str, Any]) -> bool:
        """A page comes; return whether it was the last one that is wanted."""
        for it in entries:
            self.backlog.take(it)
        return self.backlog.ends_here()

    def numbers(self) -> list[int]:
        return [it["seq"] for it in self.backlog.entries()]

    def test_pages_are_asked_for_until_one_begins_before_the_beginning(self) -> None:
        self.assertIsNone(self.backlog.before)
        self.assertFalse(self.page(*past(20, 21)))
        self.assertEqual(self.backlog.before, 20)
        self.assertTrue(self.page(*past(8, 9, 10, 12)))
        self.assertEqual(self.numbers(), [10, 12, 20, 21])

    def test_or_until_there_is_no_more(self) -> None:
        self.assertFalse(self.page(*past(20)))
        self.assertTrue(self.page())

    def test_what_comes_meanwhile_stands_behind_it_once(self) -> None:
        self.assertFalse(self.page(*past(20), {"seq": 22}, *past(22)))
        self.assertEqual(self.backlog.before, 20)
        self.assertTrue(self.page({"seq": 23}))
        self.assertEqual(self.numbers(), [20, 22, 23])

    def test_it_may_begin_before_an_entry(self) -> None:
        self.backlog = Backlog(lambda it: it["seq"] >= 10, 40)
        self.assertEqual(self.backlog.before, 40)
        self.page(*past(20))
        self.assertEqual(self.backlog.before, 20)

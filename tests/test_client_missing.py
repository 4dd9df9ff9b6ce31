"""What was missed in a room is put in order, and of what is too much it is known that it is there."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.backlog import PAGE
from tcpchat.client.limits import MOST_FETCHED
from tcpchat.client.missing import Missing
from tcpchat.limits import LONGEST_PASTE


def past(seq: int, text: str = "…") -> dict[str, Any]:
    return {"seq": seq, "text": text, "replay": True}


class MissingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.missing = Missing(10)

    def take(self, *entries: dict[str, Any]) -> list[int]:
        for it in entries:
            self.missing.take(it)
        return [it["seq"] for it in self.missing.entries()]

    def test_what_comes_meanwhile_stands_behind_it(self) -> None:
        self.assertEqual(self.take({"seq": 14}, past(11), past(12), past(11)), [11, 12, 14])
        self.assertTrue(all("replay" not in it for it in self.missing.entries()))

    def test_it_is_fetched_once_one_is_there(self) -> None:
        self.assertFalse(self.missing.is_fetched)
        self.missing.before = 20
        self.assertTrue(self.missing.is_fetched)

    def test_what_was_read_is_not_missed(self) -> None:
        self.assertEqual(self.take(past(9), past(10), past(11)), [11])

    def test_a_page_that_is_not_full_is_all(self) -> None:
        self.assertEqual(self.missing.rest(), 0)
        self.take(*map(past, range(20, 20 + PAGE - LONGEST_PASTE)))
        self.assertEqual(self.missing.rest(), 0)

    def test_before_a_full_one_there_may_be_more(self) -> None:
        self.take(*map(past, range(20, 20 + PAGE)))
        self.assertEqual(self.missing.rest(), 20)

    def test_unless_it_begins_where_one_had_read(self) -> None:
        self.take(*map(past, range(11, 11 + PAGE)))
        self.assertEqual(self.missing.rest(), 0)

    def test_each_line_of_a_paste_counts(self) -> None:
        self.take(*(past(seq, "\n" * (LONGEST_PASTE - 1)) for seq in range(20, 30)))
        self.assertEqual(self.missing.rest(), 20)

    def test_the_first_of_very_many_are_left_out(self) -> None:
        kept = self.take(*map(past, range(11, 14 + MOST_FETCHED)))
        self.assertEqual((kept[0], len(kept), self.missing.rest()), (14, MOST_FETCHED, 14))

"""The past, a piece at a time: what was said, what was found."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat.events import Entry, Joined, Said
from tcpchat.replays import ENOUGH, Past, Results, fresh
from tests.replaying import ReplayCase


class PastTests(ReplayCase):
    def test_what_people_said_between_two_entries_and_nothing_else(self) -> None:
        self.say("#lobby", "one", "two")
        self.happen("#lobby", Joined("carl", "carl"))
        self.say("#lobby", "three", "four")
        self.assertEqual(
            self.all(Past(self.lobby, 1, 4, b"end\r\n")), ["<alice> two", "<alice> three", "end"]
        )

    def test_ones_own_lines_are_there_too(self) -> None:
        self.happen("#lobby", Said("bob", "bob", "mine"))
        self.assertEqual(self.all(Past(self.lobby, 0, 1)), ["<bob> mine"])

    def test_it_comes_in_pieces(self) -> None:
        self.say("#lobby", *(str(n) for n in range(1000)))
        past = Past(self.lobby, 0, 1000, b"end\r\n")
        first = self.piece(past)
        self.assertLess(len(first), 1000)
        self.assertEqual(first + self.all(past), [*(f"<alice> {n}" for n in range(1000)), "end"])

    def test_an_exact_number_of_pieces_ends(self) -> None:
        for number in 63, 64, 65, 128:
            self.setUp()
            self.say("#lobby", *(str(n) for n in range(number)))
            self.assertEqual(len(self.all(Past(self.lobby, 0, number, b"end\r\n"))), number + 1)

    def test_nothing_is_the_end(self) -> None:
        self.assertEqual(self.all(Past(self.lobby, 0, 0, b"end\r\n")), ["end"])

    def test_it_is_of_no_importance_to_where_one_is(self) -> None:
        self.assertEqual(Past(self.lobby, 0, 5).places(), {})


class ResultsTests(ReplayCase):
    def test_single_entries_of_several_streams_in_the_order_given(self) -> None:
        self.say("#lobby", "a", "b")
        self.say("#dev", "c")
        found = [(self.lobby, 2), (self.dev, 1), (self.lobby, 1)]
        self.assertEqual(
            self.all(Results(found, b"end\r\n")), ["<alice> b", "#dev <alice> c", "<alice> a", "end"]
        )

    def test_what_is_no_longer_kept_is_left_out(self) -> None:
        self.say("#lobby", "a", "b")
        self.log.forget("#lobby", 1)
        self.assertEqual(self.all(Results([(self.lobby, 1), (self.lobby, 2)])), ["<alice> b"])

    def test_no_results_are_over(self) -> None:
        self.assertTrue(Results([]).is_over)

    def test_many_come_in_pieces(self) -> None:
        self.say("#lobby", *("x" * 4000 for _ in range(20)))
        results = Results([(self.lobby, seq) for seq in range(1, 21)])
        first = self.piece(results)
        self.assertLess(len(first) * 4000, ENOUGH + 5000)
        self.assertEqual(len(first + self.all(results)), 20)


class FreshTests(ReplayCase):
    """What is read while an entry is taken back is read again."""

    def test_until_nothing_was_taken_back_meanwhile(self) -> None:
        answers: list[Deferred[list[Entry]]] = []

        def read() -> Deferred[list[Entry]]:
            answers.append(Deferred())
            return answers[-1]

        found = fresh(self.lobby, read)
        for again in range(1, 3):
            self.lobby.removals += 1
            answers[-1].callback([Entry(1, 1, Said("a", "alice", "old"))])
            self.assertEqual(len(answers), again + 1)
            self.assertNoResult(found)
        answers[-1].callback([])
        self.assertEqual((self.successResultOf(found), len(answers)), ([], 3))

"""What is kept elsewhere is shown first and written a little later: nobody who asks can tell."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from twisted.internet.defer import Deferred

from tcpchat.events import Edited, Entry, Said
from tcpchat.logs.batches import LARGEST_BATCH, Take
from tcpchat.logs.interface import NotKept, Range
from tcpchat.logs.sqlite_shown import WRITTEN_EACH
from tcpchat.queries import Query
from tests.contracts import NOON, numbers, texts
from tests.test_log_sqlite import at_largest
from tests.test_log_sqlite_replica import ReplicaCase, entries


class ShownCase(ReplicaCase):
    def setUp(self) -> None:
        super().setUp()
        self.take("#lobby", entries(1, "first"))
        self.given: list[Entry] = []
        self.log.tail("#lobby", 1, self.given.extend)
        self.outcomes: list[type[Exception] | None] = []

    def item(self, new: Sequence[Entry], stream: str = "#lobby", about: int = 0) -> Take:
        self.at += 1

        def taken() -> Iterator[None]:
            self.outcomes.append(None)
            yield

        def failed(error: Exception | None) -> None:
            self.outcomes.append(type(error) if error else NotKept)

        return Take(stream, new, self.at, about, (), False, 0, taken, failed)

    def show(self, new: Sequence[Entry], stream: str = "#lobby") -> None:
        item = self.item(new, stream)
        self.assertTrue(self.log.may_show(item))
        self.log.add(item)
        self.log.show()

    def written(self) -> list[int]:
        """Return what is in the file."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as file:
            return [seq for (seq,) in file.execute("select seq from entry order by seq")]


class ShowingTests(ShownCase):
    def test_it_is_shown_at_once_and_written_after_a_while(self) -> None:
        self.show(entries(2, "a", "b"))
        self.assertEqual(self.given, entries(2, "a", "b"))
        self.assertEqual((self.log.last("#lobby"), self.log.time("#lobby")), (3, NOON + 3))
        self.assertEqual((self.written(), self.outcomes), ([1], []))
        self.turns.run(WRITTEN_EACH)
        self.turns.until(lambda: bool(self.outcomes))
        self.assertEqual((self.written(), self.outcomes), ([1, 2, 3], [None]))
        self.assertEqual(self.given, entries(2, "a", "b"))

    def test_what_came_together_is_shown_together(self) -> None:
        batches: list[list[str]] = []
        self.log.tail("#lobby", 1, lambda batch: batches.append(texts(batch)))
        for item in self.item(entries(2, "a")), self.item(entries(3, "b", "c")):
            self.log.add(item)
        self.assertEqual((batches, self.log.last("#lobby")), ([], 1))
        self.log.show()
        self.assertEqual(batches, [["a", "b", "c"]])

    def test_much_is_written_at_once(self) -> None:
        event = Said("s", "ada", "hello")
        self.show([Entry(seq, NOON, event) for seq in range(2, LARGEST_BATCH + 2)])
        self.turns.until(lambda: bool(self.outcomes))
        self.assertEqual(len(self.written()), LARGEST_BATCH + 1)

    def test_what_was_shown_already_is_not_shown_again(self) -> None:
        self.show(entries(2, "a"))
        self.show(entries(2, "a", "b"))
        self.show(entries(1, "first"))
        self.assertEqual(texts(self.given), ["a", "b"])
        self.assertIsNone(self.take("#lobby", entries(3, "b", "c")))
        self.assertEqual(texts(self.given), ["a", "b", "c"])
        self.assertEqual(self.written(), [1, 2, 3, 4])

    def test_what_changes_others_or_a_stream_that_is_new_is_written_first_and_what_is_behind_it(self) -> None:
        self.assertFalse(self.log.may_show(self.item(entries(1, "a"), "#new")))
        self.assertFalse(self.log.may_show(self.item(entries(2, "a"), about=1)))
        self.log.take(self.item(entries(1, "a"), "#new"))
        self.assertFalse(self.log.may_show(self.item(entries(2, "a"))))
        self.turns.until(lambda: bool(self.outcomes))
        self.show(entries(2, "b"), "#new")

    def test_a_closed_one_shows_nothing_and_has_written_all(self) -> None:
        self.show(entries(2, "a"))
        closed = self.log.close()
        self.log.add(self.item(entries(3, "b")))
        self.assertEqual(self.outcomes, [NotKept])
        self.turns.wait(closed)
        self.assertEqual(self.written(), [1, 2])

    def test_on_a_full_disk_it_is_shown_and_found_and_its_keeper_told(self) -> None:
        with at_largest(os.path.getsize(self.path + "-wal")):
            self.show(entries(2, *["x" * 1000] * 100))
            self.turns.until(lambda: bool(self.outcomes))
            self.assertEqual(self.outcomes, [sqlite3.OperationalError])
            self.assertEqual(numbers(self.read("#lobby")), list(range(1, 102)))
            self.turns.wait(self.log.read_spoken("#lobby", 0, 999, 999))  # as far as the file has it
        self.show(entries(2, *["x" * 1000] * 100))
        self.turns.until(lambda: len(self.outcomes) == 2)
        self.assertEqual(self.outcomes[1:], [None])
        self.assertEqual(len(self.written()), 101)


class AskingTests(ShownCase):
    """Each question is asked when something was shown that is in no file."""

    def setUp(self) -> None:
        super().setUp()
        self.show([Entry(2, NOON + 2, Said("s1", "ada", "a whale", ref="r")), *entries(3, "b", "c")])
        self.assertEqual(self.written(), [1])

    def seqs(self, asked: Deferred[list[Entry]]) -> list[int]:
        found = self.turns.wait(asked)
        return numbers(found)

    def test_a_range_is_read_at_once(self) -> None:
        for after, limit, seqs in (
            (0, 9, [1, 2, 3, 4]),
            (0, 2, [1, 2]),
            (1, 2, [2, 3]),
            (2, 9, [3, 4]),
            (4, 9, []),
        ):
            asked = self.log.read("#lobby", after, limit)
            self.assertTrue(asked.called)
            self.assertEqual(self.seqs(asked), seqs)
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.assertEqual(numbers(given), [1, 2, 3, 4])
        self.assertEqual(self.written(), [1])

    def test_what_is_not_shown_yet_is_not_read(self) -> None:
        self.log.add(self.item(entries(5, "e")))
        self.assertEqual(numbers(self.read("#lobby")), [1, 2, 3, 4])

    def test_what_people_said(self) -> None:
        self.assertEqual(self.seqs(self.log.read_spoken("#lobby", 0, 9, 9)), [1, 2, 3, 4])

    def test_what_happened_beside_that(self) -> None:
        self.assertEqual(self.turns.wait(self.log.read_unspoken("#lobby", 0, 9, 9)), [])

    def test_the_last_lines(self) -> None:
        self.assertEqual(self.turns.wait(self.log.find_spoken("#lobby", 2, 9)), (2, 2))

    def test_how_many_lines(self) -> None:
        self.assertEqual(self.turns.wait(self.log.count_spoken("#lobby", 1, 9)), 3)

    def test_what_is_about_an_entry(self) -> None:
        self.show([Entry(5, NOON + 5, Edited("s1", "ada", "B", 3))])
        self.assertEqual(self.seqs(self.log.find_about("#lobby", 3)), [5])

    def test_the_last_before_a_time(self) -> None:
        self.assertEqual(self.turns.wait(self.log.last_before("#lobby", NOON + 4)), 3)

    def test_words(self) -> None:
        found = self.turns.wait(self.log.search(Query(("whale",), ""), [Range("#lobby", 0, 9)], 9))
        self.assertEqual([it.entry.seq for it in found], [2])

    def test_a_reference_which_counts_once(self) -> None:
        self.assertTrue(self.log.has_ref("s1", "r"))
        self.assertIsNone(self.take("#other", entries(1, "d")))
        self.show([Entry(2, NOON + 2, Said("s1", "ada", "again", ref="r"))], "#other")
        found = self.turns.wait(self.log.find_ref("s1", "r"))
        assert found is not None
        self.assertEqual((found.stream, found.entry.seq), ("#lobby", 2))
        self.assertEqual(self.log._ahead.find_ref("s1", "r"), "")
        shown = self.read("#other")
        self.turns.run(WRITTEN_EACH)
        self.turns.until(lambda: not self.log._ahead.has("#other"))
        self.assertEqual(self.read("#other"), shown)
        self.assertEqual([entry.event.ref for entry in shown], ["", ""])

    def test_whether_the_file_has_it(self) -> None:
        level = self.log.level("#lobby")
        assert level is not None
        self.turns.wait(level)
        self.assertEqual(self.written(), [1, 2, 3, 4])
        self.assertIsNone(self.log.level("#lobby"))

    def test_what_is_to_be_forgotten_is_written_before(self) -> None:
        self.turns.wait(self.log.forget("#lobby", 3))
        self.assertEqual((self.written(), self.log.kept_after("#lobby")), ([4], 3))

    def test_a_record_is_written_behind_it(self) -> None:
        self.log.keep("kind", "key", b"made of that")
        self.turns.until(lambda: not self.log._ahead.has("#lobby"))
        self.assertEqual(self.written(), [1, 2, 3, 4])

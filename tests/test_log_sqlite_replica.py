"""An SQLite log as a replica: it takes entries as they were numbered elsewhere, each once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Edited, Entry, Event, Gone, Removed, Replied, Said
from tcpchat.logs.batches import Take
from tcpchat.logs.interface import CannotOpen, Damaged, NotKept, Range
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.logs.sqlite_replica import SQLiteReplica, check_replica, remove_replica
from tcpchat.logs.sqlite_taking import Missing
from tcpchat.queries import Query
from tests.contracts import NOON, numbers, texts
from tests.nodes import Turns
from tests.test_log_sqlite import folder


def entries(first: int, *lines: str) -> list[Entry]:
    return [Entry(seq, NOON + seq, Said("s1", "ada", text)) for seq, text in enumerate(lines, first)]


class ReplicaCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.turns = Turns()
        self.path = os.path.join(folder(self), "replica.sqlite3")
        self.log = self.open()
        self.at = 100

    def open(self) -> SQLiteReplica:
        log = SQLiteReplica(
            self.path, lambda: NOON, self.turns.callFromThread, self.fail, self.turns.callLater, "epoch"
        )
        self.addCleanup(lambda: log._closing or self.turns.wait(log.close()))
        return log

    def take(
        self,
        stream: str,
        new: Sequence[Entry],
        about: int = 0,
        moves: Sequence[int] = (),
        begins: bool = False,
        forgets: int = 0,
    ) -> type[Exception] | None:
        """Take what a message has, the next one; return what goes wrong with it."""
        self.at += 1
        outcomes: list[type[Exception] | None] = []

        def taken() -> Iterator[None]:
            outcomes.append(None)
            yield

        def failed(error: Exception | None) -> None:
            outcomes.append(type(error) if error else NotKept)

        self.log.take(Take(stream, new, self.at, about, moves, begins, forgets, taken, failed))
        self.turns.until(lambda: bool(outcomes))
        return outcomes[0]

    def read(self, stream: str) -> list[Entry]:
        return self.turns.wait(self.log.read(stream, 0, 1000))


class TakingTests(ReplicaCase):
    def test_entries_are_as_they_were_given(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.assertIsNone(self.take("#lobby", entries(1, "a", "b")))
        self.assertIsNone(self.take("#lobby", entries(3, "c")))
        self.assertEqual(given, entries(1, "a", "b", "c"))
        self.assertEqual(self.read("#lobby"), given)
        self.assertEqual((self.log.last("#lobby"), self.log.time("#lobby")), (3, NOON + 3))
        self.assertEqual(self.log.time("#nowhere"), 0)

    def test_what_is_there_already_is_left_out(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.take("#lobby", entries(1, "a", "b"))
        for again in entries(1, "a", "b"), entries(2, "b", "c"), entries(1, "a"):
            self.assertIsNone(self.take("#lobby", again))
        self.assertEqual(given, entries(1, "a", "b", "c"))

    def test_a_hole_is_an_error_unless_the_rest_is_forgotten(self) -> None:
        self.assertIs(self.take("#lobby", entries(3, "c")), Missing)
        self.flushLoggedErrors(Missing)
        self.assertIsNone(self.take("#lobby", entries(3, "c"), begins=True))
        self.assertEqual(numbers(self.read("#lobby")), [3])
        self.assertEqual(self.log.kept_after("#lobby"), 2)
        self.assertIsNone(self.take("#lobby", entries(4, "whale")))
        found = self.turns.wait(self.log.search(Query(("whale",), ""), [Range("#lobby", 0, 9)], 9))
        self.assertEqual([it.entry.seq for it in found], [4])

    def test_a_stream_may_begin_with_nothing(self) -> None:
        given: list[list[Entry]] = []
        self.log.tail("#lobby", 0, given.append)
        self.assertIsNone(self.take("#lobby", (), begins=True, forgets=7))
        self.assertEqual((self.log.last("#lobby"), self.log.kept_after("#lobby"), given), (7, 7, []))
        self.take("#lobby", entries(8, "h"))
        self.assertEqual(given, [entries(8, "h")])

    def test_a_removal_takes_the_text_back_once(self) -> None:
        self.take("#lobby", entries(1, "a", "b"))
        self.take("#lobby", [Entry(3, NOON, Edited("s1", "ada", "B", 2))])
        removal = [Entry(4, NOON + 9, Removed("s1", "ada", 2))]
        self.assertEqual(self.log.gone_with("#lobby", 2), [2, 3])
        self.assertIsNone(self.take("#lobby", removal, about=2))
        self.assertIsNone(self.take("#lobby", removal, about=2))
        self.assertEqual(self.log.gone_with("#lobby", 2), [])
        events: list[Event] = [entry.event for entry in self.read("#lobby")]
        self.assertEqual(events[1:], [Gone("s1", "ada"), Gone("s1", "ada"), Removed("s1", "ada", 2)])

    def test_a_reference_that_was_used_elsewhere_is_left_out(self) -> None:
        event = Said("s1", "ada", "hello", ref="r")
        self.take("#a", [Entry(1, NOON, event)])
        self.assertTrue(self.log.has_ref("s1", "r"))
        self.assertIsNone(self.take("#b", [Entry(1, NOON, event)]))
        self.assertEqual(self.read("#b"), [Entry(1, NOON, Said("s1", "ada", "hello"))])
        found = self.turns.wait(self.log.find_ref("s1", "r"))
        assert found is not None
        self.assertEqual(found.stream, "#a")
        self.assertFalse(self.log.has_ref("s1", "q"))

    def test_a_closed_one_takes_nothing(self) -> None:
        self.turns.wait(self.log.close())
        self.assertIs(self.take("#lobby", entries(1, "a")), NotKept)


class PlaceTests(ReplicaCase):
    def test_it_is_known_which_message_has_an_entry(self) -> None:
        self.take("#lobby", entries(1, "a", "b"))
        self.take("#other", entries(1, "elsewhere"))
        self.take("#lobby", entries(3, "c", "d", "e"))
        self.assertEqual(self.log.holders("#lobby", [2]), {101})
        self.assertEqual(self.log.holders("#lobby", [1, 2, 5]), {101, 103})
        self.assertEqual(self.log.holders("#nowhere", [1]), set())
        self.assertEqual(self.log.held("#lobby", 101), [(1, entries(1, "a", "b"))])
        self.assertEqual(self.log.held("#lobby", 103), [(3, entries(3, "c", "d", "e"))])
        self.assertEqual([self.log.held("#nowhere", 101), self.log.held("#lobby", 102)], [[], []])
        firsts = [self.log.first_held("#lobby", after) for after in range(6)]
        self.assertEqual(firsts, [101, 101, 103, 103, 103, None])

    def test_and_where_it_was_written_anew(self) -> None:
        self.take("#lobby", entries(1, "a", "b"))
        self.take("#lobby", entries(3, "c"))
        self.take("#lobby", entries(4, "d"))
        self.take("#lobby", (), moves=[1, 4])
        self.assertEqual(self.log.holders("#lobby", [1, 2, 4]), {104})
        self.assertEqual(self.log.holders("#lobby", [3]), {102})
        self.assertEqual(self.log.held("#lobby", 104), [(1, entries(1, "a", "b")), (4, entries(4, "d"))])
        self.assertEqual(self.log.first_held("#lobby", 0), 102)

    def test_where_what_is_forgotten_was_need_not_be_known(self) -> None:
        for n in range(6):
            self.take("#lobby", entries(2 * n + 1, "a", "b"))
        self.turns.wait(self.log.forget("#lobby", 7))
        self.take("#lobby", (), forgets=7)
        self.assertEqual(self.log.holders("#lobby", range(1, 7)), set())
        self.assertEqual(self.log.holders("#lobby", range(7, 13)), {104, 105, 106})
        self.assertEqual(self.log.first_held("#lobby", 7), 104)

    def test_a_reply_goes_with_the_quote_in_it(self) -> None:
        self.take("#lobby", entries(1, "a"))
        self.take("#lobby", [Entry(2, NOON, Replied("s2", "bob", "why", 1, "ada: a"))])
        self.assertEqual(self.log.gone_with("#lobby", 1), [1, 2])
        self.assertEqual(self.log.gone_with("#nowhere", 1), [])


class FileTests(ReplicaCase):
    def test_it_has_the_epoch_of_its_original_and_goes_on_where_it_was(self) -> None:
        self.assertEqual(self.log.epoch, "epoch")
        self.take("#lobby", entries(1, "a"))
        self.turns.wait(self.log.close())
        check_replica(self.path)
        self.log = self.open()
        self.assertEqual(texts(self.read("#lobby")), ["a"])
        self.assertEqual(self.log.holders("#lobby", [1]), {101})

    def test_another_log_is_none(self) -> None:
        path = self.path + "2"
        self.turns.wait(SQLiteLog(path, lambda: NOON, self.turns.callFromThread).close())
        self.assertRaises(CannotOpen, check_replica, path)
        self.assertRaises(CannotOpen, check_replica, path + "3")
        with open(path + "4", "w") as file:
            file.write("hello" * 100)
        self.assertRaises(Damaged, check_replica, path + "4")

    def test_it_can_be_removed(self) -> None:
        self.take("#lobby", entries(1, "a"))
        self.turns.wait(self.log.close())
        remove_replica(self.path)
        self.assertFalse([it for it in os.listdir(os.path.dirname(self.path)) if not it.endswith(".lock")])
        self.log = self.open()
        self.assertEqual(self.read("#lobby"), [])

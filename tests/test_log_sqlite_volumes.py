"""The index for search in volumes: no step of its work grows with the log, and searches find the same."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Event, Joined, Removed, Said
from tcpchat.logs.batches import Append, Remove
from tcpchat.logs.interface import Range
from tcpchat.logs.sqlite_cleaning import Cleaning
from tcpchat.logs.sqlite_commit import commit
from tcpchat.logs.sqlite_file import SQLiteFile
from tcpchat.logs.sqlite_index import SLICE, Index
from tcpchat.logs.sqlite_numbering import Numbering
from tcpchat.logs.sqlite_removal import forget_some
from tcpchat.logs.sqlite_search import parts_of, search
from tcpchat.logs.sqlite_volumes import CHARACTERS, Volumes
from tcpchat.queries import Query
from tests.contracts import NOON
from tests.test_log_sqlite import folder

# In these tests a volume is full with so many lines: four slices.
LINES = 4 * SLICE


def varint(record: bytes, at: int) -> tuple[int, int]:
    """Return a number as SQLite writes it, and where the next one begins; they are short here."""
    value = 0
    while record[at] & 0x80:
        value, at = value << 7 | record[at] & 0x7F, at + 1
    return value << 7 | record[at], at + 1


def parts(connection: sqlite3.Connection, volume: int) -> list[list[int]]:
    """Return the pages of each part of a volume, by levels: fts5StructureDecode in SQLite's fts5_index.c."""
    (record,) = connection.execute(f"select block from words{volume}_data where id = 10").fetchone()
    levels, at = varint(record, 4)  # behind a number that FTS5 counts up
    _, at = varint(record, at)
    _, at = varint(record, at)
    found: list[list[int]] = []
    for _ in range(levels):
        _, at = varint(record, at)
        number, at = varint(record, at)
        level: list[int] = []
        for _ in range(number):
            _, at = varint(record, at)
            first, at = varint(record, at)
            last, at = varint(record, at)
            level.append(last - first + 1)
        found.append(level)
    return found


class VolumesTests(SynchronousTestCase):
    """The index as the thread of a server has it, without the thread."""

    def setUp(self) -> None:
        self.path = os.path.join(folder(self), "chat.sqlite3")
        self.random = random.Random(11)
        self.open()
        self.addCleanup(lambda: self.close())

    def open(self, lines: int = LINES, characters: int = CHARACTERS) -> None:
        self.file = SQLiteFile(self.path, "NORMAL")
        self.volumes = Volumes(self.file.writer, lines, characters)
        self.index = Index(self.file.writer, self.volumes)
        self.streams = dict(self.file.streams)
        for name, stream in self.streams.items():
            if name.startswith("#"):
                self.index.holds(stream.id, stream.searchable)
                self.index.grew(stream.id, stream.seq)
        self.cleaning = Cleaning(self.file, self.volumes, lambda: 0)

    def close(self) -> None:
        self.file.reader.close()
        self.file.searcher.close()
        self.file.close_writer()
        self.file.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def write(self, *items: Append | Remove) -> None:
        committed = commit(self.file, self.index, self.streams, items)
        for name, growth in committed.growths.items():
            self.streams[name] = growth.moved()
            if name.startswith("#"):
                self.index.grew(growth.id, growth.seq)
        if committed.has_removed:
            self.cleaning.want()

    def say(self, stream: str, *events: Event) -> None:
        self.write(Append([(stream, events)], len(events), NOON, Deferred(), True))

    def talk(self, lines: int, room: str = "#dev") -> None:
        """Have one program say much, with one word in all of it."""
        for _ in range(lines // SLICE):
            words = [" ".join(self.random.choices(WORDS, k=6)) for _ in range(SLICE)]
            self.say(room, *(Said("s1", "ci-bot", f"the {text}") for text in words))

    def remove(self, stream: str, about: int) -> None:
        self.write(Remove(stream, about, Removed("s1", "ada", about), (), NOON, Deferred()))

    def forget(self, stream: str, upto: int) -> None:
        while (known := self.streams[stream]).kept_after < upto:
            done, _ = forget_some(self.file.writer, self.index, known, upto)
            self.index.holds(known.id, done)
            self.streams[stream] = known._replace(kept_after=done)

    def work(self) -> Iterator[int]:
        """Make the index, and all that follows; yield how many rows each step changes that adds no line."""
        while not self.index.is_at_rest:
            before, waiting = self.file.writer.total_changes, self.index.waiting
            self.index.work()
            if waiting == self.index.waiting:
                yield self.file.writer.total_changes - before

    def settle(self) -> None:
        for _ in self.work():
            pass

    def clean(self) -> None:
        while self.cleaning.patience is not None:
            self.cleaning.work()

    def find(self, words: str, *ranges: Range, limit: int = 10_000) -> list[tuple[str, int]]:
        found = search(self.file.searcher, Query((words,)), parts_of(self.streams, ranges), limit)
        return [(stream, entry.seq) for stream, entry in found]

    def all_volumes(self) -> list[int]:
        return [number for (number,) in self.file.writer.execute("select id from volume order by id")]

    def content(self, volume: int) -> list[tuple[int, bytes]]:
        return self.file.writer.execute(f"select id, block from words{volume}_data order by id").fetchall()

    def check(self) -> None:
        """FTS5 finds every volume whole, and each has a table."""
        numbers = self.all_volumes()
        for number in numbers:
            self.file.writer.execute(f"insert into words{number} (words{number}) values ('integrity-check')")
        tables = self.file.writer.execute(
            "select name from sqlite_master where sql like 'create virtual table%'"
        ).fetchall()
        self.assertEqual({name for (name,) in tables}, {f"words{number}" for number in numbers})

    # A stream that goes on later, as a replica's that was away for long.

    def go_on_behind(self, stream: str, kept_after: int, event: Event) -> None:
        """Have a stream go on behind an entry, with an event."""
        self.file.writer.execute("begin immediate")
        numbering = Numbering(self.file.writer, self.streams)
        self.index.begin(numbering.begin(stream, kept_after), kept_after)
        numbering.add(stream, event, NOON)
        numbering.insert()
        self.file.writer.execute("commit")
        self.streams[stream] = moved = numbering.growths[stream].moved()
        if stream.startswith("#"):
            self.index.grew(moved.id, moved.seq)

    def test_what_was_not_in_the_index_by_then_is_not_taken_out_of_it_either(self) -> None:
        for room, is_added in ("#dev", False), ("#ops", True), ("@s1", False):
            self.talk(SLICE, room)
            self.settle()
            self.say(room, Said("s1", "ada", "a late whale"))
            self.go_on_behind(room, 999, Said("s1", "ada", "a new whale"))
            if is_added:
                self.settle()
            self.forget(room, 1000)
            self.settle()
            self.assertEqual(self.find("whale", Range(room, 0, 9999)), [])
            rows = self.file.reader.execute("select 1 from entry where stream = ?", (self.streams[room].id,))
            self.assertEqual(rows.fetchall(), [])
            self.check()

    # What a line costs.

    def test_no_step_is_larger_in_a_long_log_than_in_a_short_one(self) -> None:
        largest = []
        for _ in range(3):
            steps: list[int] = []
            for _ in range(6):
                self.talk(LINES)
                steps += self.work()
            largest.append(max(steps))
        self.assertEqual(len(self.all_volumes()), 18)
        self.assertLessEqual(max(largest[1:]), largest[0] + 1)

    def test_what_one_volume_has_of_one_word_is_what_a_step_has_to_write_at_most(self) -> None:
        self.close()
        self.open(lines=1 << 30)
        largest = []
        for lines in LINES, 10 * LINES, 100 * LINES:
            self.talk(lines)
            largest.append(max(self.work()))
        self.assertGreater(
            largest[2], 2 * largest[0], "FTS5 writes in small steps, and volumes are not needed"
        )

    def test_however_much_of_a_hurry_there_is_parts_do_not_pile_up(self) -> None:
        self.close()
        self.open(lines=20 * LINES)
        most = 0
        for room in range(60):
            self.talk(LINES, f"#room{room % 7}")
            while lacking := self.index.lacks({known.id: known.seq for known in self.streams.values()}):
                self.index.work(lacking)
                most = max([most, *(len(parts(self.file.writer, n)[0]) for n in self.all_volumes()[-1:])])
        self.assertEqual(len(self.all_volumes()), 3)
        # FTS5 would join all of them at once if there were 2,000.
        self.assertLess(most, 32)

    def test_a_slice_of_many_rooms_is_one_part(self) -> None:
        for number in self.random.sample(range(30), 30):
            self.say(f"#room{number}", Said("s1", "ada", "hello"))
        self.index.work([known.id for known in reversed(self.streams.values())])
        self.assertEqual([len(level) for level in parts(self.file.writer, 1)], [1])

    # Volumes that are full.

    def test_a_full_volume_is_joined_to_one_part_and_then_not_touched_any_more(self) -> None:
        self.talk(3 * LINES)
        self.settle()
        before = {number: self.content(number) for number in (1, 2)}
        for number in before:
            self.assertEqual(sum(len(level) for level in parts(self.file.writer, number)), 1)
        self.talk(3 * LINES)
        self.settle()
        self.assertEqual({number: self.content(number) for number in before}, before)
        self.check()

    def test_a_volume_is_full_with_so_many_characters_too(self) -> None:
        self.close()
        self.open(characters=30_000)
        for number in range(10):
            self.say("#dev", Said("s1", "ada", f"line {number} " + "x" * 10_000))
            self.settle()
        self.assertEqual(len(self.all_volumes()), 4)

    def test_what_is_not_joined_yet_is_by_the_next_server(self) -> None:
        self.talk(LINES)
        while self.index.waiting:
            self.index.work()
        self.talk(SLICE)
        while self.index.waiting:
            self.index.work()
        self.assertFalse(self.index.is_at_rest)
        self.reopen()
        self.settle()
        self.assertEqual(sum(len(level) for level in parts(self.file.writer, 1)), 1)

    def test_a_slice_that_fails_leaves_the_volumes_as_they_were(self) -> None:
        self.talk(LINES)
        self.settle()
        self.talk(SLICE)
        self.file.writer.execute(
            "create temp trigger full before insert on part begin select raise(abort, 'full'); end"
        )
        for _ in range(2):
            self.assertRaises(sqlite3.IntegrityError, self.index.work)
            self.file.writer.execute("rollback")
            self.assertEqual(self.all_volumes(), [1])
        self.file.writer.execute("drop trigger full")
        self.settle()
        self.assertEqual(self.all_volumes(), [1, 2])
        self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), LINES + SLICE)
        self.check()

    # What is taken back, and what is forgotten.

    def test_only_the_volume_that_had_a_line_changes_when_it_is_taken_back(self) -> None:
        self.talk(5 * LINES)
        self.settle()
        before = {number: self.content(number) for number in self.all_volumes()[:-1]}
        self.remove("#dev", 3 * LINES - 10)
        self.clean()
        self.settle()
        changed = [number for number, content in before.items() if self.content(number) != content]
        self.assertEqual(changed, [3])
        self.assertEqual(sum(len(level) for level in parts(self.file.writer, 3)), 1)
        self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), 5 * LINES - 1)
        self.check()

    def test_a_volume_of_which_all_is_forgotten_goes(self) -> None:
        for _ in range(5):
            self.talk(LINES // 2, "#dev")
            self.talk(LINES // 2, "#ops")
            self.settle()
        self.assertEqual(self.all_volumes(), [1, 2, 3, 4, 5])
        self.forget("#dev", 2 * LINES)
        self.settle()
        self.assertEqual(self.all_volumes(), [1, 2, 3, 4, 5])
        self.forget("#ops", LINES)
        self.settle()
        self.assertEqual(self.all_volumes(), [3, 4, 5])
        # Half of the first volume that is left is forgotten, too, and is in no part of it any more.
        self.assertEqual(sum(len(level) for level in parts(self.file.writer, 3)), 1)
        self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), LINES // 2)
        self.assertEqual(len(self.find("the", Range("#ops", 0, 1 << 30))), 3 * LINES // 2)
        self.check()

    def test_the_newest_volume_stays_also_when_all_is_forgotten_and_goes_when_it_is_full(self) -> None:
        self.talk(LINES // 2)
        self.settle()
        self.forget("#dev", LINES // 2)
        self.settle()
        self.assertEqual(self.all_volumes(), [1])
        self.talk(LINES // 2)
        self.settle()
        self.forget("#dev", LINES)
        self.settle()
        self.talk(SLICE)
        self.settle()
        self.assertEqual(self.all_volumes()[-1:], self.all_volumes())
        self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), SLICE)
        self.check()

    def test_a_server_that_ends_while_a_volume_goes_leaves_it_to_the_next_one(self) -> None:
        self.talk(5 * LINES)
        self.settle()
        self.forget("#dev", 4 * LINES)
        for _ in range(20):
            for _ in range(3):  # beside what each server looks for first
                if not self.index.is_at_rest:
                    self.index.work()
            self.reopen()
            self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), LINES)
        self.assertEqual(self.all_volumes(), [5])
        self.check()

    def test_what_is_taken_back_leaves_the_file_also_when_its_volume_goes(self) -> None:
        self.talk(2 * LINES)
        self.settle()
        canary = Said("s1", "ada", "firstcanary")
        self.say("#dev", canary)
        self.talk(LINES)
        self.settle()
        self.remove("#dev", 2 * LINES + 1)
        self.forget("#dev", 3 * LINES)
        self.index.work()
        self.index.work()
        self.reopen()
        self.clean()
        self.assertEqual(self.all_volumes(), [4])
        with open(self.path, "rb") as file:
            self.assertNotIn(b"firstcanary", file.read())
        self.check()

    def test_what_is_forgotten_in_a_transaction_that_fails_does_not_go(self) -> None:
        self.talk(3 * LINES)
        self.settle()
        self.file.writer.execute("begin immediate")
        self.index.forget(self.streams["#dev"].id, [], LINES)
        self.file.writer.execute("rollback")
        self.settle()
        self.assertEqual(self.all_volumes(), [1, 2, 3])
        self.assertEqual(len(self.find("the", Range("#dev", 0, 1 << 30))), 3 * LINES)

    # Searches.

    def test_the_last_lines_are_found_without_a_look_into_older_volumes(self) -> None:
        self.talk(5 * LINES)
        self.settle()
        for number in 1, 2, 3:
            self.file.writer.execute(f"drop table words{number}")
        everything = Range("#dev", 0, 1 << 30)
        self.assertEqual(self.find("the", everything, limit=3), [("#dev", n) for n in (1278, 1279, 1280)])
        self.assertEqual(len(self.find("the", everything, limit=2 * LINES)), 2 * LINES)
        self.assertRaises(sqlite3.OperationalError, self.find, "the", everything, limit=2 * LINES + 1)
        self.assertEqual(len(self.find("the", Range("#dev", 3 * LINES, 1 << 30))), 2 * LINES)

    @settings(deadline=None, database=None, max_examples=30)
    @given(
        st.lists(st.tuples(st.sampled_from("saidrwfx"), st.integers(0, 30)), max_size=60), st.integers(1, 9)
    )
    def test_searches_find_what_is_there_wherever_volumes_begin(
        self, deeds: Sequence[tuple[str, int]], limit: int
    ) -> None:
        self.close()
        os.remove(self.path)
        self.open(lines=4)
        there: dict[str, dict[int, str]] = {"#a": {}, "#b": {}}
        for deed, number in deeds:
            room = "#ab"[0] + "ab"[number % 2]
            last = self.streams[room].seq if room in self.streams else 0
            match deed:
                case "f":
                    if last:
                        self.forget(room, min(number, last))
                        there[room] = {seq: text for seq, text in there[room].items() if seq > number}
                case "r":
                    if number in there[room]:
                        self.remove(room, number)
                        del there[room][number]
                case "x":
                    self.settle()
                    self.reopen_with(4)
                case "w":
                    if not self.index.is_at_rest:
                        self.index.work()
                case "i":
                    self.say(room, Joined("s1", "ada"))
                case _:
                    self.say(room, Said("s1", "ada", text := WORDS[number % 3]))
                    there[room][last + 1] = text
        self.clean()
        self.settle()
        self.check()
        for word in WORDS[:3]:
            expected = sorted(
                (room, seq) for room, lines in there.items() for seq, text in lines.items() if text == word
            )
            everywhere = Range("#a", 0, 1 << 30), Range("#b", 0, 1 << 30)
            self.assertEqual(sorted(self.find(word, *everywhere)), expected)
            for room in there:
                of_room = [found for found in expected if found[0] == room]
                self.assertEqual(self.find(word, Range(room, 0, 1 << 30), limit=limit), of_room[-limit:])
                between = [found for found in of_room if 3 < found[1] < 9]
                self.assertEqual(self.find(word, Range(room, 3, 9)), between)

    def reopen_with(self, lines: int) -> None:
        self.close()
        self.open(lines)


WORDS = [f"word{number}" for number in range(500)]

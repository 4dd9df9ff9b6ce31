"""The log in an SQLite file keeps what every log promises, and keeps it for the next server."""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import queue
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python import log as trials
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Joined, Removed, Said
from tcpchat.logs.batches import LARGEST_BATCH
from tcpchat.logs.interface import CannotOpen, Damaged, InUse, NotKept, Range
from tcpchat.logs.reporter import LONGEST_TURN
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.logs.sqlite_reading import ABOUT, REF, SPOKEN, UNSPOKEN
from tcpchat.logs.sqlite_schema import VERSION
from tcpchat.logs.sqlite_writer import MOST_WAITING
from tcpchat.queries import Query
from tests.contracts import MANY, NOON, OneOrderContract, numbers, said, texts

T = TypeVar("T")

# Far longer than anything takes; a test that needs it has failed.
PATIENCE = 30.0

PAGE = 4096


class Turn(NamedTuple):
    """A call that is to be made in the reactor's thread."""

    asked_by: int  # the thread
    call: Callable[..., Any]
    arguments: tuple[Any, ...]

    def __call__(self) -> None:
        self.call(*self.arguments)


class Turns:
    """What stands for the reactor: calls from other threads, made in this one when it has time."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Turn] = queue.SimpleQueue()

    def from_thread(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._calls.put(Turn(threading.get_ident(), call, arguments))

    def next(self) -> Turn:
        """Wait for a call; return it without making it."""
        return self._calls.get(timeout=PATIENCE)


def folder(test: SynchronousTestCase) -> str:
    """Return a new folder, which goes when the test ends."""
    path = os.path.realpath(tempfile.mkdtemp())
    test.addCleanup(shutil.rmtree, path)
    return path


@contextmanager
def holding(path: str) -> Iterator[None]:
    """Hold the file locked, so that nothing can be committed meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


@contextmanager
def at_largest(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a full disk; trial's own log, which may be larger, waits."""
    written = [
        observer
        for observer in trials.theLogPublisher.observers
        if isinstance(getattr(observer, "__self__", None), trials.FileLogObserver)
    ]
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    for observer in written:
        trials.removeObserver(observer)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
        for observer in written:
            trials.addObserver(observer)


def write(path: str, *statements: str) -> None:
    """Change a database, and leave it closed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def contents(folder: str) -> dict[str, str]:
    """Return a digest of each file in a folder, but for those of no lasting meaning."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(folder).iterdir()
        if path.is_file() and path.stat().st_size and not path.name.endswith((".lock", "-shm"))
    }


class SQLiteLogTests(OneOrderContract, SynchronousTestCase):
    """The contract, and what else happens while one server has the file."""

    failures: list[Exception]

    def setUp(self) -> None:
        self.folder = folder(self)
        super().setUp()

    def make_log(self) -> SQLiteLog:
        self.path = os.path.join(self.folder, f"{len(os.listdir(self.folder))}.sqlite3")
        self.turns = Turns()
        self.failures = []
        return self.open()

    def open(self) -> SQLiteLog:
        return SQLiteLog(self.path, self.wall, self.turns.from_thread, "power", self.failures.append)

    def reopen(self) -> None:
        """Close the log, and open it again: as the next server does."""
        self.close()
        self.log, self.closed = self.open(), False

    def turn(self) -> None:
        self.turns.next()()

    def sizes(self, stream: str) -> list[int]:
        """Return the list into which the number of entries of each commit goes."""
        sizes: list[int] = []
        self.log.tail(stream, 0, lambda entries: sizes.append(len(entries)))
        return sizes

    # The next server.

    def test_everything_is_there_for_the_next_server(self) -> None:
        self.append("#lobby", "one", "two")
        self.append("@s1", "psst")
        epoch, before = self.log.epoch, self.read("#lobby")
        self.reopen()
        self.assertEqual(self.log.epoch, epoch)
        self.assertEqual(self.read("#lobby"), before)
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 2, "@s1": 1})
        self.assertEqual(self.append("#lobby", "three"), [3])
        self.assertEqual(self.append("@s1", "psst"), [2])
        self.assertEqual(self.append("#new", "first"), [1])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two", "three"])

    def test_times_do_not_go_back_when_the_next_server_has_an_earlier_clock(self) -> None:
        self.append("#lobby", "one")
        self.time -= 1
        self.reopen()
        self.append("#lobby", "two")
        self.assertEqual([entry.time for entry in self.read("#lobby")], [NOON, NOON])

    def test_appending_no_events_does_not_trouble_the_next_server(self) -> None:
        self.append("#lobby")
        self.reopen()
        self.assertEqual(self.wait(self.log.streams()), {})
        self.assertEqual(self.append("#lobby", "hello"), [1])
        self.assertEqual(self.failures, [])

    def test_what_was_answered_is_there_for_a_server_that_finds_the_files_as_they_are_now(self) -> None:
        for n in range(100):
            self.append("#lobby", str(n))
        epoch, before = self.log.epoch, self.read("#lobby")
        crashed = f"{self.path}.crashed"
        for kind in "", "-wal":  # SQLite makes the -shm anew
            shutil.copy(self.path + kind, crashed + kind)
        self.close()
        self.path = crashed
        self.log, self.closed = self.open(), False
        self.assertEqual(self.log.epoch, epoch)
        self.assertEqual(self.read("#lobby"), before)
        self.assertEqual(self.append("#lobby", "hello"), [101])

    def test_every_log_has_another_epoch(self) -> None:
        first = self.log.epoch
        self.close()
        self.log, self.closed = self.make_log(), False
        self.assertNotEqual(self.log.epoch, first)

    # Commits.

    def test_what_is_appended_in_one_turn_of_the_reactor_is_one_commit(self) -> None:
        sizes = self.sizes("#lobby")
        answers = [self.log.append("#lobby", said("hello")) for _ in range(100)]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(sizes, [100])

    def test_what_is_appended_during_a_commit_is_the_next_commit(self) -> None:
        sizes = self.sizes("#lobby")
        with holding(self.path):
            answers = [self.log.append("#lobby", said("hello"))]
            self.turn()
            answers += [self.log.append("#lobby", said("hello")) for _ in range(99)]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(sizes, [1, 99])

    def test_the_next_commit_waits_until_those_who_answer_the_last_one_were_heard(self) -> None:
        sizes = self.sizes("#lobby")
        first = self.log.append("#lobby", said("hello"))
        self.turn()  # it goes to the writer
        before = self.log.append("#lobby", said("meanwhile"))
        self.wait(first)  # it is shown
        self.turn()  # in this turn of the reactor what has come is read
        answer = self.log.append("#lobby", said("an answer"))
        self.wait(before)
        self.wait(answer)
        self.assertEqual(sizes, [1, 2])

    def test_a_commit_spans_streams(self) -> None:
        looks: list[Any] = []

        def look(entries: list[Entry]) -> None:
            looks.append(self.look("select count(*) from entry"))

        streams = [f"#room{n}" for n in range(100)]
        for stream in streams:
            self.log.tail(stream, 0, look)
        for answer in [self.log.append(stream, said("hello")) for stream in streams]:
            self.wait(answer)
        self.assertEqual(looks, [[(100,)]] * 100)

    def test_no_commit_is_larger_than_the_largest_batch(self) -> None:
        sizes = self.sizes("#lobby")
        for size in 1, 2, 100, 128, 200, LARGEST_BATCH - 1, LARGEST_BATCH:
            answers = [self.log.append("#lobby", said(*"x" * size)) for _ in range(7)]
            for answer in answers:
                self.wait(answer)
            together = LARGEST_BATCH // size
            self.assertEqual(
                sizes, [together * size] * (7 // together) + [7 % together * size] * (7 % together > 0)
            )
            sizes.clear()

    def test_one_append_larger_than_that_is_a_commit_alone(self) -> None:
        sizes = self.sizes("#lobby")
        answers = [self.log.append("#lobby", said(*"x" * size)) for size in (1, 1, LARGEST_BATCH + 1, 1, 1)]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(sizes, [2, LARGEST_BATCH + 1, 2])

    def test_an_event_that_cannot_be_written_is_refused_and_the_log_goes_on(self) -> None:
        self.append("#lobby", "one")
        seen: list[LogEvent] = []
        globalLogPublisher.addObserver(seen.append)  # type: ignore[arg-type]
        self.addCleanup(globalLogPublisher.removeObserver, seen.append)  # type: ignore[arg-type]
        answer = self.log.append("#lobby", [Said("s", "ada", "half a character: \ud800")])
        self.assertRaises(NotKept, self.wait, answer)
        self.assertEqual([event["session"] for event in seen], ["s"])
        self.assertEqual(len(self.flushLoggedErrors(UnicodeEncodeError)), 1)
        self.assertEqual(self.append("#lobby", "two"), [2])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two"])
        self.assertEqual(self.failures, [])

    def test_a_stream_whose_first_append_failed_is_like_any_other(self) -> None:
        answer = self.log.append("#lobby", [Said("s", "ada", "\ud800")])
        self.assertRaises(NotKept, self.wait, answer)
        self.flushLoggedErrors(UnicodeEncodeError)
        self.assertEqual(self.wait(self.log.streams()), {})
        self.assertEqual(self.append("#lobby", "one"), [1])

    def test_who_reads_a_closed_log_gets_a_failure_as_the_answer(self) -> None:
        self.append("#lobby", "hello")
        self.close()
        self.failureResultOf(self.log.read("#lobby", 0, 10), sqlite3.ProgrammingError)

    def test_rows_are_added_whatever_their_number(self) -> None:
        """They go by the 256, 64, 16, 4 and 1."""
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        for number in (1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 340, 341, 342, 1023):
            self.append("#lobby", *(f"{n} of {number}" for n in range(number)))
        self.assertEqual(numbers(given), list(range(1, len(given) + 1)))
        self.assertEqual(self.read("#lobby"), given)
        self.reopen()
        self.assertEqual(self.read("#lobby"), given)

    def test_what_is_posted_while_the_disk_is_full_is_refused_and_the_log_goes_on(self) -> None:
        told: list[object] = []
        large = "x" * 50 * PAGE
        self.append("#lobby", "one")
        with at_largest(os.path.getsize(f"{self.path}-wal") + 25 * PAGE):
            self.post("#lobby", large, told)
            self.post("#dev", "in the same commit", told)
            self.wait_until(told, 2)
            self.post("#lobby", "two", told)
            self.wait_until(told, 3)
        self.post("#lobby", large, told)
        self.wait_until(told, 4)
        self.assertEqual(told, [NotKept, NotKept, 2, 3])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two", large])
        self.assertEqual(self.failures, [])

    def test_a_probe_fails_on_a_full_disk_and_no_longer_than_that(self) -> None:
        with at_largest(os.path.getsize(f"{self.path}-wal") + PAGE):
            self.assertRaises(NotKept, self.wait, self.log.probe())
        self.assertEqual(self.log.commits.failures, 1)
        self.assertIsNone(self.wait(self.log.probe()))

    # What is shown in parts, because it takes long.

    def slowly(self, into: list[Entry]) -> Callable[[list[Entry]], None]:
        """Return a tail after which it is another turn of the reactor."""

        def deliver(entries: list[Entry]) -> None:
            into.extend(entries)
            end = time.monotonic() + LONGEST_TURN
            while time.monotonic() <= end:
                pass

        return deliver

    def show_a_part(self, *before: str) -> Deferred[list[list[int]]]:
        """Show of one commit what it adds to #a, and not yet what it adds to #b; return its answer."""
        for stream in "#a", "#b":
            self.append(stream, *before)
        self.given: dict[str, list[Entry]] = {"#a": [], "#b": []}
        for stream, into in self.given.items():
            self.log.tail(stream, 0, self.slowly(into))
        event = Said("s1", "ada", "two", ref="in b")
        answer = self.log.append_all([("#a", said("one", "two")), ("#b", [*said("one"), event])])
        while texts(self.given["#a"]) != [*before, "one", "two"]:
            self.turn()
        self.assertEqual(texts(self.given["#b"]), [*before])
        self.assertEqual(self.look("select count(*) from entry where stream = 2"), [(len(before) + 2,)])
        self.assertNoResult(answer)
        return answer

    def assert_given(self, a: Sequence[str], b: Sequence[str]) -> None:
        """Behind "before" the tails were given that, once, and it can be read."""
        for stream, lines in ("#a", a), ("#b", b):
            self.assertEqual(texts(self.given[stream]), ["before", *lines])
            self.assertEqual(numbers(self.given[stream]), list(range(1, len(lines) + 2)))
            self.assertEqual(self.read(stream), self.given[stream])

    def test_between_two_parts_that_can_be_read_which_the_tails_were_given(self) -> None:
        answer = self.show_a_part("before")
        self.assertEqual((self.log.last("#a"), self.log.last("#b")), (3, 1))
        self.assertEqual(self.successResultOf(self.log.streams()), {"#a": 3, "#b": 1})
        self.assertEqual(texts(self.read("#a")), ["before", "one", "two"])
        self.assertEqual(texts(self.read("#b")), ["before"])
        self.assertEqual(texts(self.spoken("#b", 0, 9, 9)), ["before"])
        self.assertEqual(self.wait(self.log.find_spoken("#b", 9, 9)), (0, 1))
        self.assertEqual(self.wait(self.log.last_before("#b", NOON + 1)), 1)
        self.assertIsNone(self.wait(self.log.find_ref("s1", "in b")))
        self.assertEqual(texts(self.given["#b"]), ["before"])
        self.assertEqual(self.wait(answer), [[2, 3], [2, 3]])
        self.assert_given(["one", "two"], ["one", "two"])
        self.assertIsNotNone(self.wait(self.log.find_ref("s1", "in b")))

    def test_what_is_searched_or_counted_between_two_parts_is_what_the_tails_were_given(self) -> None:
        answer = self.show_a_part("before")
        ranges = [Range("#a", 0, 9), Range("#b", 0, 9)]
        searched = self.log.search(Query((), "ada"), ranges, 9)
        counted = self.log.count_spoken("#b", 0, 9)
        found = [(stream, entry.seq) for stream, entry in self.wait(searched)]
        self.assertEqual(found, [("#a", 1), ("#a", 2), ("#a", 3), ("#b", 1)])
        self.assertEqual(self.wait(counted), 1)
        self.wait(answer)
        self.assertEqual(self.wait(self.log.count_spoken("#b", 0, 9)), 3)

    def test_a_tail_begun_between_two_parts_gets_everything_once(self) -> None:
        answer = self.show_a_part("before")
        late: dict[str, list[Entry]] = {"#a": [], "#b": []}
        for stream, into in late.items():
            self.log.tail(stream, 0, into.extend)
        self.assertEqual([texts(into) for into in late.values()], [["before", "one", "two"], ["before"]])
        self.wait(answer)
        self.append("#a", "after")
        self.append("#b", "after")
        self.assert_given(["one", "two", "after"], ["one", "two", "after"])
        self.assertEqual(late, self.given)

    def test_a_tail_ended_between_two_parts_gets_nothing_more(self) -> None:
        ended: list[Entry] = []
        end = self.log.tail("#b", 0, ended.extend)
        answer = self.show_a_part("before")
        end()
        self.wait(answer)
        self.assertEqual(texts(ended), ["before"])
        self.assert_given(["one", "two"], ["one", "two"])

    def test_what_comes_between_two_parts_is_numbered_behind_all_of_them(self) -> None:
        told: list[object] = []
        self.show_a_part("before").addCallback(told.append)
        self.post("#b", "three", told)
        self.log.append("#a", said("three")).addCallback(told.append)
        self.wait_until(told, 3)
        self.assertEqual(told, [[[2, 3], [2, 3]], 4, [4]])
        self.assert_given(["one", "two", "three"], ["one", "two", "three"])

    def test_what_is_forgotten_between_two_parts_is_no_more_than_the_tails_were_given(self) -> None:
        self.show_a_part("before")
        done = [self.log.forget("#a", 9), self.log.forget("#b", 9)]
        self.assertEqual((self.log.kept_after("#a"), self.log.kept_after("#b")), (0, 0))
        for answer in done:
            self.wait(answer)
        self.assertEqual((self.log.kept_after("#a"), self.log.kept_after("#b")), (3, 1))
        self.assertEqual(texts(self.given["#b"]), ["before", "one", "two"])
        self.assertEqual(self.read("#a"), [])
        self.assertEqual(self.read("#b"), self.given["#b"][1:])

    def test_a_log_that_closes_between_two_parts_shows_all_of_them_and_what_came_before_that(self) -> None:
        answer = self.show_a_part("before")
        told: list[object] = []
        self.post("#a", "three", told)
        last = self.log.append("#b", said("three"))
        closing = self.log.close()
        self.closed = True
        late = self.log.append("#b", said("too late"))
        self.failureResultOf(late, NotKept)
        self.wait(closing)
        self.assertEqual(self.successResultOf(answer), [[2, 3], [2, 3]])
        self.assertEqual((told, self.successResultOf(last)), ([4], [4]))
        self.log, self.closed = self.open(), False
        self.assert_given(["one", "two", "three"], ["one", "two", "three"])

    def test_a_disk_that_is_full_between_two_parts_takes_nothing_from_what_is_shown(self) -> None:
        answer = self.show_a_part("before")
        told: list[object] = []
        with at_largest(os.path.getsize(f"{self.path}-wal") + 25 * PAGE):
            self.post("#a", "x" * 50 * PAGE, told)
            self.wait_until(told, 1)
            self.assertEqual(self.successResultOf(answer), [[2, 3], [2, 3]])
        self.post("#b", "three", told)
        self.wait_until(told, 2)
        self.assertEqual(told, [NotKept, 4])
        self.assert_given(["one", "two"], ["one", "two", "three"])
        self.assertEqual(self.failures, [])

    def test_a_disk_that_fails_between_two_parts_fails_behind_what_is_shown(self) -> None:
        write(self.path, "drop table words1")  # which is found out when there is time for the index
        answer = self.show_a_part()
        told: list[object] = []
        self.post("#b", "waits", told)
        # The next part is asked for by this thread, the failure reported by the writer's: in any order.
        failing, going_on = sorted(
            (self.turns.next(), self.turns.next()), key=lambda turn: turn.asked_by == threading.get_ident()
        )
        failing()
        self.assertEqual((self.failures, self.given["#b"]), ([], []))
        self.assertNoResult(answer)
        going_on()
        self.assertEqual(self.wait(answer), [[1, 2], [1, 2]])
        self.wait_until(told, 1)
        self.assertEqual(told, [NotKept])
        self.assertEqual([str(error) for error in self.failures], ["no such table: words1"])
        self.post("#b", "too late", told)
        self.assertEqual(told, [NotKept, NotKept])
        for entries in self.given.values():
            self.assertEqual(texts(entries), ["one", "two"])

    def test_those_who_wait_for_one_commit_are_told_in_parts_too(self) -> None:
        """Whoever comes in, say, has much to do then."""
        told: list[list[int]] = []
        take_long = self.slowly([])
        answers = [self.log.append("#lobby", said("hello")) for _ in range(3)]
        for answer in answers:
            answer.addCallback(told.append).addCallback(lambda _: take_long([]))
        for number in 1, 2, 3:
            while len(told) < number:
                self.turn()
            self.assertEqual(told, [[1], [2], [3]][:number])
            self.assertEqual(len(self.read("#lobby")), 3)

    # Records.

    def test_records_are_there_for_the_next_server(self) -> None:
        self.log.keep("kind", "a", b"one")
        self.log.keep("kind", "b", b"two")
        self.append("#lobby", "hello")
        self.log.keep("kind", "a", None)
        self.log.keep("kind", "c", b"last")
        self.reopen()
        self.assertEqual(self.wait(self.log.records("kind")), {"b": b"two", "c": b"last"})
        self.assertIsNone(self.wait(self.log.record("kind", "a")))

    def test_a_record_that_cannot_be_written_spoils_nothing_else(self) -> None:
        self.log.keep("kind", "\ud800", b"")
        self.log.keep("kind", "key", b"value")
        self.assertEqual(self.append("#lobby", "hello"), [1])
        self.assertEqual(len(self.flushLoggedErrors(UnicodeEncodeError)), 1)
        self.reopen()
        self.assertEqual(self.wait(self.log.records("kind")), {"key": b"value"})

    def test_a_record_is_in_the_file_before_what_is_forgotten_behind_it_is_gone(self) -> None:
        self.append("#lobby", "one", "two")
        condition = "not exists (select 1 from record where kind = 'room')"
        write(
            self.path,
            f"create trigger t before delete on entry when {condition} begin select raise(abort, 't'); end",
        )
        self.log.keep("room", "#lobby", b"what it is")
        self.wait(self.log.forget("#lobby", 1))
        self.assertEqual(texts(self.read("#lobby")), ["two"])

    def test_nothing_is_forgotten_while_a_record_cannot_be_written(self) -> None:
        self.append("#lobby", "one", "two")
        with at_largest(os.path.getsize(f"{self.path}-wal") + 25 * PAGE):  # room to forget, not to keep
            self.log.keep("room", "#lobby", b"x" * 100 * PAGE)
            self.assertRaises(NotKept, self.wait, self.log.forget("#lobby", 1))
        self.assertEqual(texts(self.read("#lobby")), ["one", "two"])
        self.wait(self.log.forget("#lobby", 1))
        self.assertEqual(texts(self.read("#lobby")), ["two"])
        self.assertEqual(self.look("select kind, length(value) from record"), [("room", 100 * PAGE)])
        self.assertEqual(self.failures, [])

    def test_a_record_waits_for_room_whatever_else_is_written_meanwhile(self) -> None:
        self.wait(self.log.append("#lobby", [Said("s1", "ada", "first", ref="r")]))
        with at_largest(os.path.getsize(f"{self.path}-wal") + 25 * PAGE):
            self.log.keep("room", "#lobby", b"x" * 50 * PAGE)
            again = self.log.append("#lobby", [Said("s1", "ada", "again", ref="r")])
            small = self.log.append("#lobby", said("there is room for this"))
            self.assertRaises(NotKept, self.wait, again)
            self.assertEqual(self.wait(small), [2])
        self.flushLoggedErrors(sqlite3.IntegrityError)
        self.append("#lobby", "now there is room for all")
        self.reopen()
        self.assertEqual(self.wait(self.log.record("room", "#lobby")), b"x" * 50 * PAGE)

    # Search, and what is no longer kept.

    def look(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as other:
            return other.execute(query).fetchall()

    def test_the_index_is_there_for_the_next_server(self) -> None:
        self.append("#lobby", *["hello"] * MANY)
        self.append("@s1", "hello")
        self.assertEqual(len(self.find("hello", limit=MANY)), MANY)
        self.reopen()
        self.assertEqual(self.look("select name, searchable from stream"), [("#lobby", MANY), ("@s1", 0)])
        self.assertEqual(self.look("select count(*) from words1_docsize"), [(MANY,)])
        self.append("#lobby", "hello")
        self.assertEqual(len(self.find("hello", limit=MANY * 2)), MANY + 1)

    def test_closing_does_not_wait_for_the_index_which_is_made_later(self) -> None:
        self.append("#lobby", *["hello"] * MANY)
        self.reopen()
        self.assertLess(self.look("select searchable from stream")[0][0], MANY)
        self.assertEqual(len(self.find("hello", limit=MANY)), MANY)

    def test_what_waits_for_the_index_does_not_become_ever_more(self) -> None:
        answers = [
            self.log.append("#lobby", said(*["hello"] * LARGEST_BATCH))
            for _ in range(MOST_WAITING // LARGEST_BATCH + 40)
        ]
        for answer in answers:
            self.wait(answer)
        self.close()
        self.assertGreater(self.look("select searchable from stream")[0][0], 0)

    def test_lines_are_committed_between_the_parts_of_what_takes_long(self) -> None:
        self.append("#lobby", *["hello"] * MANY * 5)
        done: list[str] = []

        def happens(_: object, what: str) -> None:
            done.append(what)

        ranges = [Range("#lobby", 0, MANY * 9)]
        self.log.search(Query(("hello",)), ranges, 1).addCallback(happens, "search")
        self.log.forget("#lobby", MANY * 5).addCallback(happens, "forget")
        self.log.append("#lobby", said("hello")).addCallback(happens, "line")
        while len(done) < 3:
            self.turn()
        self.assertEqual(done[0], "line")

    def test_what_is_forgotten_leaves_nothing_in_the_file(self) -> None:
        self.append("#lobby", *(f"hello {n}" for n in range(MANY)))
        self.find("hello")
        self.append("#lobby", "not in the index")
        self.wait(self.log.forget("#lobby", MANY + 1))
        self.reopen()
        for table in "entry", "words1_docsize":
            self.assertEqual(self.look(f"select count(*) from {table}"), [(0,)])
        self.assertEqual(self.look("select kept_after, searchable from stream"), [(MANY + 1, MANY + 1)])
        self.assertEqual(self.find("hello"), [])
        self.assertEqual((self.log.last("#lobby"), self.log.kept_after("#lobby")), (MANY + 1, MANY + 1))
        self.assertEqual(self.append("#lobby", "hello"), [MANY + 2])
        self.assertEqual(self.find("hello"), ["hello"])

    def test_what_is_asked_of_a_log_that_closes_has_an_answer(self) -> None:
        self.append("#lobby", *["hello"] * MANY)
        everywhere = [Range("#lobby", 0, MANY)]
        asked: list[Deferred[Any]] = [
            self.log.search(Query(("hello",)), everywhere, 1),
            self.log.forget("#lobby", MANY),
            self.log.records("kind"),
        ]
        closing = self.log.close()
        self.closed = True
        asked += [
            self.log.search(Query(("hello",)), everywhere, 1),
            self.log.forget("#lobby", 1),
            self.log.records("kind"),
        ]
        for answer in asked:
            answer.addErrback(lambda failure: failure.trap(NotKept))
        self.wait(closing)
        for answer in asked:
            self.successResultOf(answer)

    def test_the_indexes_are_used(self) -> None:
        self.append("#lobby", "hello")
        for query, plan in (
            (
                f"select spoken from {SPOKEN} stream = 1 and seq > 0 and seq <= 9",
                "COVERING INDEX spoken (stream=? AND seq>? AND seq<?)",
            ),
            (
                f"select body from {UNSPOKEN} stream = 1 and seq > 0 and seq <= 9",
                "INDEX unspoken (stream=? AND seq>? AND seq<?)",
            ),
            (f"select name, body from {REF} ref = 'a'", "INDEX ref (ref=?)"),
            (
                f"select body from {ABOUT} stream = 1 and about = 1 and seq <= 9 order by seq",
                "INDEX about (stream=? AND about=? AND seq<?)",
            ),
        ):
            steps = [step for *_, step in self.look(f"explain query plan {query}")]
            self.assertIn(plan, " ".join(steps))
            self.assertNotIn("SCAN", " ".join(steps))

    # The file.

    def test_the_files_are_for_the_server_alone_whatever_the_umask_is(self) -> None:
        self.close()
        before = os.umask(0)
        try:
            self.log, self.closed = self.make_log(), False
            self.append("#lobby", "hello")
        finally:
            os.umask(before)
        for kind in "", "-wal", "-shm", ".lock":
            self.assertEqual(os.stat(self.path + kind).st_mode & 0o777, 0o600, kind)

    def test_a_closed_log_is_one_file_and_a_lock(self) -> None:
        self.append("#lobby", "hello")
        self.close()
        folder, name = os.path.split(self.path)
        self.assertEqual(
            {file for file in os.listdir(folder) if file.startswith(name)}, {name, f"{name}.lock"}
        )

    def test_the_file_says_whose_it_is(self) -> None:
        self.close()
        with closing(sqlite3.connect(self.path)) as database:
            (application,) = database.execute("pragma application_id").fetchone()
            (version,) = database.execute("pragma user_version").fetchone()
            (found,) = database.execute("pragma integrity_check").fetchone()
        self.assertEqual((application.to_bytes(4, "big"), version, found), (b"tcpc", VERSION, "ok"))


class VolumeForEachSlice(SQLiteLog):
    """A log in whose index each volume is full with the first lines that are added to it."""

    def _prepare(self) -> None:
        self._file.writer.execute(
            "create temp trigger full after update of lines on volume begin"
            " update volume set size = 1 << 40 where id = new.id; end"
        )


class ManyVolumesTests(OneOrderContract, SynchronousTestCase):
    """The contract, with as many volumes of the index for search as there may be."""

    def setUp(self) -> None:
        self.folder = folder(self)
        super().setUp()

    def make_log(self) -> SQLiteLog:
        self.path = os.path.join(self.folder, f"{len(os.listdir(self.folder))}.sqlite3")
        self.turns = Turns()
        return VolumeForEachSlice(self.path, self.wall, self.turns.from_thread)

    def turn(self) -> None:
        self.turns.next()()

    def test_there_are_as_many(self) -> None:
        for number in range(1, 4):
            self.append("#lobby", "hello")
            self.assertEqual(len(self.find("hello")), number)
            with closing(sqlite3.connect(self.path)) as other:
                (newest,) = other.execute("select max(id) from volume").fetchone()
            self.assertEqual(newest, number)


# What version 1 had, and some of what was in it.
VERSION_1 = r"""
pragma journal_mode = wal;
pragma application_id = 1952673891;
pragma user_version = 1;
create table log (epoch text not null) strict;
create table stream (id integer primary key, name text not null unique) strict;
create table entry (
    stream integer not null references stream (id), seq integer not null, time integer not null,
    spoken integer not null, body text not null, primary key (stream, seq)
) strict, without rowid;
create index spoken on entry (stream, seq) where spoken;
insert into log values ('old');
insert into stream values (1, '#lobby'), (2, '@s1');
insert into entry values
    (1, 1, 5, 0, '{"type":"joined","session":"s1","nick":"ada"}'),
    (1, 2, 6, 1, '{"type":"said","session":"s1","nick":"ada","text":"hello"}'),
    (1, 3, 6, 1, '{"type":"said","session":"s1","nick":"ada","text":"two\nlines \\n"}'),
    (2, 1, 7, 0, '{"type":"told","session":"s1","nick":"ada","to":"bob","text":"psst"}');
"""


def make_version_1(path: str, entries: int = 0) -> None:
    """Make a file as version 1 made it; with more entries in another room, if it is to be large."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(VERSION_1)
        database.execute("insert into stream values (3, '#large')")
        body = '{"type":"said","session":"s1","nick":"ada","text":"line\\nline"}'
        rows = [(3, seq, 8, 1, body) for seq in range(1, entries + 2)]
        database.execute("begin")
        database.executemany("insert into entry values (?, ?, ?, ?, ?)", rows)
        database.execute("commit")


# A process that brings a file to this version, and is killed after so many of SQLite's steps.
KILLED = """
import os, sqlite3, sys
from tcpchat.logs.sqlite_schema import migrate
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.set_progress_handler(lambda: os.kill(os.getpid(), 9), int(sys.argv[2]))
migrate(database)
"""


# What version 2 had, without the index for search, and what was in it; nobody could edit or answer then.
VERSION_2 = r"""
pragma journal_mode = wal;
pragma application_id = 1952673891;
pragma user_version = 2;
create table log (epoch text not null) strict;
create table stream (
    id integer primary key, name text not null unique, kept_after integer not null default 0,
    searchable integer not null default 0
) strict;
create table entry (
    stream integer not null references stream (id), seq integer not null, time integer not null,
    spoken integer not null, ref text, body text not null, primary key (stream, seq)
) strict, without rowid;
create index spoken on entry (stream, seq, spoken) where spoken;
create index unspoken on entry (stream, seq) where not spoken;
create unique index ref on entry (ref) where ref is not null;
create table record (
    kind text not null, key text not null, value blob not null, primary key (kind, key)
) strict, without rowid;
create virtual table words using fts5 (
    text, nick, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
insert into words (words, rank) values ('automerge', 0), ('crisismerge', 64);
insert into log values ('old');
insert into stream values (1, '#lobby', 0, 1);
insert into words (rowid, text, nick) values (1 << 40 | 1, 'hello', 'n616461');
insert into entry values
    (1, 1, 5, 1, 's1 r', '{"type":"said","session":"s1","nick":"ada","ref":"r","text":"hello"}'),
    (1, 2, 6, 1, null, '{"type":"said","session":"s1","nick":"ada","text":"\"about\":7"}'),
    (1, 3, 7, 1, null, '{"type":"edited","session":"s1","nick":"ada","text":"hello you","about":1}');
"""


# What version 3 had, with the same in it: a line was edited, and one was taken back a moment ago.
VERSION_3 = f"""
{VERSION_2}
alter table entry add column about integer;
update entry set about = 1 where seq = 3;
create index about on entry (stream, about) where about is not null;
create table removed (id integer primary key, piece blob not null) strict;
insert into removed (piece) values (x'666f72676f7474656e');
insert into stream values (2, '@s1', 0, 0), (3, '#empty', 4, 4);
pragma user_version = 3;
"""


class OpeningTests(SynchronousTestCase):
    """What is opened, what is not, and that what is not is left as it was."""

    def setUp(self) -> None:
        self.folder = folder(self)
        self.path = os.path.join(self.folder, "chat.sqlite3")
        self.turns = Turns()

    @contextmanager
    def server(self, path: str | None = None) -> Iterator[SQLiteLog]:
        """Open the log; close it in the end."""
        log = SQLiteLog(path or self.path, lambda: NOON, self.turns.from_thread)
        try:
            yield log
        finally:
            self.wait(log.close())

    def wait(self, answer: Deferred[T]) -> T:
        got: list[T] = []
        answer.addCallback(got.append)
        while not got:
            self.turns.next()()
        return got[0]

    def fill(self, entries: int = 1) -> None:
        """Make a log that holds something, and close it."""
        with self.server() as log:
            self.wait(log.append("#lobby", said(*(f"line {n} {'x' * 300}" for n in range(entries)))))
            # So that the next server has nothing to add to the index.
            self.wait(log.search(Query(("line",)), [Range("#lobby", 0, entries + 1)], 1))

    def crash(self, *statements: str) -> None:
        """Leave behind what a server does that is killed after it has appended something."""
        with self.server() as log, closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            self.wait(log.append("#lobby", said("the last words")))
            for statement in statements:
                other.execute(statement)
            left = {kind: Path(self.path + kind).read_bytes() for kind in ("", "-wal")}
        for kind, data in left.items():
            Path(self.path + kind).write_bytes(data)

    def overwrite(self, offset: int, data: bytes) -> None:
        """Overwrite a part of the file."""
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def flip_a_page(self) -> None:
        """Overwrite a page in the middle with its opposite."""
        data = Path(self.path).read_bytes()
        middle = len(data) // PAGE // 2 * PAGE
        self.overwrite(middle, bytes(255 - byte for byte in data[middle : middle + PAGE]))

    def assert_opens(self, path: str | None = None) -> None:
        """It opens, what is in it can be read, and it can be written."""
        with self.server(path) as log:
            before = self.wait(log.read("#lobby", 0, MANY))
            self.assertEqual(self.wait(log.append("#lobby", said("hello"))), [len(before) + 1])

    def assert_refused(self, kind: type[CannotOpen], reason: str, path: str | None = None) -> None:
        """It is refused for that reason, nothing has changed, and nobody is kept from trying again."""
        path = path or self.path
        before = contents(self.folder)
        error = self.assertRaises(kind, SQLiteLog, path, lambda: NOON, self.turns.from_thread)
        self.assertIs(type(error), kind)
        self.assertIn(path, str(error))
        self.assertRegex(str(error).replace(path, "PATH"), rf"\A{reason}\.\Z")
        # Whatever is left of the attempt is closed now, which must not change anything either.
        del error
        gc.collect()
        self.assertEqual(contents(self.folder), before)
        if os.path.exists(f"{path}.lock"):
            with open(f"{path}.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    # What can be opened.

    def test_a_log_is_made_where_there_is_none(self) -> None:
        self.assert_opens()
        self.assert_opens()

    def test_an_interrupted_making_disturbs_nobody(self) -> None:
        for kind in ".new", ".new-journal", ".new-wal":
            Path(self.path + kind).write_bytes(b"half a" * 1000)
        self.assert_opens()
        self.assertEqual(sorted(contents(self.folder)), ["chat.sqlite3"])
        self.assert_opens()

    def test_what_an_interrupted_making_left_beside_a_log_disturbs_nobody(self) -> None:
        self.fill()
        Path(self.path + ".new").write_bytes(b"half a log")
        self.assert_opens()

    def test_a_path_may_hold_any_character(self) -> None:
        odd = os.path.join(self.folder, "a b?mode=ro&c#d%25e'f\"g;h\n\udcff\N{SNOWMAN}")
        self.assert_opens(odd)
        self.assert_opens(odd)
        self.assertTrue(os.path.exists(odd))

    def test_a_relative_path_will_do(self) -> None:
        self.assert_opens(os.path.relpath(self.path))
        self.assertTrue(os.path.exists(self.path))

    def test_a_log_in_another_journal_mode_is_opened_as_from_a_backup(self) -> None:
        self.fill()
        write(self.path, "pragma journal_mode = delete")
        self.assert_opens()
        write(self.path, f"vacuum into '{self.path}.backup'")
        self.assert_opens(f"{self.path}.backup")

    def test_a_log_of_version_1_is_brought_to_this_one(self) -> None:
        make_version_1(self.path)
        for _ in range(2):
            with self.server() as log:
                self.assertEqual(log.epoch, "old")
                self.assertEqual(self.wait(log.streams()), {"#lobby": 3, "@s1": 1, "#large": 1})
                lines: list[Entry] = self.wait(log.read("#lobby", 1, 9))
                self.assertEqual(texts(lines), ["hello", "two\nlines \\n"])
                self.assertEqual(self.wait(log.find_spoken("#lobby", 3, 3)), (1, 3))
                self.assertEqual(self.wait(log.find_spoken("#lobby", 2, 3)), (2, 2))
                found = self.wait(log.search(Query(("lines",)), [Range("#lobby", 0, 9)], 9))
                self.assertEqual([entry.seq for _, entry in found], [3])
        with self.server() as log:
            self.assertEqual(self.wait(log.append("#lobby", [Said("s", "ada", "new", ref="r")])), [4])
            self.assertIsNotNone(self.wait(log.find_ref("s", "r")))

    def test_a_log_of_version_2_is_brought_to_this_one(self) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(VERSION_2)
        for _ in range(2):
            with self.server() as log:
                self.assertEqual(log.epoch, "old")
                about: list[Entry] = self.wait(log.find_about("#lobby", 1))
                self.assertEqual(numbers(about), [3])
                self.assertEqual(self.wait(log.find_about("#lobby", 7)), [])
                self.assertIsNotNone(self.wait(log.find_ref("s1", "r")))
                found = self.wait(log.search(Query(("hello",)), [Range("#lobby", 0, 9)], 9))
                self.assertEqual([entry.seq for _, entry in found], [1, 3])
        with self.server() as log:
            self.assertEqual(self.wait(log.remove("#lobby", 1, Removed("s1", "ada", 1))), [4])
            self.assertEqual(self.wait(log.search(Query(("hello",)), [Range("#lobby", 0, 9)], 9)), [])
            left: list[Entry] = self.wait(log.read("#lobby", 0, 9))
            self.assertEqual(texts(left), ['"about":7'])

    def test_a_log_of_version_3_is_brought_to_this_one(self) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(VERSION_3)
        for _ in range(2):
            with self.server() as log:
                self.assertEqual(self.wait(log.streams()), {"#lobby": 3, "@s1": 0, "#empty": 4})
                found = self.wait(log.search(Query(("hello",)), [Range("#lobby", 0, 9)], 9))
                self.assertEqual([entry.seq for _, entry in found], [1, 3])
        with closing(sqlite3.connect(self.path)) as database:
            parts = database.execute("select stream, volume, last from part").fetchall()
            volumes = database.execute("select id, lines from volume").fetchall()
        # What the old index had is in a volume of its own.
        self.assertEqual(parts, [(1, 1, 1), (1, 2, 3)])
        self.assertEqual(volumes, [(1, 1), (2, 2)])
        with self.server() as log:
            self.wait(log.remove("#lobby", 1, Removed("s1", "ada", 1)))
            self.assertEqual(self.wait(log.search(Query(("hello",)), [Range("#lobby", 0, 9)], 9)), [])

    def test_killed_while_it_brings_a_file_to_this_version_a_server_leaves_the_old_one(self) -> None:
        path, steps, kills = f"{self.path}.old", 1, 0
        make_version_1(path, 1000)
        with closing(sqlite3.connect(path)) as database:
            before = list(database.iterdump())
        while subprocess.run([sys.executable, "-c", KILLED, path, str(steps)], timeout=60).returncode:
            kills += 1
            steps *= 3
            with closing(sqlite3.connect(path)) as database:
                self.assertEqual(database.execute("pragma user_version").fetchone(), (1,))
                self.assertEqual(list(database.iterdump()), before)
        self.assertGreater(kills, 5)
        with self.server(path) as log:
            self.assertEqual(log.last("#large"), 1001)

    def test_a_file_that_was_brought_to_this_version_is_like_a_new_one(self) -> None:
        self.fill()
        make_version_1(f"{self.path}.old")
        with closing(sqlite3.connect(f"{self.path}.older")) as database:
            database.executescript(VERSION_2)
        with closing(sqlite3.connect(f"{self.path}.newer")) as database:
            database.executescript(VERSION_3)
        paths = [f"{self.path}.{age}" for age in ("old", "older", "newer")]
        for path in paths:
            with self.server(path):
                pass
        shapes = []
        for path in (self.path, *paths):
            with closing(sqlite3.connect(path)) as database:
                names = database.execute("select name from sqlite_master where name not like 'words%'")
                newest = database.execute("select 'words' || max(id) from volume").fetchone()
                columns = "select name, type, [notnull], pk from pragma_table_info(?)"
                shapes.append(
                    [database.execute("pragma user_version").fetchone()]
                    + [(name, sorted(database.execute(columns, (name,)))) for (name,) in sorted(names)]
                    + [sorted(database.execute(columns, newest))]
                )
        self.assertEqual(shapes, [shapes[0]] * 4)

    # What is damaged.

    def test_a_text_file_is_left_alone(self) -> None:
        Path(self.path).write_text("Dear diary,\n" * 1000)
        self.assert_refused(Damaged, "PATH is not a log of tcpchat; it was left as it is")

    def test_so_is_what_is_but_the_beginning_of_a_log(self) -> None:
        for size in 1, 15, 16, 50, 99:
            self.fill()
            os.truncate(self.path, size)
            self.assert_refused(Damaged, "PATH is not a log of tcpchat; it was left as it is")
            os.remove(self.path)

    def test_an_empty_file_is_left_alone(self) -> None:
        Path(self.path).touch()
        self.assert_refused(Damaged, "The log PATH is empty. Remove it, and a new one is made")
        self.assertEqual(os.path.getsize(self.path), 0)

    def test_a_database_of_another_program_is_left_alone(self) -> None:
        write(self.path, "create table bookmark (url)", "insert into bookmark values ('https://...')")
        self.assert_refused(Damaged, "PATH is a database of another program; it was left as it is")

    def test_so_is_one_that_another_program_left_in_the_middle_of_its_work(self) -> None:
        with closing(sqlite3.connect(f"{self.path}.open", isolation_level=None)) as other:
            other.execute("pragma journal_mode = wal")
            other.execute("create table bookmark (url)")
            for kind in "", "-wal":
                shutil.copy(f"{self.path}.open{kind}", self.path + kind)
        self.assertIn("chat.sqlite3-wal", contents(self.folder))
        self.assert_refused(Damaged, "PATH is a database of another program; it was left as it is")

    def test_the_log_of_a_newer_tcpchat_is_left_alone(self) -> None:
        self.fill()
        write(self.path, f"pragma user_version = {VERSION + 1}")
        self.assert_refused(Damaged, rf"The log PATH was made by a newer tcpchat \(version {VERSION + 1}\)")

    def test_so_is_one_that_died(self) -> None:
        self.crash(f"pragma user_version = {VERSION + 1}")
        self.assertIn("chat.sqlite3-wal", contents(self.folder))
        self.assert_refused(Damaged, rf"The log PATH was made by a newer tcpchat \(version {VERSION + 1}\)")

    def test_a_flipped_page_is_found(self) -> None:
        self.fill(1000)
        self.flip_a_page()
        self.assert_refused(Damaged, r"The log PATH is damaged: [^\n]+")

    def test_a_damaged_log_keeps_what_a_dead_server_has_not_yet_moved_into_it(self) -> None:
        self.fill(1000)
        self.crash()
        self.flip_a_page()
        self.assertIn("chat.sqlite3-wal", contents(self.folder))
        self.assert_refused(Damaged, r"The log PATH is damaged: [^\n]+")

    def test_a_truncated_log_is_found(self) -> None:
        self.fill(1000)
        os.truncate(self.path, os.path.getsize(self.path) // 2)
        self.assert_refused(Damaged, r"The log PATH is damaged: [^\n]+")

    def test_a_damaged_schema_is_found(self) -> None:
        self.fill()
        self.overwrite(100, b"\0" * (PAGE - 100))
        self.assert_refused(Damaged, r"The log PATH is damaged: [^\n]+")

    def test_a_log_without_its_tables_is_found(self) -> None:
        for table in "entry", "stream", "log", "record", "volume", "part", "words1":
            self.fill()
            write(self.path, "pragma foreign_keys = off", f"drop table {table}")
            self.assert_refused(Damaged, f"The log PATH is damaged: no such table: {table}")
            os.remove(self.path)

    def test_a_log_without_an_epoch_is_found(self) -> None:
        self.fill()
        write(self.path, "delete from log")
        self.assert_refused(Damaged, "The log PATH is damaged: it has no epoch")

    def test_what_is_left_of_a_removed_log_does_not_get_into_a_new_one(self) -> None:
        self.fill(1000)
        self.crash()
        os.remove(self.path)
        self.assert_refused(
            Damaged, "The log PATH is gone, but PATH-wal holds a part of it; move that away too"
        )
        os.remove(f"{self.path}-wal")
        self.assert_opens()

    def test_damage_found_later_is_the_answer_to_those_who_read_there(self) -> None:
        self.fill(1000)
        with self.server() as log:
            self.flip_a_page()
            self.failureResultOf(log.read("#lobby", 0, 1000), sqlite3.DatabaseError)
            first: list[Entry] = self.successResultOf(log.read("#lobby", 0, 3))
            self.assertEqual(numbers(first), [1, 2, 3])
            self.assertEqual(self.wait(log.append("#lobby", said("hello"))), [1001])

    def test_who_reads_what_was_said_does_not_come_across_anything_else(self) -> None:
        """If it did, it would find the damage, and take the longer the more there is."""
        with self.server() as log:
            self.wait(log.append("#lobby", said("one")))
            self.wait(log.append("#lobby", [Joined("s", "x" * 300)] * 1000))
            self.wait(log.append("#lobby", said("two")))
        with self.server() as log:
            self.flip_a_page()
            both: list[Entry] = self.successResultOf(log.read_spoken("#lobby", 0, 1002, 10))
            self.assertEqual(texts(both), ["one", "two"])
            self.assertEqual(self.successResultOf(log.find_spoken("#lobby", 2, 1002)), (0, 2))
            self.failureResultOf(log.read("#lobby", 0, 1000), sqlite3.DatabaseError)

    # What cannot be opened.

    def test_a_folder_is_no_log(self) -> None:
        os.mkdir(self.path)
        self.assert_refused(CannotOpen, "The log PATH cannot be opened: Is a directory")

    def test_a_pipe_is_no_log(self) -> None:
        os.mkfifo(self.path)
        self.assert_refused(CannotOpen, "The log PATH cannot be opened: it is not a file")

    def test_a_log_in_a_folder_that_does_not_exist_is_not_made(self) -> None:
        path = os.path.join(self.folder, "nowhere", "chat.sqlite3")
        self.assert_refused(CannotOpen, "The log PATH cannot be opened: No such file or directory", path)

    # Two servers.

    def test_a_second_server_is_told_who_has_the_log(self) -> None:
        with self.server() as log:
            error = self.assertRaises(InUse, SQLiteLog, self.path, lambda: NOON, self.turns.from_thread)
            self.assertEqual(
                str(error),
                f"The log {self.path} is in use by another server (process {os.getpid()}).",
            )
            self.assertEqual(self.wait(log.append("#lobby", said("hello"))), [1])
        self.assert_opens()

    def test_also_when_it_calls_the_log_by_another_name(self) -> None:
        self.fill()
        link = os.path.join(self.folder, "link")
        os.symlink("chat.sqlite3", link)
        with self.server():
            error = self.assertRaises(InUse, SQLiteLog, link, lambda: NOON, self.turns.from_thread)
            self.assertIn(link, str(error))
        with self.server(link):
            self.assertRaises(InUse, SQLiteLog, self.path, lambda: NOON, self.turns.from_thread)
        self.assert_opens(link)

    def test_also_while_the_first_one_still_closes(self) -> None:
        log = SQLiteLog(self.path, lambda: NOON, self.turns.from_thread)
        closing = log.close()
        self.assertRaises(InUse, SQLiteLog, self.path, lambda: NOON, self.turns.from_thread)
        self.wait(closing)
        self.assert_opens()

"""No byte of what was taken back stays in the files of the SQLite log, as they are on the disk."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import count

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Edited, Event, Removed, Replied, Said, encode
from tcpchat.logs.batches import Append, Remove
from tcpchat.logs.sqlite_cleaning import LARGEST_SHARE, PATIENCE, Cleaning
from tcpchat.logs.sqlite_commit import commit
from tcpchat.logs.sqlite_file import PAGE, SQLiteFile, is_its_own, passes
from tcpchat.logs.sqlite_index import Index
from tcpchat.logs.sqlite_volumes import Volumes
from tests.contracts import NOON
from tests.test_log_sqlite import at_largest, folder


class CleaningTests(SynchronousTestCase):
    """The file, the index and the cleaning, without the thread that has them in a server."""

    def setUp(self) -> None:
        self.path = os.path.join(folder(self), "chat.sqlite3")
        self.now = 0.0
        self.crashes = 0
        self.random = random.Random(7)
        self.open()
        self.addCleanup(lambda: self.close())

    def open(self) -> None:
        self.file = SQLiteFile(self.path, "NORMAL")
        self.index = Index(self.file.writer, Volumes(self.file.writer))
        self.streams = dict(self.file.streams)
        for stream in self.streams.values():
            self.index.holds(stream.id, stream.searchable)
            self.index.grew(stream.id, stream.seq)
        self.cleaning = Cleaning(self.file, self.index.volumes, lambda: self.now)

    def close(self) -> None:
        self.file.reader.close()
        self.file.searcher.close()
        self.file.close_writer()
        self.file.close()

    def crash(self) -> None:
        """Go on with the files as they are, as after a kill."""
        self.crashes += 1
        crashed = f"{self.path.partition('.')[0]}.{self.crashes}"
        for kind in "", "-wal":
            shutil.copy(self.path + kind, crashed + kind)
        self.close()
        self.path = crashed
        self.open()

    def write(self, *items: Append | Remove) -> None:
        committed = commit(self.file, self.index, self.streams, items)
        for name, growth in committed.growths.items():
            self.streams[name] = growth.moved()
            self.index.grew(growth.id, growth.seq)
        if committed.has_removed:
            self.cleaning.want()

    def say(self, stream: str, *events: Event) -> None:
        self.write(Append([(stream, events)], len(events), NOON, Deferred(), True))

    def remove(self, stream: str, about: int) -> None:
        self.write(Remove(stream, about, Removed("s1", "ada", about), (), NOON, Deferred()))

    def make_index(self) -> None:
        while not self.index.is_at_rest:
            self.index.work()

    def clean(self) -> list[float]:
        """Clean until that is done; return for how long it had to wait each time."""
        waits: list[float] = []
        while (wait := self.cleaning.patience) is not None:
            if wait:
                waits.append(wait)
                self.now += wait
            self.cleaning.work()
        return waits

    def files(self) -> bytes:
        """Return all bytes of all files."""
        whole = b""
        for kind in "", "-wal", "-shm":
            with open(self.path + kind, "rb") as file:
                whole += file.read()
        return whole.lower()

    def talk(self, lines: int, words: Sequence[str] = ("some", "words", "of", "different", "length")) -> None:
        """Have many people say much in many rooms: each line has a word of its own."""
        for n in range(lines):
            stream = f"#room{min(int(self.random.paretovariate(0.7)), 30)}"
            text = " ".join(self.random.choices(words, k=self.random.choice((1, 4, 15, 100))))
            self.say(stream, Said("s1", "ada", f"canary{n:06}bird {text}"))

    def canaries(self) -> dict[str, tuple[str, int]]:
        """Return where in the log each of those words is."""
        rows = self.file.reader.execute(
            "select body, name, seq from entry join stream on stream = id where body like '%canary%'"
        )
        return {re.findall(r"canary\d+bird", body)[0]: (name, seq) for body, name, seq in rows.fetchall()}

    def check_index(self) -> None:
        """FTS5 finds every volume whole."""
        for (number,) in self.file.writer.execute("select id from volume").fetchall():
            self.file.writer.execute(f"insert into words{number} (words{number}) values ('integrity-check')")

    def assert_gone(self, *texts: str) -> None:
        files = self.files()
        self.assertEqual([text for text in texts if text.encode() in files], [])

    def test_what_was_said_edited_quoted_indexed_and_taken_back_is_in_no_file(self) -> None:
        self.talk(200)
        self.say(
            "#dev",
            Said("s1", "ada", "Firstcanary sings"),
            Edited("s1", "ada", "Secondcanary sings", 1),
            Replied("s2", "bob", "which?", 1, "ada: Firstcanary sings"),
            Replied("s2", "bob", "this?", 2, "ada: Secondcanary…"),
            Said("s2", "bob", "Thirdcanary" + " and more" * 1000),
        )
        self.make_index()
        self.file.empty_wal()
        words = "firstcanary", "secondcanary", "thirdcanary"
        self.assertEqual([word.encode() in self.files() for word in words], [True] * 3)
        self.remove("#dev", 1)
        self.remove("#dev", 5)
        self.clean()
        self.assert_gone(*words)
        self.assertEqual(self.file.reader.execute("select count(*) from removed").fetchall(), [(0,)])
        self.assertEqual(os.path.getsize(f"{self.path}-wal"), 0)

    def test_what_is_not_in_the_index_yet_is_in_no_file_either(self) -> None:
        self.say("#dev", Said("s1", "ada", "firstcanary"))
        self.remove("#dev", 1)
        self.make_index()
        self.clean()
        self.assert_gone("firstcanary")

    def test_copies_that_sqlite_has_left_are_found_and_overwritten(self) -> None:
        self.talk(3000)
        self.make_index()
        self.file.empty_wal()
        where = self.canaries()
        found = Counter(re.findall(rb'"text":"(canary\d+bird)', self.files()))
        twice = [word.decode() for word, times in found.items() if times > 1]
        self.assertNotEqual(twice, [], "SQLite leaves no copies any more, and this is not needed")
        once = self.random.sample(sorted(where.keys() - set(twice)), 20)
        for words in twice, once:
            for word in words:
                self.remove(*where[word])
            self.clean()
            self.assert_gone(*words)
        left = self.file.reader.execute("select count(*) from entry where spoken").fetchall()
        self.assertEqual(left, [(3000 - len(twice) - 20,)])
        self.assertEqual(self.file.writer.execute("pragma integrity_check").fetchall(), [("ok",)])
        self.check_index()

    def test_what_was_overwritten_does_not_come_back_with_what_is_written_to_its_page(self) -> None:
        self.talk(3000)
        where = self.canaries()
        self.make_index()
        self.file.empty_wal()
        found = Counter(re.findall(rb'"text":"(canary\d+bird)', self.files()))
        twice = [word.decode() for word, times in found.items() if times > 1]
        # The connection that writes has all pages in memory.
        self.file.writer.execute("select total(length(body)) from entry").fetchone()
        for word in twice:
            self.remove(*where[word])
        self.clean()
        self.file.writer.execute("update entry set time = time + 1")
        self.file.empty_wal()
        self.assert_gone(*twice)

    def test_what_is_indexed_while_it_is_cleaned_changes_nothing(self) -> None:
        self.talk(2000)
        self.make_index()
        where = self.canaries()
        gone = self.random.sample(sorted(where), 10)
        for word in gone:
            self.remove(*where[word])
        while self.cleaning.patience is not None:
            self.now += self.cleaning.patience
            self.cleaning.work()
            if self.streams["#room1"].seq < 3000:
                self.say("#room1", *[Said("s1", "ada", f"more {n}") for n in range(70)])
                self.index.work()
        self.assert_gone(*gone)

    def test_what_is_taken_back_while_it_is_cleaned_goes_too(self) -> None:
        self.talk(300)
        self.make_index()
        where = self.canaries()
        gone = self.random.sample(sorted(where), 10)
        for word in gone:
            self.remove(*where[word])
            self.cleaning.work()
        self.clean()
        self.assert_gone(*gone)

    def test_a_server_that_dies_meanwhile_leaves_it_to_the_next_one(self) -> None:
        self.talk(300)
        self.make_index()
        where = self.canaries()
        for steps in range(40):
            word = sorted(where)[steps]
            self.remove(*where[word])
            for _ in range(steps):
                if self.cleaning.patience == 0:
                    self.cleaning.work()
            self.crash()
            if steps % 3 == 0:
                continue  # it dies again
            self.clean()
            self.assert_gone(*sorted(where)[: steps + 1])

    def test_a_log_that_was_closed_while_it_is_cleaned_goes_on_when_it_is_opened(self) -> None:
        self.say("#dev", Said("s1", "ada", "firstcanary"))
        self.remove("#dev", 1)
        self.cleaning.work()
        self.close()
        self.open()
        self.clean()
        self.assert_gone("firstcanary")
        self.close()
        self.open()
        self.assertIsNone(self.cleaning.patience)

    def test_it_waits_for_those_who_read_an_older_state(self) -> None:
        self.say("#dev", Said("s1", "ada", "firstcanary"), Said("s1", "ada", "second"))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("begin")
            before = other.execute("select body from entry where seq = 1").fetchall()
            self.remove("#dev", 1)
            for _ in range(100):
                self.now += self.cleaning.patience or 0
                self.cleaning.work()
            self.assertAlmostEqual(self.cleaning.patience or 0, PATIENCE)
            self.say("#dev", Said("s1", "ada", "nobody waits for that"))
            self.assertEqual(other.execute("select body from entry where seq = 1").fetchall(), before)
            other.execute("commit")
        self.clean()
        self.assert_gone("firstcanary")

    def leave_copy(self, text: str) -> None:
        """Have a copy of a line in a page that is free: as SQLite does that overwrites nothing."""
        self.file.writer.execute("create table junk (x)")
        self.file.writer.execute("insert into junk values (zeroblob(20000))")
        self.file.writer.execute("drop table junk")
        self.file.empty_wal()
        with open(self.path, "r+b") as file:
            file.seek(100 - PAGE, os.SEEK_END)
            file.write(encode(Said("s1", "ada", text)))

    def test_a_copy_in_a_page_that_is_free_goes_too(self) -> None:
        self.talk(300)
        self.say("#dev", Said("s1", "ada", "firstcanary"))
        self.leave_copy("firstcanary")
        self.remove("#dev", 1)
        self.clean()
        self.assert_gone("firstcanary")
        self.assertEqual(self.file.writer.execute("pragma integrity_check").fetchall(), [("ok",)])

    def test_nothing_is_overwritten_while_somebody_reads_an_older_state(self) -> None:
        self.talk(300)
        self.say("#dev", Said("s1", "ada", "firstcanary"))
        self.leave_copy("firstcanary")
        self.remove("#dev", 1)
        while True:
            self.cleaning.work()
            if not os.path.getsize(f"{self.path}-wal"):
                break  # now it looks through the file
        self.say("#dev", Said("s1", "ada", "second"))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("begin")
            other.execute("select count(*) from entry").fetchone()
            self.say("#dev", Said("s1", "ada", "third"))
            for _ in range(100):
                self.now += self.cleaning.patience or 0
                self.cleaning.work()
            self.assertAlmostEqual(self.cleaning.patience or 0, PATIENCE)
            with open(self.path, "rb") as file:
                self.assertIn(b"firstcanary", file.read())
            other.execute("commit")
        self.clean()
        self.assert_gone("firstcanary")

    def test_what_a_full_disk_prevents_is_tried_again(self) -> None:
        self.talk(1000)
        self.say("#dev", Said("s1", "ada", "firstcanary"))
        self.make_index()
        self.remove("#dev", 1)
        with at_largest(os.path.getsize(f"{self.path}-wal")):
            self.assertRaises(sqlite3.OperationalError, self.clean)
        self.assertFalse(self.file.writer.in_transaction)
        self.assertAlmostEqual(self.cleaning.patience or 0, PATIENCE)
        self.clean()
        self.assert_gone("firstcanary")

    def test_a_disk_that_is_full_may_be_asked_again_and_one_that_fails_may_not(self) -> None:
        for error, passing in (errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False):
            self.assertEqual(passes(OSError(error, "not overwritten")), passing)
            self.assertFalse(is_its_own(OSError(error, "not overwritten")))

    def test_what_others_have_said_in_the_same_words_stays(self) -> None:
        text = "a long text that fills pages of its own " * 500
        self.say("#dev", Said("s1", "ada", text), Said("s1", "ada", text))
        self.make_index()
        self.remove("#dev", 1)
        self.clean()
        ((body,),) = self.file.reader.execute("select body from entry where seq = 2").fetchall()
        self.assertEqual(body, encode(Said("s1", "ada", text)).decode())

    def test_the_file_is_looked_through_in_a_share_of_the_time(self) -> None:
        self.talk(3000)
        self.make_index()
        self.remove("#room1", 1)
        ticks = count()  # each look at the clock
        self.cleaning = Cleaning(self.file, self.index.volumes, lambda: float(next(ticks)))
        waits: list[float] = []
        while (wait := self.cleaning.patience) is not None:
            if wait:
                waits.append(wait)
                ticks = count(next(ticks) + int(wait))
            self.cleaning.work()
        self.assertGreater(len(waits), 1)
        for wait in waits:
            # One passes while it looks, and three from there on until this sees it.
            self.assertEqual(wait, 1 / LARGEST_SHARE - 1 - 3)

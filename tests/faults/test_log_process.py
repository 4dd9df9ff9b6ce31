"""
The log in an SQLite file when processes are killed, disks are full and syncs fail: for real.

Each test has a server in a process of its own (`serve`, below) and tells it what to do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Edited, Entry, Gone, Removed, Replied
from tcpchat.logs.interface import CannotOpen, NotKept, Range
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.logs.sqlite_tools import StoredLog
from tcpchat.queries import Query
from tests.contracts import NOON, numbers, said, texts
from tests.processes import PATIENCE, Reading
from tests.test_log_sqlite import Turns, make_version_1

ROOT = Path(__file__).parents[2]

STRACE = ("strace", "-f", "-qqq")
FASTER = "--seccomp-bpf"  # but with it, strace 6.1 injects errors and no signals


def works(*command: str) -> bool:
    """Whether a command can be run here."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


needs_strace = unittest.skipUnless(
    works(*STRACE, FASTER, "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1000", "true"),
    "there is no strace that can trace",
)
needs_mount = unittest.skipUnless(
    works("unshare", "-m", "mount", "-t", "tmpfs", "none", tempfile.gettempdir()),
    "nobody may mount a tmpfs here",
)


class Server:
    """A process that has the log, as the test sees it."""

    def __init__(self, path: str, *wrapper: str, durability: str = "power") -> None:
        """``wrapper`` is a command that runs the command that follows it."""
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", __name__, path, durability],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=os.path.dirname(path),
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._to, self._from = self.process.stdin, self.process.stdout
        self._reading = Reading(self._from)

    def ask(self, *command: object) -> Any:
        """Have something done; return what comes of it."""
        self.tell(*command)
        return self.answer()

    def tell(self, *command: object) -> None:
        """Have something done."""
        with contextlib.suppress(BrokenPipeError):  # when it is dead, the answers will tell
            self._to.write(json.dumps(command).encode() + b"\n")
            self._to.flush()

    def line(self) -> str:
        """Wait for the next line."""
        return self._reading.until(r"\n").rstrip("\n")

    def answer(self) -> Any:
        """Wait for the next answer."""
        return json.loads(self.line())

    def answers(self) -> list[Any]:
        """Wait for its death; return the answers that came before."""
        return [json.loads(line) for line in self._reading.rest().splitlines(True) if line.endswith("\n")]

    def end(self) -> int:
        """Have it close the log and end; return its status."""
        with contextlib.suppress(BrokenPipeError):
            self._to.close()
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._from.close()


class ProcessCase(SynchronousTestCase):
    """Has a folder for a log, and servers that open it."""

    def setUp(self) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "chat.sqlite3")

    def serve(self, *wrapper: str, durability: str = "power") -> Server:
        server = Server(self.path, *wrapper, durability=durability)
        self.addCleanup(server.end)
        return server

    def open(self, *wrapper: str, durability: str = "power") -> Server:
        """Return a server that has opened the log."""
        server = self.serve(*wrapper, durability=durability)
        self.assertEqual(server.answer(), "open")
        return server

    def wait(self, turns: Turns, answer: Deferred[Any]) -> Any:
        got: list[Any] = []
        answer.addBoth(got.append)
        while not got:
            turns.next()()
        return got[0]

    def look(self) -> tuple[str, dict[str, list[Entry]]]:
        """Open the log here; return its epoch and what it holds, after a look at its health."""
        turns = Turns()
        log = SQLiteLog(self.path, lambda: NOON, turns.from_thread)
        try:
            streams = self.successResultOf(log.streams())
            held: dict[str, list[Entry]] = {
                stream: self.successResultOf(log.read(stream, 0, last + 1))
                for stream, last in streams.items()
            }
            for entries in held.values():
                self.assertEqual(numbers(entries), list(range(1, len(entries) + 1)))
            return log.epoch, held
        finally:
            self.wait(turns, log.close())
            with closing(sqlite3.connect(self.path)) as database:
                self.assertEqual(database.execute("pragma integrity_check").fetchall(), [("ok",)])

    def assert_kept(self, kept: list[tuple[str, int, str]]) -> None:
        """Everything is in the log that was said to be."""
        _, held = self.look()
        lines = {stream: texts(entries) for stream, entries in held.items()}
        for stream, seq, text in kept:
            self.assertEqual(lines[stream][seq - 1], text)


class KilledTests(ProcessCase):
    def test_whatever_was_answered_is_there_after_a_kill(self) -> None:
        """Killed while it is busy, thrice with the same log."""
        kept: list[tuple[str, int, str]] = []
        epochs = set()
        for busy in 1, 40, 1500:
            server = self.open()
            server.tell("talk", f"before kill {busy}")
            kept += [server.answer() for _ in range(busy)]
            server.process.kill()
            kept += server.answers()
            self.assertEqual(server.process.wait(), -signal.SIGKILL)
            self.assert_kept(kept)
            epochs.add(self.look()[0])
        self.assertGreaterEqual(len(kept), 1541)
        self.assertEqual(len(epochs), 1)

    @needs_strace
    def test_it_may_be_killed_while_it_writes_the_new_log(self) -> None:
        self.assertEqual(self.kill_at("pwrite64", 4), [])

    @needs_strace
    def test_it_may_be_killed_while_it_opens_the_new_log(self) -> None:
        self.assertEqual(self.kill_at("pwrite64", 22), [])

    @needs_strace
    def test_it_may_be_killed_while_it_writes_lines(self) -> None:
        """How many writes come before the first line is kept depends on how fast the machine is."""
        self.assertTrue(any(self.kill_at("pwrite64", when) for when in (45, 90, 180, 360)))

    @needs_strace
    def test_it_may_be_killed_before_and_after_the_log_gets_its_name(self) -> None:
        for call in "rename", "fsync":
            self.kill_at(call, 1)

    @needs_strace
    def test_it_may_be_killed_while_it_brings_an_old_log_to_this_version(self) -> None:
        """Either nothing of that is done then, or all of it; and the next server does the rest."""
        versions = []
        for when in 1, 3, 20, 60, 100:
            for file in Path(self.folder).iterdir():
                file.unlink()
            make_version_1(self.path, 3000)
            server = self.serve(
                *STRACE, "-o", os.devnull, "-e", "trace=pwrite64",
                "-e", f"inject=pwrite64:signal=SIGKILL:when={when}",
            )  # fmt: skip
            server.answers()
            self.assertEqual(server.process.wait(), -signal.SIGKILL)
            with closing(sqlite3.connect(self.path)) as database:
                versions += database.execute("pragma user_version").fetchone()
            epoch, held = self.look()
            self.assertEqual((epoch, len(held["#lobby"]), len(held["#large"])), ("old", 3, 3001))
        self.assertEqual(versions, sorted(versions))
        self.assertIn(1, versions)

    def kill_at(self, call: str, when: int) -> list[tuple[str, int, str]]:
        """Kill a server as it makes a system call for the n-th time; see that nothing is lost."""
        for file in Path(self.folder).iterdir():
            file.unlink()
        server = self.serve(
            *STRACE,
            "-o",
            os.devnull,
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:signal=SIGKILL:when={when}",
        )
        server.tell("talk", "before the kill")
        kept = [answer for answer in server.answers() if answer != "open"]
        self.assertEqual(server.process.wait(), -signal.SIGKILL)
        self.assert_kept(kept)
        self.assertEqual(self.open().ask("append", "#new", "hello"), [1])
        return kept


class TakenBackTests(ProcessCase):
    """What was taken back goes from the files while the server goes on, and when it dies."""

    def said_and_taken_back(self, server: Server, word: str) -> None:
        """Have a word said, corrected, quoted and found, and then taken back."""
        (seq,) = server.ask("append", "#lobby", f"{word} sings")
        server.ask("edit", "#lobby", seq, f"{word} sang")
        server.ask("reply", "#lobby", seq, "who?", f"ada: {word} sings")
        self.assertEqual(server.ask("search", word), 2)
        self.assertIn(word.encode(), self.files())
        self.assertEqual(server.ask("remove", "#lobby", seq), [seq + 3])

    def files(self) -> bytes:
        """Return what is in the log's files."""
        return b"".join(
            path.read_bytes() for path in Path(self.folder).iterdir() if not path.name.endswith(".lock")
        ).lower()

    def assert_goes(self, server: Server, *words: str) -> None:
        """Within the promised time no file has any of the words; meanwhile lines are taken."""
        end = time.monotonic() + PATIENCE
        while any(word.encode() in self.files() for word in words):
            self.assertLess(time.monotonic(), end)
            self.assertIsInstance(server.ask("append", "#other", "meanwhile"), list)

    def test_it_goes_from_the_files_while_lines_are_taken(self) -> None:
        server = self.open()
        self.said_and_taken_back(server, "firstcanary")
        self.said_and_taken_back(server, "secondcanary")
        self.assert_goes(server, "firstcanary", "secondcanary")
        self.assertEqual(server.ask("search", "firstcanary"), 0)
        self.assertEqual(server.ask("failures"), [])
        self.assertEqual(server.end(), 0)

    def test_it_goes_after_a_kill_right_behind_the_answer(self) -> None:
        words = [f"canary{n}bird" for n in range(8)]
        for number, word in enumerate(words):
            server = self.open()
            self.said_and_taken_back(server, word)
            for _ in range(number // 2):  # sooner, or in the middle of it
                server.ask("append", "#other", "meanwhile")
            server.process.kill()
            self.assertEqual(server.process.wait(), -signal.SIGKILL)
        server = self.open()
        self.assert_goes(server, *words)
        self.assertEqual(server.end(), 0)
        entries = self.look()[1]["#lobby"]
        gone = [entry.seq for entry in entries if isinstance(entry.event, Gone)]
        self.assertEqual(gone, [seq for n in range(8) for seq in (4 * n + 1, 4 * n + 2)])

    def test_a_copy_that_is_made_afterwards_has_nothing_of_it(self) -> None:
        server = self.open()
        self.said_and_taken_back(server, "firstcanary")
        self.assert_goes(server, "firstcanary")
        with closing(StoredLog(self.path)) as log:
            log.copy_to(f"{self.path}.copy", "other", lambda done, total: None)
        self.assertNotIn(b"firstcanary", Path(f"{self.path}.copy").read_bytes().lower())

    def test_a_full_disk_refuses_to_take_back_and_nothing_is_changed(self) -> None:
        server = self.open()
        server.ask("append", "#lobby", "firstcanary")
        server.ask("edit", "#lobby", 1, "secondcanary")
        server.ask("limit", 300_000)
        while server.ask("append", "#filler", "x" * 1000) != "refused":
            pass
        self.assertEqual(server.ask("remove", "#lobby", 1), "refused")
        self.assertEqual(server.ask("read", "#lobby"), ["firstcanary"])
        server.ask("limit", -1)
        self.assertEqual(server.ask("remove", "#lobby", 1), [3])
        self.assertEqual(server.ask("read", "#lobby"), [])
        self.assert_goes(server, "firstcanary", "secondcanary")
        self.assertEqual(server.ask("failures"), [])


class FullTests(ProcessCase):
    def fill(self, server: Server) -> list[str]:
        """Say something until there is no room for good; return what was kept."""
        kept: list[str] = []
        refusals = 0
        # What was refused may find room once the index has found none, or has moved to its place.
        while refusals < 20:
            outcome = server.ask("append", "#lobby", f"line {len(kept)}")
            if outcome == "refused":
                refusals += 1
                continue
            refusals = 0
            self.assertLess(len(kept), 10_000)
            kept.append(f"line {len(kept)}")
            self.assertEqual(outcome, [len(kept)])
        return kept

    def assert_full(self, server: Server, kept: list[str]) -> None:
        """It refuses, and everything can be read."""
        for _ in range(10):
            self.assertEqual(server.ask("append", "#lobby", "too much"), "refused")
            self.assertEqual(server.ask("append", "#new", "too much"), "refused")
            self.assertEqual(server.ask("read", "#lobby"), kept)
            self.assertEqual(server.ask("read", "#new"), [])

    def assert_goes_on(self, server: Server, kept: list[str]) -> None:
        """It takes lines again, has lost none, and ends well."""
        kept.append("room again")
        self.assertEqual(server.ask("append", "#lobby", "room again"), [len(kept)])
        self.assertEqual(server.ask("append", "#new", "room again"), [1])
        self.assertEqual(server.ask("read", "#lobby"), kept)
        self.assertEqual(server.ask("failures"), [])

    def test_a_file_that_may_not_grow_refuses_lines_until_it_may(self) -> None:
        server = self.open()
        server.ask("limit", 300_000)
        kept = self.fill(server)
        self.assertGreater(len(kept), 10)
        self.assert_full(server, kept)
        server.ask("limit", -1)
        self.assert_goes_on(server, kept)
        self.assertEqual(server.end(), 0)
        _, held = self.look()
        self.assertEqual(texts(held["#lobby"]), kept)

    def test_what_finds_no_room_in_the_index_is_found_as_soon_as_there_is_some(self) -> None:
        server = self.open()
        server.ask("limit", 300_000)
        kept = self.fill(server)
        for _ in range(3):
            self.assertLessEqual(server.ask("search", "line"), len(kept))
        self.assert_full(server, kept)
        server.ask("limit", -1)
        self.assertEqual(server.ask("search", "line"), len(kept))
        self.assert_goes_on(server, kept)

    def test_a_record_that_found_no_room_is_written_as_soon_as_there_is_some(self) -> None:
        server = self.open()
        server.ask("limit", 300_000)
        self.fill(server)
        for value in "old", "new":
            server.ask("keep", "key", value)
            self.assertEqual(server.ask("append", "#lobby", "too much"), "refused")
            self.assertEqual(server.ask("record", "key"), value)
        server.ask("limit", -1)
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
            while not (found := database.execute("select value from record").fetchall()):
                server.ask("wait for a report")
        self.assertEqual(found, [(b"new",)])
        self.assertEqual(server.ask("failures"), [])

    @needs_mount
    def test_a_full_disk_refuses_lines_until_there_is_room(self) -> None:
        server = self.open(*self.on_a_small_disk('exec "$@"'))
        server.ask("use up", 200_000)
        kept = self.fill(server)
        self.assertGreater(len(kept), 10)
        self.assert_full(server, kept)
        server.ask("use up", 0)
        self.assert_goes_on(server, kept)
        self.assertEqual(server.end(), 0)

    @needs_mount
    def test_on_a_full_disk_no_log_is_made_and_the_next_attempt_succeeds(self) -> None:
        server = self.serve(
            *self.on_a_small_disk('head -c 2m /dev/zero >junk; "$@" <&-; ls; rm junk; exec "$@"')
        )
        self.assertRegex(server.line(), f"The log {self.path} cannot be (made|opened): [^\n]+")
        self.assertEqual([server.line(), server.line()], ["chat.sqlite3.lock", "junk"])
        self.assertEqual(server.answer(), "open")
        self.assertEqual(server.ask("append", "#lobby", "hello"), [1])

    @needs_mount
    def test_a_disk_that_may_only_be_read_is_named(self) -> None:
        server = self.serve(*self.on_a_small_disk('"$@" <&-; mount -o remount,ro .; exec "$@"'))
        self.assertEqual(server.answer(), "open")
        self.assertEqual(
            server.answer(), ["CannotOpen", f"The log {self.path} cannot be opened: Read-only file system."]
        )

    def on_a_small_disk(self, script: str) -> list[str]:
        """Return a command that runs a script where the folder is a disk of 1 MB."""
        there = 'mount -t tmpfs -o size=1m none "$0" && cd "$0" || exit; '
        return ["unshare", "-m", "sh", "-c", there + script, self.folder]


class BrokenTests(ProcessCase):
    """A sync that fails may have lost what it was for, and the next one may not say so."""

    def fails(self, call: str, when: str, durability: str = "power", *only: str) -> list[Any]:
        """
        Say things to a server until the disk fails; return the outcomes.

        What was kept is there afterwards, what was refused is not, and what had no answer may be.
        """
        self.open().end()  # the log was made in better times
        server = self.open(
            *STRACE, FASTER, "-o", os.devnull, *only, "-e", f"trace={call}",
            "-e", f"inject={call}:error=EIO:when={when}", durability=durability,
        )  # fmt: skip
        outcomes: list[Any] = []
        while len(outcomes) < 1000 and outcomes[-3:] != ["refused"] * 3:
            outcomes.append(server.ask("append", "#lobby", f"{len(outcomes)} {'x' * 4000}"))
        self.assertEqual(server.ask("failures"), ["SQLITE_IOERR_FSYNC"])
        kept = [outcome for outcome in outcomes if isinstance(outcome, list)]
        self.assertEqual(kept, [[n] for n in range(1, len(kept) + 1)])
        self.assertEqual(len(server.ask("read", "#lobby")), len(kept))
        self.assertEqual(server.end(), 0)
        lines = texts(self.look()[1].get("#lobby", []))
        unknown = outcomes.count("unknown")
        self.assertIn(len(lines), range(len(kept), len(kept) + unknown + 1))
        self.assertEqual([int(line.split()[0]) for line in lines], list(range(len(lines))))
        return outcomes

    @needs_strace
    def test_when_the_sync_of_a_commit_fails_nothing_more_is_taken(self) -> None:
        outcomes = self.fails("fdatasync", "4+")
        self.assertEqual(outcomes[0], [1])
        self.assertEqual(outcomes[-4:], ["unknown", "refused", "refused", "refused"])
        self.assertEqual(outcomes.count("unknown"), 1)

    @needs_strace
    def test_also_when_the_next_sync_would_succeed(self) -> None:
        outcomes = self.fails("fdatasync", "4")
        self.assertEqual(outcomes[-4:], ["unknown", "refused", "refused", "refused"])

    @needs_strace
    def test_also_when_the_folder_cannot_be_synced(self) -> None:
        outcomes = self.fails("fdatasync,fsync", "2+")
        self.assertEqual(outcomes[-4:], ["unknown", "refused", "refused", "refused"])

    @needs_strace
    def test_also_when_what_fails_is_to_move_old_lines_to_their_place(self) -> None:
        """Nobody waits for that sync, but without an end the disk would fill up."""
        for durability in "power", "crash":
            outcomes = self.fails("fdatasync", "1+", durability, "-P", self.path)
            self.assertGreater(len(outcomes), 100)
            self.assertEqual(outcomes[-3:], ["refused"] * 3)
            os.remove(self.path)


class DurabilityTests(ProcessCase):
    def syncs(self, durability: str) -> int:
        """Return how often the disk was waited for while twenty lines were said one by one."""
        calls = os.path.join(self.folder, "calls")
        server = self.open(*STRACE, FASTER, "-o", calls, "-e", "fdatasync", durability=durability)
        for n in range(20):
            self.assertEqual(server.ask("append", "#lobby", f"line {n}"), [n + 1])
        # Those of the closing do not count.
        syncs = Path(calls).read_text().count("fdatasync")
        self.assertEqual(server.end(), 0)
        return syncs

    @needs_strace
    def test_what_is_to_survive_a_power_cut_is_answered_once_the_disk_has_it(self) -> None:
        self.assertGreaterEqual(self.syncs("power"), 20)

    @needs_strace
    def test_what_is_to_survive_a_crash_does_not_wait_for_the_disk(self) -> None:
        self.assertLess(self.syncs("crash"), 20)


class TwoServersTests(ProcessCase):
    def test_the_second_is_told_the_process_of_the_first(self) -> None:
        first = self.open()
        second = self.serve()
        self.assertEqual(
            second.answer(),
            ["InUse", f"The log {self.path} is in use by another server (process {first.process.pid})."],
        )
        self.assertEqual(first.ask("append", "#lobby", "hello"), [1])

    def test_the_next_can_open_it_once_the_first_has_closed_it(self) -> None:
        first = self.open()
        first.ask("append", "#lobby", "hello")
        self.assertEqual(first.end(), 0)
        self.assertEqual(self.open().ask("append", "#lobby", "hello"), [2])

    def test_the_next_can_open_it_once_the_first_is_dead(self) -> None:
        first = self.open()
        first.ask("append", "#lobby", "hello")
        first.process.kill()
        first.process.wait()
        self.assertEqual(self.open().ask("append", "#lobby", "hello"), [2])

    def test_what_the_first_has_started_does_not_hold_the_log_for_it(self) -> None:
        first = self.open()
        self.addCleanup(os.kill, first.ask("start a process"), signal.SIGKILL)
        first.process.kill()
        first.process.wait()
        self.open()


def serve(path: str, durability: Any) -> None:
    """Be the server: open the log, and do what is asked for, until there is nothing more."""

    def say(what: object) -> None:
        print(json.dumps(what), flush=True)

    turns = Turns()
    failures: list[Any] = []
    try:
        log = SQLiteLog(path, lambda: NOON, turns.from_thread, durability, failures.append)
    except CannotOpen as error:
        say([type(error).__name__, str(error)])
        return
    say("open")

    def wait(answer: Deferred[Any]) -> Any:
        got: list[Any] = []
        answer.addErrback(lambda failure: failure.trap(NotKept) and "refused")
        answer.addBoth(got.append)
        known = len(failures)
        while not got:
            turns.next()()
            if len(failures) > known:
                return "unknown"
        return got[0]

    def talk(topic: str) -> None:
        """Say things in three rooms, 64 at once, and tell what is kept."""
        for n in itertools.count():
            batch = [(f"#room{m % 3}", f"{topic} {n} {m}") for m in range(64)]
            for (stream, text), answer in [(line, log.append(line[0], said(line[1]))) for line in batch]:
                (seq,) = wait(answer)
                say((stream, seq, text))

    for line in sys.stdin:
        match json.loads(line):
            case ["append", stream, text]:
                say(wait(log.append(stream, said(text))))
            case ["read", stream]:
                say(texts(wait(log.read(stream, 0, 100_000))))
            case ["edit", stream, about, text]:
                say(wait(log.append(stream, [Edited("s1", "ada", text, about)])))
            case ["reply", stream, about, text, quote]:
                say(wait(log.append(stream, [Replied("s2", "bob", text, about, quote)])))
            case ["remove", stream, about]:
                say(wait(log.remove(stream, about, Removed("s1", "ada", about))))
            case ["talk", topic]:
                talk(topic)
            case ["keep", key, value]:
                log.keep("kind", key, value.encode())
                say("done")
            case ["record", key]:
                say(wait(log.record("kind", key)).decode())
            case ["wait for a report"]:
                turns.next()()
                say("done")
            case ["search", text]:
                ranges = [Range("#lobby", 0, 100_000)]
                say(len(wait(log.search(Query((text,)), ranges, 100_000))))
            case ["limit", size]:
                _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
                say("done")
            case ["use up", size]:
                say(Path("junk").write_bytes(bytes(size)))
            case ["start a process"]:
                say(subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL).pid)
            case ["failures"]:
                say([error.sqlite_errorname for error in failures])
            case unknown:
                raise ValueError(unknown)
    wait(log.close())


if __name__ == "__main__":
    serve(*sys.argv[1:])

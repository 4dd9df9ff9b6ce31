"""The operator's lines: whole whatever was typed, and without a word of it."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost
from twisted.logger import LogEvent, Logger, LogLevel, LogPublisher, globalLogPublisher
from twisted.python import log
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.log_lines import LONGEST_CHAIN, WHOLE, as_json, as_text, lines, reason, visible

NASTY = "a\nb\r\tc\x1b[31m\x7f\x9b2J\u2028d\u202ee\ufeff{0}{nick!r}%s\ud800"


def happened(format: str = "It has happened", level: LogLevel = LogLevel.info, **fields: Any) -> LogEvent:
    """Return an event as a logger of ours makes it."""
    seen: list[LogEvent] = []
    Logger("tcpchat.door", observer=seen.append).emit(level, format, **fields)  # type: ignore[arg-type]
    return seen[0] | {"log_time": 1_795_255_320.25}


def failed(error: BaseException, cause: BaseException | None = None, **fields: Any) -> LogEvent:
    """Return an event with an error that was raised."""
    seen: list[LogEvent] = []
    try:
        raise error from cause
    except BaseException:
        Logger("tcpchat.door", observer=seen.append).failure("It failed", **fields)  # type: ignore[arg-type]
    return seen[0]


def text(event: LogEvent) -> str:
    line = as_text(event)
    assert line is not None and line.endswith("\n")
    return line[:-1]


def an_object(event: LogEvent) -> dict[str, Any]:
    line = as_json(event)
    assert line is not None and line.endswith("\n") and "\n" not in line[:-1]
    found: dict[str, Any] = json.loads(line)
    return found


class VisibleTests(SynchronousTestCase):
    def test_what_can_be_seen_stays(self) -> None:
        for seen in ("", "plain text", "grüß 你好 👋", r"C:\n"):
            self.assertEqual(visible(seen), seen)

    def test_what_steers_a_terminal_or_ends_a_line_is_written_out(self) -> None:
        self.assertEqual(
            visible("a\nb\x1b[0m\x85\u2028\U000e0001\ud800"), r"a\nb\x1b[0m\x85\u2028\U000e0001\ud800"
        )

    @given(st.text(st.characters()))
    def test_nothing_is_left_that_cannot_be_seen(self, text: str) -> None:
        shown = visible(text)
        self.assertEqual(len(f"<{shown}>".splitlines()), 1)
        self.assertFalse([each for each in shown if unicodedata.category(each)[0] == "C"])


class TextTests(SynchronousTestCase):
    def test_an_event_is_a_line_with_its_time_its_source_and_its_level(self) -> None:
        line = text(happened("{nick} is in", nick="bob"))
        self.assertRegex(line, r"^2026-11-21T\d\d:02:00[+-]\d{4} \[tcpchat\.door#info\] bob is in$")

    def test_the_session_stands_behind_it(self) -> None:
        self.assertTrue(text(happened(session="s1")).endswith("] It has happened (session s1)"))

    def test_an_event_of_the_old_kind_is_a_line_as_well(self) -> None:
        self.assertTrue(text(happened() | {"log_system": "-"}).endswith(" [-] It has happened"))

    def test_where_there_is_nothing_there_is_no_line(self) -> None:
        self.assertIsNone(as_text({}))
        self.assertIsNone(as_json({}))

    @given(st.text(st.characters()))
    def test_what_was_typed_stays_within_its_line(self, typed: str) -> None:
        for event in (happened("{nick} is in", nick=typed), happened(session=typed), {"log_format": typed}):
            line = as_text(event) or "\n"
            self.assertTrue(line[:-1].isprintable())
            self.assertTrue(line.endswith("\n"))

    def test_what_was_typed_is_no_format(self) -> None:
        line = text(happened("{nick} is in", nick=NASTY, session="s1"))
        self.assertIn(r"a\nb\r\tc\x1b[31m\x7f\x9b2J\u2028d\u202ee\ufeff{0}{nick!r}%s\ud800 is in", line)

    def test_further_lines_of_a_traceback_begin_with_a_tab_and_say_where_it_was(self) -> None:
        first, *others = text(failed(OSError(28, "No space left on device"), session="s1")).split("\n")
        self.assertTrue(first.endswith("#critical] It failed (session s1)"))
        self.assertTrue(all(line.startswith("\t") and line[1:].isprintable() for line in others))
        self.assertEqual(others[0], "\tTraceback (most recent call last):")
        self.assertIn("raise error from cause", others[2])
        self.assertEqual(others[-1], "\tOSError: [Errno 28] No space left on device")


class JSONTests(SynchronousTestCase):
    def test_an_event_is_an_object_with_its_fields(self) -> None:
        event = happened("{nick} is in", nick="bob", session="s1", number=3, place={"a": 1}, text="x")
        self.assertEqual(
            an_object(event),
            {
                "time": "2026-11-21T10:02:00.250Z", "level": "info", "logger": "tcpchat.door",
                "text": "bob is in", "nick": "bob", "session": "s1", "number": 3, "place": "{'a': 1}",
            },
        )  # fmt: skip

    def test_of_events_of_others_the_fields_are_not_told(self) -> None:
        event = happened("{x}", x="y") | {"log_namespace": "twisted.internet", "log_time": None}
        known = {"time": None, "level": "info", "logger": "twisted.internet", "text": "y"}
        self.assertEqual(an_object(event), known)

    @given(st.text(st.characters()))
    def test_whatever_was_typed_it_is_one_line_of_ascii(self, typed: str) -> None:
        event = happened("{nick} is in", nick=typed)
        line = as_json(event)
        assert line is not None
        self.assertTrue(line[:-1].isascii() and line[:-1].isprintable())
        self.assertEqual(an_object(event)["nick"], typed)

    def test_a_failure_is_told_line_by_line(self) -> None:
        told = an_object(failed(ConnectionLost()))["failure"]
        self.assertEqual(told[0], "Traceback (most recent call last):")
        self.assertTrue(told[-1].startswith("twisted.internet.error.ConnectionLost: Connection to the other"))


class SecretTests(SynchronousTestCase):
    """What an error says may quote what was typed."""

    def test_errors_that_quote_values_are_told_by_their_kind(self) -> None:
        quoting = (
            KeyError("canary"), ValueError("canary"), AssertionError("canary"), OSError("canary"),
            sqlite3.OperationalError("near canary"), Exception("canary"),
            UnicodeEncodeError("ascii", "canary", 0, 1, "canary"),
        )  # fmt: skip
        for error in quoting:
            self.assertEqual(reason(error), type(error).__name__)
            for line in (as_text(failed(error)), as_json(failed(error, came=error, why=Failure(error)))):
                assert line is not None
                self.assertNotIn("canary", line)
                self.assertIn(type(error).__name__, line)

    def test_an_error_of_sqlite_is_told_unless_it_is_about_a_statement(self) -> None:
        file = sqlite3.connect(":memory:")
        with self.assertRaises(sqlite3.Error) as wrong:
            file.execute("select canary")
        self.assertEqual(reason(wrong.exception), "OperationalError")
        file.execute("create table t (a unique)")
        file.execute("insert into t values ('canary')")
        with self.assertRaises(sqlite3.Error) as twice:
            file.execute("insert into t values ('canary')")
        self.assertEqual(reason(twice.exception), "UNIQUE constraint failed: t.a")
        file.close()

    def test_errors_that_tell_of_the_program_are_told(self) -> None:
        self.assertEqual(reason(TypeError("unhashable type: 'list'")), "unhashable type: 'list'")

    def test_where_an_error_came_from_is_told_so_far_and_without_values(self) -> None:
        error: BaseException = OSError(5, "Input/output error")
        for _ in range(LONGEST_CHAIN):
            worse = ValueError("canary")
            worse.__cause__, error = error, worse
        line = text(failed(error, error.__cause__))
        self.assertEqual(line.count("ValueError"), LONGEST_CHAIN)
        self.assertNotIn("canary", line)
        line = text(failed(KeyError("canary"), OSError(5, "Input/output error")))
        self.assertTrue(line.endswith("\tKeyError\n\twhich came from OSError: [Errno 5] Input/output error"))

    def test_what_a_failing_call_was_given_is_not_told(self) -> None:
        def fail(secret: str) -> None:
            raise LookupError(secret)

        try:
            fail("can" + "ary")
        except LookupError:
            event = happened() | {"log_failure": Failure(captureVars=True)}
        self.assertNotIn("can" + "ary", text(event))

    def test_a_failure_that_lost_its_traceback_is_told(self) -> None:
        event = happened() | {"log_failure": Failure(KeyError("canary"))}
        self.assertTrue(text(event).endswith("\n\tTraceback (most recent call last):\n\tKeyError"))

    def test_errors_logged_the_old_way_keep_their_values_to_themselves(self) -> None:
        seen: list[LogEvent] = []
        globalLogPublisher.addObserver(seen.append)  # type: ignore[arg-type]
        try:
            log.err(Failure(KeyError("canary")), "While reading")
            log.err(Failure(KeyError("canary")))
        finally:
            globalLogPublisher.removeObserver(seen.append)  # type: ignore[arg-type]
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)
        first, second = map(text, seen)
        self.assertIn("] While reading\n", first)
        self.assertIn("] Unhandled error\n", second)
        self.assertNotIn("canary", first + second)

    def test_a_failure_without_a_sentence_gets_one(self) -> None:
        self.assertIn(
            "#info] Unhandled error\n\tTrace", text(happened("") | {"log_failure": Failure(KeyError())})
        )


class LevelTests(SynchronousTestCase):
    def test_what_is_below_the_level_is_no_line(self) -> None:
        for format, make in (("text", as_text), ("json", as_json)):
            line = lines(format, "info")
            for level in (LogLevel.info, LogLevel.critical):
                self.assertEqual(line(happened(level=level)), make(happened(level=level)))
            self.assertIsNone(line(happened(level=LogLevel.debug)))
            self.assertIsNotNone(lines(format, "debug")(happened(level=LogLevel.debug)))

    def test_an_event_without_a_level_counts_as_information(self) -> None:
        publisher = LogPublisher()
        seen: list[LogEvent] = []
        publisher.addObserver(seen.append)  # type: ignore[arg-type]
        publisher({"log_format": "x"})
        self.assertEqual(lines("text", "info")(seen[0]), "- [-#info] x\n")


class WholeTests(SynchronousTestCase):
    def test_a_line_of_another_process_is_left_as_it_is_whatever_it_says_of_its_level(self) -> None:
        for format in "text", "json":
            event = happened("{line}", LogLevel.debug, line="x", **{WHOLE: '{"level": "info"}'})
            self.assertEqual(lines(format, "info")(event), '{"level": "info"}\n')

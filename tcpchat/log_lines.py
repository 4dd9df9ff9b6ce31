"""
What operators read: an event of twisted.logger as a line of text, or as a JSON object in a line.

Whatever was typed, it begins no line and carries no control character, and no word of it gets in by
way of an error: of most errors it is told what kind they are and where they happened, but not what
they say, because that may quote the value that was wrong.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from twisted.logger import LogLevel, formatEvent, formatTime
from twisted.python.failure import Failure

# Errors whose texts are made of names in the program, not of values.
TELLING = (AttributeError, ImportError, MemoryError, NameError, RecursionError, TypeError)

# What SQLite calls an error in a statement, which it quotes: that of a search is made of what is looked for.
QUOTING = "SQLITE_ERROR"

# Errors that are told of which one came from another.
LONGEST_CHAIN = 5

# What a JSON line has of every event; fields of that name are left out.
OF_EVERY_EVENT = ("time", "level", "logger", "text", "failure")

# A field of an event that is a line already, of another process's log; nothing else of the event is told.
WHOLE = "whole_line"


def visible(text: str) -> str:
    r"""
    Return a text with everything escaped that is not to be seen: ``\n``, ``\x1b``, ``\u2028``.

    That is all that can end a line, steer a terminal, or hide.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )


def reason(error: BaseException) -> str:
    """Return what an error says, or where that may quote what somebody typed, only of what kind it is."""
    says = isinstance(error, OSError) and error.errno is not None
    says = says or getattr(error, "sqlite_errorname", QUOTING) != QUOTING
    says = says or type(error) in TELLING or type(error).__module__ == "twisted.internet.error"
    return str(error) if says else type(error).__name__


def _kind(error: BaseException) -> str:
    """Return what kind of error it is, by its full name."""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, the one that it came from, and so on."""
    for _ in range(LONGEST_CHAIN):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _last_line(error: BaseException) -> str:
    says = reason(error)
    return _kind(error) if says == type(error).__name__ else f"{_kind(error)}: {says}"


def _traceback(failure: Failure) -> list[str]:
    """Return where an error happened, with lines of the program and without its values."""
    lines = ["Traceback (most recent call last):"]
    for frame in traceback.format_list(traceback.extract_tb(failure.getTracebackObject())):
        lines += frame.splitlines()
    chain = [_last_line(error) for error in _chain(failure.value)]
    return [*lines, *chain[:1], *(f"which came from {cause}" for cause in chain[1:])]


def _failure(event: Mapping[str, Any]) -> Failure | None:
    """Return the failure that an event is about; events of twisted.python.log call it otherwise."""
    failure = event.get("log_failure") or event.get("failure")
    return failure if isinstance(failure, Failure) else None


def _text(event: Mapping[str, Any]) -> str:
    """Return an event's sentence, without the failure; nothing if there is neither."""
    if event.get("isError") and "why" in event:  # of twisted.python.log, whose text has the failure in it
        text = str(event["why"] or "")
    else:
        text = formatEvent({name: _told(value) for name, value in event.items()})
    return text or ("Unhandled error" if _failure(event) else "")


def _told(value: object) -> object:
    """Return a value as it may be told of."""
    if isinstance(value, Failure):
        value = value.value
    return reason(value) if isinstance(value, BaseException) else value


def as_text(event: Mapping[str, Any]) -> str | None:
    """
    Return an event as a line of text, None if there is nothing in it.

    A failure's traceback stands in further lines, which begin with a tab.
    """
    failure = _failure(event)
    text = _text(event)
    if not text:
        return None
    level = event.get("log_level", LogLevel.info).name
    source = event.get("log_system") or f"{event.get('log_namespace', '-')}#{level}"
    front = f"{formatTime(event.get('log_time'))} [{visible(str(source))}]"
    if session := event.get("session"):
        text = f"{text} (session {session})"
    lines = [f"{front} {visible(text)}"]
    if failure is not None:
        lines += map(visible, _traceback(failure))
    return "\n\t".join(lines) + "\n"


def as_json(event: Mapping[str, Any]) -> str | None:
    """Return an event as a JSON object in one line of ASCII, None if there is nothing in it."""
    failure = _failure(event)
    text = _text(event)
    if not text:
        return None
    namespace = event.get("log_namespace", "-")
    line: dict[str, Any] = {
        "time": _moment(event.get("log_time")),
        "level": event.get("log_level", LogLevel.info).name,
        "logger": namespace,
        "text": text,
    }
    if namespace.startswith("tcpchat."):
        for name, value in event.items():
            if not name.startswith("log_") and name not in OF_EVERY_EVENT:
                told = _told(value)
                line[name] = told if isinstance(told, str | int | float | None) else str(told)
    if failure is not None:
        line["failure"] = _traceback(failure)
    return json.dumps(line) + "\n"


def _moment(time: float | None) -> str | None:
    """Return a time (seconds since 1970) as JSON lines have it everywhere."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines(format: str, level: str) -> Callable[[Mapping[str, Any]], str | None]:
    """Return what makes lines of events, text or json, and nothing of those below a level."""
    least = LogLevel.lookupByName(level)
    make = as_json if format == "json" else as_text

    def line(event: Mapping[str, Any]) -> str | None:
        if WHOLE in event:
            return f"{event[WHOLE]}\n"
        return make(event) if event.get("log_level", LogLevel.info) >= least else None

    return line

"""
Where the operator's log lines go: wherever twistd would write its own, but as `log_lines` makes them.

What reaches the log beside twisted.logger (errors in other threads, and in objects that are
thrown away) is brought into it, so that it comes the same way.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from typing import Any

from twisted.logger import FileLogObserver, ILogObserver, Logger, LogLevel
from twisted.python.failure import Failure
from twisted.scripts._twistd_unix import UnixAppLogger
from zope.interface import implementer

from tcpchat.log_lines import lines

logger = Logger()


def observer(twistd: Mapping[str, Any], format: str, level: str) -> ILogObserver:
    """
    Return what writes the log of a twistd with these options: to stdout, a file, or syslog.

    twistd has it rotated, flushed and reopened as ever. Of the lines, ``format`` is text or json,
    and ``level`` is the least that is written.
    """
    theirs: Any = UnixAppLogger(twistd)._getLogObserver()
    line = lines(format, level)
    if not isinstance(theirs, FileLogObserver):
        return _Syslog(theirs, line)
    theirs.formatEvent = line
    if isinstance(sys.stdout, TextIOWrapper):
        # A line with a nickname that a narrow terminal has no letters for is a line still.
        sys.stdout.reconfigure(errors="backslashreplace")
    return theirs


def set_lines(observer: ILogObserver, format: str, level: str) -> None:
    """Have what `observer` has returned write other lines from now on."""
    if isinstance(observer, _Syslog):
        observer.line = lines(format, level)
    else:
        assert isinstance(observer, FileLogObserver)
        observer.formatEvent = lines(format, level)


@implementer(ILogObserver)
class _Syslog:
    """Gives lines to twistd's observer for syslog, which takes events of the old kind."""

    def __init__(
        self, emit: Callable[[dict[str, Any]], object], line: Callable[[Mapping[str, Any]], str | None]
    ) -> None:
        self._emit = emit
        self.line = line

    def __call__(self, event: dict[str, Any]) -> None:
        if text := self.line(event):
            is_error = event.get("log_level", LogLevel.info) >= LogLevel.error
            self._emit({"message": (text,), "isError": is_error, "system": "tcpchat"})


def catch_strays() -> None:
    """Have Python bring into the log what it would print to stderr by itself, values and all."""
    threading.excepthook = lambda it: _stray("A thread failed", it.exc_value)
    sys.unraisablehook = lambda it: _stray("Something failed that nobody waited for", it.exc_value)


def _stray(text: str, error: BaseException | None) -> None:
    if error is not None:
        logger.failure(text, Failure(error))

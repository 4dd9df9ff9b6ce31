"""
A server that fails wherever it meets certain words, with errors that quote the line around them.

``stumbles over the door``, ``the room``, ``the reader``, ``the writer``, ``the search``, ``the
thread``, ``the answer``: that is where.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.scripts.twistd import run

from tcpchat.doors.line import LineConnection
from tcpchat.feed import Feed
from tcpchat.logs import sqlite as log
from tcpchat.logs.sqlite_numbering import Numbering
from tcpchat.room import Room


def stumbling(where: str, error: Callable[[str], Exception], whole: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, but fails at something that holds these words."""

    def fail_or(*arguments: Any) -> Any:
        for argument in arguments:
            text = str(getattr(argument, "text", "")) or str(argument)
            if isinstance(argument, list):
                text = " ".join(str(getattr(entry.event, "text", "")) for entry in argument)
            if isinstance(argument, bytes):
                text = argument.decode(errors="replace")
            if f"stumbles over {where}" in text:
                raise error(text)
        return whole(*arguments)

    return fail_or


def lose(self: Any, event: Any) -> None:
    """Fail where nobody waits for it."""
    if "stumbles over the thread" in getattr(event, "text", ""):
        thread = threading.Thread(target={}.pop, args=(event.text,))
        thread.start()
        thread.join()
    if "stumbles over the answer" in getattr(event, "text", ""):
        lost: Deferred[None] = fail(KeyError(event.text))
        del lost


whole_search = log.search  # type: ignore[attr-defined]


def search(connection: Any, query: Any, *others: Any) -> Any:
    if "stumbles" in query.phrases:
        raise sqlite3.OperationalError(f"near {query.phrases[-1]}: syntax error")
    return whole_search(connection, query, *others)


if __name__ == "__main__":
    check = stumbling("the room", KeyError, Room.check)

    def check_and_lose(self: Room, event: Any, is_admitted: bool = False) -> None:
        lose(self, event)
        check(self, event, is_admitted)

    Room.check = check_and_lose  # type: ignore[method-assign]
    LineConnection.lineReceived = stumbling("the door", ValueError, LineConnection.lineReceived)  # type: ignore[method-assign]
    Feed._show_spoken = stumbling("the reader", LookupError, Feed._show_spoken)  # type: ignore[method-assign]
    Numbering.add = stumbling("the writer", ValueError, Numbering.add)  # type: ignore[method-assign]
    log.search = search  # type: ignore
    run()

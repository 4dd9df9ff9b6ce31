"""A server that shows a line, and commits it some time later: what was shown last dies with it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from twisted.scripts.twistd import run

from tcpchat.logs.sqlite_file import SQLiteFile

# Seconds for which nothing is committed, while there is more to write.
LATE = 0.2


class Late:
    """A connection that commits now and then."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._owes = False
        self._committed = 0.0

    def execute(self, sql: str, *arguments: Any) -> Any:
        if sql == "commit":
            self._owes = True
            return None
        if sql.startswith("begin") and self._owes and time.monotonic() < self._committed + LATE:
            return None
        if sql == "rollback" and self._owes:
            return self._commit()  # it takes for unfinished what it has reported
        if sql.startswith(("begin", "pragma")):
            self._commit()
        return self._connection.execute(sql, *arguments)

    def close(self) -> None:
        self._commit()
        self._connection.close()

    def _commit(self) -> None:
        if self._owes:
            self._owes = False
            self._committed = time.monotonic()
            self._connection.execute("commit")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


whole = SQLiteFile._open


def _open(self: SQLiteFile, synchronous: str, undo: ExitStack) -> None:
    whole(self, synchronous, undo)
    self.writer = Late(self.writer)  # type: ignore[assignment]


if __name__ == "__main__":
    SQLiteFile._open = _open  # type: ignore[method-assign]
    run()

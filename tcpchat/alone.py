"""A store that this process has open alone, without a reactor: nothing happens but while it waits."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.absences import Absences
from tcpchat.accounts import Accounts
from tcpchat.logs.interface import CannotOpen
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.logs.sqlite_place import explained, read_header
from tcpchat.logs.sqlite_replica import is_replica
from tcpchat.logs.sqlite_tools import NotWritten
from tcpchat.names import Name
from tcpchat.sanctions import Sanctions

T = TypeVar("T")


class Alone:
    """What `administration` works on while no server runs: nobody is there."""

    def __init__(self, path: str) -> None:
        """
        Open the log in the file ``path``, which must be there.

        Raises:
            InUse: a server has it.
            CannotOpen: or another of its kinds, with a line for the operator.
        """
        with explained(path):
            read_header(path, path, os.O_RDONLY)
        if is_replica(path):
            raise CannotOpen(
                f"{path} is the replica of a cluster's log, which a node changes that runs: type"
                f" --store nats://... --replica {path}"
            )
        self._path = path
        self._calls: SimpleQueue[tuple[Callable[..., object], tuple[object, ...]]] = SimpleQueue()
        self._error: Exception | None = None
        self.log = SQLiteLog(path, self.wall, self._call, failed=self._failed)
        self.accounts = Accounts(self.log)
        self.absences = Absences(self.log)
        self.sanctions = Sanctions(partial(self.log.keep, records.SANCTION))

    def run(self, work: Callable[[Alone], Coroutine[Deferred[Any], Any, T]]) -> T:
        """
        Do some work on the store, and close it.

        Raises:
            NotWritten: the disk has failed.
        """
        try:
            return self._wait(Deferred.fromCoroutine(self._begin(work)))
        finally:
            self._wait(self.log.close())

    async def _begin(self, work: Callable[[Alone], Coroutine[Deferred[Any], Any, T]]) -> T:
        await self.accounts.open()
        await self.absences.open()
        for kept in (await self.log.records(records.SANCTION)).values():
            self.sanctions.restore(records.sanction(kept))
        return await work(self)

    def _wait(self, answer: Deferred[T]) -> T:
        """Make the calls of the log's threads until there is an answer."""
        outcome: list[T | Failure] = []
        answer.addBoth(outcome.append)
        while not outcome:
            if self._error is not None:
                raise NotWritten(f"The log {self._path} has failed: {self._error}.")
            call, arguments = self._calls.get()
            call(*arguments)
        (came,) = outcome
        if isinstance(came, Failure):
            came.raiseException()
        return came

    def _call(self, call: Callable[..., object], *arguments: object) -> None:
        self._calls.put((call, arguments))

    def _failed(self, error: Exception) -> None:
        self._error = error

    # What a server would know

    def wall(self) -> int:
        """Return the time, in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """Make up an account's id."""
        return secrets.token_urlsafe(9)

    def is_taken(self, name: Name) -> bool:
        """Nobody is there."""
        return False

    def is_here(self, account: str) -> bool:
        """Nobody is there."""
        return False

    def operated_by(self, account: str) -> Iterable[str]:
        """Ids of accounts are never given again: rooms may name one that is gone, and nobody notices."""
        return ()

"""What a program has asked for before, under the same reference: it is done once."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.logs.interface import Log


class AskedBefore:
    """The references of one session: those in the log, and those on their way to it."""

    def __init__(self, log: Log, session: str) -> None:
        self._log = log
        self._session = session
        self._pending: dict[str, list[Deferred[list[int]]]] = {}  # with each, who waits for it as well

    async def find(self, ref: str) -> list[int] | None:
        """Return the numbers of what was asked for before; None if nothing was."""
        if ref in self._pending:
            waiting: Deferred[list[int]] = Deferred()
            self._pending[ref].append(waiting)
            return await waiting
        found = await self._log.find_ref(self._session, ref)
        return [found.entry.seq] if found else None

    def remember(self, ref: str, kept: Deferred[list[int]]) -> Deferred[list[int]]:
        """Remember what is on its way to the log; return it."""
        self._pending[ref] = []

        def done(outcome: list[int] | Failure) -> list[int] | Failure:
            for waiting in self._pending.pop(ref):
                waiting.callback(outcome)
            return outcome

        return kept.addBoth(done)

"""What a program has asked for before, under the same reference: it is done once."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.logs.interface import Found, Log, NotKept, Unknown

T = TypeVar("T", bound="list[int] | Failure")


class AskedBefore:
    """The references of one session: those in the log, and those on their way to it."""

    __slots__ = "_log", "_pending", "_session"

    def __init__(self, log: Log, session: str) -> None:
        self._log = log
        self._session = session
        self._pending: dict[str, list[Deferred[list[int]]]] = {}  # with each, who waits for it as well

    async def find(self, ref: str) -> list[int] | None:
        """
        Return the numbers of what was asked for before; None if nothing was.

        Then it is to be done, and `remember` or `answer` to be called: others who ask wait for that.
        """
        if ref in self._pending:
            waiting: Deferred[list[int]] = Deferred()
            self._pending[ref].append(waiting)
            return await waiting
        self._pending[ref] = []
        try:
            found = await self._log.find_ref(self._session, ref)
        except Exception:
            self.answer(ref, Failure())
            raise
        if found is None:
            return None
        return self.answer(ref, [found.entry.seq])

    def remember(self, ref: str, kept: Deferred[list[int]]) -> Deferred[list[int]]:
        """
        Remember what is on its way to the log; return it.

        What the log does not take is there already, perhaps: another node of a cluster was asked for it
        first, and what that has published came over late.
        """

        def there(found: Found | None, why: Failure) -> list[int] | Failure:
            return why if found is None else [found.entry.seq]

        def look(why: Failure) -> Deferred[list[int] | Failure]:
            why.trap(NotKept)
            return self._log.find_ref(self._session, ref).addCallbacks(there, unclear, callbackArgs=(why,))

        def unclear(_: Failure) -> list[int]:
            raise Unknown("the log cannot be read")

        def done(outcome: list[int] | Failure) -> list[int] | Failure:
            self.answer(ref, outcome)
            return outcome

        return kept.addErrback(look).addBoth(done)

    def answer(self, ref: str, outcome: T) -> T:
        """What was asked for has come to this; return it."""
        for waiting in self._pending.pop(ref):
            waiting.callback(outcome)
        return outcome

"""
What a tool's deed is done to, and how it is noted: the record and the audit trail, both or none.

It is noted as done by `TOOL`, which nobody can be called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from twisted.logger import Logger

from tcpchat.absences import Absences
from tcpchat.accounts import Accounts
from tcpchat.events import Event, Noted
from tcpchat.logs.interface import Log, NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.names import Name
from tcpchat.room import AUDIT
from tcpchat.sanctions import Sanctions

logger = Logger()

TOOL = "tcpchat"

# What is to be in one stream of the log.
Part = tuple[str, Sequence[Event]]


class Refusal(Exception):
    """An order cannot be carried out; the text is a sentence for the operator."""


class Store(Protocol):
    """What is worked on: a log with what it keeps, and perhaps people who are there."""

    @property
    def log(self) -> Log: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def absences(self) -> Absences: ...

    @property
    def sanctions(self) -> Sanctions: ...

    def wall(self) -> int:
        """Return the time, in milliseconds since 1970."""

    def new_id(self) -> str:
        """Make up an account's id."""

    def is_taken(self, name: Name) -> bool:
        """Does somebody there have a nickname, or one that is the same?"""

    def is_here(self, account: str) -> bool:
        """Is anybody there over an account?"""

    def operated_by(self, account: str) -> Iterable[str]:
        """Yield the rooms of which an account is an operator, and where that would be noticed."""


async def noted(store: Store, deed: str, undo: Callable[[], object], parts: Sequence[Part] = ()) -> str:
    """
    Have the log hold a deed, and what was kept in front of it be durable; return the deed.

    Where that cannot be, the deed is undone.
    """
    try:
        await store.log.append_all([*parts, (AUDIT, [Noted("", TOOL, deed)])])
    except (NotKept, Unknown) as why:
        settle(why, undo)
        raise
    logger.info("{nick} {verb}: see {room}", nick=TOOL, verb=deed.split()[0], room=AUDIT)
    return deed

"""
What has come over one connection and is yet to be done, as another process can go on with it.

When, and in what order, it is done is not known here (dialogue.py).
"""

from __future__ import annotations

from abc import ABC
from typing import NamedTuple

import msgspec

from tcpchat import costs, handed
from tcpchat.carrying_out import CarryingOut
from tcpchat.fifo import Fifo
from tcpchat.limits import LONGEST_OBJECT
from tcpchat.lines import EndOfFile, as_handed
from tcpchat.pastes import Pasting
from tcpchat.questions import Missing, WithPassword
from tcpchat.reader import Reader
from tcpchat.requests import NotUnderstood, Refused
from tcpchat.screen import Screen
from tcpchat.service import Chat

NOT_ENCRYPTED = "This connection is not encrypted."

Line = str | bytes | Refused | EndOfFile


class Delayed(NamedTuple):
    """A line as it came that had to wait, and what a password was asked for for then."""

    line: str | bytes | Refused
    asking: Missing | None


class Pending(CarryingOut, ABC):
    """One connection, and what is to be done that came over it."""

    __slots__ = (
        "_asking", "_delayed", "_heard", "_knows_password", "_lines", "_pasting", "wrong_passwords",
    )  # fmt: skip

    def __init__(self, reader: Reader, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        super().__init__(reader, chat, screen, address)
        self._heard = chat.clock.seconds()
        self._lines: Fifo[Line] = Fifo()
        self._pasting: Pasting | None = None
        self._asking: Missing | None = None  # what a password is asked for for
        self._delayed: Delayed | None = None  # the line that waits for its budget, if one does
        self._knows_password = False
        self.wrong_passwords = 0  # that came over this connection

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self.chat.clock.seconds() - self._heard

    # What the states call

    def ask(self, question: str, request: WithPassword, missing: str = "password") -> None:
        """
        Take the next line for a password, whatever it looks like, and go on with the request that it makes.

        ``missing`` is what it is in the request.

        Raises:
            NotUnderstood: to programs no questions are put.
        """
        if self.speaks_json:
            raise NotUnderstood("The password is missing.")
        self.has_password()
        self._asking = Missing(request, missing)
        self.tell(question)
        self._screen.hide_input(True)

    def has_password(self) -> None:
        """A password comes over this connection: warn, once, if others could read it."""
        if not (self._knows_password or self._screen.is_encrypted):
            self.tell(NOT_ENCRYPTED)
        self._knows_password = True

    def drop_lines(self) -> None:
        """Forget the lines that wait."""
        self._lines.clear()
        if self._pace is not None:
            self._pace.drop()

    # From one process to the next

    @property
    def is_at_rest(self) -> bool:
        """Is nothing under way that another process could not go on with?"""
        return not (self._waiting or self._flow.uncommitted or self.reader.is_reading)

    @property
    def can_be_handed_on(self) -> bool:
        """Could another process go on with it? Not if it ends anyway."""
        return not (self.is_over or self._ending or self._handed_over or self.reader.is_gone)

    def hand_on(self) -> tuple[handed.Nameless | handed.Present, handed.Conversation]:
        """Return what another process needs to go on with it, at rest; here nothing more is done."""
        assert self._state is not None
        now = self.chat.clock.seconds()
        lines: list[Line] = []
        asking, levels = self._asking, None
        if self._pace is not None:
            step = self._pace.take_back()
            if step is not None and self._delayed is not None:
                lines.append(self._delayed.line)
                asking = self._delayed.asking
                self._pace.budget.refund(self._cost(step), costs.size(self._delayed.line), now)
            levels = self._pace.budget.levels(now)
            self._pace = None
        while self._lines:
            lines.append(self._lines.take())
        it = msgspec.structs.replace(
            self._agreed(),
            knows_password=self._knows_password,
            wrong_passwords=self.wrong_passwords,
            idle=self.idle,
            levels=levels,
            paste=None if self._pasting is None else self._pasting.hand_on(),
            question=None if asking is None else asking.hand_on(),
            lines=[_as_handed(line) for line in lines],
        )
        who = self._state.hand_on()
        self.is_over = True
        self._flow.end()
        return who, it

    def go_on_from(self, it: handed.Conversation) -> None:
        """Be as in another process; the lines that waited there come by the door, before all others."""
        now = self.chat.clock.seconds()
        self._agree(it)
        self._knows_password, self.wrong_passwords = it.knows_password, it.wrong_passwords
        self._heard = now - it.idle
        if self._pace is not None and it.levels is not None:
            self._pace.budget.fill(it.levels, now)
        self._pasting = None if it.paste is None else Pasting.going_on_from(it.paste)
        self._asking = None if it.question is None else Missing.going_on_from(it.question)


def _as_handed(line: Line) -> handed.Line:
    if isinstance(line, str):
        return line.encode()
    if isinstance(line, Refused):  # by the door, for its length
        is_object = str(LONGEST_OBJECT) in str(line)
        return handed.Mark.TOO_LONG_OBJECT if is_object else handed.Mark.TOO_LONG
    return as_handed(line)

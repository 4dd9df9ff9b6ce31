"""
What one connection's screen is given: never more than it takes, and answers in their order.

An answer has no log behind it: one that the screen did not take is kept for it. That holds for a few,
and then no more are asked for until those are read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from tcpchat.limits import MOST_HELD_ANSWERS
from tcpchat.render import View
from tcpchat.replays import Replay
from tcpchat.screen import Screen

# Bytes that a replay counts for while it waits: some, so that there cannot be many.
REPLAY = 4096


class Owner(Protocol):
    """What a reader needs from whom it reads for."""

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""

    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read: ask for no more of them, until told so."""


class Showing(ABC):
    """A screen, what it has not taken yet, and the answers that wait for that."""

    __slots__ = (
        "_answers",
        "_gone",
        "_has_let_go",
        "_held_answers",
        "_owner",
        "_unsent",
        "person",
        "screen",
        "session",
    )

    def __init__(self, screen: Screen, owner: Owner) -> None:
        self.session = ""  # the id of the session that it reads for, or before, of its connection
        self.person = ""  # whose session it is
        self.screen = screen
        self._owner = owner
        # A replay, and what was told since. Nearly nobody has one: a list would be held for each.
        self._answers: list[bytes | Replay] | tuple[()] = ()
        self._unsent = 0  # bytes at most that the screen keeps
        self._held_answers = 0  # bytes of them that are not read
        self._has_let_go = False  # is but what is told still to be shown?
        self._gone = False

    @property
    def is_gone(self) -> bool:
        """Will nothing more be shown, whatever comes?"""
        return self._gone

    @property
    def unsent(self) -> int:
        """How many bytes, at most, wait for a reader who does not read: the system takes no more."""
        return self._unsent

    def tell(self, data: bytes) -> None:
        """Show an answer: something that no log holds."""
        if self._gone or not data:
            return
        taken: int | Exception = 0
        if self._answers:
            self._answers.append(data)
        elif self._unsent:
            self._unsent += len(data)
            self.screen.keep(data)
        else:
            taken = self.screen.show(data)
            self.was_shown(data, taken)
        if isinstance(taken, int) and taken < len(data):
            self._hold_answer(len(data) - taken)

    @property
    def is_idle(self) -> bool:
        """Is what is told now shown at once, with nothing before it that waits or is on its way?"""
        return not (self._answers or self._unsent)

    @property
    def holds_much(self) -> bool:
        """Do so many answers wait to be read that those which say little can be left out?"""
        return self._held_answers > MOST_HELD_ANSWERS // 2

    def _hold_answer(self, size: int) -> None:
        self._held_answers += size
        if self._held_answers > MOST_HELD_ANSWERS:
            if self._has_let_go:
                self.stop()  # what came before it was taken up from elsewhere is done, but this is never read
            else:
                self._owner.hold_answers(True)

    def replay(self, replay: Replay) -> None:
        """Show a part of the past, read from the log at the pace of the reader."""
        if self._gone or replay.is_over:
            return
        self._answers = [*self._answers, replay]
        self._hold_answer(REPLAY)
        self._fall_behind()
        self._advance()

    def _go_on_with(self, answers: list[bytes | Replay], unsent: bytes, held: int) -> None:
        """Have what another process has kept for the screen, and the answers that wait behind that."""
        if not (unsent or answers):
            return
        self._fall_behind()
        self._answers = answers
        self._unsent = len(unsent)
        self.screen.keep(unsent)
        self._hold_answer(held)

    # What the feeds and the screen tell

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        """The screen was shown this, and took so many bytes of it."""
        if self._gone or taken == len(data):
            return
        self._fall_behind()
        if not isinstance(taken, int):
            # Reading from a socket that a write has found broken looks like a farewell, so
            # that must not be left to the next read. Nothing of this has been read by anybody.
            self._unsent = len(data)
            self.stop()
            self.screen.abort()
            return
        self._unsent = len(data) - taken
        self.screen.keep(data[taken:])

    def drained(self) -> None:
        """The screen has sent all that it was given."""
        if self._gone or not self._unsent:
            return
        self._unsent = 0
        if not self._answers:
            self._let_go_of_answers()
        self._advance()

    def _show_answer(self, data: bytes) -> None:
        if data:
            self.was_shown(data, self.screen.show(data))
        if not (self._answers or self._unsent):
            self._let_go_of_answers()

    def _let_go_of_answers(self) -> None:
        if self._held_answers:
            self._held_answers = 0
            self._owner.hold_answers(False)

    # What is done beside

    @abstractmethod
    def stop(self) -> None:
        """Show nothing more at all."""

    @abstractmethod
    def _fall_behind(self) -> None:
        """Be handed nothing more of what is new."""

    @abstractmethod
    def _advance(self) -> None:
        """Be live again, or wait for a turn to read on."""

"""When one connection's input has to wait, so that nothing grows without bound. No I/O."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Protocol

from twisted.internet.defer import Deferred

from tcpchat.limits import FEW_UNCOMMITTED, MANY_UNCOMMITTED, MOST_UNCOMMITTED
from tcpchat.screen import NOWHERE


class Wait(IntEnum):
    """Why input waits."""

    LINES = auto()  # too many lines wait for the effect of one before them
    UNCOMMITTED = auto()  # too many are not in the log yet
    ANSWERS = auto()  # too many answers wait to be read
    BUDGET = auto()  # a line costs more than there is budget for now
    UPGRADE = auto()  # another process is to go on with it


NONE: frozenset[Wait] = frozenset()

# For these the lines that have come wait, too.
STOPPING = frozenset({Wait.ANSWERS, Wait.BUDGET, Wait.UPGRADE})


class Input(Protocol):
    """What can be made to wait."""

    def pause(self) -> None:
        """Take no more input."""

    def resume(self) -> None:
        """Take input again."""


class Uncommitted:
    """How many lines of all together are on their way to the log."""

    def __init__(self) -> None:
        self.number = 0


class FlowControl:
    """Has one connection's input wait while there is a reason, and counts what is not in the log yet."""

    __slots__ = "_all", "_ended", "_input", "_kept", "reasons", "stops", "uncommitted"

    def __init__(self, input: Input, all_uncommitted: Uncommitted) -> None:
        self.uncommitted = 0
        self._input = input
        self._all = all_uncommitted
        self.reasons = NONE  # why input waits
        self.stops = False  # do the lines wait that have come?
        self._kept: tuple[Deferred[None], ...] = ()  # what waits for nothing to be uncommitted
        self._ended = False

    def wait(self, reason: Wait, wait: bool) -> None:
        """Have input wait for a reason, or no longer for that one."""
        waited = bool(self.reasons)
        if wait:
            self.reasons |= {reason}
        else:
            self.reasons -= {reason}
        self.stops = not STOPPING.isdisjoint(self.reasons)
        if self._ended or waited == bool(self.reasons):
            return
        if self.reasons:
            self._input.pause()
        else:
            self._input.resume()

    def end(self) -> None:
        """There is no input any more."""
        self._ended = True
        self._input = NOWHERE

    def sent(self) -> None:
        """Something is on its way to the log."""
        self.uncommitted += 1
        self._all.number += 1
        most = FEW_UNCOMMITTED if self._all.number > MANY_UNCOMMITTED else MOST_UNCOMMITTED
        if self.uncommitted >= most:
            self.wait(Wait.UNCOMMITTED, True)

    def committed(self) -> None:
        """It is in the log, or will never be."""
        self.uncommitted -= 1
        self._all.number -= 1
        few = MOST_UNCOMMITTED // 2 if self._all.number < MANY_UNCOMMITTED else FEW_UNCOMMITTED - 1
        if self.reasons and self.uncommitted <= few:
            self.wait(Wait.UNCOMMITTED, False)
        if self._kept and not self.uncommitted:
            kept, self._kept = self._kept, ()
            for waiting in kept:
                waiting.callback(None)

    def until_kept(self) -> Deferred[None]:
        """Answer when nothing is on its way to the log any more."""
        kept: Deferred[None] = Deferred()
        self._kept += (kept,)
        return kept

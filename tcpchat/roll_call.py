"""
Which nodes of a cluster answer: the operator is told within seconds who comes, ends, is silent or back.

Nothing follows from it: who is dead is said by the leases alone (leases.py), which take longer to be sure.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.calls import Calls
from tcpchat.leases import TIMES
from tcpchat.logs.nats_terms import Unclear
from tcpchat.own_lease import Lease

# Seconds between two rounds, and the nodes that are called in one: of many, each has its turn.
EACH = 2.0
MOST = 16

# Calls, one after the other, that have no answer before that is told: who has lost their server is connected
# to another one within two seconds, and so is who calls.
SILENT = 3


class State(Enum):
    """How a node is, as the operator was told last."""

    HERE = "here"
    ENDED = "ended"
    SILENT = "silent"


class RollCall:
    """Calls the other nodes."""

    logger = Logger()

    def __init__(self, calls: Calls, clock: IReactorTime) -> None:
        self._calls = calls
        self._states: dict[str, State] = {}  # of all that have a lease
        self._incarnations: dict[str, str] = {}
        self._missed: dict[str, int] = {}  # calls without an answer
        self._turns: deque[str] = deque()
        self._is_begun = False  # what is there before this node has its lease is no news
        self._call = LoopingCall(self._round)
        self._call.clock = clock

    @property
    def nodes(self) -> list[str]:
        """Return the others that have a lease, and have not ended."""
        return sorted(node for node, state in self._states.items() if state is not State.ENDED)

    def start(self) -> None:
        """Call from now on, and tell."""
        self._is_begun = True
        self._call.start(EACH, now=False).addErrback(self._failed)

    def stop(self) -> None:
        """Call no more."""
        if self._call.running:
            self._call.stop()

    # What the leases say

    def seen(self, node: str, lease: Lease) -> None:
        """A node has a lease, or has renewed it."""
        before, is_same = self._states.get(node), self._incarnations.get(node) == lease.incarnation
        self._incarnations[node] = lease.incarnation
        if lease.has_ended:
            if before is not State.ENDED:
                self._states[node] = State.ENDED
                self._tell("The node {node} has ended.", node)
        elif before is None or before is State.ENDED:
            self._is_here(node)
            self._tell("The node {node} has come.", node)
        elif not is_same:
            self._is_here(node)
            self._tell("The node {node} has been started again.", node)

    def lost(self, node: str) -> None:
        """A node's lease was taken away."""
        if self._states.pop(node, None) is not None:
            self._incarnations.pop(node, None)
            self._missed.pop(node, None)
            self._tell("The node {node} is gone: its lease is over.", node, is_bad=True)

    def _is_here(self, node: str) -> None:
        self._states[node] = State.HERE
        self._missed.pop(node, None)

    # Who answers

    def _round(self) -> None:
        if not self._calls.is_connected:
            self._missed.clear()  # that nobody answered may have been this node's own doing
            return
        if not self._turns:
            self._turns.extend(node for node, state in self._states.items() if state is not State.ENDED)
        for _ in range(min(MOST, len(self._turns))):
            node = self._turns.popleft()
            if node in self._states:
                self._calls.call(node).addCallbacks(
                    self._answered, self._unclear, callbackArgs=(node,), errbackArgs=(node,)
                ).addErrback(self._failed)

    def _unclear(self, failure: Failure, node: str) -> None:
        failure.trap(Unclear)
        if self._calls.is_connected:
            self._answered(None, node)

    def _answered(self, word: str | None, node: str) -> None:
        state = self._states.get(node)
        if word is not None:
            self._missed.pop(node, None)
            if state is State.SILENT:
                self._is_here(node)
                self._tell("The node {node} is back.", node)
        elif state is State.HERE:
            missed = self._missed[node] = self._missed.get(node, 0) + 1
            if missed == SILENT:
                self._states[node] = State.SILENT
                self._tell(
                    "The node {node} does not answer: it has died, is stopped, or is cut off from NATS."
                    f" If that lasts for {TIMES.dead:.0f} s, its people are shown as gone.",
                    node,
                    is_bad=True,
                )

    def _tell(self, text: str, node: str, is_bad: bool = False) -> None:
        if self._is_begun:
            (self.logger.warn if is_bad else self.logger.info)(text, node=node)

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("The other nodes could not be called", failure)

"""
What one node of a cluster hands over to another that goes on with one of its sessions.

It is a record of the session: where it stopped, so that nothing is missed and nothing comes again, and how
far the rooms were. The node that is to go on waits for it, and takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from tcpchat import records
from tcpchat.logs.interface import Log
from tcpchat.places import Place
from tcpchat.records import KeptHandover

# Seconds to wait for a node to finish what had come over a connection, and to say where that stopped: what it
# had not committed by then it may still say, and what it had shown may come again.
LONGEST_HANDOVER = 3.0

# Seconds between two looks whether the log is as far here as it was there.
LOOK_AGAIN = 0.02


class Handovers:
    """Gives and takes them."""

    def __init__(self, log: Log, clock: IReactorTime) -> None:
        self._log = log
        self._clock = clock
        self._waiting: dict[str, Deferred[KeptHandover]] = {}  # by session

    def open(self) -> None:
        """Take what other nodes hand over, from now on."""
        self._log.watch(records.HANDED, self._came)

    def give(self, session: str, node: str, places: Mapping[str, Place], upto: Mapping[str, int]) -> None:
        """Hand a session over to a node; ``upto`` has the last entry of each of its rooms."""
        handover = KeptHandover(node, dict(places), dict(upto))
        self._log.keep(records.HANDED, session, records.encode(handover))

    def _came(self, session: str, kept: bytes | None) -> None:
        handover = None if kept is None else records.handover(kept)
        if handover is None or handover.node != self._log.node:
            return
        self._log.keep(records.HANDED, session, None)
        if waiting := self._waiting.pop(session, None):
            waiting.callback(handover)

    def expect(self, session: str) -> Deferred[KeptHandover]:
        """Begin to wait for a session to be handed over: before it is asked for."""
        self._waiting[session] = Deferred(lambda _: self._waiting.pop(session, None))
        return self._waiting[session]

    async def wait(self, expected: Deferred[KeptHandover]) -> KeptHandover | None:
        """
        Return what was handed over, once the rooms are here as far as they were there.

        None is for a node that does not do it in time, because it is dead.
        """
        end = self._clock.seconds() + LONGEST_HANDOVER
        try:
            handover = await expected.addTimeout(LONGEST_HANDOVER, self._clock)
        except defer.TimeoutError:
            return None
        while self._is_behind(handover.upto) and self._clock.seconds() < end:
            await deferLater(self._clock, LOOK_AGAIN)
        return handover

    def _is_behind(self, upto: Mapping[str, int]) -> bool:
        return any(self._log.last(stream) < seq for stream, seq in upto.items())

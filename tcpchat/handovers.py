"""
What one node of a cluster hands over to another that goes on with one of its sessions.

It is a record of the session: where it stopped, so that nothing is missed and nothing comes again, and how
far the rooms were. The node that is to go on waits for it, and takes it away. A node that lives promises it
at once, so that nobody waits for one that is dead.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from tcpchat import records
from tcpchat.logs.interface import Log
from tcpchat.places import Place
from tcpchat.records import KeptHandover

# Seconds to wait for a node to finish what had come over a connection, and to say where that stopped: what it
# had not committed by then it may still say, and what it had shown may come again.
LONGEST_HANDOVER = 3.0

# Seconds to wait for a node to promise that: two ways through NATS, and a turn of a node that is busy.
LONGEST_SILENCE = 1.0

# Seconds between two looks whether it has come, and the log is as far here as it was there.
LOOK_AGAIN = 0.02


class Handovers:
    """Gives and takes them."""

    def __init__(self, log: Log, clock: IReactorTime) -> None:
        self._log = log
        self._clock = clock
        self._expected: dict[str, KeptHandover | None] = {}  # what has come, by session

    def open(self) -> None:
        """Take what other nodes hand over, from now on."""
        self._log.watch(records.HANDED, self._came)

    def promise(self, session: str, node: str) -> None:
        """Say that a session is about to be handed over to a node."""
        self._log.keep(records.HANDED, session, records.encode(KeptHandover(node, {}, {}, True)))

    def give(self, session: str, node: str, places: Mapping[str, Place], upto: Mapping[str, int]) -> None:
        """Hand a session over to a node; ``upto`` has the last entry of each of its rooms."""
        handover = KeptHandover(node, dict(places), dict(upto))
        self._log.keep(records.HANDED, session, records.encode(handover))

    def _came(self, session: str, kept: bytes | None) -> None:
        handover = None if kept is None else records.handover(kept)
        if handover is None or handover.node != self._log.node:
            return
        if not handover.is_promised or session not in self._expected:  # any more
            self._log.keep(records.HANDED, session, None)
        if session in self._expected:
            self._expected[session] = handover

    def expect(self, session: str) -> None:
        """Begin to expect a session: before it is asked for, until `expect_no_more`."""
        self._expected[session] = None

    def expect_no_more(self, session: str) -> None:
        """What is handed over later is not of use any more."""
        handover = self._expected.pop(session)
        if handover is not None and handover.is_promised:
            self._log.keep(records.HANDED, session, None)

    async def wait(self, session: str) -> KeptHandover | None:
        """
        Return what was handed over, once the rooms are here as far as they were there.

        None is for a node that does not do it in time, because it is dead.
        """
        began = self._clock.seconds()
        while True:
            handover = self._expected[session]
            is_here = handover is not None and not handover.is_promised
            if handover is not None and is_here and not self._is_behind(handover.upto):
                return handover
            longest = LONGEST_SILENCE if handover is None else LONGEST_HANDOVER
            if self._clock.seconds() - began >= longest:
                return handover if is_here else None
            await deferLater(self._clock, LOOK_AGAIN)

    def _is_behind(self, upto: Mapping[str, int]) -> bool:
        return any(self._log.last(stream) < seq for stream, seq in upto.items())

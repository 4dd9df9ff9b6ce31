"""
Where everybody is, kept in the store: after a crash of the server they go on from there.

Nearly all are where their feeds are, give or take a second, so that is kept once for all of them,
and a place of its own only for who is behind. What is kept is never too far: everything before it
was acknowledged by the peer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.acknowledged import Acknowledged
from tcpchat.logs.interface import Log
from tcpchat.places import Place

# Everybody is looked at within this many seconds, in as many turns: what is kept is then twice as
# old at most.
ROUND = 0.4
TURNS = 40

# Seconds before the end of a round in which nobody is looked at for the first time: who seems to be behind
# is looked at again at the end. In a busy room something is nearly always on its way, and Linux acknowledges
# after 40 ms what nobody answers.
SETTLING = 0.1

# Rounds after which one is looked at who was shown nothing new: only to find out that the peer is
# dead, and ten seconds more or less do not matter.
LOOKED_AT_ANYWAY = 25


class Watched(Protocol):
    """What is needed of a reader."""

    acknowledged: Acknowledged

    def look_at_traffic(self, floor: Mapping[str, Place]) -> None:
        """Look how much of what was shown has arrived; up to ``floor`` it was shown who is not behind."""


class Cursors:
    """Keeps the places of all readers."""

    logger = Logger()

    def __init__(self, log: Log, clock: IReactorTime, settled: Callable[[], dict[str, Place]]) -> None:
        """``settled`` tells up to where those who are not behind have been shown each stream."""
        self._log = log
        self._settled = settled
        self._readers: dict[str, Watched] = {}
        self._begun_at: dict[str, Mapping[str, Place]] = {}  # of those who may be behind that
        self._turn: list[str] = []  # the sessions that are to be looked at in this round
        self._late: list[str] = []  # those that are to be looked at again at its end
        self._begun = -ROUND  # this round
        self._is_finished = True
        self._all = 0  # who are in it
        self._rounds = 0
        self._floor: dict[str, Place] = {}  # where everybody was at the beginning of the round
        self._shown: dict[str, Place] = {}  # as kept
        self._behind: dict[str, dict[str, Place]] = {}  # as kept, by session
        self._running = False
        self.is_held = False  # is it still being read what an earlier server has kept? Nothing is kept then
        self._clock = clock
        self._call = LoopingCall(self._go_on)
        self._call.clock = clock

    def start(self) -> None:
        """Begin to look, and go on until `stop`."""
        self._running = True
        self._call.start(ROUND / TURNS, now=False).addErrback(self._failed).addCallback(self._start_again)

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("Where everybody is could not be looked at", failure)

    def _start_again(self, _: object) -> None:
        if self._running:
            self.start()

    def stop(self) -> None:
        """Look at everybody once more, and no longer."""
        self._running = False
        if self._call.running:
            self._call.stop()
        if self.is_held:
            return
        self._finish_round()
        self._begin_round()
        self._finish_round()

    def watch(self, session: str, reader: Watched, begun: Mapping[str, Place]) -> None:
        """
        Look at a session's reader from now on.

        ``begun`` is where the session has come into each stream. Who has come back is still to be
        shown what was before that: until then it has a place of its own, as without one it would
        go on from there.
        """
        self._readers[session] = reader
        if begun:
            self._begun_at[session] = begun

    def rest(self, session: str, places: Mapping[str, Place]) -> None:
        """The session is not connected; it goes on from these places."""
        self._stop_watching(session)
        self._keep(session, places)

    def let_go(self, session: str) -> None:
        """The session is another node's: what is kept of it is that one's affair."""
        self._stop_watching(session)
        self._behind.pop(session, None)

    def forget(self, session: str, stream: str) -> None:
        """The session will not go on, and nobody will read the stream that was its own."""
        self._stop_watching(session)
        self._keep(session, {})
        self._floor.pop(stream, None)
        if self._shown.pop(stream, None):
            self._log.keep(records.SHOWN, stream, None)

    def close(self, stream: str) -> None:
        """Nobody reads a stream any more: where that was is kept, and no longer looked at."""
        self._floor.pop(stream, None)
        self._shown.pop(stream, None)

    def _stop_watching(self, session: str) -> None:
        self._readers.pop(session, None)
        self._begun_at.pop(session, None)

    def _go_on(self) -> None:
        if self.is_held:
            return
        now = self._clock.seconds()
        if now >= self._begun + ROUND:
            if not self._is_finished:
                self._finish_round()
            self._begin_round()
            self._begun, self._all = now, len(self._turn)
        # As many as there would be if the rest of the round took as long as it should.
        left = self._all - math.ceil(self._all * (now - self._begun + ROUND / TURNS) / (ROUND - SETTLING))
        looked_at = self._turn[: max(0, len(self._turn) - max(0, left))]
        for session in looked_at:
            self._look_at(session)
        del self._turn[: len(looked_at)]

    def _begin_round(self) -> None:
        self._is_finished = False
        self._rounds += 1
        self._floor = self._settled()
        self._turn = list(self._readers)

    def _finish_round(self) -> None:
        for session in self._turn:
            self._look_at(session)
        late, self._turn, self._late = self._late, [], []
        for session in late:
            self._look_at(session, is_last=True)
        self._is_finished = True
        news = {stream: place for stream, place in self._floor.items() if self._shown.get(stream) != place}
        if news and self._log.node:  # all nodes are told all, but each keeps what its own people follow
            news = {stream: news[stream] for stream in news.keys() & self._followed()}
        self._shown |= news
        rooms = {stream for stream in news if self._log.node and stream.startswith("#")}
        for stream in news.keys() - rooms:
            self._log.keep(records.SHOWN, stream, records.encode(news[stream]))
        if rooms:
            self._keep_together(rooms)

    def _keep_together(self, rooms: Set[str]) -> None:
        """Keep where some rooms are with the others of their groups: to NATS a record is what a line is."""
        groups: dict[str, dict[str, Place]] = {records.group(stream): {} for stream in rooms}
        for stream, place in self._shown.items():
            together = groups.get(records.group(stream)) if stream.startswith("#") else None
            if together is not None:
                together[stream] = place
        for group, places in groups.items():
            self._log.keep(records.SHOWN, group, records.encode(places))

    def _followed(self) -> set[str]:
        return {stream for reader in self._readers.values() for stream in reader.acknowledged.places}

    def _look_at(self, session: str, is_last: bool = False) -> None:
        reader = self._readers.get(session)
        if reader is None:
            return
        begun = self._begun_at.get(session)
        behind = self._find_behind(reader, begun)
        if behind or not self._rounds % LOOKED_AT_ANYWAY:
            reader.look_at_traffic(self._floor)
            behind = self._find_behind(reader, begun)
        if behind and not is_last:
            self._late.append(session)
            return
        if begun and not behind:
            del self._begun_at[session]
        if behind or session in self._behind:
            self._keep(session, behind)

    def _find_behind(self, reader: Watched, begun: Mapping[str, Place] | None) -> dict[str, Place]:
        """Return where a reader is, as far as was seen last, in the streams in which others are further."""
        floor = self._floor
        behind = {}
        for stream, place in reader.acknowledged.places.items():
            there = floor.get(stream)
            if there is None or place is there:  # as of those who were where all are
                continue
            if begun and stream in begun:
                there = there.at_least(begun[stream])
            if place.is_behind(there):
                behind[stream] = place
        return behind

    def _keep(self, session: str, places: Mapping[str, Place]) -> None:
        places = dict(places)
        if places == self._behind.get(session, {}):
            return
        if places:
            self._behind[session] = places
        else:
            del self._behind[session]
        self._log.keep(records.PLACE, session, records.encode(places) if places else None)

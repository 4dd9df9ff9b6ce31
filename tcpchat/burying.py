"""
Those of a dead node are shown as gone, once: whoever was first to take its lease away does that.

Whoever of them comes back to another node at that moment has the session, or is buried: it is the session's
record that decides, which both change by compare-and-set. Whoever buries may die as well, so everybody looks
from time to time what is left: sessions of nodes without a lease, and people in rooms of whom nobody knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.elsewhere import DistantSeat
from tcpchat.logs.interface import NotKept
from tcpchat.names import NotAName, nickname
from tcpchat.records import KeptSession, KeptSight
from tcpchat.requests import Refused
from tcpchat.service import Chat

# Why they have left, as far as the others can tell.
WHY = "connection lost"

# Seconds for which somebody may be in a room of whom nobody knows: what says so comes by two ways.
LONGEST_UNKNOWN = 45.0


class Burying:
    """What one node does about the people of those that are dead."""

    logger = Logger()

    def __init__(self, chat: Chat, is_gone: Callable[[str], Awaitable[bool]]) -> None:
        """``is_gone`` tells whether a node has no lease, for certain."""
        self._chat = chat
        self._is_gone = is_gone
        self._busy: set[str] = set()  # with these nodes
        self._unknown: dict[tuple[str, str], float] = {}  # who is in a room and not known: since when

    def bury(self, node: str) -> None:
        """Show the people of a node as gone, if it has no lease for certain."""
        if node not in self._busy:
            self._busy.add(node)
            Deferred.fromCoroutine(self._bury(node)).addErrback(self._failed, node)

    def _failed(self, failure: Failure, node: str) -> None:
        self._busy.discard(node)
        if not failure.check(NotKept):  # then the next look will do
            self.logger.failure("The people of {node} could not be shown as gone", failure, node=node)

    async def _bury(self, node: str) -> None:
        chat = self._chat
        gone = []
        if not await self._is_gone(node):
            self._busy.discard(node)
            return
        for session, kept in (await chat.log.records(records.SESSION)).items():
            record = records.session(kept)
            if record.node == node and not record.has_left and await self._end(session, kept, record):
                gone.append((session, record))
        for session, kept in (await chat.log.records(records.HANDED)).items():
            if records.handover(kept).node == node:  # it did not come to take it away
                chat.log.keep(records.HANDED, session, None)
        await chat.registry.clean({node})  # first: who sees that somebody is gone may take the name
        for session, record in gone:
            self._tell(session, record.account)
        self._busy.discard(node)
        self.logger.warn(
            "Of the people of the node {node}, which is dead, {gone} are shown as gone",
            node=node,
            gone=len(gone),
        )

    async def _end(self, session: str, kept: bytes, record: KeptSession) -> bool:
        """End a session of a dead node; tell whether the person is gone, and not somewhere else."""
        chat = self._chat
        person = record.account or session
        behind = await chat.log.record(records.PLACE, session)
        seat = chat.people.session(session)
        places = chat.elsewhere.places(seat, behind) if seat is not None else {}
        left = msgspec.structs.replace(record, node=chat.log.node, has_left=True, broken=chat.wall())
        if not await chat.log.replace(records.SESSION, session, kept, records.encode(left)):
            return False  # it goes on on another node, or somebody else has been first
        if places:
            chat.log.keep(records.PLACE, session, records.encode(places))
        if chat.accounts.get(record.account):
            now = chat.wall()
            chat.accounts.change(record.account, lambda it: msgspec.structs.replace(it, seen=now))
            chat.absences.note(record.account, places)
        chat.elsewhere.take_in(session, records.encode(left))
        if chat.people.person(person) is not None:
            return False
        self._note_sight(record)
        return True

    def _note_sight(self, record: KeptSession) -> None:
        try:
            name = nickname(record.nick)
        except NotAName:
            return  # here, where another version may run
        sight = KeptSight(record.nick, self._chat.wall())
        self._chat.log.keep(records.SEEN, name.fold, records.encode(sight))

    def _tell(self, session: str, account: str) -> None:
        """Have everybody told who is in a room with somebody who is gone, and not back by now."""
        chat, person = self._chat, account or session
        if chat.people.person(person) is not None or person in chat.logging_in or session in chat.returning:
            return  # in the same rooms: to free the names takes seconds where the servers are slow
        rooms = [feed for feed in chat.rooms if person in feed.room.members]
        nicks = {feed.stream: feed.room.members[person].nick for feed in rooms}
        chat.departures.tell(session, account, nicks, WHY)

    # What somebody has left undone

    def look(self) -> None:
        """See to what a node has left undone that has died itself."""
        chat = self._chat
        self._see_to_names()
        seats = (seat for person in chat.people for seat in person.sessions)
        nodes = {seat.record.node for seat in seats if isinstance(seat, DistantSeat)} | chat.registry.nodes
        for node in nodes - {chat.log.node}:
            if not chat.registry.is_living(node):
                self.bury(node)
        chat.registry.clean()
        self._look_for_unknown()

    def _see_to_names(self) -> None:
        """Hold, and hold no more, the nickname of who is here and was renamed over another node."""
        chat = self._chat
        for person in chat.people:
            if not person.is_here or person.id in chat.logging_in:  # or is just being renamed here
                continue
            held = chat.people.names(person.id)
            if person.name not in held:
                claiming = chat.registry.claim(person.nick, person.id, person.sessions[-1].address)
                Deferred.fromCoroutine(claiming).addErrback(self._not_held)
            for name in held:
                if name != person.name:
                    chat.registry.pass_on(name, person.id)

    def _not_held(self, failure: Failure) -> None:
        failure.trap(NotKept, Refused)  # then the next look will do

    def _look_for_unknown(self) -> None:
        chat, now = self._chat, self._chat.clock.seconds()
        unknown = {}
        for feed in () if chat.reviving else list(chat.rooms):  # of many that takes longer than a while
            for person in feed.room.members:
                if chat.people.person(person) is None:
                    unknown[feed.stream, person] = self._unknown.get((feed.stream, person), now)
        self._unknown = unknown
        over = {person for (_, person), since in unknown.items() if now - since >= LONGEST_UNKNOWN}
        for person in over:
            if not chat.departures.is_telling(person):  # since the last look
                self._tell(person, "")

"""
Sessions that go on on another node of a cluster than the one that has them.

The node that somebody comes back to changes the session's record by compare-and-set: from then on the session
is that node's. The old one, if it lives, sees that, finishes what had come over its connection, hangs up
without anybody being told, and hands over where it has stopped. Of a node that is dead it is known what it
kept last, at most a second old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.logs.interface import NotKept
from tcpchat.person import Seat
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.registry import CANNOT
from tcpchat.requests import Refused
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.unread import unread

# Seconds between two tries to take a session whose record its node is just changing, and for all of them.
AGAIN = 0.05
# Seconds within which what was kept has come to the other nodes, and they have done something about it.
KEPT_WITHIN = 2.0
LONGEST_TAKE = 10.0

# Seconds after which whoever comes back is told why nothing happens.
TOLD_AFTER = 0.5
LATE = "One moment: the server that you were connected to does not answer."

JUST_NOW = "Somebody comes back with that code just now."

_logger = Logger()


def is_elsewhere(chat: Chat, record: KeptSession) -> bool:
    """Tell whether a session was on another node of this cluster last."""
    return bool(chat.log.node) and record.node not in ("", chat.log.node)


async def take_over(
    chat: Chat, session_id: str, tell: Callable[[str], object]
) -> tuple[KeptSession, Mapping[str, Place]]:
    """
    Have a session that another node has, or had; return what is kept of it, and where it goes on.

    If that takes long, ``tell`` so.

    Raises:
        NotKept: the others cannot be reached.
        Refused: it is gone, or somebody else takes it at the same moment.
    """
    chat.handovers.expect(session_id)
    late = chat.clock.callLater(TOLD_AFTER, tell, LATE)
    try:
        node, record = await _take(chat, session_id)
        places = await _places(chat, session_id, node)
    finally:
        chat.handovers.expect_no_more(session_id)
        if late.active():
            late.cancel()
    return record, places


async def _take(chat: Chat, session_id: str) -> tuple[str, KeptSession]:
    """Make a session this node's; return the node that had it, and what is kept of it."""
    tried: KeptSession | None = None  # of which it is not known whether it was replaced
    until = chat.clock.seconds() + LONGEST_TAKE
    while chat.clock.seconds() < until and not chat.registry.is_fenced:
        kept = await chat.log.record(records.SESSION, session_id)
        if kept is None:
            raise Refused("That code is not known or too old.", "bad-session")
        record = records.session(kept)
        if not is_elsewhere(chat, record):
            if tried is not None and record.moved == tried.moved + 1:
                return tried.node, record
            raise Refused(JUST_NOW)
        taken = msgspec.structs.replace(record, node=chat.log.node, moved=record.moved + 1)
        try:
            if await chat.log.replace(records.SESSION, session_id, kept, records.encode(taken)):
                return record.node, taken
        except NotKept:
            tried = record
        await deferLater(chat.clock, AGAIN)  # its node has just changed it
    raise NotKept(CANNOT)


async def _places(chat: Chat, session_id: str, node: str) -> Mapping[str, Place]:
    """Return where a session goes on that another node had: it may say so itself."""
    seat = chat.people.session(session_id)
    behind = await chat.log.record(records.PLACE, session_id)
    places: Mapping[str, Place] = records.places(behind) if behind else {}
    if seat is not None and seat.is_distant:
        places = chat.elsewhere.places(seat, behind)
        if chat.registry.is_living(node) and (handover := await chat.handovers.wait(session_id)):
            places = handover.places
    chat.elsewhere.go_on_here(session_id)
    return places


def give_up(chat: Chat, session_id: str, record: KeptSession) -> None:
    """A session that was taken over cannot go on here: nobody is there over it, but may be taken up again."""
    chat.resumable.expire(session_id, chat.clock.seconds() + LONGEST_ABSENCE)
    left = msgspec.structs.replace(record, has_left=True, broken=chat.wall())
    chat.log.keep(records.SESSION, session_id, records.encode(left))


def let_go(seat: Seat) -> None:
    """A session of this node is another one's now."""
    if isinstance(seat, Session):
        if not seat.is_abroad and (heir := seat.chat.elsewhere.node(seat.id)):
            seat.chat.handovers.promise(seat.id, heir)
        Deferred.fromCoroutine(_let_go(seat)).addErrback(_failed)
        seat.chat.clock.callLater(KEPT_WITHIN, _see_to_record, seat.chat, seat.id)


def _see_to_record(chat: Chat, session_id: str) -> None:
    """See that no session is kept as this node's that is not: it may have kept something too late."""

    def see(kept: bytes | None) -> None:
        record = records.session(kept) if kept else None
        if record is None or record.node != chat.log.node or record.has_left or session_id in chat.returning:
            return
        if not isinstance(chat.people.session(session_id), Session):
            left = msgspec.structs.replace(record, has_left=True)
            chat.log.keep(records.SESSION, session_id, records.encode(left))

    chat.log.record(records.SESSION, session_id).addCallback(see)


def _failed(failure: Failure) -> None:
    _logger.failure("A session could not be let go", failure)


async def _let_go(session: Session) -> None:
    chat = session.chat
    while session.id in chat.returning:  # over another connection of this node, at the same moment
        await deferLater(chat.clock, AGAIN)
    kept = await chat.log.record(records.SESSION, session.id)
    record = records.session(kept) if kept else None
    if session.is_abroad or record is None:
        return
    if not is_elsewhere(chat, record):  # it is back by now
        _go_on(session)
        return
    if record.moved < session.moved:  # the old node has kept something of it before it knew
        _go_on(session)
        session.keep()
        return
    session.stay()
    if not session.is_broken:
        session.acknowledged = session.dialogue.reader.let_go()
        session.is_abroad = True
        await session.dialogue.hand_over()
    places = await unread(session)
    _forget(session)
    if not session.person.is_here:
        chat.registry.pass_all_on(session.person.id, record.node)
    upto = {feed.stream: chat.log.last(feed.stream) for feed in session.feeds}
    chat.handovers.give(session.id, record.node, places, upto)
    chat.sightings.tell("{nick} goes on on another node", session.id, session.nick)


def _go_on(session: Session) -> None:
    """A session is this node's still, or again."""
    if session in session.person.sessions:
        session.chat.elsewhere.go_on_here(session.id)
        session.chat.people.enter(session.person, session)


def disown(session: Session, why: Refused) -> None:
    """A session is lost to this node, which the others took for dead: hang up, and say why."""
    _forget(session)
    if not session.person.is_here:
        session.chat.registry.pass_all_on(session.person.id)
    session.dialogue.disown(why)


def _forget(session: Session) -> None:
    """A session is another node's: nobody here has left, and nothing is kept of it here."""
    session.is_abroad = True
    session.stay()
    person, chat = session.person, session.chat
    chat.cursors.let_go(session.id)
    chat.people.withdraw(person)
    chat.people.leave(person, session)
    if not person.is_here:
        chat.inboxes.close(person.id)

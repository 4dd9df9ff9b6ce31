"""
Sessions that an earlier server knew: at the start they are as after a break.

What is kept of them is in records.py; their connections are gone, their rooms' logs are not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater

from tcpchat import records
from tcpchat.acknowledged import Acknowledged
from tcpchat.dialogue import Dialogue
from tcpchat.events import inbox
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.logs.interface import NotKept
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed
from tcpchat.screen import Nowhere
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.tickets import Ticket

# Seconds until a cluster is asked again for a nickname that could not be reached.
AGAIN = 1.0

# People whose nicknames are claimed at the same time: a claim is three ways to NATS and back, each 5 ms.
AT_ONCE = 64


async def revive(chat: Chat) -> None:
    """
    Wait for those who were there when the last server ended, and put out whom nobody knows.

    They have a while to come back, as after a break. In a cluster it is those whom this node had, and the
    other nodes know whether anybody else is there: nobody is put out.
    """
    chat.reviving += 1
    # Where everybody is now is not where those are who are not back: were it kept before it is read, as on a
    # slow machine, they would miss without a word what was said between.
    chat.cursors.is_held = True
    try:
        await _revive(chat)
    finally:
        chat.reviving -= 1
        chat.cursors.is_held = chat.reviving > 0


async def _revive(chat: Chat) -> None:
    node = chat.log.node
    kept = {key: records.session(value) for key, value in (await chat.log.records(records.SESSION)).items()}
    places = {key: records.places(value) for key, value in (await chat.log.records(records.PLACE)).items()}
    shown = records.shown(await chat.log.records(records.SHOWN))
    rooms: dict[str, list[RoomFeed]] = {}  # by person
    for feed in chat.rooms:
        for person_id in feed.room.members:
            if chat.rooms.may_know(feed, person_id):  # who has been an operator is put out
                rooms.setdefault(person_id, []).append(feed)
    present = set()

    async def revive_one(session_id: str, record: KeptSession) -> None:
        if isinstance(chat.people.session(session_id), Session):
            return
        _let_come_back(chat, session_id, record)
        known = places.get(session_id, {})
        # The log may say that somebody has left though the record does not yet.
        person_id = record.account or session_id
        members = [feed for feed in rooms.get(person_id, ()) if person_id in feed.room.members]
        has_left = record.has_left or (bool(record.rooms) and not members)
        if not has_left and (session := await _revived(chat, session_id, record, members)):
            present.add(session.person.id)
            for stream, since in _begun(session).items():
                general = shown.get(stream, Place(0, 0)).at_least(Place(since, since))
                session.acknowledged.begin(stream, known.get(stream, general))
            known = session.acknowledged.places
            session.wait("server restarted")
        elif node and has_left and not record.has_left:
            left = msgspec.structs.replace(record, has_left=True)
            chat.log.keep(records.SESSION, session_id, records.encode(left))
        chat.cursors.rest(session_id, known)

    people: dict[str, list[tuple[str, KeptSession]]] = {}
    for session_id, record in kept.items():
        if not node or record.node == node:
            people.setdefault(record.account or session_id, []).append((session_id, record))
    await many_at_once(revive_one, people.values())
    for person_id, feeds in rooms.items():
        if person_id not in present and not node:
            nicks = {feed.stream: feed.room.members[person_id].nick for feed in feeds}
            chat.departures.tell(person_id, "", nicks, "server restarted")


async def many_at_once(
    revive_one: Callable[[str, KeptSession], Awaitable[None]],
    people: Iterable[list[tuple[str, KeptSession]]],
) -> None:
    """Begin with one person after the other, as their nicknames are claimed in this order; wait for many."""
    waiting = iter(people)

    async def revive_some() -> None:
        for sessions in waiting:
            for session_id, record in sessions:  # who is there over the first needs no claim for the next
                await revive_one(session_id, record)

    done = [Deferred.fromCoroutine(revive_some()) for _ in range(AT_ONCE)]
    for _, failure in await DeferredList(done, consumeErrors=True):
        if failure is not None:
            failure.raiseException()


def _begun(session: Session) -> dict[str, int]:
    """Return after which entry somebody has been shown each of their streams."""
    rooms = {feed.stream: feed.room.members[session.person.id].since for feed in session.feeds}
    return rooms | {inbox(session.person.id): 0}


def as_logged(chat: Chat, session_id: str, record: KeptSession) -> KeptSession:
    """Return what is kept of a session, and what the log knows better: the nickname, and into which rooms."""
    person = record.account or session_id
    feeds = [feed for feed in chat.rooms if person in feed.room.members]
    nick = feeds[-1].room.members[person].nick if feeds else record.nick
    others = (feed.stream for feed in feeds if feed.stream not in record.rooms)
    return msgspec.structs.replace(record, nick=nick, rooms=(*others, *record.rooms))


def _let_come_back(chat: Chat, session_id: str, record: KeptSession) -> None:
    """Let a session be taken up again as after a break, whatever the time of day is by now."""
    chat.resumable.add(session_id, record.secrets)
    chat.resumable.expire(session_id, chat.clock.seconds() + LONGEST_ABSENCE)


async def _revived(chat: Chat, session_id: str, record: KeptSession, rooms: list[RoomFeed]) -> Session | None:
    """
    Return a session as it was, without a connection, and in the rooms whose logs say so.

    None is for one whose nickname is not allowed any more, and in a cluster for one that another node has
    taken or ended while this one asked for the nickname.
    """
    order = {stream: place for place, stream in enumerate(record.rooms)}
    rooms = sorted(rooms, key=lambda feed: order.get(feed.stream, len(order)))
    person_id = record.account or session_id
    person = chat.people.person(person_id)  # over another session
    if person is None:
        nick = rooms[-1].room.members[person_id].nick if rooms else record.nick
        try:
            name = await _claim(chat, nick, person_id, record.address)
        except Refused:
            return None
        if not await _is_as_it_was(chat, session_id, record, rooms):
            chat.registry.release(name, person_id, record.address, is_kept=False)
            return None
        person = person_from_record(person_id, name, record)
    session = from_record(chat, session_id, person, record)
    session.feeds = rooms
    session.broken = record.broken if record.broken is not None else chat.wall()
    chat.people.enter(session.person, session)
    return session


async def _is_as_it_was(chat: Chat, session_id: str, record: KeptSession, rooms: list[RoomFeed]) -> bool:
    """Tell whether a session is what is kept of it still, and the log has them in the same rooms."""
    kept = await chat.log.record(records.SESSION, session_id)
    person_id = record.account or session_id
    return (
        kept is not None
        and records.session(kept).node == record.node
        and all(person_id in feed.room.members for feed in rooms)
    )


async def _claim(chat: Chat, nick: str, person_id: str, address: str) -> Name:
    while True:
        try:
            return await chat.registry.claim(nick, person_id, address, or_variant=True)
        except NotKept:  # by a cluster that cannot be reached: nobody is waited for until it can
            await deferLater(chat.clock, AGAIN)


def person_from_record(person_id: str, name: Name, record: KeptSession) -> Person:
    """Return a person as they were, without a session."""
    person = Person(person_id, name, record.since, record.account)
    person.away = record.away
    person.ignored = dict(record.ignored)
    person.correspondent = record.correspondent
    return person


def from_record(chat: Chat, session_id: str, person: Person, record: KeptSession) -> Session:
    """Return a session as it was, in no room yet and without a connection."""
    dialogue = Dialogue(chat, Nowhere(), record.address)
    dialogue.reader.stop()
    session = Session(dialogue, session_id, person, Ticket("", ""))
    session.acknowledged = Acknowledged()
    session.digests = record.secrets
    session.moved = record.moved
    for setting, value in record.settings.items():
        with suppress(Refused):  # of a setting that there is no more
            dialogue.settings = dialogue.settings.changed(setting, value)
    return session

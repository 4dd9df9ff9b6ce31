"""
Coming in, and coming back: after a break, a farewell, or another start of the server.

A session whose connection has broken is there still; one that has left, or that another server
knew, is in the store. Either way it goes on where the old connection had not acknowledged more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec
from twisted.internet import defer
from twisted.internet.defer import DeferredLock

from tcpchat import moving, records
from tcpchat.after_absence import Home, begun, show_missed
from tcpchat.barring import Banished, check_room, check_server, identity
from tcpchat.dialogue import Dialogue
from tcpchat.events import Left
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.membership import Membership
from tcpchat.names import Name
from tcpchat.person import Person, Seat
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.registry import CANNOT
from tcpchat.requests import Refused, Resume
from tcpchat.reviving import as_logged, from_record, person_from_record
from tcpchat.room import LOBBY
from tcpchat.sanctions import Identity
from tcpchat.service import Chat
from tcpchat.session import NOBODY, Session
from tcpchat.tickets import Ticket, digests, ticket
from tcpchat.unread import unread

# Seconds to wait for a farewell to be in the log before one can come back from it.
LONGEST_WAIT = 5


# Makes it: whoever is to be there is passed on to it.
MakeHome = Callable[[Session, Dialogue], Home]


async def come_in(
    dialogue: Dialogue, session_id: str, name: Name, make_home: MakeHome, ref: str
) -> list[int] | None:
    """
    Bring somebody who has claimed a nickname into the lobby; return the number of their entry.

    Raises:
        NotKept: the log cannot be written; the nickname is given back, as for the following.
        Refused: whoever is called so, or comes from there, may not be in the lobby.
    """
    chat = dialogue.chat
    new = chat.new_ticket()
    session = Session(dialogue, session_id, Person(session_id, name, chat.wall()), new)
    connection = dialogue.reader.session
    attach(session, dialogue, make_home)  # from here on it has to be seen through to its end
    session.register((LOBBY,))
    chat.people.expect(session.person)
    try:
        seqs = await Membership(session).join(chat.rooms.lobby, ref, new.code)
    except (NotKept, Refused, Unknown):
        session.withdraw()
        dialogue.reader.session = connection
        raise
    if session.is_abroad:  # the others have taken this node for dead meanwhile, and everybody was hung up on
        chat.log_surely([(LOBBY, [Left(session_id, name.display, is_gone=True)])])
        raise NotKept(CANNOT)
    session.enter()
    tell_operator("{nick} has come in by {connection} from {address}", session, connection)
    if chat.log.node:
        try:
            check_server(chat, identity(session.person, dialogue.address))
        except Banished as refusal:  # by another node, while it was on its way to the log
            session.banish(refusal)
    return seqs


def tell_operator(what: str, session: Session, connection: str) -> None:
    """Tell the operator what somebody has done over a connection."""
    session.chat.sightings.tell(what, session.id, session.nick, session.address, connection)


def attach(session: Session, dialogue: Dialogue, make_home: MakeHome) -> Home:
    """Let a session go on over a connection."""
    dialogue.adopt(session.settings)
    dialogue.reader.session = session.id
    dialogue.reader.person = session.person.id
    dialogue.pay_from(session.budget)
    session.dialogue = dialogue
    ignored = session.person.ignored
    session.ignored_lately = frozenset((*ignored, *ignored.values())) if ignored else NOBODY
    session.address = dialogue.address
    home = make_home(session, dialogue)
    dialogue.begin(home)
    session.chat.cursors.watch(session.id, dialogue.reader, begun(session) if session.feeds else {})
    return home


async def come_back(dialogue: Dialogue, request: Resume, make_home: MakeHome) -> None:
    """
    Take up the session that a code or token belongs to, over another connection.

    Raises:
        Refused: there is none, or it cannot be taken up any more.
        NotKept: the log cannot be written, and the session has to return to its rooms.
    """
    chat = dialogue.chat
    session_id = chat.resumable.find(request.secret, chat.clock.seconds())
    if session_id is None:
        raise Refused("That code is not known or too old.", "bad-session")
    if session_id in chat.returning:
        raise Refused("Somebody comes back with that code just now.")
    chat.registry.check()
    session = chat.people.session(session_id)
    if isinstance(session, Session):
        await take_up(session, dialogue, make_home, request)
        return
    chat.returning.add(session_id)
    try:
        if session_id in chat.leaving:
            chat.leaving[session_id].let_go()
        kept = await chat.log.record(records.SESSION, session_id)
        behind = await chat.log.record(records.PLACE, session_id)
        places: Mapping[str, Place] = records.places(behind or b"{}")
        assert kept is not None
        record = records.session(kept)
        was_elsewhere = moving.is_elsewhere(chat, record)
        if was_elsewhere:
            record, places = await moving.take_over(chat, session_id, dialogue.tell)
        async with one_at_a_time(chat, record.account or session_id):
            session, wanted = await _return(chat, session_id, record, dialogue, was_elsewhere)
            _go_on(session, dialogue, make_home, request, places, wanted)
    finally:
        chat.returning.discard(session_id)


async def take_up_from_elsewhere(seat: Seat, dialogue: Dialogue, make_home: MakeHome) -> Session:
    """Take a session up by a login whose connection to another node has broken; fail as `come_back` does."""
    chat = dialogue.chat
    chat.returning.add(seat.id)
    try:
        record, places = await moving.take_over(chat, seat.id, dialogue.tell)
        session, wanted = await _return(chat, seat.id, record, dialogue, was_elsewhere=True)
        _go_on(session, dialogue, make_home, None, places, wanted)
    finally:
        chat.returning.discard(seat.id)
    return session


@asynccontextmanager
async def one_at_a_time(chat: Chat, person: str) -> AsyncIterator[None]:
    """Have others wait who come in as the same person: over two connections at once they are one."""
    lock = chat.logging_in.setdefault(person, DeferredLock())
    await lock.acquire()
    try:
        yield
    finally:
        lock.release()
        if not lock.locked and not lock.waiting:
            chat.logging_in.pop(person, None)


async def take_up(
    session: Session, dialogue: Dialogue, make_home: MakeHome, request: Resume | None = None
) -> None:
    """Take a session up that has not left, over another connection: by its code, or else by a login."""
    chat, person = session.chat, session.person
    who = identity(person, dialogue.address)
    check_server(chat, who, person.account)
    chat.returning.add(session.id)
    try:
        places = await _interrupt(session, dialogue)
        check_server(chat, who, person.account)
    except Banished:
        if session in person.sessions:
            session.leave("")
        raise
    except Exception:
        session.break_off()  # it is as it was: without a connection, for a while
        raise
    finally:
        chat.returning.discard(session.id)
    _go_on(session, dialogue, make_home, request, places)


def _go_on(
    session: Session,
    dialogue: Dialogue,
    make_home: MakeHome,
    request: Resume | None,
    places: Mapping[str, Place],
    wanted: str | None = None,
) -> None:
    """Be there over another connection, and be shown what was missed; ``wanted`` is a nickname now lost."""
    Membership(session).leave_barred(dialogue)
    connection = dialogue.reader.session
    if request is not None:
        session.be_back(_known_ticket(session.chat, session, request.secret))
    elif not session.ticket.token:
        session.renew(session.chat.new_ticket())
    home = attach(session, dialogue, make_home)
    session.register(tuple(feed.stream for feed in session.feeds))
    session.enter()
    tell_operator("{nick} is back by {connection} from {address}", session, connection)
    if wanted is not None:
        dialogue.tell(f'"{wanted}" is taken now. You are {session.nick}.')
    show_missed(session, places, home, request)


async def _interrupt(session: Session, dialogue: Dialogue) -> dict[str, Place]:
    """Take a session from the connection that it has, or had; return where it goes on."""
    session.stay()
    if not session.is_broken:
        session.acknowledged = session.dialogue.reader.let_go()
        unsaid = await session.dialogue.hand_over()
        if unsaid:
            dialogue.refuse(unsaid)
    places = await unread(session)
    session.chat.cursors.rest(session.id, places)
    return places


async def until_gone(chat: Chat, person: str) -> None:
    """
    Wait until the log says of somebody who has just left that they have.

    Raises:
        NotKept: it cannot be written.
    """
    try:
        await chat.departures.told(person).addTimeout(LONGEST_WAIT, chat.clock)
        await chat.elsewhere.until_told(person)
    except defer.TimeoutError:
        raise NotKept("the log cannot be written") from None


async def _return(
    chat: Chat, session_id: str, record: KeptSession, dialogue: Dialogue, was_elsewhere: bool
) -> tuple[Session, str | None]:
    """Have somebody back who has left, or was elsewhere; tell which nickname they have not got again."""
    try:
        return await _go_back_to_rooms(chat, session_id, record, dialogue)
    except Exception:
        if was_elsewhere:  # and is not any more: the others would take them to be here
            moving.give_up(chat, session_id, record)
        raise


async def _go_back_to_rooms(
    chat: Chat, session_id: str, record: KeptSession, dialogue: Dialogue
) -> tuple[Session, str | None]:
    if record.account and chat.accounts.get(record.account) is None:
        record = msgspec.structs.replace(record, account="")
    person_id = record.account or session_id
    who = Identity(chat.people.nickname(record.nick), person_id, dialogue.address)
    check_server(chat, who, record.account)
    await until_gone(chat, person_id)
    if chat.log.node:  # which may have ended before it could keep what was done last
        record = as_logged(chat, session_id, record)
    person = chat.people.person(person_id)
    if person is not None and person.is_here:
        feeds = person.feeds
        session = from_record(chat, session_id, person, record)
        session.feeds = feeds
        return session, None
    nick = record.nick if person is None else person.nick  # over another node still
    rooms = record.rooms if person is None else [feed.stream for feed in person.feeds]
    name = await chat.registry.claim(nick, person_id, dialogue.address, or_variant=True)
    person = chat.people.person(person_id) or person_from_record(person_id, name, record)
    session = from_record(chat, session_id, person, record)
    try:
        for stream in rooms:
            await _go_back(session, stream, dialogue, record.entered.get(stream, 0))
        check_server(chat, who, record.account)
    except (NotKept, Banished, Unknown):
        chat.depart(session.person, session, session.feeds, "")
        session.release(name)
        raise
    session.forget_lost_rooms()
    return session, None if name.display == record.nick else record.nick


async def _go_back(session: Session, stream: str, dialogue: Dialogue, since: int) -> None:
    """Bring somebody back into a room, unless they may not be there by now."""
    chat, person = session.chat, session.person
    try:
        feed = await chat.rooms.reach(stream, person.id)
        check_room(chat, feed.room, identity(person, dialogue.address), person.account)
        if person.id not in feed.room.members:
            await chat.join(feed, session.id, session.nick, account=person.account, since=since)
    except Refused as refusal:
        dialogue.refuse(refusal)
        return
    session.feeds.append(feed)


def _known_ticket(chat: Chat, session: Session, secret: str) -> Ticket:
    """Return the session's ticket; of one that another server has issued, what can be known of it."""
    if session.ticket.token:
        return session.ticket
    plain = secret.strip().lower()
    code, *tokens = session.digests
    itself, its_code = digests(secret)
    if its_code == code:
        return ticket(plain)
    return Ticket(plain, "") if itself in tokens else Ticket(chat.new_ticket().token, plain)

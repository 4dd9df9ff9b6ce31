"""
Coming in, and coming back: after a break, a farewell, or another start of the server.

A session whose connection has broken is there still; one that has left, or that another server
knew, is in the store. Either way it goes on where the old connection had not acknowledged more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
from twisted.internet import defer
from twisted.internet.defer import DeferredLock

from tcpchat import jsonlines, records
from tcpchat.barring import Banished, check_room, check_server, identity
from tcpchat.dialogue import Dialogue
from tcpchat.events import inbox
from tcpchat.feed import Feed
from tcpchat.history import History
from tcpchat.logs.interface import NotKept
from tcpchat.membership import Membership
from tcpchat.mentioned import Mentioned
from tcpchat.missed import Missed
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.replays import Part
from tcpchat.requests import Refused, Resume
from tcpchat.reviving import from_record, person_from_record
from tcpchat.room import LOBBY
from tcpchat.room_feed import RoomFeed
from tcpchat.sanctions import Identity
from tcpchat.service import Chat
from tcpchat.session import NOBODY, Session
from tcpchat.state import State
from tcpchat.tickets import Ticket, digests, ticket
from tcpchat.unread import unread

# Seconds to wait for a farewell to be in the log before one can come back from it.
LONGEST_WAIT = 5


class Home(State, Protocol):
    """The state of a dialogue with somebody who is there (present.py)."""

    @property
    def history(self) -> History:
        """What is looked at page by page."""


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
    except (NotKept, Refused):
        session.withdraw()
        dialogue.reader.session = connection
        raise
    session.enter()
    tell_operator("{nick} has come in by {connection} from {address}", session, connection)
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
    session.chat.cursors.watch(session.id, dialogue.reader, _begun(session) if session.feeds else {})
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
    session = chat.people.session(session_id)
    if isinstance(session, Session):
        await take_up(session, dialogue, make_home, request)
        return
    chat.returning.add(session_id)
    try:
        kept = await chat.log.record(records.SESSION, session_id)
        assert kept is not None
        record = records.session(kept)
        async with one_at_a_time(chat, record.account or session_id):
            session, wanted, places = await _return(chat, session_id, record, dialogue)
            chat.returning.discard(session_id)
            _go_on(session, dialogue, make_home, request, places, wanted)
    finally:
        chat.returning.discard(session_id)


@asynccontextmanager
async def one_at_a_time(chat: Chat, person: str) -> AsyncIterator[None]:
    """Wait for the others of somebody's connections that are just coming in: together they are one person."""
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
        await chat.departure(person).addTimeout(LONGEST_WAIT, chat.clock)
    except defer.TimeoutError:
        raise NotKept("the log cannot be written") from None


async def _return(
    chat: Chat, session_id: str, record: KeptSession, dialogue: Dialogue
) -> tuple[Session, str | None, dict[str, Place]]:
    """Bring somebody who has left back into their rooms; tell which nickname they have not got again."""
    if session_id in chat.leaving:
        chat.leaving[session_id].let_go()
    places = records.places(await chat.log.record(records.PLACE, session_id) or b"{}")
    if record.account and chat.accounts.get(record.account) is None:
        record = msgspec.structs.replace(record, account="")
    person_id = record.account or session_id
    who = Identity(chat.people.nickname(record.nick), person_id, dialogue.address)
    check_server(chat, who, record.account)
    await until_gone(chat, person_id)
    person = chat.people.person(person_id)
    if person is not None and isinstance(other := person.sessions[-1], Session):
        session = from_record(chat, session_id, person, record)
        session.feeds = list(other.feeds)
        return session, None, places
    name = chat.people.claim(record.nick, person_id, dialogue.address, or_variant=True)
    session = from_record(chat, session_id, person_from_record(person_id, name, record), record)
    try:
        for stream in record.rooms:
            await _go_back(session, stream, dialogue, record.entered.get(stream, 0))
        check_server(chat, who, record.account)
    except (NotKept, Banished):
        chat.depart(session.person, session, session.feeds, "")
        session.release(name)
        raise
    session.forget_lost_rooms()
    return session, None if name.display == record.nick else record.nick, places


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


def show_missed(
    session: Session, places: Mapping[str, Place], home: Home, request: Resume | None = None
) -> None:
    """
    Tell somebody who is back where they are, show what they missed, and then what comes.

    Without a ``request`` it is somebody who has logged in: they may have been away for long, and are
    shown it by pages.
    """
    dialogue, chat = session.dialogue, session.chat
    reader = dialogue.reader
    membership = Membership(session)
    feeds: list[Feed] = [chat.inboxes.feed(session.person.id), *session.feeds]
    exact = _asked_for(session, request) if request is not None else {}
    begun = _begun(session)
    begin = begun | dict(places) | exact
    if dialogue.speaks_json:
        after = {"@": 0} | {jsonlines.room(feed.stream): begin[feed.stream].seq for feed in feeds}
        dialogue.answer(session.welcome(after))
    elif session.feeds:
        dialogue.answer(membership.where(session.feeds[-1], session.feeds[-1].shown + 1))
        if request is None:
            dialogue.tell(f"If the connection breaks, /resume {session.ticket.code} brings you back.")
    else:
        dialogue.tell(f"You are {session.nick}, in no room. /join {LOBBY}")
    parts = []
    for feed in feeds:
        view = dialogue.view(feed.stream)
        place, kept_after = begin[feed.stream], chat.log.kept_after(feed.stream)
        if place.seq < kept_after:
            reader.tell(feed.render_gap(place.seq, kept_after, view))
            place = place.at_least(Place(kept_after, kept_after))
        floor = feed.room.floor(session.person.id) if isinstance(feed, RoomFeed) else 0
        if place.seq < floor:
            reader.tell(feed.render_closed(place.seq, floor, view))
            place = place.at_least(Place(floor, floor))
        if dialogue.speaks_json and feed.stream in exact:
            reader.follow(feed, place)
            continue
        # Who has come and gone since the last fold, and after oneself, comes with the next one.
        here = Place(feed.shown, max(feed.here(view).presence, begun[feed.stream].presence))
        if place.is_behind(here):
            changes = None
            if isinstance(feed, RoomFeed) and not view.json:
                changes = feed.room.lately.between(place, here, session.person.id)
            parts.append(Part(feed, place, here, changes))
        reader.follow(feed, here, place)
    if request is None and not dialogue.speaks_json:
        home.history.show_missed(parts)
    else:
        behind = Mentioned(parts, session.person.id, session.person.name)
        reader.replay(Missed(parts, counts=not dialogue.speaks_json, behind=behind))


def _begun(session: Session) -> dict[str, Place]:
    """Return where each of somebody's streams has begun for them."""
    rooms = {feed.stream: feed.room.members[session.person.id].since for feed in session.feeds}
    return {stream: Place(since, since) for stream, since in (rooms | {inbox(session.person.id): 0}).items()}


def _asked_for(session: Session, request: Resume) -> dict[str, Place]:
    """Return after what the person asks to be shown everything, by stream."""
    asked: dict[str, int] = {}
    if request.seq is not None and session.feeds:
        asked[session.feeds[-1].stream] = request.seq
    for room, seq in (request.after or {}).items():
        stream = inbox(session.person.id) if room == "@" else f"#{room.removeprefix('#')}"
        asked[stream] = seq
    last = session.chat.log.last
    return {stream: Place(seq, seq) for stream, n in asked.items() for seq in (max(0, min(n, last(stream))),)}

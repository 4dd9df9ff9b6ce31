"""
Coming in with an account: as somebody new, beside one's other connections, or in place of a broken one.

Whether the password is right has been seen to before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from tcpchat import audit, records
from tcpchat.after_absence import show_missed
from tcpchat.barring import check_room, check_server, identity
from tcpchat.dialogue import Dialogue
from tcpchat.membership import Membership
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.records import KeptAccount
from tcpchat.requests import Refused
from tcpchat.returning import (
    MakeHome,
    attach,
    one_at_a_time,
    take_up,
    take_up_from_elsewhere,
    tell_operator,
    until_gone,
)
from tcpchat.room import LOBBY
from tcpchat.sanctions import Identity
from tcpchat.server_wide import remind
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.settings import AS_AT_FIRST, Settings


async def log_in(
    dialogue: Dialogue, account: KeptAccount, make_home: MakeHome, ref: str = ""
) -> list[int] | None:
    """
    Bring somebody in whose account it is; return the number of the entry that says so, if there is one.

    Whoever is there already is there over one more connection, or, if one has broken, over this
    one in its place.

    Raises:
        NotKept: the log cannot be written; nobody has come in.
        Refused: the account is gone meanwhile, or banned.
    """
    chat = dialogue.chat
    chat.registry.check()
    async with one_at_a_time(chat, account.id):
        known = chat.accounts.get(account.id)
        if known is None:
            raise Refused("That account has just been removed.", "bad-login")
        _check(dialogue, known)
        person = chat.people.person(account.id)
        if person is None:
            return await _come_in(dialogue, known, make_home, ref)
        broken = [it for it in person.sessions if it.is_broken and it.id not in chat.returning]
        here = [it for it in broken if isinstance(it, Session)]
        if here:
            await take_up(here[-1], dialogue, make_home)
            remind(here[-1])
        elif broken:
            remind(await take_up_from_elsewhere(broken[-1], dialogue, make_home))
        else:
            if not person.is_here:  # but on another node of the cluster
                await chat.registry.claim(person.nick, person.id, dialogue.address, or_variant=True)
            read = await _read(chat, person)
            if chat.people.person(account.id) is not person:  # any more
                return await _come_in(dialogue, known, make_home, ref)
            _sit_down(dialogue, person, read, make_home)
        return None


async def log_in_again(
    session: Session, account: KeptAccount, make_home: MakeHome, ref: str = ""
) -> list[int] | None:
    """
    Go on as somebody whose account it is, who was there as somebody else: that one has left.

    Raises:
        NotKept: the log cannot be written; the connection has ended.
        Banished: whose account it is may not be here.
    """
    dialogue = session.dialogue
    _check(dialogue, account)
    session.give_way(f"logged in as {account.nick}")
    try:
        return await log_in(dialogue, account, make_home, ref)
    except Exception:
        dialogue.cut_off("Not logged in: please connect again.")
        raise


def _check(dialogue: Dialogue, account: KeptAccount) -> None:
    chat = dialogue.chat
    who = Identity(chat.people.nickname(account.nick), account.id, dialogue.address)
    check_server(chat, who, account.id)


async def _come_in(
    dialogue: Dialogue, account: KeptAccount, make_home: MakeHome, ref: str
) -> list[int] | None:
    """Bring somebody in who is not there yet: into the rooms where they were, or else into the lobby."""
    chat = dialogue.chat
    await until_gone(chat, account.id)
    session_id, new = chat.new_id(), chat.new_ticket()
    name = await chat.registry.claim(account.nick, account.id, dialogue.address, or_variant=True)
    person = Person(account.id, name, chat.wall(), account.id)
    person.ignored = dict(account.ignored)
    person.correspondent = account.correspondent
    session = Session(dialogue, session_id, person, new)
    _take_settings(dialogue, account)
    membership = Membership(session)
    seqs: list[int] = []
    try:
        for stream in audit.rooms_of(chat, account.id):
            await _go_in(session, stream, "")
        for stream in [room for room in account.rooms if room != audit.AUDIT] or (LOBBY,):
            seqs += await _go_in(session, stream, "" if seqs else ref)
        session.forget_lost_rooms()
        if all(feed is chat.rooms.audit for feed in session.feeds):
            seqs += await _go_in(session, LOBBY, ref)
        _check(dialogue, account)
    except Exception:
        chat.depart(person, session, session.feeds, "")
        session.release(name)
        raise
    session.forget_lost_rooms()
    membership.leave_barred(dialogue)  # who is banned meanwhile could not be found yet, to be put out
    connection = dialogue.reader.session
    home = attach(session, dialogue, make_home)
    session.register(tuple(feed.stream for feed in session.feeds))
    session.enter()
    session.keep()
    tell_operator("{nick} has logged in by {connection} from {address}", session, connection)
    if name.display != account.nick:
        dialogue.tell(f'"{account.nick}" is taken now. You are {name.display}.')
    places = chat.absences.places(account.id)
    show_missed(session, places, home)
    if not places and session.feeds and not dialogue.speaks_json:
        membership.show_past(session.feeds[-1], session.feeds[-1].shown + 1)
    remind(session)
    return seqs[-1:] or None


async def _go_in(session: Session, stream: str, ref: str) -> list[int]:
    """Go into a room, unless that may not be any more; return the number of the entry that says so."""
    chat = session.chat
    try:
        person = session.person
        feed = await chat.rooms.reach(stream, person.id)
        check_room(chat, feed.room, identity(person, session.address), person.account)
        if person.id in feed.room.members:  # a server that has ended since has not said that they left
            seqs = []
        else:
            seqs = await chat.join(feed, session.id, session.nick, ref, person.account)
    except Refused as refusal:
        session.dialogue.refuse(refusal)
        return []
    session.feeds.append(feed)
    return seqs


def _take_settings(dialogue: Dialogue, account: KeptAccount) -> None:
    """Have the account's settings: those that somebody has changed on the way in stay as they are."""
    settings: Settings = dialogue.settings
    at_first = dict(AS_AT_FIRST.describe())
    for name, value in account.settings.items():
        if dict(settings.describe()).get(name) == at_first.get(name):
            with suppress(Refused):  # of a setting that there is no more
                settings = settings.changed(name, value)
    dialogue.settings = replace(settings)


def _sit_down(dialogue: Dialogue, person: Person, places: Mapping[str, Place], make_home: MakeHome) -> None:
    """
    Be there over one more connection: in the same rooms, from now on.

    What none of the others has been shown for certain is shown first, which is after these ``places``: they
    may be dead, and not known to be.
    """
    chat = dialogue.chat
    session_id, new = chat.new_id(), chat.new_ticket()
    feeds_there = person.feeds
    account = chat.accounts.get(person.account)
    session = Session(dialogue, session_id, person, new)
    session.feeds = feeds_there
    Membership(session).leave_barred(dialogue)
    if account is not None:
        _take_settings(dialogue, account)
    connection = dialogue.reader.session
    home = attach(session, dialogue, make_home)
    session.register(tuple(feed.stream for feed in session.feeds))
    session.enter()
    tell_operator("{nick} has logged in once more by {connection} from {address}", session, connection)
    feeds = [chat.inboxes.feed(person.id), *session.feeds]
    now = {feed.stream: Place(feed.shown, feed.shown) for feed in feeds}
    missed = {it: place for it, place in places.items() if it in now and place.seq < now[it].seq}
    show_missed(session, now | missed, home)
    if not missed and session.feeds and not dialogue.speaks_json:
        Membership(session).show_past(session.feeds[-1], session.feeds[-1].shown + 1)
    remind(session)


async def _read(chat: Chat, person: Person) -> dict[str, Place]:
    """Return up to where somebody has certainly read each stream, over the connection that is furthest."""
    places = dict(chat.absences.places(person.account))  # over those that are closed already
    for session in person.sessions:
        if isinstance(session, Session):
            read: Mapping[str, Place] = session.dialogue.reader.read_for_certain()
        else:
            read = chat.elsewhere.places(session, await chat.log.record(records.PLACE, session.id))
        for stream, place in read.items():
            places[stream] = place.at_least(places.get(stream, place))
    return places

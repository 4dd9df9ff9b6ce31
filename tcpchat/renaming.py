"""Having another nickname."""

from __future__ import annotations

from functools import partial

import msgspec

from tcpchat import barring
from tcpchat.events import Renamed
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.names import Name
from tcpchat.registry import Claiming
from tcpchat.requests import ChooseNick, Refused, TakeNick
from tcpchat.returning import one_at_a_time
from tcpchat.sentences import renamed
from tcpchat.session import Session
from tcpchat.state import Effect, Numbers

REQUESTS = ChooseNick, TakeNick


def carry_out(session: Session, request: ChooseNick | TakeNick, ref: str) -> Effect:
    """
    Have the nickname that is asked for, or, with `TakeNick`, the first free one like it.

    Raises:
        Refused: it is no nickname, or it is taken.
    """
    return _rename(session, session.claim(request.nick, or_variant=isinstance(request, TakeNick)), ref)


async def _rename(session: Session, claiming: Claiming, ref: str) -> Numbers:
    # Over two connections at once somebody would be renamed twice from the same nickname.
    async with one_at_a_time(session.chat, session.person.id):
        return await _take(session, claiming if isinstance(claiming, Name) else await claiming, ref)


async def _take(session: Session, new: Name, ref: str) -> Numbers:
    chat, person = session.chat, session.person
    if new == person.name:
        raise Refused(f"You are {session.nick} already.")
    if session.is_abroad:  # it goes on on another node, since the others were asked for the nickname
        session.release(new)
        raise Refused("You go on over another connection: rename yourself there.")
    try:
        barring.check_name(chat, person, session.address, new, session.feeds)
    except Refused:
        session.release(new)
        raise
    feeds = [feed for feed in session.feeds[::-1] if person.id not in feed.room.going_out]
    rooms = tuple(feed.stream for feed in feeds)
    change = chat.new_id()
    event = Renamed(session.id, session.nick, new.display, rooms, change, ref=ref, account=person.account)
    copy = msgspec.structs.replace(event, ref="")
    try:
        seqs = await chat.log.append_all(
            [(feed.stream, [event if feed is feeds[0] else copy]) for feed in feeds]
        )
    except (NotKept, Unknown) as why:
        settle(why, partial(session.release, new), partial(_have, session, new))
        raise
    _have(session, new)
    if not feeds:
        session.dialogue.tell(renamed(event))
    return [seq for (seq,) in seqs]


def _have(session: Session, new: Name) -> None:
    """Somebody is called so from now on, if they are here still."""
    if session in session.person.sessions:
        old = session.person.name
        session.person.rename(new)
        session.release(old)
        session.keep()

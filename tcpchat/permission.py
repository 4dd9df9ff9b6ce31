"""Whether somebody may ask for something: what the table of commands says, by text and by JSON alike."""

from __future__ import annotations

from tcpchat import outsiders
from tcpchat.command import Rank, forbidden
from tcpchat.commands import RANKS
from tcpchat.operator_requests import EVERYWHERE, Ban, Unban
from tcpchat.ranks import rank
from tcpchat.requests import Refused, Request
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


def rank_here(session: Session) -> Rank:
    """Return what somebody is where they talk."""
    here = session.feeds[-1].room if session.feeds else None
    return rank(session.chat, session.person, here)


def room_meant(session: Session, typed: str) -> RoomFeed:
    """
    Return the room that somebody names; the current one if none is named.

    Raises:
        Refused: there is none of that name, or they are in none.
    """
    return outsiders.find(session, typed) if typed else session.current


def check(session: Session, request: Request | None) -> None:
    """
    Let somebody ask for what they may ask for.

    Raises:
        Refused: they may not, or there is no such room.
    """
    needed = RANKS.get(type(request))
    if needed is None:
        return
    chat, person, room = session.chat, session.person, None
    if needed is Rank.ROOM_OPERATOR:
        if isinstance(request, Ban | Unban) and request.room == EVERYWHERE:
            needed = Rank.SERVER_OPERATOR
        else:
            feed = room_meant(session, getattr(request, "room", ""))
            if feed is chat.rooms.audit:
                raise Refused(f"{feed.stream} is nobody's to moderate.", "forbidden")
            room = feed.room
    if rank(chat, person, room) < needed:
        raise forbidden(needed, room.name if room is not None else "")

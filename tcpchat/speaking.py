"""Whether somebody may say something in a room now: they are in it, not muted there, and not too fast."""

from __future__ import annotations

import math

from tcpchat import barring
from tcpchat.command import Rank
from tcpchat.events import Event, Spoken, TopicSet
from tcpchat.ranks import rank
from tcpchat.render import count
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


def check(session: Session, feed: RoomFeed, event: Event) -> None:
    """
    See that what somebody says, or the topic that they set, may be in a room's log.

    Each line passes here: it costs nothing but look-ups where nobody is muted and nothing is slow.

    Raises:
        Refused: it may not.
    """
    feed.room.check(event)
    if feed.stream in session.chat.sanctions.muted:
        barring.check_speaking(session.chat, feed.room, session.person, session.address)
    if feed.room.order.slow and isinstance(event, Spoken | TopicSet):
        _check_pace(session, feed)


def farewell(session: Session, reason: str) -> str:
    """Return why somebody leaves, as they say; nothing if they may not speak in a room that is told."""
    muted = (feed for feed in session.feeds if feed.stream in session.chat.sanctions.muted)
    try:
        for feed in muted:
            barring.check_speaking(session.chat, feed.room, session.person, session.address)
    except Refused:
        return ""
    return reason


def _check_pace(session: Session, feed: RoomFeed) -> None:
    """
    See that somebody may say a line in a slow room now, and count it.

    Raises:
        Refused: they said one just before.
    """
    room, chat, person = feed.room, session.chat, session.person
    if rank(chat, person, room) >= Rank.ROOM_OPERATOR:
        return
    if wait := feed.slowness.wait(person.id, room.order.slow, chat.clock.seconds()):
        later = count(math.ceil(wait), "second", "seconds")
        raise Refused(f"{room.name} is slow: your next line can be said in {later}.", "slow")

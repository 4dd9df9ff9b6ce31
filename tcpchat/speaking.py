"""Whether somebody may say something in a room now: they are in it, not muted there, and not too fast."""

from __future__ import annotations

from tcpchat import barring, ordering
from tcpchat.events import Event, Spoken
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
    if feed.room.order.slow and isinstance(event, Spoken):
        ordering.check_pace(session, feed)

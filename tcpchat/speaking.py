"""Whether somebody may say something in a room now."""

from __future__ import annotations

from tcpchat.events import Event
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


def check(session: Session, feed: RoomFeed, event: Event) -> None:
    """
    See that what somebody says may be in a room's log.

    Raises:
        Refused: it may not.
    """
    feed.room.check(event)

"""Who may come into a locked room: who is invited, its operators and the server's, who has the password."""

from __future__ import annotations

from twisted.internet.task import deferLater

from tcpchat.command import Rank
from tcpchat.ranks import rank
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


async def admit(session: Session, feed: RoomFeed, password: str = "") -> bool:
    """
    Let somebody into a room by their rank or its password; return whether that was needed.

    Wrong passwords are slowed as those of accounts are.

    Raises:
        Refused: the room is locked, and neither lets them in.
    """
    order, person, chat = feed.room.order, session.person, session.chat
    if order.lets_in(person.id, person.account) or chat.accounts.place(person.account, feed.stream):
        return False
    if rank(chat, person, feed.room) >= Rank.ROOM_OPERATOR:
        return True
    key = order.key
    if not (key and password):
        raise order.refusal(feed.stream)
    now = chat.clock.seconds()
    if delay := chat.attempts.delay(feed.stream, session.address, now):
        await deferLater(chat.clock, delay)
    if not await chat.hashing.verify(key, password):
        chat.attempts.failed(feed.stream, session.address, chat.clock.seconds())
        raise Refused(f"That is not the password of {feed.stream}.", "forbidden")
    chat.attempts.succeeded(feed.stream, session.address)
    if order.is_locked and order.key != key:
        raise order.refusal(feed.stream)  # it has been locked anew meanwhile
    return True

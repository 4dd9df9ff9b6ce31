"""What somebody may know of rooms that they are not in: of one that is locked or hidden, nothing."""

from __future__ import annotations

from tcpchat import answers
from tcpchat.person import Person
from tcpchat.ranks import is_operator
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


def may_know(session: Session, feed: RoomFeed) -> bool:
    """Tell whether somebody may know that there is a room, what it is about, and who is there."""
    room, person = feed.room, session.person
    if not session.chat.rooms.may_know(feed, person.id):
        return False
    if not room.order.is_private:
        return True
    if person.id in room.members or person.id in room.order.invited:
        return True
    return bool(person.account) and (
        person.account in room.operators or is_operator(session.chat, person.account)
    )


def find(session: Session, typed: str) -> RoomFeed:
    """
    Return the room that somebody names, as far as they may know of it.

    Raises:
        Refused: it is no name of a room, or there is none of that name, for all that they may know.
    """
    rooms = session.chat.rooms
    feed = rooms.find(typed, session.person.id)
    if not may_know(session, feed):
        raise rooms.no_room(typed)
    return feed


def who_is(session: Session, person: Person) -> answers.WhoIs:
    """Return what somebody may know of a person: of their rooms those that both are in, or that are open."""
    chat = session.chat
    feeds = [feed for stream in person.rooms if (feed := chat.rooms.open_room(stream))]
    known = [feed.stream for feed in feeds if may_know(session, feed)]
    account = chat.accounts.get(person.account)
    operator_of = [
        feed.stream for feed in session.feeds if person.account and person.account in feed.room.operators
    ]
    return answers.WhoIs(
        person.nick,
        known,
        person.since,
        person.idle,
        person.away,
        account.nick if account else None,
        sorted(operator_of),
        bool(person.account) and is_operator(chat, person.account),
    )

"""What people say: in rooms, what they are about, and privately."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred

from tcpchat import answers, others, speaking
from tcpchat.events import Acted, Event, Said, Told, TopicSet, inbox
from tcpchat.membership import Membership
from tcpchat.others import Addressee
from tcpchat.requests import Act, Refused, Reply, Say, Tell, Topic
from tcpchat.room_feed import RoomFeed
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.state import Effect, Kept, Posting

REQUESTS = Say, Act, Topic, Tell, Reply


def carry_out(session: Session, request: Say | Act | Topic | Tell | Reply, ref: str) -> Effect:
    """
    Say something, or show what a room is about.

    Raises:
        Refused: it may not be said there.
    """
    me, nick, account = session.id, session.nick, session.person.account
    match request:
        case Say():
            return say(session, request, ref)
        case Act(text, room):
            acted = Acted(me, nick, text, ref=ref, account=account)
            return _post(session, Membership(session).addressed(room), acted)
        case Topic("", room):
            about = Membership(session).find(room).room
            session.dialogue.answer(answers.Topic(about.name, about.topic))
            return None
        case Topic(text, room):
            changed = TopicSet(me, nick, text, ref=ref, account=account)
            return _post(session, Membership(session).addressed(room), changed)
        case Tell(to, text):
            return _tell(session, others.addressee(session.chat, to), text, ref)
        case Reply(text):
            return _tell(session, others.correspondent(session), text, ref)


def say(session: Session, request: Say, ref: str) -> Posting:
    """
    Say a line in a room: what is asked for most.

    Raises:
        Refused: it may not be said there.
    """
    is_plain = not request.room and session.lost is None
    feed = session.current if is_plain else Membership(session).addressed(request.room)
    person = session.person
    said = Said(session.id, person.name.display, request.text, ref=ref, account=person.account)
    return _post(session, feed, said)


def _post(session: Session, feed: RoomFeed, event: Event) -> Posting:
    speaking.check(session, feed, event)
    return Posting(feed.stream, event)


def _tell(session: Session, to: Addressee, text: str, ref: str) -> Kept:
    me = session.person
    if to.id == me.id:
        raise Refused("That is you.")
    told = Told(session.id, me.nick, to.nick, text, ref=ref, account=me.account)
    kept = _send(session.chat, told, to.id)
    if to.person is None:
        session.dialogue.tell(f"{to.nick} is not here now: it waits.")
    elif to.person.away is not None:
        session.dialogue.tell(answers.is_away(to.nick, to.person.away))
    return kept


def _send(chat: Chat, event: Told, to: str) -> Deferred[list[int]]:
    """
    Say something to one person, by their id; the answer, its number for the sender, comes when both
    have it.

    Whoever has an account need not be there: it waits for them.
    """
    for person in to, event.person:
        chat.inboxes.show(person)

    def sent(seqs: list[list[int]]) -> list[int]:
        if chat.people.person(to) is None:  # who can answer all the same once they are back
            chat.accounts.change(to, lambda it: msgspec.structs.replace(it, correspondent=event.person))
        return seqs[1]

    copy = msgspec.structs.replace(event, ref="")
    both = [(inbox(to), [copy]), (inbox(event.person), [event])]
    return chat.log.append_all(both).addCallback(sent)

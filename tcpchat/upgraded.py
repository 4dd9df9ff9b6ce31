"""
The other end of an upgrade: how this process goes on with what the one before it has handed on.

Its sessions are in the store and have been taken in again as after a break (reviving.py); here they get
their connections back, of which they were never without as far as anybody could see.
"""

from __future__ import annotations

from functools import partial

from tcpchat import handed
from tcpchat.admission import Visit
from tcpchat.after_absence import Home
from tcpchat.dialogue import Dialogue
from tcpchat.mentioned import Mentioned
from tcpchat.missed import Missed, Paging
from tcpchat.nameless import Nameless
from tcpchat.present import Present
from tcpchat.replays import Past, Replay, Results
from tcpchat.returning import attach
from tcpchat.screen import Screen
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.tickets import Ticket


class NotHere(Exception):
    """A session is not there any more; its connection ends."""


def gone_on(chat: Chat, screen: Screen, before: handed.Connection, visit: Visit | None) -> Dialogue:
    """
    Return the dialogue of a connection as it was in another process; ``visit`` is as for `connected`.

    Raises:
        NotHere: the session has not been taken in again.
    """
    dialogue = Dialogue(chat, screen, before.address)
    if isinstance(before.who, handed.Nameless):
        nobody = Nameless(dialogue, visit)
        nobody.go_on_from(before.who)
        dialogue.begin(nobody)
        dialogue.go_on_from(before.conversation)
        dialogue.reader.go_on_from(before.reading, lambda stream: None, lambda it: None)
        return dialogue
    session = chat.people.session(before.who.session)
    if not isinstance(session, Session) or not session.is_broken:
        raise NotHere
    session.stay()
    home = attach(session, dialogue, Present)
    _go_on(session, before.who)
    dialogue.go_on_from(before.conversation)
    if before.who.page is not None:
        home.history.go_on_from(before.who.page)
    dialogue.reader.go_on_from(before.reading, session.stream, partial(_replay, session, home))
    session.register(tuple(feed.stream for feed in session.feeds))
    session.enter()
    if visit is not None:
        visit.named()
    return dialogue


def _go_on(session: Session, it: handed.Present) -> None:
    """Know of a session what is not in the store; it has a connection already."""
    session.go_on_with(Ticket(it.token, it.code))
    order = {stream: place for place, stream in enumerate(it.rooms)}
    session.feeds.sort(key=lambda feed: order.get(feed.stream, -1))
    session.ignored_lately |= {*it.ignored_lately}
    if it.lost is not None:
        room, ago = it.lost
        session.lost = room, session.chat.clock.seconds() - ago


def _replay(session: Session, home: Home, it: handed.Replay) -> Replay | None:
    """Return what is left to be shown of the past, if its stream is still there."""
    match it:
        case handed.Past(stream, after, upto, end, numbered):
            feed = session.stream(stream)
            return None if feed is None else Past(feed, after, upto, end, numbered)
        case handed.Results(found, end):
            feeds = ((session.stream(stream), seq) for stream, seq in found)
            return Results([(feed, seq) for feed, seq in feeds if feed is not None], end)
    parts = session.parts(it.parts)
    behind = Mentioned(parts, session.person.id, session.person.name) if it.mentions else None
    page = None if it.page is None else Paging(it.page, home.history.keep_missed)
    return Missed(parts, it.counts, page, behind, it.lines, it.renamings)

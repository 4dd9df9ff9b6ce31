"""
What somebody is shown who is back: where they are, what they missed, and then what comes.

How they come back is in returning.py and logging_in.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tcpchat import jsonlines
from tcpchat.events import inbox
from tcpchat.feed import Feed
from tcpchat.history import History
from tcpchat.membership import Membership
from tcpchat.mentioned import Mentioned
from tcpchat.missed import Missed
from tcpchat.places import Place
from tcpchat.replays import Part
from tcpchat.requests import Resume
from tcpchat.room import LOBBY
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session
from tcpchat.state import State


class Home(State, Protocol):
    """The state of a dialogue with somebody who is there (present.py)."""

    @property
    def history(self) -> History:
        """What is looked at page by page."""


def show_missed(
    session: Session, places: Mapping[str, Place], home: Home, request: Resume | None = None
) -> None:
    """
    Tell somebody who is back where they are, show what they missed, and then what comes.

    Without a ``request`` it is somebody who has logged in: they may have been away for long, and are
    shown it by pages.
    """
    dialogue, chat = session.dialogue, session.chat
    reader = dialogue.reader
    membership = Membership(session)
    feeds: list[Feed] = [chat.inboxes.feed(session.person.id), *session.feeds]
    exact = _asked_for(session, request) if request is not None else {}
    first = begun(session)
    begin = first | dict(places) | exact
    if dialogue.speaks_json:
        after = {"@": 0} | {jsonlines.room(feed.stream): begin[feed.stream].seq for feed in feeds}
        dialogue.answer(membership.welcome(after))
    elif session.feeds:
        dialogue.answer(membership.where(session.feeds[-1], session.feeds[-1].shown + 1))
        if request is None:
            dialogue.tell(f"If the connection breaks, /resume {session.ticket.code} brings you back.")
    else:
        dialogue.tell(f"You are {session.nick}, in no room. /join {LOBBY}")
    parts = []
    for feed in feeds:
        view = dialogue.view(feed.stream)
        place, kept_after = begin[feed.stream], chat.log.kept_after(feed.stream)
        if place.seq < kept_after:
            reader.tell(feed.render_gap(place.seq, kept_after, view))
            place = place.at_least(Place(kept_after, kept_after))
        floor = feed.room.floor(session.person.id) if isinstance(feed, RoomFeed) else 0
        if place.seq < floor:
            reader.tell(feed.render_closed(place.seq, floor, view))
            place = place.at_least(Place(floor, floor))
        if dialogue.speaks_json and feed.stream in exact:
            reader.follow(feed, place)
            continue
        # Who has come and gone since the last fold, and after oneself, comes with the next one.
        here = Place(feed.shown, max(feed.here(view).presence, first[feed.stream].presence))
        if place.is_behind(here):
            changes = None
            if isinstance(feed, RoomFeed) and not view.json:
                changes = feed.room.lately.between(place, here, session.person.id)
            parts.append(Part(feed, place, here, changes))
        reader.follow(feed, here, place)
    if request is None and not dialogue.speaks_json:
        home.history.show_missed(parts)
    else:
        behind = Mentioned(parts, session.person.id, session.person.name)
        reader.replay(Missed(parts, counts=not dialogue.speaks_json, behind=behind))


def begun(session: Session) -> dict[str, Place]:
    """Return where each of somebody's streams has begun for them."""
    rooms = {feed.stream: feed.room.members[session.person.id].since for feed in session.feeds}
    return {stream: Place(since, since) for stream, since in (rooms | {inbox(session.person.id): 0}).items()}


def _asked_for(session: Session, request: Resume) -> dict[str, Place]:
    """Return after what the person asks to be shown everything, by stream."""
    asked: dict[str, int] = {}
    if request.seq is not None and session.feeds:
        asked[session.feeds[-1].stream] = request.seq
    for room, seq in (request.after or {}).items():
        stream = inbox(session.person.id) if room == "@" else f"#{room.removeprefix('#')}"
        asked[stream] = seq
    last = session.chat.log.last
    return {stream: Place(seq, seq) for stream, n in asked.items() for seq in (max(0, min(n, last(stream))),)}

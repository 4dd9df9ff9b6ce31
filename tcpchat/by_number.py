"""
Talking by number: answering, correcting and taking back what was said in a room, and looking around it.

Each line of a room has a number. What is asked for here is about one, which is read from the log first.
"""

from __future__ import annotations

from functools import partial

from twisted.python.failure import Failure

from tcpchat import audit, ranks, speaking
from tcpchat.command import Rank
from tcpchat.events import Acted, Edited, Event, Removed, Replied, Said, Spoken
from tcpchat.limits import LINES_AROUND
from tcpchat.logs.interface import NoSuchEntry
from tcpchat.membership import Membership
from tcpchat.render import notice
from tcpchat.replays import Past, fresh
from tcpchat.requests import Context, Edit, Refused, Remove, ReplyTo
from tcpchat.room_feed import RoomFeed
from tcpchat.sentences import quote
from tcpchat.session import Session
from tcpchat.state import Effect, Kept

REQUESTS = (ReplyTo, Edit, Remove, Context)

# What people say to each other. The audit trail is no such thing: nothing of it can be changed.
_LINE = Said | Acted | Replied | Edited


def carry_out(session: Session, request: ReplyTo | Edit | Remove | Context, ref: str) -> Effect:
    """
    Do what is asked for about an entry; the lines behind it wait until that was read.

    Raises:
        Refused: it is in no room that the person is in.
    """
    membership = Membership(session)
    find = membership.find if isinstance(request, Context) else membership.addressed
    feed = find(request.room)
    match request:
        case ReplyTo(number, text):
            return _reply(session, feed, number, text, ref)
        case Edit(number, text):
            return _edit(session, feed, number, text, ref)
        case Remove(number):
            return _remove(session, feed, number, ref)
        case Context(number):
            return _show_around(session, feed, number)


async def _reply(session: Session, feed: RoomFeed, number: int, text: str, ref: str) -> Kept:
    said = await _find(session, feed, number, "answered")
    account = session.person.account
    reply = Replied(session.id, session.nick, text, number, quote(said), ref=ref, account=account)
    return _say(session, feed, reply)


async def _edit(session: Session, feed: RoomFeed, number: int, text: str, ref: str) -> Kept:
    said = await _find(session, feed, number, "corrected")
    if not _is_own(session, said):
        raise Refused(
            f"Line {number} in {feed.stream} is not yours: only who said it can correct it.", "forbidden"
        )
    # Correcting a correction corrects the line: whoever takes that back takes back all of them.
    about = said.about if isinstance(said, Edited) else number
    account = session.person.account
    edit = Edited(session.id, session.nick, text, about, ref=ref, account=account)
    return _say(session, feed, edit)


def _say(session: Session, feed: RoomFeed, event: Event) -> Kept:
    speaking.check(session, feed, event)
    return session.chat.log.append(feed.stream, [event])


async def _remove(session: Session, feed: RoomFeed, number: int, ref: str) -> Kept:
    said = await _find(session, feed, number, "removed")
    chat, person = session.chat, session.person
    is_own = _is_own(session, said)
    if not is_own and ranks.rank(chat, person, feed.room) < Rank.ROOM_OPERATOR:
        raise Refused(
            f"Line {number} in {feed.stream} is not yours: only who said it, or an operator, can remove it.",
            "forbidden",
        )
    removed = Removed(session.id, session.nick, number, ref=ref, account=person.account)
    feed.room.check(removed)
    feed.removing.add(number)
    also = [] if is_own else [audit.note(session, f"removed {number} of {said.nick} from {feed.stream}")]
    gone = chat.log.remove(feed.stream, number, removed, also)
    return gone.addBoth(partial(_no_longer_removing, feed, number))


def _no_longer_removing(feed: RoomFeed, number: int, outcome: list[int] | Failure) -> list[int] | Failure:
    feed.removing.discard(number)
    if isinstance(outcome, Failure) and outcome.check(NoSuchEntry):
        raise _no_line(feed, number, "removed")
    return outcome


async def _show_around(session: Session, feed: RoomFeed, number: int) -> None:
    """Show some lines before an entry and after it, with their numbers."""
    log, dialogue = session.chat.log, session.dialogue
    floor = max(feed.room.floor(session.person.id), log.kept_after(feed.stream))
    if not floor < number <= feed.shown:
        raise _no_line(feed, number, "shown")
    after, _ = await log.find_spoken(feed.stream, LINES_AROUND, number - 1)
    behind = await log.read_spoken(feed.stream, number, feed.shown, LINES_AROUND)
    upto = behind[-1].seq if behind else number
    end = b""
    if not dialogue.speaks_json:
        dialogue.tell(f"Around {number} in {feed.stream}:")
        end = notice("Live now.")
    dialogue.reader.replay(Past(feed, max(after, floor), upto, end, numbered=True))


async def _find(session: Session, feed: RoomFeed, number: int, what: str) -> Spoken:
    """
    Return what people said under a number that the person may read.

    Raises:
        Refused: nothing, or it is about to be taken back; ``what`` is to be done with it.
    """
    if feed.room.floor(session.person.id) < number <= feed.shown:
        read = partial(session.chat.log.read, feed.stream, number - 1, 1)
        for seq, _, event in await fresh(feed, read):
            if seq == number and isinstance(event, _LINE) and not _is_going(feed, seq, event):
                return event
    raise _no_line(feed, number, what)


def _is_going(feed: RoomFeed, number: int, event: Spoken) -> bool:
    """Tell whether an entry, or what it corrects, is about to be taken back."""
    return number in feed.removing or (isinstance(event, Edited) and event.about in feed.removing)


def _is_own(session: Session, said: Spoken) -> bool:
    return said.session == session.id or said.person == session.person.id


def _no_line(feed: RoomFeed, number: int, what: str) -> Refused:
    return Refused(f"There is no line {number} in {feed.stream} that could be {what}.", "no-such-entry")

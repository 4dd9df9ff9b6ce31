"""What concerns the whole server: announcements, the lockdown, and what its operators are told of."""

from __future__ import annotations

from functools import partial

import msgspec

from tcpchat import answers, audit
from tcpchat.config import WrongConfig
from tcpchat.events import Announced, Noted, Spoken
from tcpchat.limits import MOST_REPORTS, REPORTS_WITHIN
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.membership import Membership
from tcpchat.operator_requests import Announce, Lockdown, Reload, Report
from tcpchat.render import count
from tcpchat.requests import Refused
from tcpchat.sentences import sentence
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.state import Later, Numbers
from tcpchat.text import clean

# Rooms in which an announcement is logged together: a cluster takes a thousand streams at once, and it is one
# turn of the server's.
ROOMS_AT_ONCE = 500

# What is carried out here.
REQUESTS = Announce, Lockdown, Reload, Report


def carry_out(session: Session, request: Announce | Lockdown | Reload | Report, ref: str) -> Later:
    """
    Do what is asked for. That an operator asks has been seen to.

    Raises:
        Refused: it is not done.
    """
    match request:
        case Announce(text):
            return _announce(session, text, ref)
        case Lockdown(on):
            return _lock_down(session, on)
        case Reload():
            return _reload(session)
        case Report(number, reason, room):
            return _report(session, number, reason, room)


def remind(session: Session) -> None:
    """Tell an operator who has logged in what they might have forgotten."""
    chat = session.chat
    if chat.lockdown.is_on and chat.operators.has(session.person.account):
        session.dialogue.tell("The lockdown is on. /lockdown off lets everybody in again.")


async def _announce(session: Session, text: str, ref: str) -> Numbers | None:
    """Say something to everybody, in every room with somebody in it; return its number in the first."""
    chat = session.chat
    here = session.feeds[-1] if session.feeds else None
    feeds = [feed for feed in chat.rooms if feed.room.members and feed is not chat.rooms.audit]
    feeds.sort(key=lambda feed: feed is not here)
    event = Announced(session.id, session.nick, text, chat.new_id(), account=session.person.account)
    # A program asks for it once: under its reference it is in one place.
    first = msgspec.structs.replace(event, ref=ref)
    parts = [(feed.stream, [event if number else first]) for number, feed in enumerate(feeds)]
    at_first, later = parts[:ROOMS_AT_ONCE], parts[ROOMS_AT_ONCE:]
    seqs, *_ = await chat.log.append_all([*at_first, audit.note(session, f"announced: {text}")])
    tell_outside(chat, event)
    try:
        for begin in range(0, len(later), ROOMS_AT_ONCE):
            await chat.log.append_all(later[begin : begin + ROOMS_AT_ONCE])
    except (NotKept, Unknown) as error:
        raise Refused(f"Not everywhere: it was announced in some of the rooms alone, as {error}.") from error
    return seqs if feeds else None


def tell_outside(chat: Chat, event: Announced) -> None:
    """Tell of an announcement those who are in no room where it is in the log, and here."""
    for person in chat.people:
        if not person.rooms:
            for each in person.sessions:
                if isinstance(each, Session) and not each.is_broken:
                    each.dialogue.tell(sentence(event, "") or "")


async def _lock_down(session: Session, on: bool | None) -> None:
    """Let nobody new in without an account, or everybody again; tell how it is."""
    lockdown, log = session.chat.lockdown, session.chat.log
    was = lockdown.is_on
    if on is not None and on is not was:
        # In this order the log has kept it once the operator is told.
        lockdown.switch(on)
        try:
            await log.append_all([audit.note(session, f"turned the lockdown {'on' if on else 'off'}")])
        except (NotKept, Unknown) as why:
            settle(why, partial(lockdown.switch, was))
            raise
    session.dialogue.answer(answers.Lockdown(lockdown.is_on))


async def _reload(session: Session) -> None:
    """
    Have the server read its configuration; tell what comes of that.

    Raises:
        Refused: it is wrong, and nothing has changed; each line that says why is told before.
    """
    try:
        done = await session.chat.reload()
    except WrongConfig as error:
        for line in str(error).splitlines():
            session.dialogue.tell(clean(line))
        raise Refused("The configuration is wrong: nothing has changed.", "bad-config") from error
    # It is done; on a full disk it is noted as soon as there is room.
    session.chat.log_surely([audit.note(session, f"reloaded the configuration: {done}")])
    session.dialogue.answer(answers.Reload(done.changed, done.restart, tuple(map(clean, done.refused))))


async def _report(session: Session, number: int, reason: str, typed: str) -> None:
    """
    Tell the operators of a line: who said it and where, but not what, which may be taken back still.

    Raises:
        Refused: the person may not read such a line, or has reported too many.
    """
    chat, person = session.chat, session.person
    feed = Membership(session).find(typed)
    entries = []
    if feed.room.floor(person.id) < number <= feed.shown:
        entries = await chat.log.read(feed.stream, number - 1, 1)
    said = next((entry.event for entry in entries if entry.seq == number), None)
    if not isinstance(said, Spoken) or isinstance(said, Noted):
        raise Refused(f"There is no line {number} in {feed.stream} that could be reported.", "no-such-entry")
    if not chat.reports.take(person.id, chat.clock.seconds()):
        within = count(REPORTS_WITHIN // 60, "minute", "minutes")
        raise Refused(
            f"You have reported {MOST_REPORTS} lines within {within}. Wait a while with the next.", "too-many"
        )
    note = audit.note(session, f"reported {number} in {feed.stream} (<{said.nick}>): {reason}")
    await chat.log.append_all([note])
    session.dialogue.tell("Reported to the operators.")

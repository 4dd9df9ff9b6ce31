"""The audit trail: who did what to whom, as a room that the server's operators read."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from tcpchat.events import Event, Noted
from tcpchat.room import AUDIT
from tcpchat.service import Chat
from tcpchat.session import Session

__all__ = ["AUDIT", "note", "rooms_of"]

logger = Logger()


def note(session: Session, text: str) -> tuple[str, Sequence[Event]]:
    """
    Return what the audit trail is to hold of what somebody did, to be logged together with that.

    ``text`` goes on after the nickname: ``banned eve from #own for 2h: spam``. The server's own log is told
    who did something, and by the first word what.
    """
    logger.info(
        "{nick} {verb}: see {room}",
        session=session.id,
        nick=session.nick,
        verb=text.split()[0].rstrip(":"),
        room=AUDIT,
    )
    return AUDIT, [Noted(session.id, session.nick, text, account=session.person.account)]


def rooms_of(chat: Chat, account: str) -> tuple[str, ...]:
    """Return the streams of the rooms that an account is in because it is an operator's."""
    return (AUDIT,) if chat.operators.has(account) else ()

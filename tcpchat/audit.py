"""The audit trail: who did what to whom, as a room that the server's operators read."""

from __future__ import annotations

from collections.abc import Sequence

from tcpchat.events import Event, Noted
from tcpchat.session import Session

AUDIT = "#audit"


def note(session: Session, text: str) -> tuple[str, Sequence[Event]]:
    """
    Return what the audit trail is to hold of what somebody did, to be logged together with that.

    ``text`` goes on after the nickname: ``banned eve from #own for 2h: spam``.
    """
    return AUDIT, [Noted(session.id, session.nick, text, account=session.person.account)]

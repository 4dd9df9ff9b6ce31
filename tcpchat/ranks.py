"""Who may do what: an operator of the server, of a room, somebody with an account, or a guest."""

from __future__ import annotations

from tcpchat.command import Rank
from tcpchat.person import Person
from tcpchat.room import Room
from tcpchat.service import Chat


def is_operator(chat: Chat, account: str) -> bool:
    """Tell whether an account is an operator of the whole server."""
    return chat.operators.has(account)


def rank(chat: Chat, person: Person, room: Room | None = None) -> Rank:
    """Return what somebody is, in a room or, without one, on the server."""
    if chat.accounts.get(person.account) is None:  # or it is no more
        return Rank.GUEST
    if is_operator(chat, person.account):
        return Rank.SERVER_OPERATOR
    if room is not None and person.account in room.operators:
        return Rank.ROOM_OPERATOR
    return Rank.ACCOUNT

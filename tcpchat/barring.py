"""
At every door: nobody comes in who is banned, and nobody says anything who is muted.

Operators are never hit: those of the server anywhere, those of a room there.
"""

from __future__ import annotations

from collections.abc import Iterable

from tcpchat import ranks
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.records import KeptSanction
from tcpchat.requests import Refused
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed
from tcpchat.sanctions import BAN, SERVER, Identity, because
from tcpchat.service import Chat


class Banished(Refused):
    """Somebody is banned from the whole server: whoever is told so is hung up on."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "banned")


def identity(person: Person, address: str) -> Identity:
    """Return by what somebody is known who is there, or wants to be, from an address."""
    return Identity(person.name, person.id, address)


def is_exempt(chat: Chat, account: str, room: Room | None = None) -> bool:
    """Tell whether an account, by its id, is never hit: in a room, or without one on the server."""
    return ranks.is_operator(chat, account) or (room is not None and account in room.operators)


def banished(sanction: KeptSanction, now: int) -> Banished:
    """Return what somebody is told whom a ban from the server hits."""
    return Banished(f"You are banned{because(sanction, now)}")


def check_server(chat: Chat, who: Identity, account: str = "") -> None:
    """
    See that somebody may be here, who has an account or has not.

    Raises:
        Banished: they may not.
    """
    now = chat.wall()
    ban = chat.sanctions.find(BAN, SERVER, who, now)
    if ban is not None and not is_exempt(chat, account):
        raise banished(ban, now)


def check_room(chat: Chat, room: Room, who: Identity, account: str = "") -> None:
    """
    See that somebody may be in a room.

    Raises:
        Refused: they may not.
    """
    now = chat.wall()
    ban = chat.sanctions.find(BAN, room.name, who, now)
    if ban is not None and not is_exempt(chat, account, room):
        raise Refused(f"You are banned from {room.name}{because(ban, now)}", "banned")


def check_name(chat: Chat, person: Person, address: str, name: Name, feeds: Iterable[RoomFeed]) -> None:
    """
    See that somebody who is in some rooms may be called so, there and on the server.

    Raises:
        Refused: they may not; without that name they may stay.
    """
    who = Identity(name, person.id, address)
    try:
        check_server(chat, who, person.account)
    except Banished as refusal:
        raise Refused(str(refusal), refusal.code) from None
    for feed in feeds:
        check_room(chat, feed.room, who, person.account)


def check_speaking(chat: Chat, room: Room, person: Person, address: str) -> None:
    """
    See that somebody may say something in a room.

    It is asked where somebody is muted, and what was found is remembered: it costs one look-up then.

    Raises:
        Refused: they are muted.
    """
    now = chat.wall()
    mute = chat.sanctions.mute(room.name, identity(person, address), now)
    if mute is not None and not is_exempt(chat, person.account, room):
        raise Refused(f"You are muted in {room.name}{because(mute, now)}", "muted")

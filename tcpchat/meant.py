"""Whom a ban or mute means, where it holds, and whom of those who are there it would hit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from tcpchat import barring, ranks
from tcpchat.membership import Membership
from tcpchat.networks import AnyNetwork, mask, own
from tcpchat.operator_requests import EVERYWHERE, Ban, Mute, Unban, Unmute
from tcpchat.person import Person
from tcpchat.records import KeptSanction
from tcpchat.requests import Refused
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed
from tcpchat.sanctions import BAN, MUTE, SERVER, fits
from tcpchat.service import Chat
from tcpchat.session import Session

DONE = {BAN: "banned", MUTE: "muted"}
_WHERE = {BAN: "from", MUTE: "in"}


class Scope(NamedTuple):
    """Where a sanction holds: in a room, or on the whole server."""

    feed: RoomFeed | None

    @property
    def room(self) -> Room | None:
        """The room."""
        return self.feed.room if self.feed else None

    @property
    def stream(self) -> str:
        """What a sanction is kept by."""
        return self.feed.stream if self.feed else SERVER

    def where(self, kind: str) -> str:
        """Return where somebody is banned or muted, as the end of a sentence: `` from #own``."""
        return f" {_WHERE[kind]} {self.feed.stream}" if self.feed else ""

    def people(self, chat: Chat) -> Iterable[Person]:
        """Return who is there."""
        if self.feed is None:
            return chat.people
        return filter(None, map(chat.people.person, list(self.feed.room.members)))


def scope_of(session: Session, typed: str) -> Scope:
    """
    Return where a sanction is to hold that an operator asks for.

    Raises:
        Refused: there is no such room, or it is for the server's operators.
    """
    chat = session.chat
    is_operator = ranks.is_operator(chat, session.person.account)
    if typed == EVERYWHERE:
        if not is_operator:
            raise Refused("Only an operator of the server may do that.", "forbidden")
        return Scope(None)
    return Scope(chat.rooms.find(typed) if typed and is_operator else Membership(session).find(typed))


def _network(typed: str) -> AnyNetwork | None:
    """Return what was typed as an address or network; None if it is neither."""
    try:
        return mask(typed)
    except ValueError:
        return None


def called(session: Session, request: Ban | Unban | Mute | Unmute, scope: Scope) -> KeptSanction:
    """
    Return a sanction of the one who is named, without what else they are known by.

    Raises:
        Refused: it is neither a nickname nor an address or network.
    """
    chat = session.chat
    network = _network(request.whom)
    name = chat.people.nickname(request.whom) if network is None else None
    return KeptSanction(
        id=chat.new_id(),
        kind=BAN if isinstance(request, Ban | Unban) else MUTE,
        room=scope.stream,
        whom=name.display if name else request.whom,
        by=session.nick,
        time=chat.wall(),
        keys=name.keys if name else (),
        networks=(str(network),) if network else (),
    )


class Meant(NamedTuple):
    """The sanction that a request means, and whether it spares an address because others have it, too."""

    sanction: KeptSanction
    spares_address: bool


def meant(session: Session, request: Ban | Mute, scope: Scope) -> Meant:
    """
    Return whom a request means, with all that they are known by.

    Raises:
        Refused: it means nobody who may be sanctioned.
    """
    chat = session.chat
    sanction = called(session, request, scope)
    until = None if request.seconds is None else sanction.time + request.seconds * 1000
    sanction = msgspec.structs.replace(sanction, until=until, reason=request.reason)
    if not sanction.keys:
        return Meant(sanction, False)
    name = chat.people.nickname(request.whom)
    person = chat.people.find(name)
    kept = chat.accounts.find(name)
    if person is session.person:
        raise Refused("That is you.")
    account = person.account if person else kept.id if kept else ""
    if account and barring.is_exempt(chat, account, scope.room):
        nick = person.nick if person else name.display
        where = scope.stream or "the server"
        raise Refused(f"{nick} is an operator of {where}, and is never {DONE[sanction.kind]}.", "forbidden")
    if person is None:
        return Meant(msgspec.structs.replace(sanction, account=account), False)
    sanction = msgspec.structs.replace(sanction, whom=person.nick, keys=person.name.keys, account=person.id)
    theirs: set[AnyNetwork] = set(filter(None, (own(seat.address) for seat in person.sessions)))
    shared = {network for network in theirs if _is_shared(chat, person, network, sanction)}
    networks = tuple(sorted(map(str, theirs - shared)))
    return Meant(msgspec.structs.replace(sanction, networks=networks), bool(shared))


def _is_shared(chat: Chat, person: Person, network: AnyNetwork, like: KeptSanction) -> bool:
    """
    Tell whether somebody else who is there comes from a network, too, whom no such sanction hits already.

    Nobody else would be hit but by that: there are no two people who look alike. Who is banned by one
    nickname and there by another would spare the address for ever otherwise.
    """
    hits = fits(KeptSanction("", "", "", "", "", 0, networks=(str(network),)))
    others = (other for other in chat.people if other is not person)
    known = (barring.identity(other, seat.address) for other in others for seat in other.sessions)
    return any(
        hits(who) and chat.sanctions.find(like.kind, like.room, who, like.time) is None for who in known
    )


def hit_by(chat: Chat, scope: Scope, sanction: KeptSanction) -> list[Person]:
    """Return the people whom a sanction would hit who are there."""
    hits = fits(sanction)
    return [
        person
        for person in scope.people(chat)
        if any(hits(barring.identity(person, seat.address)) for seat in person.sessions)
        and not barring.is_exempt(chat, person.account, scope.room)
    ]

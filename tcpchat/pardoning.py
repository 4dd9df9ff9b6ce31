"""Bans and mutes as the operator's tools show and lift them, in a room or on the whole server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tcpchat import tool_orders
from tcpchat.deeds import TOOL, Part, Refusal, Store, noted
from tcpchat.events import Unbanned, Unmuted
from tcpchat.names import Key, NotAName, nickname, room_name
from tcpchat.networks import mask
from tcpchat.records import KeptSanction
from tcpchat.sanctions import BAN, MUTE, SERVER

LIFTED: dict[str, tuple[type[Unbanned] | type[Unmuted], str]] = {
    BAN: (Unbanned, "unbanned"),
    MUTE: (Unmuted, "unmuted"),
}


def shown(store: Store) -> Iterator[tool_orders.Sanction]:
    """Yield every ban and mute whose time is not over, the oldest first."""
    store.sanctions.expire(store.wall())
    for sanction in store.sanctions.list():
        yield tool_orders.Sanction(
            kind=sanction.kind,
            room=sanction.room,
            whom=sanction.whom,
            networks=list(sanction.networks),
            until=sanction.until,
            by=sanction.by,
            reason=sanction.reason,
        )


async def lift(store: Store, whom: str, room: str) -> str:
    """
    Lift the bans and mutes of one in a room, or without one on the whole server; return the deed.

    ``whom`` is a nickname, or an address or network, as it is listed.

    Raises:
        Refusal: there is none.
        NotKept: the log cannot be written, and nothing has changed.
    """
    store.sanctions.expire(store.wall())
    stream = _stream(store, room) if room else SERVER
    known = list(_named(store, whom, stream))
    if not known:
        raise Refusal(_nothing(store, whom, stream))
    parts: list[Part] = []
    deeds: dict[str, None] = {}
    for sanction in known:
        event, verb = LIFTED[sanction.kind]
        if stream:
            parts.append((stream, [event("", TOOL, sanction.whom)]))
        preposition = "from" if sanction.kind == BAN else "in"
        deeds[f"{verb} {sanction.whom}" + (f" {preposition} {stream}" if stream else "")] = None
        store.sanctions.remove(sanction.id)
    return await noted(store, " and ".join(deeds), lambda: _put_back(store, known), parts)


def _put_back(store: Store, known: Sequence[KeptSanction]) -> None:
    for sanction in known:
        store.sanctions.add(sanction)


def _stream(store: Store, typed: str) -> str:
    """Return the room that is meant, as the sanctions in it name it."""
    try:
        meant = room_name("#" + typed.removeprefix("#"))
        rooms = {each.room for each in store.sanctions.list() if each.room}
        return next((room for room in rooms if room_name(room).fold == meant.fold), meant.display)
    except NotAName as reason:
        raise Refusal(f'"{typed}" is no room: {reason}.') from reason


def _named(store: Store, whom: str, stream: str) -> Iterator[KeptSanction]:
    """Yield the bans and mutes that are called so."""
    networks: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    try:
        networks = (str(mask(whom)),)
    except ValueError:
        try:
            keys = nickname(whom).keys
        except NotAName as reason:
            raise Refusal(f'"{whom}" is neither a nickname nor an address or network: {reason}.') from reason
    for kind in LIFTED:
        yield from store.sanctions.named(
            KeptSanction(
                id="", kind=kind, room=stream, whom=whom, by=TOOL, time=0, keys=keys, networks=networks
            )
        )


def _nothing(store: Store, whom: str, stream: str) -> str:
    """Return that there is nothing to lift, and where there would be."""
    rooms = sorted({each.room for each in store.sanctions.list()} - {stream})
    elsewhere = [_place(room) for room in rooms if any(_named(store, whom, room))]
    text = f"There is no ban or mute of {whom} {_place(stream)}"
    return f"{text}, but {' and '.join(elsewhere)}." if elsewhere else f"{text}."


def _place(stream: str) -> str:
    return f"in {stream}" if stream else "on the whole server"

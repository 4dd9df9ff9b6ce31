"""What is kept of sessions and rooms beside their entries: plain data, encoded and decoded here."""

from __future__ import annotations

import msgspec

from tcpchat.discreet import Discreet
from tcpchat.places import Place

# The kinds of records: what each holds, by which key.
SESSION = "session"  # a KeptSession, by the session's id
PLACE = "place"  # a session's places in the streams where it is behind SHOWN, by its id
SHOWN = "shown"  # the place in a stream up to which everybody else has been shown it, by stream
ROOM = "room"  # a KeptRoom, by stream
SEEN = "seen"  # a KeptSight, by the folded nickname


class KeptSession(Discreet, frozen=True, omit_defaults=True):
    """What a session needs to go on after its connection, or the server, has broken."""

    told = ("nick", "address", "rooms", "correspondent")

    nick: str
    secrets: tuple[str, ...]  # the digests of its code, and of tokens that it does not follow from
    address: str
    since: int
    rooms: tuple[str, ...] = ()  # the current one last
    settings: dict[str, str] = {}
    ignored: dict[str, str] = {}
    away: str | None = None
    correspondent: str | None = None
    broken: int | None = None  # when the connection broke, if it has
    has_left: bool = False  # has everybody been told so?


class KeptMember(msgspec.Struct, frozen=True, array_like=True):
    """Somebody in a room."""

    session: str
    nick: str
    since: int


class KeptRoom(msgspec.Struct, frozen=True):
    """What a room was after an entry."""

    seq: int
    topic: str
    members: list[KeptMember]


class KeptSight(msgspec.Struct, frozen=True):
    """When somebody was here last, in milliseconds since 1970."""

    nick: str
    time: int


encode = msgspec.json.Encoder().encode
session = msgspec.json.Decoder(KeptSession).decode
room = msgspec.json.Decoder(KeptRoom).decode
sight = msgspec.json.Decoder(KeptSight).decode
place = msgspec.json.Decoder(Place).decode
places = msgspec.json.Decoder(dict[str, Place]).decode

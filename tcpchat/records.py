"""What is kept of sessions and rooms beside their entries: plain data, encoded and decoded here."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import msgspec

from tcpchat.discreet import Discreet
from tcpchat.places import Place

# The kinds of records: what each holds, by which key.
SESSION = "session"  # a KeptSession, by the session's id
PLACE = "place"  # a session's places in the streams where it is behind SHOWN, by its id
SHOWN = "shown"  # the place in a stream up to which everybody else has been shown it, by stream; see `shown`
ROOM = "room"  # a KeptRoom, by stream
HANDED = "handed"  # a KeptHandover from one node to another, by the session's id
SEEN = "seen"  # a KeptSight, by the folded nickname
ACCOUNT = "account"  # a KeptAccount, by its id
ABSENT = "absent"  # an account's places in its streams while nobody is there over it, by its id
SANCTION = "sanction"  # a KeptSanction, by its id
SERVER = "server"  # what holds for the whole server: ``lockdown``, if there is one
LEASE = "lease"  # which lease a node of a cluster had last, known to itself alone: by nothing


# Before the number of a group of rooms, in the key of what was shown of all of them; and how many there are.
GROUP = "*"
GROUPS = 16


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
    account: str = ""  # the id of the account that it is of
    entered: dict[str, int] = {}  # the entry that brought it into each room that is locked, or was
    node: str = ""  # the one that it is on, or was last; of a server alone there is none
    moved: int = 0  # how often it has gone on on another one


class KeptHandover(msgspec.Struct, frozen=True):
    """Where a session has stopped that goes on on another node; first, that it is about to."""

    node: str  # that node
    places: dict[str, Place]  # in each stream
    upto: dict[str, int]  # the last entry of each of its rooms
    is_promised: bool = False  # it has not stopped yet


class KeptAccount(Discreet, frozen=True, omit_defaults=True):
    """A nickname that is kept by a password, and what outlives whoever is there by it."""

    told = ("id", "nick", "rooms")

    id: str  # of the session that registered it: what was hers is the account's
    nick: str
    password: str  # argon2id, as a PHC string; empty: nobody can log in
    since: int  # when it was registered, in milliseconds since 1970
    settings: dict[str, str] = {}
    ignored: dict[str, str] = {}
    rooms: dict[str, int] = {}  # the entry that brought it into each of its rooms; the current one last
    correspondent: str | None = None  # the person who wrote privately last
    is_operator: bool = False  # of the whole server
    seen: int = 0  # when it was there last
    turns: int = 0  # of a cluster: how often its password, or whether it is an operator, was changed
    versions: dict[str, int] = {}  # of a cluster: how often each node has changed it


class KeptSanction(Discreet, frozen=True, omit_defaults=True):
    """Who is banned or muted: whoever one of its marks fits."""

    told = ("id", "kind", "room", "whom", "by")

    id: str
    kind: str  # "ban" or "mute"
    room: str  # the stream; empty for the whole server
    whom: str  # as it is told: a nickname, or an address or network as the operator typed it
    by: str
    time: int  # in milliseconds since 1970
    until: int | None = None
    reason: str = ""
    keys: tuple[tuple[str, str], ...] = ()  # of the nickname: names.Name.keys
    account: str = ""  # the person's id: of the account, or of a guest's session
    networks: tuple[str, ...] = ()


class KeptMember(msgspec.Struct, frozen=True, array_like=True):
    """Somebody in a room."""

    session: str
    nick: str
    since: int


class KeptRoom(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a room was after an entry."""

    seq: int
    topic: str
    members: list[KeptMember]
    operators: dict[str, str] = {}  # their nicknames, by account
    had_operator: bool = False
    slow: int = 0  # seconds between two lines of one person
    is_locked: bool = False
    key: str = ""  # what its password is checked against
    unlocked_at: int = 0  # the last entry that ended a lock
    invited: dict[str, str] = {}  # the nicknames of those who may come in, by person
    is_hidden: bool = False
    entered: dict[str, int] = {}  # the entry that had brought in those who were only away since, by person


class KeptSight(msgspec.Struct, frozen=True):
    """When somebody was here last, in milliseconds since 1970."""

    nick: str
    time: int


encode = msgspec.json.Encoder().encode
session = msgspec.json.Decoder(KeptSession).decode
handover = msgspec.json.Decoder(KeptHandover).decode
room = msgspec.json.Decoder(KeptRoom).decode
account = msgspec.json.Decoder(KeptAccount).decode
sanction = msgspec.json.Decoder(KeptSanction).decode
sight = msgspec.json.Decoder(KeptSight).decode
place = msgspec.json.Decoder(Place).decode
places = msgspec.json.Decoder(dict[str, Place]).decode


def group(stream: str) -> str:
    """Return under which key it may be kept up to where a room was shown, together with others."""
    return f"{GROUP}{crc32(stream.encode()) % GROUPS}"


def shown(kept: Mapping[str, bytes]) -> dict[str, Place]:
    """Return up to where each stream was shown, from all records of the kind `SHOWN`."""
    found: dict[str, Place] = {}
    for key, value in kept.items():
        found |= places(value) if key.startswith(GROUP) else {key: place(value)}
    return found


def shown_in(kept: Mapping[str, bytes], stream: str) -> Place | None:
    """Return up to where one stream was shown, if that is kept."""
    if alone := kept.get(stream):
        return place(alone)
    together = kept.get(group(stream))
    return places(together).get(stream) if together else None

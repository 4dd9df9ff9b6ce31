"""
What the operator's tools ask of whoever has the store, and what they are answered. No I/O.

An order is one line of JSON; the answer is lines of JSON, of which the last is `Done` or `NotDone`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from tcpchat.discreet import Discreet
from tcpchat.statuses import USAGE

# A password as the tool has hashed it: itself it never leaves the tool.
Hash = Annotated[str, msgspec.Meta(pattern=r"^\$argon2id\$", max_length=256)]
# What somebody typed, who may have pasted anything.
Typed = Annotated[str, msgspec.Meta(max_length=256)]


class _Order(Discreet, frozen=True, tag_field="order", tag=str.lower, forbid_unknown_fields=True):
    told = ("nick", "whom", "room")


class ListAccounts(_Order, frozen=True):
    """Tell of every account."""


class AddAccount(_Order, frozen=True):
    """Have somebody have an account, who has never been here."""

    nick: Typed
    password: Hash


class SetPassword(_Order, frozen=True):
    """Give an account another password."""

    nick: Typed
    password: Hash


class RemoveAccount(_Order, frozen=True):
    """Have somebody have no account any more."""

    nick: Typed


class SetOperator(_Order, frozen=True):
    """Make somebody an operator of the whole server, or no longer."""

    nick: Typed
    is_operator: bool


class ListSanctions(_Order, frozen=True):
    """Tell of every ban and mute."""


class LiftSanctions(_Order, frozen=True):
    """Lift the bans and mutes of somebody in a room, or without one on the whole server."""

    whom: Typed
    room: Typed = ""


NOT_IN_CLUSTERS = "Nodes of a cluster are upgraded by restarting them one after the other."


class Upgrade(_Order, frozen=True):
    """Become the version that is installed now."""


Order = (
    ListAccounts | AddAccount | SetPassword | RemoveAccount | SetOperator | ListSanctions | LiftSanctions
    | Upgrade
)  # fmt: skip


class _Answer(msgspec.Struct, frozen=True, tag_field="answer", tag=str.lower):
    pass


class Account(_Answer, frozen=True):
    """An account; times are in milliseconds since 1970."""

    nickname: str
    registered: int
    seen: int | None  # when it was here last, if it ever was
    here: bool
    operator: bool  # of the whole server
    rooms: list[str]


class Sanction(_Answer, frozen=True):
    """A ban or mute."""

    kind: str  # "ban" or "mute"
    room: str  # empty for the whole server
    whom: str
    networks: list[str]
    until: int | None
    by: str
    reason: str


class Done(_Answer, frozen=True):
    """It is done; ``text`` is a sentence, or empty if what was asked for stands in front."""

    text: str = ""


class NotDone(_Answer, frozen=True):
    """It is not done; the tool says why, and ends with the status."""

    text: str
    status: int = USAGE


Answer = Account | Sanction | Done | NotDone

encode = msgspec.json.Encoder().encode
order = msgspec.json.Decoder(Order).decode
answer = msgspec.json.Decoder(Answer).decode

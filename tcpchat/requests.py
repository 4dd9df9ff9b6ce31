"""
What somebody asks for, in the imperative, whatever it was typed or sent as.

Names in a request are as they were typed (names.py judges them); texts are clean.
"""

from __future__ import annotations

from dataclasses import dataclass


class Refused(Exception):
    """What was asked for is not done; the text is a sentence for the person."""


class NotUnderstood(Refused):
    """What was typed asks for nothing that there is; the text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Act:
    text: str


@dataclass(frozen=True, slots=True)
class ChooseNick:
    nick: str


@dataclass(frozen=True, slots=True)
class TakeNick:
    """Take this nickname or the first free of its variants."""

    nick: str


@dataclass(frozen=True, slots=True)
class Quit:
    reason: str


@dataclass(frozen=True, slots=True)
class Help:
    command: str


@dataclass(frozen=True, slots=True)
class Join:
    room: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room; the current one if none is named (so for every optional room)."""

    room: str


@dataclass(frozen=True, slots=True)
class ListRooms:
    pass


@dataclass(frozen=True, slots=True)
class Topic:
    """Set the current room's topic, or show it if there is no text."""

    text: str


@dataclass(frozen=True, slots=True)
class Who:
    room: str


@dataclass(frozen=True, slots=True)
class WhoIs:
    nick: str


@dataclass(frozen=True, slots=True)
class Tell:
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """Show the last lines of a room; as many as a newcomer sees if no number is given."""

    lines: int | None
    room: str


@dataclass(frozen=True, slots=True)
class Away:
    text: str


@dataclass(frozen=True, slots=True)
class Back:
    pass


@dataclass(frozen=True, slots=True)
class Ignore:
    nick: str


@dataclass(frozen=True, slots=True)
class Unignore:
    nick: str


@dataclass(frozen=True, slots=True)
class Set:
    """Change a setting, or show all of them if none is named."""

    name: str
    value: str


Request = (
    Say | Act | ChooseNick | TakeNick | Quit | Help | Join | Leave | ListRooms | Topic | Who | WhoIs
    | Tell | Reply | History | Away | Back | Ignore | Unignore | Set
)  # fmt: skip

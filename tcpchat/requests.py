"""
What somebody asks for, in the imperative, whatever it was typed or sent as.

Names in a request are as they were typed (names.py judges them); texts are clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

# Why a request of a program is not done: the closed list, explained in docs/json.md.
Code = Literal[
    "bad-json", "bad-nick", "bad-request", "bad-room", "bad-session", "nick-taken", "no-nick",
    "no-such-nick", "no-such-room", "not-member", "not-sent", "not-utf8", "refused", "too-long",
    "too-many", "unknown-type",
]  # fmt: skip


class Refused(Exception):
    """
    What was asked for is not done; the text is a sentence for the person.

    ``code`` is for programs; ``advice`` is told people in a line of its own.
    """

    def __init__(self, text: str, code: Code = "refused", advice: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.advice = advice


class NotUnderstood(Refused):
    """What was typed asks for nothing that there is; the text is a sentence for the person."""

    def __init__(self, text: str, code: Code = "bad-request") -> None:
        super().__init__(text, code)


@dataclass(frozen=True, slots=True)
class Say:
    """Say something in a room; the current one if none is named. Several lines are parted by LF."""

    text: str
    room: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    text: str
    room: str = ""


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
    """Set a room's topic, or show it if there is no text."""

    text: str
    room: str = ""


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
    before: int | None = None  # the number of the entry before which they end


@dataclass(frozen=True, slots=True)
class Search:
    """
    Show the last lines that hold some words (queries.py).

    It is in one room or in all that one is in.
    """

    text: str
    room: str = ""
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class More:
    """Show the page before the one that /history or /search showed last."""


@dataclass(frozen=True, slots=True)
class Seen:
    nick: str


@dataclass(frozen=True, slots=True)
class Paste:
    """Take the lines up to one with a single dot as one message."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Be shown nothing until the next line."""


@dataclass(frozen=True, slots=True)
class Go:
    """Be shown everything again."""


@dataclass(frozen=True, slots=True)
class Resume:
    """
    Take up a session by its code or token.

    What was missed begins where the old connection had not acknowledged it, or after ``seq`` in
    the current room, or (for programs) after these numbers in these streams.
    """

    secret: str
    seq: int | None = None
    after: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class SpeakJson:
    """Be shown everything as JSON lines from now on."""


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
    | Tell | Reply | History | Search | More | Seen | Paste | Hold | Go | Resume | SpeakJson | Away
    | Back | Ignore | Unignore | Set
)  # fmt: skip


class Asked(NamedTuple):
    """A request as it came in: a program may have given it a reference, and wants to be told ``ok``."""

    request: Request | None
    ref: str = ""
    by_program: bool = False

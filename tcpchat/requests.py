"""
What somebody asks for, in the imperative, whatever it was typed or sent as.

Names in a request are as they were typed (names.py judges them); texts are clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tcpchat.discreet import Discreet
from tcpchat.operator_requests import (
    Announce,
    Ban,
    Deop,
    Hide,
    Invite,
    Kick,
    Lock,
    Lockdown,
    Mute,
    Op,
    Reload,
    Report,
    Slow,
    Unban,
    Unlock,
    Unmute,
)

# Why a request of a program is not done: the closed list, explained in docs/json.md.
Code = Literal[
    "bad-config", "bad-json", "bad-login", "bad-nick", "bad-request", "bad-room", "bad-session", "banned",
    "flooding", "forbidden", "muted", "nick-taken", "no-nick", "no-such-entry", "no-such-nick",
    "no-such-room", "not-member", "not-sent", "not-utf8", "refused", "slow", "too-long", "too-many",
    "unknown", "unknown-type",
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

    def __init__(self, text: str, code: Code = "bad-request", advice: str = "") -> None:
        super().__init__(text, code, advice)


class Say(Discreet, frozen=True):
    """Say something in a room; the current one if none is named. Several lines are parted by LF."""

    text: str
    room: str = ""


class Act(Discreet, frozen=True):
    text: str
    room: str = ""


class ChooseNick(Discreet, frozen=True):
    nick: str


class TakeNick(Discreet, frozen=True):
    """Take this nickname or the first free of its variants."""

    nick: str


class Quit(Discreet, frozen=True):
    reason: str


class Help(Discreet, frozen=True):
    command: str


class Join(Discreet, frozen=True):
    room: str
    password: str = ""


class Leave(Discreet, frozen=True):
    """Leave a room; the current one if none is named (so for every optional room)."""

    room: str


class ListRooms(Discreet, frozen=True):
    pass


class Topic(Discreet, frozen=True):
    """Set a room's topic, or show it if there is no text."""

    text: str
    room: str = ""


class Who(Discreet, frozen=True):
    room: str


class WhoIs(Discreet, frozen=True):
    nick: str


class Tell(Discreet, frozen=True):
    nick: str
    text: str


class Reply(Discreet, frozen=True):
    text: str


class History(Discreet, frozen=True):
    """Show the last lines of a room; as many as a newcomer sees if no number is given."""

    lines: int | None
    room: str
    before: int | None = None  # the number of the entry before which they end


class Search(Discreet, frozen=True):
    """
    Show the last lines that hold some words (queries.py).

    It is in one room or in all that one is in.
    """

    text: str
    room: str = ""
    lines: int | None = None


class More(Discreet, frozen=True):
    """Show the page before the one that /history or /search showed last, or the next one of /who."""


class Seen(Discreet, frozen=True):
    nick: str


class Paste(Discreet, frozen=True):
    """Take the lines up to one with a single dot as one message."""


class Hold(Discreet, frozen=True):
    """Be shown nothing until the next line."""


class Go(Discreet, frozen=True):
    """Be shown everything again."""


class Resume(Discreet, frozen=True):
    """
    Take up a session by its code or token.

    What was missed begins where the old connection had not acknowledged it, or after ``seq`` in
    the current room, or (for programs) after these numbers in these streams.
    """

    secret: str
    seq: int | None = None
    after: Mapping[str, int] | None = None


class SpeakJson(Discreet, frozen=True):
    """Be shown everything as JSON lines from now on."""


class Away(Discreet, frozen=True):
    text: str


class Back(Discreet, frozen=True):
    pass


class Ignore(Discreet, frozen=True):
    nick: str


class Unignore(Discreet, frozen=True):
    nick: str


class Set(Discreet, frozen=True):
    """Change a setting, or show all of them if none is named."""

    name: str
    value: str


class Register(Discreet, frozen=True):
    """Keep one's nickname by a password: have an account."""

    password: str


class Login(Discreet, frozen=True):
    """Come in, or go on, as an account; without a password it is asked for."""

    nick: str
    password: str = ""


class ChangePassword(Discreet, frozen=True):
    old: str
    new: str


class Unregister(Discreet, frozen=True):
    password: str


class ReplyTo(Discreet, frozen=True):
    """Answer an entry of the current room."""

    number: int
    text: str
    room: str = ""


class Edit(Discreet, frozen=True):
    """Correct an entry of one's own."""

    number: int
    text: str
    room: str = ""


class Remove(Discreet, frozen=True):
    """Take an entry back; an operator, anybody's."""

    number: int
    room: str = ""


class Context(Discreet, frozen=True):
    """Show what was said around an entry."""

    number: int
    room: str = ""


Request = (
    Say | Act | ChooseNick | TakeNick | Quit | Help | Join | Leave | ListRooms | Topic | Who | WhoIs
    | Tell | Reply | History | Search | More | Seen | Paste | Hold | Go | Resume | SpeakJson | Away
    | Back | Ignore | Unignore | Set | Register | Login | ChangePassword | Unregister | ReplyTo | Edit
    | Remove | Context | Op | Deop | Kick | Ban | Unban | Mute | Unmute | Slow | Lock | Unlock | Invite
    | Hide | Lockdown | Reload | Announce | Report
)  # fmt: skip


class Asked(Discreet, frozen=True):
    """A request as it came in: a program may have given it a reference, and wants to be told ``ok``."""

    told = ("request",)

    request: Request | None
    ref: str = ""
    by_program: bool = False

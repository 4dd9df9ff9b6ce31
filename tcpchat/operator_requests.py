"""
What is asked for to keep order: by operators, and of them (`Report`). requests.py has the whole list.

Where no room is named, it is the current one.
"""

from __future__ import annotations

from tcpchat.discreet import Discreet


class Op(Discreet, frozen=True):
    nick: str
    room: str = ""


class Deop(Discreet, frozen=True):
    nick: str
    room: str = ""


class Kick(Discreet, frozen=True):
    nick: str
    reason: str = ""
    room: str = ""


class Ban(Discreet, frozen=True):
    """
    Put out and keep out whom a nickname, or an address or network, means: from a room, or with EVERYWHERE.

    Without ``seconds`` it is for good. With ``test`` it is only told whom it would hit. Nobody
    named: show the bans.
    """

    whom: str = ""
    seconds: int | None = None
    reason: str = ""
    room: str = ""
    test: bool = False


class Unban(Discreet, frozen=True):
    whom: str
    room: str = ""


class Mute(Discreet, frozen=True):
    whom: str
    seconds: int | None = None
    reason: str = ""
    room: str = ""


class Unmute(Discreet, frozen=True):
    whom: str
    room: str = ""


class Slow(Discreet, frozen=True):
    """Have everybody say a line in so many seconds at most; 0 lifts that, None shows how it is."""

    seconds: int | None = None
    room: str = ""


class Lock(Discreet, frozen=True):
    """Let only those in who are invited, or who know the password."""

    password: str = ""
    room: str = ""


class Unlock(Discreet, frozen=True):
    room: str = ""


class Invite(Discreet, frozen=True):
    nick: str
    room: str = ""


class Hide(Discreet, frozen=True):
    """Leave a room out of the list of rooms, or put it there again."""

    hidden: bool = True
    room: str = ""


class Lockdown(Discreet, frozen=True):
    """Let nobody new in without an account, or everybody again; None shows how it is."""

    on: bool | None = None


class Reload(Discreet, frozen=True):
    """Have the server read its configuration anew."""


class Announce(Discreet, frozen=True):
    text: str


class Report(Discreet, frozen=True):
    """Tell the server's operators of an entry."""

    number: int
    reason: str
    room: str = ""


# What stands in the place of a room for what holds on the whole server: no nickname, and no room.
EVERYWHERE = "server"

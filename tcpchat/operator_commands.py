"""What operators can ask for: the rows of the table of commands for that. No I/O."""

from __future__ import annotations

from tcpchat.command import BLANKS, Command, Rank, alone, duration, for_a_while, one_word, room, split, word
from tcpchat.messages import remark, text
from tcpchat.operator_requests import (
    EVERYWHERE,
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
    Slow,
    Unban,
    Unlock,
    Unmute,
)

SWITCH = {"": None, "on": True, "off": False}


def _place(rest: str) -> tuple[str, str]:
    """Return the room, or the whole server, that is named in front, if it is, and what comes behind it."""
    first, behind = split(rest.strip(BLANKS))
    return (EVERYWHERE, behind) if first.lower() == EVERYWHERE else room(rest)


def _whom(rest: str) -> tuple[str, str]:
    """Return who is meant, and what comes behind that."""
    first, behind = split(rest)
    return word(first), behind


def _one(rest: str) -> tuple[str, str]:
    """Return the one who is meant, and the room."""
    where, rest = room(rest)
    return one_word(rest), where


def _kick(rest: str) -> Kick:
    where, rest = room(rest)
    nick, reason = _whom(rest)
    return Kick(nick, remark(reason), where)


def _ban(rest: str) -> Ban:
    where, rest = _place(rest)
    if not rest:
        return Ban(room=where)
    whom, rest = _whom(rest)
    if rest.strip().lower() == "test":
        return Ban(whom, room=where, test=True)
    return Ban(whom, *for_a_while(rest), where)


def _unban(rest: str) -> Unban:
    where, rest = _place(rest)
    return Unban(one_word(rest), where)


def _mute(rest: str) -> Mute:
    where, rest = room(rest)
    whom, rest = _whom(rest)
    if whom.lower() == EVERYWHERE:
        raise ValueError("nobody is muted on the whole server")
    return Mute(whom, *for_a_while(rest), where)


def _slow(rest: str) -> Slow:
    where, rest = room(rest)
    if not rest:
        return Slow(None, where)
    if rest.lower() == "off":
        return Slow(0, where)
    seconds = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 6 else duration(rest)
    if seconds is None:
        raise ValueError("no number of seconds")
    return Slow(seconds, where)


def _lock(rest: str) -> Lock:
    where, rest = room(rest)
    if len(rest.split()) > 1:
        raise ValueError("a password has no blanks")
    return Lock(rest, where)


def _only_room(rest: str) -> str:
    where, rest = room(rest)
    if rest:
        raise ValueError("only a room may stand behind this command")
    return where


def _lockdown(rest: str) -> Lockdown:
    try:
        return Lockdown(SWITCH[rest.strip().lower()])
    except KeyError:
        raise ValueError("neither on nor off") from None


ROOM, SERVER = Rank.ROOM_OPERATOR, Rank.SERVER_OPERATOR

MODERATION = {
    "op": Command(
        "/op [#ROOM] NICK", "make somebody an operator of a room", "/op anna", lambda rest: Op(*_one(rest)),
        rank=ROOM,
    ),
    "deop": Command(
        "/deop [#ROOM] NICK", "make an operator an ordinary member", "/deop anna",
        lambda rest: Deop(*_one(rest)), rank=ROOM,
    ),
    "kick": Command("/kick [#ROOM] NICK [REASON]", "put somebody out", "/kick eve be nice", _kick, rank=ROOM),
    "ban": Command(
        "/ban [#ROOM] [WHO [TIME] [REASON]]", "put somebody out and keep them out, or show who is",
        "/ban eve 2h spam", _ban, rank=ROOM,
    ),
    "unban": Command("/unban [#ROOM] WHO", "lift a ban", "/unban eve", _unban, rank=ROOM),
    "mute": Command(
        "/mute [#ROOM] WHO [TIME] [REASON]", "let somebody say nothing", "/mute eve 10m", _mute, rank=ROOM
    ),
    "unmute": Command(
        "/unmute [#ROOM] WHO", "let somebody speak again", "/unmute eve", lambda rest: Unmute(*_one(rest)),
        rank=ROOM,
    ),
    "slow": Command(
        "/slow [#ROOM] [SECONDS]", "let everybody say a line in so many seconds", "/slow 10", _slow, rank=ROOM
    ),
    "lock": Command(
        "/lock [#ROOM] [PASSWORD]", "let in only who is invited, or knows the password", "/lock", _lock,
        rank=ROOM,
    ),
    "unlock": Command(
        "/unlock [#ROOM]", "let everybody in again", "/unlock",
        lambda rest: Unlock(_only_room(rest)), rank=ROOM,
    ),
    "invite": Command(
        "/invite [#ROOM] NICK", "let somebody in though the room is locked", "/invite carl",
        lambda rest: Invite(*_one(rest)), rank=ROOM,
    ),
    "hide": Command(
        "/hide [#ROOM]", "leave a room out of /rooms", "/hide", lambda rest: Hide(True, _only_room(rest)),
        rank=ROOM,
    ),
    "unhide": Command(
        "/unhide [#ROOM]", "show a room in /rooms again", "/unhide",
        lambda rest: Hide(False, _only_room(rest)),
        rank=ROOM,
    ),
    "lockdown": Command(
        "/lockdown [on|off]", "let nobody new in without an account", "/lockdown on", _lockdown, rank=SERVER
    ),
    "reload": Command(
        "/reload", "have the server read its configuration again", "/reload",
        lambda rest: alone(rest, Reload()), rank=SERVER,
    ),
    "announce": Command(
        "/announce TEXT", "say something to everybody", "/announce back at ten",
        lambda rest: Announce(text(rest)), rank=SERVER,
    ),
}  # fmt: skip

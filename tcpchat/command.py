"""What a command is: how it is typed, who may use it, and how its words are taken apart. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from tcpchat.messages import remark
from tcpchat.requests import Refused, Request

# Of the number of an entry, and of seconds.
MOST_DIGITS = 18

# Seconds of the units of a duration.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

# As long as any ban or mute may be that is not for good: five years.
LONGEST_DURATION = 5 * 365 * 86400

# What is meant as one, but is none: ``10``, ``5min``, ``1y``. Not ``2nd``, with which a reason may begin.
LIKE_A_DURATION = re.compile(r"(?![0-9]+(?:st|nd|rd|th)$)[0-9][0-9a-z.]*", re.IGNORECASE)

# What may stand around a name. Everything else that is blank is part of it, and judged there.
BLANKS = " \t\r"


class Rank(IntEnum):
    """Who may use a command: whoever has a rank has those before it, too, but for the first."""

    NAMELESS = -1  # who has no nickname yet
    GUEST = 0  # everybody who has a nickname
    ACCOUNT = 1  # who has logged in
    ROOM_OPERATOR = 2  # an operator of the room that it is about
    SERVER_OPERATOR = 3  # an operator of the server


class Command(NamedTuple):
    """
    How a command is typed, what it does, and what it asks.

    ``make`` gets what stands behind the command. It raises ValueError if that is too little or
    of the wrong kind. ``beside`` names the command in whose line of /help this one stands too, and
    ``together`` is what that line says of all that stand in it.
    """

    usage: str
    does: str
    example: str
    make: Callable[[str], Request]
    aliases: tuple[str, ...] = ()
    # Can it be used before a nickname is chosen?
    nameless: bool = False
    beside: str = ""
    together: str = ""
    rank: Rank = Rank.GUEST

    def is_for(self, rank: Rank) -> bool:
        """May somebody of that rank use it?"""
        return self.nameless if rank is Rank.NAMELESS else rank >= self.rank


def forbidden(rank: Rank, room: str = "") -> Refused:
    """Return the refusal of what needs a rank; in which room, if it is the one of its operators."""
    if rank is Rank.ACCOUNT:
        return Refused("That needs an account: /register PASSWORD", "forbidden")
    return Refused(f"Only an operator of {room or 'the server'} may do that.", "forbidden")


def split(rest: str) -> tuple[str, str]:
    """Return the first word, and what comes behind it."""
    word, *more = re.split(r"\s+", rest, maxsplit=1)
    return word, more[0] if more else ""


def word(rest: str) -> str:
    """Return a name that must not be empty. Whether it is one word is for names.py to say."""
    word = rest.strip(BLANKS)
    if not word:
        raise ValueError("a name is missing")
    return word


def one_word(rest: str) -> str:
    """Return a name that must not be empty, nor several words."""
    first, behind = split(word(rest))
    if behind:
        raise ValueError("more than one word")
    return first


def alone(rest: str, request: Request) -> Request:
    """Return a request that nothing may stand behind."""
    if rest.strip():
        raise ValueError("nothing belongs behind this command")
    return request


def number(rest: str) -> tuple[int, str]:
    """Return the number of an entry, and what comes behind it."""
    first, rest = split(rest.strip())
    first = first.removeprefix("#")
    if not (first.isascii() and first.isdigit() and int(first[:MOST_DIGITS])):
        raise ValueError("the number of an entry is missing")
    return int(first[:MOST_DIGITS]), rest


def room(rest: str) -> tuple[str, str]:
    """Return the room that is named in front, if one is, and what comes behind it."""
    first, behind = split(rest.strip(BLANKS))
    return (first, behind) if first.startswith("#") else ("", rest.strip(BLANKS))


def duration(typed: str) -> int | None:
    """Return the seconds that a word means: ``90s``, ``2h``, ``1d12h``, ``3w``; None if it means none."""
    if not re.fullmatch(r"(?:[0-9]{1,9}[smhdw])+", typed, re.ASCII | re.IGNORECASE):
        return None
    parts = re.findall(r"([0-9]+)([smhdw])", typed.lower())
    return min(sum(int(amount) * UNITS[unit] for amount, unit in parts), LONGEST_DURATION)


def span(seconds: int) -> str:
    """Return a time span as a word that `duration` understands: ``2h``, ``1d12h``."""
    parts = []
    for unit, length in sorted(UNITS.items(), key=lambda it: -it[1]):
        amount, seconds = divmod(seconds, length)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def for_a_while(rest: str) -> tuple[int | None, str]:
    """Return for how long something is, None for good, and the reason: both may be left out."""
    first, behind = split(rest.strip())
    seconds = duration(first)
    if seconds == 0:
        raise ValueError("no time at all")
    if seconds is None and LIKE_A_DURATION.fullmatch(first):
        raise ValueError("a time that is none: it would be for good")
    return (None, remark(rest)) if seconds is None else (seconds, remark(behind))

"""
What the server answers: each as lines for people, and as one JSON object for programs. No I/O.

The fields are the object's; its ``type`` is the class's name in small letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from tcpchat import jsonlines
from tcpchat.render import count, moment, names, people

# The version of PROTOCOL.md's JSON lines.
PROTOCOL = 1

# Nicknames in one line of /who: about what fits on a screen.
NAMED_PER_LINE = 50
# And in one page of it.
NAMED_PER_PAGE = 4 * NAMED_PER_LINE

# People whom a program is told of on coming in, in the order of their coming. If it was all of them,
# 2,000 who come into one room would be told of four million; who wants to know them all asks `who`.
MOST_TOLD = 100


class Style(NamedTuple):
    """What the lines of an answer depend on: the reader's time zone, and the time now."""

    zone: tzinfo
    now: int


def duration(seconds: float) -> str:
    """Return a time span as people say it: ``3 minutes``."""
    for length, one, many in ((86400, "day", "days"), (3600, "hour", "hours"), (60, "minute", "minutes")):
        if seconds >= length:
            return count(int(seconds // length), one, many)
    return count(int(seconds), "second", "seconds")


class Answer(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """Something that the server answers."""

    def lines(self, style: Style) -> Iterable[str]:
        """Return it as lines, without the signs in front of them."""
        raise NotImplementedError

    def json(self) -> bytes:
        """Return it as a line for programs."""
        return jsonlines.line(self)


class Notice(Answer, frozen=True):
    """A word from the server."""

    text: str

    def lines(self, style: Style) -> Iterable[str]:
        return (self.text,)


class Help(Answer, frozen=True):
    """What can be asked for."""

    text: Sequence[str]

    def lines(self, style: Style) -> Iterable[str]:
        return self.text


class Settings(Answer, frozen=True, tag="set"):
    """All of somebody's settings."""

    settings: Mapping[str, str]

    def lines(self, style: Style) -> Iterable[str]:
        yield ", ".join(f"{name} {value}" for name, value in self.settings.items())


class Join(Answer, frozen=True):
    """
    Where somebody is, and with whom.

    ``people`` are the first of the others, in the order of their coming; ``others`` is how many
    there are. The topic is for programs, if there is one; people ask for it.
    """

    nick: str
    room: str
    people: Sequence[str]
    others: int
    topic: str | UnsetType = UNSET

    def lines(self, style: Style) -> Iterable[str]:
        company = f" with {names(self.people, self.others)}" if self.others else ""
        yield f"You are {self.nick}, in {self.room}{company}."

    def json(self) -> bytes:
        return jsonlines.line(msgspec.structs.replace(self, room=jsonlines.room(self.room)))


class Welcome(Answer, frozen=True):
    """
    Who a program is from now on, and with what it comes back after a break.

    ``people``, ``others`` and ``topic`` are as in `Join`. ``after`` holds, by room, the number after which
    entries follow. The room is empty for one who is in none; the code, where it is not known any more.
    """

    nick: str
    room: str
    people: Sequence[str]
    others: int
    session: str
    code: str
    epoch: str
    rooms: Sequence[str]
    after: Mapping[str, int]
    topic: str | UnsetType = UNSET
    protocol: int = PROTOCOL


class Who(Answer, frozen=True):
    """
    Who is in a room.

    People are told of one page of them at a time, on each but the first of those ``named`` before;
    ``more`` is how many come after it.
    """

    room: str
    people: Sequence[str]
    away: Sequence[str]
    named: int = 0
    more: int = 0

    def lines(self, style: Style) -> Iterator[str]:
        away = set(self.away)
        nicks = [f"{nick} (away)" if nick in away else nick for nick in self.people]
        all_of_them = people(self.named + len(nicks) + self.more, self.room)
        if not nicks:
            yield f"{all_of_them}."
        for first in range(0, len(nicks), NAMED_PER_LINE):
            some = ", ".join(nicks[first : first + NAMED_PER_LINE])
            beginning = "and " if first or self.named else f"{all_of_them}: "
            is_last = not self.more and first + NAMED_PER_LINE >= len(nicks)
            yield f"{beginning}{some}{'.' if is_last else ','}"
        if self.more:
            yield f"{self.more} more: /more"

    def json(self) -> bytes:
        return jsonlines.line(
            {"type": "who", "room": jsonlines.room(self.room), "people": self.people, "away": self.away}
        )


class WhoIs(Answer, frozen=True):
    """
    What somebody may know of somebody: ``since`` in milliseconds since 1970, ``idle`` in seconds, or None if
    that is known on another node alone.

    Of one who has an account there is the nickname that it keeps, of which of one's own rooms they are an
    operator, and whether of the server.
    """

    nick: str
    rooms: Sequence[str]
    since: int
    idle: float | None
    away: str | None
    account: str | None = None
    operator: Sequence[str] = ()
    is_server_operator: bool = False

    def lines(self, style: Style) -> Iterator[str]:
        where = f"in {', '.join(self.rooms)}" if self.rooms else "in no room"
        since = moment(self.since, style.zone, style.now)
        idle = f", idle for {duration(self.idle)}" if self.idle is not None else ""
        yield f"{self.nick} is {where}, connected since {since}{idle}."
        if self.account is not None:
            yield f"{self.nick} is logged in as {self.account}."
        if self.is_server_operator:
            yield f"{self.nick} is an operator of the server."
        if self.operator:
            yield f"{self.nick} is an operator of {', '.join(self.operator)}."
        if self.away is not None:
            yield is_away(self.nick, self.away)

    def json(self) -> bytes:
        fields = {
            "type": "whois",
            "nick": self.nick,
            "rooms": [jsonlines.room(room) for room in self.rooms],
            "since": jsonlines.time(self.since),
            "idle": int(self.idle) if self.idle is not None else None,
            "away": self.away,
        }
        if self.account is not None:
            fields["account"] = self.account
            fields["operator"] = [jsonlines.room(room) for room in self.operator]
            fields["server"] = self.is_server_operator
        return jsonlines.line(fields)


def is_away(nick: str, text: str) -> str:
    """Return that somebody is away, and why if that was said."""
    return f"{nick} is away: {text}" if text else f"{nick} is away."


class Seen(Answer, frozen=True):
    """When somebody was here last, in milliseconds since 1970: None for one who is here."""

    nick: str
    time: int | None

    def lines(self, style: Style) -> Iterator[str]:
        if self.time is None:
            yield f"{self.nick} is here now."
        else:
            yield f"{self.nick} was last here at {moment(self.time, style.zone, style.now)}."

    def json(self) -> bytes:
        here = self.time is None
        fields = {"type": "seen", "nick": self.nick, "here": here}
        return jsonlines.line(fields if self.time is None else fields | {"time": jsonlines.time(self.time)})


class Topic(Answer, frozen=True):
    """What a room is about."""

    room: str
    text: str

    def lines(self, style: Style) -> Iterator[str]:
        yield f"The topic of {self.room} is: {self.text}" if self.text else f"{self.room} has no topic."

    def json(self) -> bytes:
        return jsonlines.line(msgspec.structs.replace(self, room=jsonlines.room(self.room)))


class Reload(Answer, frozen=True):
    """
    What of the configuration is otherwise from now on, and what will be after a restart.

    ``refused`` says of which doors the certificate stays as it was, and why.
    """

    changed: Sequence[str]
    restart: Sequence[str]
    refused: Sequence[str] = ()

    def lines(self, style: Style) -> Iterator[str]:
        yield f"Changed: {', '.join(self.changed)}." if self.changed else "Nothing has changed."
        if self.restart:
            yield f"Needs a restart: {', '.join(self.restart)}."
        yield from self.refused


class Lockdown(Answer, frozen=True):
    """Whether only people with an account may come in."""

    on: bool

    def lines(self, style: Style) -> Iterator[str]:
        yield "Only people with an account may come in." if self.on else "Everybody may come in."

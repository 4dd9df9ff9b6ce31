"""What the server answers when somebody asks about rooms and people. No I/O."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from tcpchat.render import count, people
from tcpchat.room import LOBBY, Room

# Nicknames in one line of /who: about what fits on a screen.
NAMED_PER_LINE = 50


def duration(seconds: float) -> str:
    """Return a time span as people say it: ``3 minutes``."""
    for length, one, many in ((86400, "day", "days"), (3600, "hour", "hours"), (60, "minute", "minutes")):
        if seconds >= length:
            return count(int(seconds // length), one, many)
    return count(int(seconds), "second", "seconds")


def who(room: Room, away: Container[str]) -> Iterator[str]:
    """Yield who is in a room; ``away`` holds the sessions of those who are away."""
    nicks = [
        f"{member.nick} (away)" if session in away else member.nick
        for session, member in room.members.items()
    ]
    if not nicks:
        yield f"{people(0, room.name)}."
    for first in range(0, len(nicks), NAMED_PER_LINE):
        some = ", ".join(nicks[first : first + NAMED_PER_LINE])
        beginning = f"{people(len(nicks), room.name)}: " if first == 0 else "and "
        yield f"{beginning}{some}{'.' if first + NAMED_PER_LINE >= len(nicks) else ','}"


def whois(nick: str, rooms: Sequence[str], since: str, idle: float, away: str | None) -> Iterator[str]:
    """Yield what everybody may know of somebody."""
    where = f"in {', '.join(rooms)}" if rooms else "in no room"
    yield f"{nick} is {where}, connected since {since}, idle for {duration(idle)}."
    if away is not None:
        yield is_away(nick, away)


def is_away(nick: str, text: str) -> str:
    """Return that somebody is away, and why if that was said."""
    return f"{nick} is away: {text}" if text else f"{nick} is away."


def rooms(known: Iterable[Room]) -> Iterator[str]:
    """Yield each room where somebody is, the fullest first; the lobby in any case."""
    for room in sorted(known, key=lambda room: (-len(room.members), room.name)):
        if room.members or room.name == LOBBY:
            topic = f": {room.topic}" if room.topic else ""
            yield f"{room.name}: {count(len(room.members), 'person', 'people')}{topic}"


def topic(room: Room) -> str:
    """Return what a room is about."""
    return f"The topic of {room.name} is: {room.topic}" if room.topic else f"{room.name} has no topic."

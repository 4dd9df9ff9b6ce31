"""A room is what its log says. No I/O, no clock: feed it entries, ask it questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tcpchat.events import Entry, Event, Joined, Left, Renamed, TopicSet
from tcpchat.requests import Refused

LOBBY = "#lobby"


class Member(NamedTuple):
    """Somebody in the room: the nickname, and the number of the entry that brought them in."""

    nick: str
    since: int


class Room:
    """Who is in a room and what it is about, folded from the room's entries."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, Member] = {}  # by session, in the order of their coming
        self.topic = ""

    def check(self, event: Event) -> None:
        """
        Raise `Refused` if the event may not happen here now.

        An event that was checked can still lose a race: what has happened is what `apply` is
        given, and nothing else.
        """
        inside = event.session in self.members
        match event:
            case Joined():
                if inside:
                    raise Refused(f"You are in {self.name} already.")
            case _:
                if not inside:
                    raise Refused(f"You are not in {self.name}. /join {self.name}")

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the room's log."""
        match entry.event:
            case Joined(session, nick):
                self.members.setdefault(session, Member(nick, entry.seq))
            case Left(session):
                self.members.pop(session, None)
            case Renamed(session, _, new):
                if member := self.members.get(session):
                    self.members[session] = member._replace(nick=new)
            case TopicSet(_, _, text):
                self.topic = text

    def others(self, session: str, before: int) -> Iterator[str]:
        """Yield the nicknames of the others who were here before an entry, in the order of their coming."""
        for other, member in self.members.items():
            if member.since >= before:
                return
            if other != session:
                yield member.nick

    def count_others(self, session: str, before: int) -> int:
        """Return how many `others` yields, without going through all of them."""
        later = 0
        for member in reversed(self.members.values()):
            if member.since < before:
                break
            later += 1
        known = self.members.get(session)
        return len(self.members) - later - (known is not None and known.since < before)

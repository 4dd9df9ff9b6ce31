"""A room is what its log says. No I/O, no clock: feed it entries, ask it questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tcpchat.events import Entry, Event, Joined, Left, Renamed, TopicSet
from tcpchat.records import KeptMember, KeptRoom
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
        self.seq = 0  # the last entry taken in
        self.changes = 0  # entries that changed something since the room was kept

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
                    raise Refused(f"You are not in {self.name}. /join {self.name}", "not-member")

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the room's log that is more than a line that somebody said."""
        self.seq = entry.seq
        self.changes += 1
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

    def kept(self) -> KeptRoom:
        """Return what the room is now, to be kept."""
        members = [KeptMember(session, *member) for session, member in self.members.items()]
        return KeptRoom(self.seq, self.topic, members)

    def restore(self, kept: KeptRoom) -> None:
        """Be what the room was when it was kept."""
        self.seq = kept.seq
        self.topic = kept.topic
        self.members = {member.session: Member(member.nick, member.since) for member in kept.members}

    def others(self, session: str, before: int | None = None) -> Iterator[str]:
        """Yield the nicknames of the others who were here before an entry, in the order of their coming."""
        for other, member in self.members.items():
            if before is not None and member.since >= before:
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

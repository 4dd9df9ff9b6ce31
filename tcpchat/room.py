"""A room is what its log says. No I/O, no clock: feed it entries, ask it questions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from tcpchat.events import Entry, Event, Joined, Left, Renamed, TopicSet
from tcpchat.lately import Lately
from tcpchat.records import KeptMember, KeptRoom
from tcpchat.requests import Refused

LOBBY = "#lobby"
AUDIT = "#audit"


class Member(NamedTuple):
    """Somebody in the room: the nickname, and the number of the entry that brought them in."""

    nick: str
    since: int


class Room:
    """Who is in a room and what it is about, folded from the room's entries."""

    def __init__(self, name: str, occupied: set[str] | None = None) -> None:
        """``occupied`` holds the names of all rooms with somebody in them: this one's, while it has."""
        self.name = name
        self.members: dict[str, Member] = {}  # by person, in the order of their coming
        self._comings: list[int] = []  # the numbers of the entries that brought them in
        self._occupied = set() if occupied is None else occupied
        self.topic = ""
        self.operators: dict[str, str] = {}  # their nicknames, by account
        self.lately = Lately()
        self.seq = 0  # the last entry taken in
        self.changes = 0  # entries that changed something since the room was kept

    def check(self, event: Event) -> None:
        """
        Raise `Refused` if the event may not happen here now.

        An event that was checked can still lose a race: what has happened is what `apply` is
        given, and nothing else.
        """
        inside = event.person in self.members
        if isinstance(event, Joined):
            if inside:
                raise Refused(f"You are in {self.name} already.")
        elif not inside:
            raise Refused(f"You are not in {self.name}. /join {self.name}", "not-member")

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the room's log that is more than a line that somebody said."""
        self.seq = entry.seq
        self.changes += 1
        person = entry.event.person
        match entry.event:
            case Joined(_, nick):
                if person not in self.members:
                    self.members[person] = Member(nick, entry.seq)
                    self._comings.append(entry.seq)
                    self._occupied.add(self.name)
            case Left():
                if member := self.members.pop(person, None):
                    del self._comings[bisect_left(self._comings, member.since)]
                    if not self.members:
                        self._occupied.discard(self.name)
            case Renamed(_, _, new):
                if member := self.members.get(person):
                    self.members[person] = member._replace(nick=new)
            case TopicSet(_, _, text):
                self.topic = text
        self.lately.add(entry, len(self.members))

    def floor(self, person: str) -> int:
        """
        Return the number up to which entries are not for somebody in the room.

        This alone decides it: for what a newcomer is shown, history, search, coming back, and numbers.
        """
        return 0

    def kept(self) -> KeptRoom:
        """Return what the room is now, to be kept."""
        members = [KeptMember(person, *member) for person, member in self.members.items()]
        return KeptRoom(self.seq, self.topic, members)

    def restore(self, kept: KeptRoom) -> None:
        """Be what the room was when it was kept."""
        self.seq = kept.seq
        self.topic = kept.topic
        self.lately = Lately(kept.seq)
        self.members = {member.session: Member(member.nick, member.since) for member in kept.members}
        self._comings = [member.since for member in kept.members]
        if kept.members:
            self._occupied.add(self.name)

    def others(self, person: str, before: int | None = None) -> Iterator[str]:
        """Yield the nicknames of the others who were here before an entry, in the order of their coming."""
        for other, member in self.members.items():
            if before is not None and member.since >= before:
                return
            if other != person:
                yield member.nick

    def people(self, after: int = 0) -> Iterator[tuple[str, Member]]:
        """Yield the ids and nicknames of those who came after an entry, in the order of their coming."""
        return islice(self.members.items(), bisect_right(self._comings, after), None)

    def count_people(self, after: int) -> int:
        """Return how many `people` yields, without going through them."""
        return len(self.members) - bisect_right(self._comings, after)

    def count_others(self, person: str, before: int) -> int:
        """Return how many `others` yields, without going through all of them."""
        known = self.members.get(person)
        return bisect_left(self._comings, before) - (known is not None and known.since < before)

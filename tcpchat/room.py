"""A room is what its log says. No I/O, no clock: feed it entries, ask it questions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from tcpchat.events import Banned, Entry, Event, Joined, Kicked, Left, Renamed, TopicSet
from tcpchat.lately import Lately
from tcpchat.order import Order
from tcpchat.records import KeptMember, KeptRoom
from tcpchat.requests import Refused

LOBBY = "#lobby"
AUDIT = "#audit"

# These are the server's operators' alone: nobody becomes their operator by coming in.
GOVERNED = frozenset({LOBBY, AUDIT})


class Member(NamedTuple):
    """
    Somebody in the room: the nickname, and the number of the entry that brought them in.

    ``first`` is of one who was away since the entry that had brought them in at first.
    """

    nick: str
    since: int
    first: int = 0

    @property
    def entered(self) -> int:
        """The entry from which on the room is theirs, whether they were away or not."""
        return self.first or self.since


class Room:
    """Who is in a room and what it is about, folded from the room's entries."""

    def __init__(self, name: str, occupied: set[str] | None = None) -> None:
        """``occupied`` holds the names of all rooms with somebody in them: this one's, while it has."""
        self.name = name
        self.members: dict[str, Member] = {}  # by person, in the order of their coming
        self._comings: list[int] = []  # the numbers of the entries that brought them in
        self._occupied = set() if occupied is None else occupied
        self.topic = ""
        self.order = Order()
        self.going_out: set[str] = set()  # who are being put out: it is on its way to the log
        self.is_founding = False  # is somebody's becoming the first operator on its way there?
        self.lately = Lately()
        self.seq = 0  # the last entry taken in
        self.changes = 0  # entries that changed something since the room was kept

    @property
    def operators(self) -> dict[str, str]:
        """The nicknames of the room's operators, by account."""
        return self.order.operators

    @property
    def lacks_operator(self) -> bool:
        """Does whoever has an account become its operator by coming in?"""
        return not (self.order.had_operator or self.is_founding or self.name in GOVERNED)

    def check(self, event: Event, is_admitted: bool = False) -> None:
        """
        Raise `Refused` if the event may not happen here now; who ``is_admitted`` may come into a locked room.

        An event that was checked can still lose a race: what has happened is what `apply` is
        given, and nothing else.
        """
        person = event.person
        inside = person in self.members
        if isinstance(event, Joined):
            if inside:
                raise Refused(f"You are in {self.name} already.")
            if not is_admitted:
                self.order.check_entrance(self.name, event)
        elif not inside or person in self.going_out:
            raise Refused(f"You are not in {self.name}. /join {self.name}", "not-member")

    def apply(self, entry: Entry) -> list[str]:
        """
        Take in the next entry of the room's log that is more than a line that somebody said.

        Return who was put out of the room by it.
        """
        self.seq = entry.seq
        self.changes += 1
        person = entry.event.person
        put_out: list[str] = []
        match entry.event:
            case Joined(_, nick, since):
                if person not in self.members:
                    self.members[person] = Member(nick, entry.seq, since)
                    self._comings.append(entry.seq)
                    self._occupied.add(self.name)
            case Left():
                self.put_out([person])
            case Kicked(_, _, _, target):
                put_out = self.put_out([target])
            case Banned(_, _, _, targets):
                put_out = self.put_out(targets)
            case Renamed(_, _, new):
                if member := self.members.get(person):
                    self.members[person] = member._replace(nick=new)
            case TopicSet(_, _, text):
                self.topic = text
        self.order.apply(entry)
        self.lately.add(entry, len(self.members))
        return put_out

    def put_out(self, persons: Iterable[str]) -> list[str]:
        """Have people no longer in the room; return those of them who were."""
        were_in = []
        for person in persons:
            self.going_out.discard(person)
            if member := self.members.pop(person, None):
                del self._comings[bisect_left(self._comings, member.since)]
                were_in.append(person)
        if not self.members:
            self._occupied.discard(self.name)
        return were_in

    def floor(self, person: str) -> int:
        """
        Return the number up to which entries are not for somebody.

        This alone decides it: for what a newcomer is shown, history, search, coming back, and numbers.
        """
        member = self.members.get(person)
        return self.order.floor(member and member.entered)

    def kept(self) -> KeptRoom:
        """Return what the room is now, to be kept."""
        members = [KeptMember(person, it.nick, it.since) for person, it in self.members.items()]
        first = {person: member.first for person, member in self.members.items() if member.first}
        return KeptRoom(self.seq, self.topic, members, entered=first, **self.order.kept())

    def restore(self, kept: KeptRoom) -> None:
        """Be what the room was when it was kept."""
        self.seq = kept.seq
        self.topic = kept.topic
        self.lately = Lately(kept.seq)
        self.order.restore(kept)
        self.members = {
            it.session: Member(it.nick, it.since, kept.entered.get(it.session, 0)) for it in kept.members
        }
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

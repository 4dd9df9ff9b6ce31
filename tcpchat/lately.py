"""
What has changed in a room lately: who came and went, and the rest. No I/O, no clock.

When a network fails, everybody in a room goes, comes back, and is told who went and came meanwhile.
If each of them read that from the log, it would be people times people.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from tcpchat.comings import Comings
from tcpchat.events import Entry, Joined, Left
from tcpchat.limits import MOST_NAMED
from tcpchat.places import Place

# Changes that are remembered for each of the people, and beside that: everybody can go and come
# back, and do so again while those who are slow are not back yet.
FOR_EACH = 4
AND_SOME = 128

# Changes that say neither who came nor who went are told one by one: of more than this, from the log.
MOST_OTHERS = 64


class Changes(NamedTuple):
    """What has changed in a room between two places, as one person is told of it."""

    comings: Comings
    others: list[Entry]


class _Passages:
    """Those who came, or those who went, in order."""

    def __init__(self) -> None:
        self.seqs = array("Q")
        self.times = array("Q")
        self.people: list[str] = []
        self.nicks: list[str] = []

    def add(self, entry: Entry) -> None:
        self.seqs.append(entry.seq)
        self.times.append(entry.time)
        self.people.append(entry.event.person)
        self.nicks.append(entry.event.nick)

    def forget(self, upto: int) -> None:
        end = bisect_right(self.seqs, upto)
        for column in self.seqs, self.times, self.people, self.nicks:
            del column[:end]

    def without(self, viewer: str, after: int, upto: int) -> tuple[list[str], int, int]:
        """Return the first nicknames of the others between two entries, their number, and the last time."""
        begin, end = bisect_right(self.seqs, after), bisect_right(self.seqs, max(after, upto))
        number = end - begin - self.people[begin:end].count(viewer)
        others = (n for n in range(begin, end) if self.people[n] != viewer)
        first = [self.nicks[n] for n in islice(others, MOST_NAMED)]
        while end > begin and self.people[end - 1] == viewer:
            end -= 1
        return first, number, self.times[end - 1] if number else 0


class _Known(Comings):
    """Who came and went, where that need not be counted any more."""

    def __init__(self, joined: tuple[list[str], int, int], left: tuple[list[str], int, int]) -> None:
        super().__init__("")
        self._first = joined[0], left[0]
        self._counts = [joined[1], left[1]]
        self.time = max(joined[2], left[2])


class Lately:
    """The last changes of a room, without a gap: some times as many as it has people."""

    def __init__(self, after: int = 0) -> None:
        self._after = after  # every change after this entry is known
        self._joined = _Passages()
        self._left = _Passages()
        self._others: list[Entry] = []
        self._most_people = 0

    def __len__(self) -> int:
        return len(self._joined.seqs) + len(self._left.seqs) + len(self._others)

    def add(self, entry: Entry, people: int) -> None:
        """Take in the next change; so many people are in the room after it."""
        if isinstance(entry.event, Joined):
            self._joined.add(entry)
        elif isinstance(entry.event, Left):
            self._left.add(entry)
        else:
            self._others.append(entry)
        self._most_people = max(self._most_people, people)
        if len(self) > FOR_EACH * self._most_people + AND_SOME:
            self._forget_some()
            self._most_people = people

    def between(self, place: Place, upto: Place, viewer: str) -> Changes | None:
        """Return what has changed between two places; None if that is not known any more."""
        others = list(islice(self._others_between(place.seq, upto.seq), MOST_OTHERS + 1))
        if min(place) < self._after or len(others) > MOST_OTHERS:
            return None
        joined, left = (
            each.without(viewer, place.presence, upto.presence) for each in (self._joined, self._left)
        )
        return Changes(_Known(joined, left), others)

    def _others_between(self, after: int, upto: int) -> Iterator[Entry]:
        for entry in islice(self._others, bisect_right(self._others, after, key=_seq), None):
            if entry.seq > upto:
                return
            yield entry

    def _forget_some(self) -> None:
        """Forget the older half of what there is most of, and all that is as old."""
        most = max(self._joined.seqs, self._left.seqs, [entry.seq for entry in self._others], key=len)
        self._after = most[len(most) // 2]
        self._joined.forget(self._after)
        self._left.forget(self._after)
        del self._others[: bisect_right(self._others, self._after, key=_seq)]


def _seq(entry: Entry) -> int:
    return entry.seq

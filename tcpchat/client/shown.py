"""What is shown on a terminal, as values: lines, rooms, what waits for its ``ok``. No drawing, no I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from tcpchat.client import wording
from tcpchat.client.happenings import Fields
from tcpchat.client.limits import MOST_KEPT


class Rule(NamedTuple):
    """A line across, with a word in it."""

    text: str


class Shown(NamedTuple):
    """Something to be printed; ``is_for_me``: it is said to one alone, or names one."""

    what: wording.Line | Rule
    is_for_me: bool = False


def notice(text: str) -> Shown:
    """Return a word from the client, as it is printed."""
    return Shown(wording.notice(text))


@dataclass(slots=True)
class Room:
    """A room that one is in."""

    name: str
    people: set[str] = field(default_factory=set)  # those who are known by name
    others: int = 0  # who else is there
    topic: str = ""
    kept: deque[Shown] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    unread: int = 0
    mentions: int = 0
    oldest: int = 0  # the number of the first entry that was printed; 0: none was

    @property
    def number(self) -> int:
        """How many are there, oneself included."""
        return len(self.people) + self.others

    def happened(self, it: Fields) -> None:
        """Take in who is there now, and what the room is about."""
        match it["type"]:
            case "joined":
                self.people.add(it["nick"])
            case "left" | "kicked":
                self._out(it["nick"])
            case "banned":
                self.people.discard(it["nick"])
            case "renamed":
                self._out(it["old"])
                self.people.add(it["new"])
            case "topic":
                self.topic = it["text"]

    def _out(self, nick: str) -> None:
        if nick in self.people:
            self.people.discard(nick)
        else:
            self.others = max(0, self.others - 1)


class Pending(NamedTuple):
    """Something said that is not in the log yet, since when, and where."""

    text: str
    room: str
    since: float

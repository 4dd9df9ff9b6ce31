"""The list of rooms, page by page: what /rooms answers. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tcpchat import jsonlines
from tcpchat.answers import Answer, Style
from tcpchat.limits import LARGEST_CHUNK, MOST_HISTORY
from tcpchat.render import count
from tcpchat.room import LOBBY, Room


class AboutRoom(NamedTuple):
    """A room's name, how many people are in it, its topic, and whether it is locked."""

    room: str
    people: int
    topic: str
    locked: bool = False

    @property
    def place(self) -> tuple[int, str]:
        """Its place among the rooms: the fullest first."""
        return -self.people, self.room


class Rooms(Answer, frozen=True):
    """
    Rooms where somebody is, the fullest first; the lobby in any case.

    It is one page of them; ``more`` is how many come after it.
    """

    rooms: Sequence[AboutRoom]
    more: int = 0

    def lines(self, style: Style) -> Iterator[str]:
        for name, number, about, locked in self.rooms:
            topic = f": {about}" if about else ""
            yield f"{name}: {count(number, 'person', 'people')}{topic}{' (locked)' if locked else ''}"
        if self.more:
            yield f"{self.more} more: /more"

    def json(self) -> bytes:
        rooms = [
            {"room": jsonlines.room(name), "people": people, "topic": topic}
            | ({"locked": True} if locked else {})
            for name, people, topic, locked in self.rooms
        ]
        return jsonlines.line({"type": "rooms", "rooms": rooms} | ({"more": self.more} if self.more else {}))


def rooms(known: Iterable[Room], after: tuple[int, str] | None = None) -> Rooms:
    """Return the list of rooms: its first page, or the one after a place in it."""
    all_of_them = (
        AboutRoom(room.name, len(room.members), room.topic, room.order.is_locked)
        for room in known
        if room.members or room.name == LOBBY
    )
    rest = sorted((it for it in all_of_them if after is None or it.place > after), key=lambda it: it.place)
    page, size = 0, 0
    while page < min(len(rest), MOST_HISTORY) and size < LARGEST_CHUNK:
        size += len(f"{rest[page].room}{rest[page].topic}".encode())
        page += 1
    return Rooms(rest[:page], len(rest) - page)

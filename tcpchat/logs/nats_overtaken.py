"""
What was to be added to a room, and cannot as it is: others have taken somebody out of it or in, or founded
it.

Whatever of it is on its way does not land any more: behind the others' message another sequence is expected
(docs/adr/0028-*). So it is looked at before it is numbered anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tcpchat.events import Banned, Entry, Event, Joined, Kicked, Left, Opped
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_items import Item, Room, streams_of


class Overtaken:
    """Sees to what waits in a room when somebody else's entries have come."""

    def __init__(
        self,
        give_up: Callable[[Sequence[Item], Exception], None],
        finish: Callable[[Item, list[list[int]]], None],
    ) -> None:
        """``give_up`` refuses items; ``finish`` tells of one that nothing is left of how it is numbered."""
        self._give_up = give_up
        self._finish = finish
        # Those of which nothing is left: what says the same, a stream and an entry, is yet to be applied.
        self._said: list[tuple[str, int, Item, list[list[int]]]] = []

    def heed(self, room: Room, entries: Sequence[Entry]) -> None:
        """
        Somebody else's entries have come: what was to be said by people whom they take out is not said.

        That they have left need not be said twice, nor that they have come, over two nodes at once. Who comes
        in anew meanwhile, and was not banned, is not meant. A room has one founder: of several that come in
        at once, the first in the log.
        """
        for seq, _, event in entries if room.flight or room.queue else ():
            if isinstance(event, Opped):
                self._is_founded(room, seq)
            elif isinstance(event, Joined):
                self._has_come(room, seq, event.person)
            out = taken_out(event)
            if not out:
                continue
            for item in _waiting(room):
                if not isinstance(event, Banned):
                    out -= _who_come_in(room, item)
                for number, (stream, events) in enumerate(item.parts):
                    if stream != room.name or not any([it.person in out for it in events]):
                        continue
                    if isinstance(event, Left) and all([isinstance(it, Left) for it in events]):
                        self._without(room, item, number, (), seq, [seq])
                    else:
                        self._give_up([item], NotKept(f"you are not in {room.name} any more"))
                        break

    def _has_come(self, room: Room, seq: int, person: str) -> None:
        """Somebody has come in over another node, and so is in it over this one, unless they left first."""
        for item in _waiting(room):
            for number, (stream, events) in enumerate(item.parts):
                if stream != room.name:
                    continue
                if any([person in taken_out(event) for event in events]):
                    return
                if any([isinstance(event, Joined) and event.person == person for event in events]):
                    self._without(room, item, number, (), seq, [seq])

    def _is_founded(self, room: Room, seq: int) -> None:
        """Somebody else has made an operator in a room: who was to be its first one by coming is none."""
        for item in _waiting(room):
            for number, (stream, events) in enumerate(item.parts):
                others = [it for it in events if not (isinstance(it, Opped) and it.target == it.account)]
                if stream == room.name and len(others) < len(events):
                    self._without(room, item, number, others, seq, [])

    def _without(
        self, room: Room, item: Item, number: int, events: Sequence[Event], seq: int, seqs: list[int]
    ) -> None:
        """
        Of one of an item's parts these events are left, because of an entry.

        Where none are, ``seqs`` are the numbers of what it was: they are told when the entry is applied.
        """
        parts = [*item.parts]
        parts[number] = room.name, events
        item.parts = parts
        streams = streams_of(parts)
        if room.name not in streams:
            room.drop(item)
        if not streams:
            all_seqs = [seqs if at == number else [] for at in range(len(parts))]
            self._said.append((room.name, seq, item, all_seqs))

    def is_said(self, item: Item) -> bool:
        """Has the log all that an item was to say, and is that yet to be applied?"""
        return any([it is item for _, _, it, _ in self._said])

    def applied(self, stream: str, entries: Sequence[Entry]) -> None:
        """Somebody else's entries hold here, and everybody has been shown them."""
        if self._said and entries:
            said, self._said = self._said, []
            for one in said:
                name, seq, item, seqs = one
                if name == stream and seq <= entries[-1].seq:
                    self._finish(item, seqs)
                else:
                    self._said.append(one)


def _waiting(room: Room) -> list[Item]:
    return [*(room.flight.items if room.flight else ()), *(room.queue or ())]


def _who_come_in(room: Room, item: Item) -> set[str]:
    return {
        event.person
        for stream, events in item.parts
        if stream == room.name
        for event in events
        if isinstance(event, Joined)
    }


def taken_out(event: Event) -> set[str]:
    """Return the people who are out of a room by an event."""
    match event:
        case Left():
            return {event.person}
        case Kicked(target=target):
            return {target}
        case Banned(targets=targets):
            return {*targets}
        case _:
            return set()

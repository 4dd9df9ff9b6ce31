"""Where private messages come in: each person has a stream of their own, from the first one on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from tcpchat.events import Entry, Told, inbox
from tcpchat.fanout.interface import Crowd
from tcpchat.feed import Feed
from tcpchat.logs.interface import Log


class Owner(Protocol):
    """What is needed of somebody who is there."""

    @property
    def is_here(self) -> bool:
        """Is one of the connections of this node?"""

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately."""

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages for, or of, the person: show them."""


class Inboxes:
    """The feeds of those who have written, or were written to, privately."""

    def __init__(
        self,
        log: Log,
        wall: Callable[[], int],
        crowd: Callable[[], Crowd],
        person: Callable[[str], Owner | None],
    ) -> None:
        """``person`` gives by their id who is there."""
        self._log = log
        self._wall = wall
        self._crowd = crowd
        self._person = person
        self._open: dict[str, tuple[Feed, Callable[[], None]]] = {}  # with what ends the log's tail

    def __iter__(self) -> Iterator[Feed]:
        """Yield every feed."""
        return (feed for feed, _ in self._open.values())

    def feed(self, person: str) -> Feed:
        """Return the feed of a person's private messages."""
        if person not in self._open:
            stream = inbox(person)
            last = self._log.last(stream)
            feed = Feed(stream, self._wall, last, self._crowd)

            def deliver(entries: list[Entry]) -> None:
                self._hear(person, entries)
                feed.deliver(entries)

            self._open[person] = feed, self._log.tail(stream, last, deliver)
        return self._open[person][0]

    def show(self, id: str) -> None:
        """There are, or will be, private messages for somebody, or of theirs: show them, if they are here."""
        person = self._person(id)
        if person is not None and person.is_here:
            person.follow_inbox(self.feed(id))

    def _hear(self, id: str, entries: list[Entry]) -> None:
        """Somebody has been written to: that is noted before it is shown, as an answer may come at once."""
        person = self._person(id)
        for entry in entries:
            if person is not None and isinstance(entry.event, Told) and entry.event.person != id:
                person.heard_from(entry.event)

    def close(self, person: str) -> None:
        """A person has left."""
        if person in self._open:
            _, end = self._open.pop(person)
            end()

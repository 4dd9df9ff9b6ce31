"""Where private messages come in: each person has a stream of their own, from the first one on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tcpchat.events import Entry, inbox
from tcpchat.fanout.interface import Crowd
from tcpchat.feed import Feed
from tcpchat.logs.interface import Log


class Inboxes:
    """The feeds of those who have written, or were written to, privately."""

    def __init__(
        self,
        log: Log,
        wall: Callable[[], int],
        crowd: Callable[[], Crowd],
        hear: Callable[[str, list[Entry]], None],
    ) -> None:
        """``hear`` is told of a person what has come, before that is shown: an answer may come at once."""
        self._log = log
        self._wall = wall
        self._crowd = crowd
        self._hear = hear
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

    def close(self, person: str) -> None:
        """A person has left."""
        if person in self._open:
            _, end = self._open.pop(person)
            end()

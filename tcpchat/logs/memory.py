"""A log that lives as long as the process: for trying things out, and the fake for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from tcpchat.events import Entry, Event
from tcpchat.logs.interface import Deliver
from tcpchat.logs.tails import Tails


class MemoryLog:
    """
    Keeps the streams in lists.

    What is appended in one turn of the reactor is one commit, which comes in the next turn: as
    with a log on disk, nothing has happened yet when `append` returns.
    """

    def __init__(self, clock: IReactorTime, wall: Callable[[], int], epoch: str = "memory") -> None:
        """``wall`` tells the time in milliseconds since 1970."""
        self.epoch = epoch
        self._clock = clock
        self._wall = wall
        self._streams: dict[str, list[Entry]] = {}
        self._tails = Tails()
        self._waiting: list[tuple[str, Sequence[Event], Deferred[list[int]]]] = []

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        answer: Deferred[list[int]] = Deferred()
        if not self._waiting:
            self._clock.callLater(0, self._commit)
        self._waiting.append((stream, events, answer))
        return answer

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        added: dict[str, list[Entry]] = {}
        answers: list[tuple[Deferred[list[int]], list[int]]] = []
        for stream, events, answer in waiting:
            entries = self._streams.setdefault(stream, [])
            first = len(entries)
            time = max(self._wall(), entries[-1].time if entries else 0)
            entries.extend(Entry(first + n, time, event) for n, event in enumerate(events, 1))
            added.setdefault(stream, []).extend(entries[first:])
            answers.append((answer, list(range(first + 1, len(entries) + 1))))
        for stream, entries in added.items():
            self._tails.deliver(stream, entries)
        for answer, seqs in answers:
            answer.callback(seqs)

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return succeed(self._streams.get(stream, [])[after : after + limit])

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        if missed := self._streams.get(stream, [])[after:]:
            deliver(missed)
        return self._tails.add(stream, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: len(entries) for name, entries in self._streams.items() if entries})

    def close(self) -> Deferred[None]:
        if self._waiting:
            self._commit()
        return succeed(None)

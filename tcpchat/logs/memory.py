"""A log that lives as long as the process: for trying things out, and the fake for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from tcpchat.events import Entry, Event, Spoken
from tcpchat.logs.interface import Deliver, NotKept
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
        self._commits: IDelayedCall | None = None
        self._closed = False

    def append(self, stream: str, events: Sequence[Event]) -> Deferred[list[int]]:
        if self._closed:
            return fail(NotKept("the log is closed"))
        if not events:
            return succeed([])
        answer: Deferred[list[int]] = Deferred()
        if not self._waiting:
            self._commits = self._clock.callLater(0, self._commit)
        self._waiting.append((stream, events, answer))
        return answer

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        added: dict[str, list[Entry]] = {}
        answers: list[tuple[Deferred[list[int]], list[int]]] = []
        for stream, events, answer in waiting:
            entries = added.setdefault(stream, [])
            seq, time = 0, 0
            for last in (entries or self._streams.get(stream, []))[-1:]:
                seq, time, _ = last
            time = max(self._wall(), time)
            entries.extend(Entry(n, time, event) for n, event in enumerate(events, seq + 1))
            answers.append((answer, list(range(seq + 1, seq + 1 + len(events)))))
        for stream, entries in added.items():
            # Only now: nothing can be read before the tails are given it.
            self._streams.setdefault(stream, []).extend(entries)
            self._tails.deliver(stream, entries)
        for answer, seqs in answers:
            answer.callback(seqs)

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return succeed(self._streams.get(stream, [])[after : after + limit])

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return succeed(self._spoken(stream, after, upto)[:limit])

    def find_spoken(self, stream: str, number: int, upto: int) -> Deferred[tuple[int, int]]:
        spoken = self._spoken(stream, 0, upto)
        found = spoken[max(len(spoken) - number, 0) :]
        return succeed((found[0].seq - 1, len(found)) if found else (upto, 0))

    def _spoken(self, stream: str, after: int, upto: int) -> list[Entry]:
        entries = self._streams.get(stream, [])[after:upto]
        return [entry for entry in entries if isinstance(entry.event, Spoken)]

    def tail(self, stream: str, after: int, deliver: Deliver) -> Callable[[], None]:
        if missed := self._streams.get(stream, [])[after:]:
            deliver(missed)
        return self._tails.add(stream, deliver)

    def streams(self) -> Deferred[dict[str, int]]:
        return succeed({name: len(entries) for name, entries in self._streams.items()})

    def close(self) -> Deferred[None]:
        self._closed = True
        if self._waiting and self._commits is not None:
            self._commits.cancel()
            self._commit()
        return succeed(None)

"""Having the log say who has left, sooner or later: until then whoever comes back waits for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred

from tcpchat.events import Event, Left

# Logs what has happened already, in the end also when the log cannot be written now.
LogSurely = Callable[[Sequence[tuple[str, Sequence[Event]]]], Deferred[object]]


class Departures:
    """Who has left, and of whom the log does not say so yet."""

    def __init__(self, log_surely: LogSurely) -> None:
        self._log_surely = log_surely
        self._waiting: dict[str, list[Deferred[None]]] = {}  # who wait for that, by person
        self._under_way: dict[str, int] = {}  # how often it is being told of each of them

    def tell(self, session: str, account: str, nicks: Mapping[str, str], reason: str) -> None:
        """Have the log say of a person that they have left; ``nicks`` has their nickname by room."""
        if nicks:
            person = account or session
            self._waiting.setdefault(person, [])
            self._under_way[person] = self._under_way.get(person, 0) + 1
            parts = [
                (stream, [Left(session, nick, reason, is_gone=True, account=account)])
                for stream, nick in nicks.items()
            ]
            self._log_surely(parts).addCallback(self._told, person)

    def _told(self, _: object, person: str) -> None:
        self._under_way[person] -= 1
        if self._under_way[person]:
            return
        del self._under_way[person]
        for waiting in self._waiting.pop(person):
            waiting.callback(None)

    def is_telling(self, person: str) -> bool:
        """Is the log yet to say of somebody that they have left?"""
        return person in self._waiting

    def told(self, person: str) -> Deferred[None]:
        """Answer when the log says of somebody that they have left."""
        waiting: Deferred[None] = Deferred()
        if person in self._waiting:
            self._waiting[person].append(waiting)
        else:
            waiting.callback(None)
        return waiting

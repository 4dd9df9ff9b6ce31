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

    def tell(self, session: str, account: str, nicks: Mapping[str, str], reason: str) -> None:
        """Have the log say of a person that they have left; ``nicks`` has their nickname by room."""
        if nicks:
            self._waiting[account or session] = []
            parts = [
                (stream, [Left(session, nick, reason, account=account)]) for stream, nick in nicks.items()
            ]
            self._log_surely(parts).addCallback(self._told, account or session)

    def _told(self, _: object, person: str) -> None:
        for waiting in self._waiting.pop(person):
            waiting.callback(None)

    def told(self, person: str) -> Deferred[None]:
        """Answer when the log says of somebody that they have left."""
        waiting: Deferred[None] = Deferred()
        if person in self._waiting:
            self._waiting[person].append(waiting)
        else:
            waiting.callback(None)
        return waiting

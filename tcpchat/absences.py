"""Up to where those who have accounts have read everything: there they go on, however long they are away."""

from __future__ import annotations

from collections.abc import Mapping

from tcpchat import records
from tcpchat.logs.interface import Log
from tcpchat.places import Place


class Absences:
    """
    The places of accounts in their streams, as the last of their connections left them.

    Over several connections it is where the one was that read most. They are kept in the log's records.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._places: dict[str, dict[str, Place]] = {}  # by account

    async def open(self) -> None:
        """Take in what the log knows, and what other nodes note from now on."""
        self._log.watch(records.ABSENT, self.take_in)
        kept = await self._log.records(records.ABSENT)
        self._places = {account: records.places(value) for account, value in kept.items()}

    def take_in(self, account: str, kept: bytes | None) -> None:
        """Another node has noted this of an account, or nothing any more."""
        if kept is None:
            self._places.pop(account, None)
        else:
            self._places[account] = records.places(kept)

    def places(self, account: str) -> Mapping[str, Place]:
        """Return up to where an account has read its streams."""
        return self._places.get(account, {})

    def note(self, account: str, places: Mapping[str, Place]) -> None:
        """One of an account's connections is over, and everything up to these places was read over it."""
        known = self._places.get(account, {})
        merged = {stream: place.at_least(known.get(stream, place)) for stream, place in places.items()}
        self._keep(account, known | merged)

    def forget(self, account: str, stream: str = "") -> None:
        """An account is no longer in a room, or is none any more."""
        known = self._places.get(account, {})
        self._keep(account, {name: place for name, place in known.items() if stream and name != stream})

    def _keep(self, account: str, places: dict[str, Place]) -> None:
        if places == self._places.get(account, {}):
            return
        if places:
            self._places[account] = places
        else:
            del self._places[account]
        self._log.keep(records.ABSENT, account, records.encode(places) if places else None)

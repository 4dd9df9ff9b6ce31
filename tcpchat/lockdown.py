"""Whether anybody may come in just now, or only people with an account. It is kept over restarts."""

from __future__ import annotations

from tcpchat import records
from tcpchat.logs.interface import Log
from tcpchat.requests import Refused

# The key of its record.
KEY = "lockdown"


class Lockdown:
    """Is it on? Who is there already stays, and can come back."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.is_on = False

    async def open(self) -> None:
        """Be as it was when the last server ended, and on all nodes alike."""
        self._log.watch(records.SERVER, self.take_in)
        self.is_on = await self._log.record(records.SERVER, KEY) is not None

    def take_in(self, key: str, kept: bytes | None) -> None:
        """Another node has turned it on or off."""
        if key == KEY:
            self.is_on = kept is not None

    def switch(self, on: bool) -> None:
        """Turn it on or off."""
        self.is_on = on
        self._log.keep(records.SERVER, KEY, b"{}" if on else None)

    def check(self) -> None:
        """
        Let somebody new in who has no account.

        Raises:
            Refused: nobody may.
        """
        if self.is_on:
            text = "Only people with an account may come in now. /login NICK PASSWORD"
            raise Refused(text, "forbidden")

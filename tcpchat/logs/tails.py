"""Who is to be given the new entries of which stream: the same for every log of one process."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from tcpchat.events import Entry
from tcpchat.logs.interface import Deliver


class Tails:
    """The tails of all streams. A tail that fails does not keep the others from theirs."""

    logger = Logger()

    def __init__(self) -> None:
        self._tails: dict[str, list[Deliver]] = {}

    def add(self, stream: str, deliver: Deliver) -> Callable[[], None]:
        """Give what comes from now on to ``deliver``, until what is returned is called."""
        self._tails.setdefault(stream, []).append(deliver)

        def end() -> None:
            tails = self._tails.get(stream, [])
            if deliver in tails:
                tails.remove(deliver)
            if not tails:
                self._tails.pop(stream, None)

        return end

    def deliver(self, stream: str, entries: list[Entry]) -> None:
        """Give the entries of one commit to every tail of their stream."""
        for deliver in tuple(self._tails.get(stream, ())):
            try:
                deliver(entries)
            except Exception:
                self.logger.failure("A tail of {stream!r} failed", stream=stream)

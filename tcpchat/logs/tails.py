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
        # By an object that stands for the tail: one function may be given the same stream twice.
        self._tails: dict[str, dict[object, Deliver]] = {}

    def add(self, stream: str, deliver: Deliver) -> Callable[[], None]:
        """Give what comes from now on to ``deliver``, until what is returned is called."""
        tail = object()
        self._tails.setdefault(stream, {})[tail] = deliver

        def end() -> None:
            tails = self._tails.get(stream, {})
            if tails.pop(tail, None) and not tails:
                del self._tails[stream]

        return end

    def has(self, stream: str) -> bool:
        """Is there a tail of a stream?"""
        return stream in self._tails

    def deliver(self, stream: str, entries: list[Entry]) -> None:
        """Give the entries of one commit to every tail of their stream, if there are any."""
        tails = self._tails.get(stream, {}) if entries else {}
        for tail in tuple(tails):
            deliver = tails.get(tail)
            if deliver is None:
                continue  # another tail has ended this one just now
            try:
                deliver(entries)
            except Exception:
                self.logger.failure("A tail of {stream} has failed", stream=stream)

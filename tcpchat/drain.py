"""Hearing from a transport that what it was given is on its way: Twisted's pull producer."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet import tcp
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer


@implementer(IPullProducer)
class Drain:
    """Hears from the transport that everything it was given is on its way, and passes that on."""

    __slots__ = "_drained", "_registered", "_stopped"

    def __init__(self, drained: Callable[[], None], stopped: Callable[[], None]) -> None:
        self._drained = drained
        self._stopped = stopped
        self._registered = False

    def register(self, transport: tcp.Connection) -> None:
        """Hear from a transport, which calls `resumeProducing` at once, whatever is unsent."""
        transport.registerProducer(self, False)
        self._registered = True

    def resumeProducing(self) -> None:
        """Called each time the transport's buffer is empty."""
        if self._registered:
            self._drained()

    def stopProducing(self) -> None:
        """Called when the connection is lost, just before its socket is closed."""
        self._stopped()

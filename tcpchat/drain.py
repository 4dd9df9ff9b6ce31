"""Hearing from a transport that what it was given is on its way: Twisted's pull producer."""

from __future__ import annotations

from typing import Protocol

from twisted.internet import tcp
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer


class Drained(Protocol):
    """Whom it concerns."""

    def drained(self) -> None:
        """Everything that the transport was given is on its way."""

    def stopped(self) -> None:
        """The connection is lost, and its socket is about to be closed."""


@implementer(IPullProducer)
class Drain:
    """Hears from the transport that everything it was given is on its way, and passes that on."""

    __slots__ = "_owner", "_registered"

    def __init__(self, owner: Drained) -> None:
        self._owner = owner
        self._registered = False

    def register(self, transport: tcp.Connection) -> None:
        """Hear from a transport, which calls `resumeProducing` at once, whatever is unsent."""
        transport.registerProducer(self, False)
        self._registered = True

    def resumeProducing(self) -> None:
        """Called each time the transport's buffer is empty."""
        if self._registered:
            self._owner.drained()

    def stopProducing(self) -> None:
        """Called when the connection is lost, just before its socket is closed."""
        self._owner.stopped()

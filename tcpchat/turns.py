"""Turns of the reactor that stay short, however many connections have something to tell."""

from __future__ import annotations

import gc
import select
from typing import Any

from twisted.internet import tcp

from tcpchat.transports import Server

# Connections that are accepted in one turn: each is greeted at once, and may have sent what is to be read.
# With 32, a line that was said while strangers kept connecting took three turns of 30 ms each.
MOST_ACCEPTS = 8

# Seconds for which a port rests that could accept nobody.
REST = 0.05

# Connections that the reactor looks after in one turn: some ten milliseconds, where each of them has
# just come, or broken. When a network fails, it is thousands.
MOST_EVENTS = 64

# Objects made and not yet gone after which Python looks for cycles among the youngest of them. Every second
# time it looks among those of the time before as well, which are then left alone: what stays is looked at
# once or twice. With Python's 700, a busy server spends a quarter of its time looking, at lines in flight,
# which are in no cycle. With more, each look takes longer: with 50,000 up to 60 ms.
COLLECT_EVERY = 5_000, 0, 800


class FewAtOnce:
    """
    Linux's epoll object as the reactor knows it, which tells of few events at once.

    The others are told of in the turns after this one, before the same connections again: Linux
    sees to that.
    """

    def __init__(self, poller: select.epoll) -> None:
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister
        self.close = poller.close
        self._poll = poller.poll

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """Wait for events, and return ``most`` of them at most."""
        return self._poll(timeout, min(most, MOST_EVENTS))


def keep_short(reactor: Any) -> None:
    """Have a reactor do less in one turn, if it is one with epoll: Twisted's own choice on Linux."""
    poller = getattr(reactor, "_poller", None)
    if hasattr(select, "epoll") and isinstance(poller, select.epoll):
        reactor._poller = FewAtOnce(poller)


class AcceptsFew(tcp.Port):
    """
    A listening port that accepts few connections in one turn, and none for a moment if it cannot.

    What it makes of each is light (`transports.py`).

    Twisted's begins with 100, and with each turn that does not suffice, it is 20 more. Where the
    system has no descriptor left, Twisted's would be told of the same connections again at once, and
    do nothing else (it keeps one descriptor in reserve, to accept and close; but that can be lost).
    """

    numberAccepts = property(lambda port: MOST_ACCEPTS, lambda port, number: None)

    def doRead(self) -> None:
        """Accept those who connect."""
        accepted = self.sessionno
        super().doRead()
        if self.sessionno == accepted and self.connected and not self.disconnecting:
            self.stopReading()
            reactor: Any = self.reactor
            reactor.callLater(REST, self._go_on)

    def _go_on(self) -> None:
        if self.connected and not self.disconnecting:
            self.startReading()


def accept_few(port: Any) -> None:
    """Have a listening port be one that accepts few connections in one turn, and makes little of each."""
    if isinstance(port, tcp.Port):
        kind = type(port)
        port.__class__ = type(kind.__name__, (AcceptsFew, kind), {})
        if getattr(port, "transport", None) is tcp.Server:
            port.transport = Server


def collect_little_at_once() -> None:
    """Have Python look for cycles a few milliseconds at a time, and only in what comes from now on."""
    gc.collect()
    gc.freeze()  # what is there now is there for good
    gc.set_threshold(*COLLECT_EVERY)

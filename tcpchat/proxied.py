"""
Doors behind a proxy: nobody is there until the proxy's header has said who (`proxy_header`).

Until then nothing is sent, and nobody is counted. Then the door has the connection as if it had come from
that address: every limit, ban and line of the log is about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.deadlines import Deadlines
from tcpchat.entrance import TELL_AGAIN, host
from tcpchat.factories import AnyServerFactory
from tcpchat.networks import Trusted, is_among
from tcpchat.proxy_header import Header, NotAHeader, believed, header

# Seconds that a proxy has to send its header: it does so at once, before anything else.
IN_TIME = 5

# What a Unix socket's peer is taken to be at: the mode of its file says who may connect there.
UNIX = "unix"


class Proxied(AnyServerFactory):
    """Puts connections behind a proxy through to the factory of a door."""

    logger = Logger()
    noisy = False

    def __init__(self, door: IProtocolFactory, clock: IReactorTime, proxies: Callable[[], Trusted]) -> None:
        """``proxies`` returns who may speak for others now; who comes over a Unix socket always may."""
        self.door = door
        self.waiting = Deadlines(clock, IN_TIME)
        self._clock = clock
        self._proxies = proxies
        self._told: dict[str, float] = {}  # by what was told: when, of the server's clock

    def doStart(self) -> None:
        """The port is open."""
        self.door.doStart()
        super().doStart()

    def doStop(self) -> None:
        """The port is closed."""
        self.door.doStop()
        super().doStop()

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """Somebody connects, who is hung up on unless they may speak for others."""
        proxy = host(addr)
        if proxy == UNIX or is_among(proxy, self._proxies()):
            return Waiting(self, proxy)
        self.tell(proxy, "it is none of --proxies")
        return None

    @property
    def is_waiting(self) -> bool:
        """Is there somebody of whom it is not known yet who they are?"""
        return bool(self.waiting)

    def tell(self, proxy: str, why: str) -> None:
        """Tell the operator that somebody was hung up on, but not each time: it may be a flood."""
        now = self._clock.seconds()
        if now < self._told.get(why, now - TELL_AGAIN) + TELL_AGAIN:
            return
        self._told[why] = now
        self.logger.warn("Hung up on {proxy}, which is to be a proxy: {why}.", proxy=proxy, why=why)


class Waiting(Protocol):
    """A connection of a proxy, whose header has not come yet."""

    transport: Any

    def __init__(self, factory: Proxied, proxy: str) -> None:
        self._factory = factory
        self._proxy = proxy
        self._data = b""

    def connectionMade(self) -> None:
        """The header has to come now."""
        self._factory.waiting.set(self, self._too_late)

    def dataReceived(self, data: bytes) -> None:
        """Take in a part of the header; with its last one, go out of the way."""
        self._data += data
        try:
            told = header(self._data)
        except NotAHeader as why:
            self._hang_up(str(why))
            return
        if told is not None:
            self._factory.waiting.cancel(self)
            self._put_through(told, self._data[told.size :])

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The proxy has gone, without a header: some look so whether a port is open."""
        self._factory.waiting.cancel(self)

    def _put_through(self, told: Header, rest: bytes) -> None:
        transport = self.transport
        address = believed(told, self._proxy)
        if address != self._proxy:
            kind = IPv6Address if ":" in address else IPv4Address
            peer = kind("TCP", address, told.port)
            transport.getPeer = lambda: peer
        protocol: Any = self._factory.door.buildProtocol(transport.getPeer())
        transport.protocol = protocol
        protocol.makeConnection(transport)
        if rest:
            protocol.dataReceived(rest)

    def _too_late(self) -> None:
        self._hang_up(f"no PROXY header came within {IN_TIME} seconds")

    def _hang_up(self, why: str) -> None:
        self._factory.tell(self._proxy, why)
        self._factory.waiting.cancel(self)
        self.transport.abortConnection()

"""What is between an endpoint and who is to have its connections: TLS, and a proxy's header before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from tcpchat.endpoints import Door
from tcpchat.networks import Trusted
from tcpchat.proxied import Proxied
from tcpchat.secured import SecuredFactory


def layered(
    door: Door,
    factory: IProtocolFactory,
    clock: Any,
    proxies: Callable[[], Trusted],
    tls: Callable[..., TLSMemoryBIOFactory] = SecuredFactory,
) -> IProtocolFactory:
    """Return what has a door's connections, for a factory that is to have them in the end."""
    if door.certificates is not None:
        factory = tls(door.certificates, False, factory, clock)
    if door.is_proxied:
        factory = Proxied(factory, clock, proxies)
    return factory


@implementer(IStreamServerEndpoint)
class Layered:
    """A door as an endpoint of Twisted's, for factories that know of no layers."""

    def __init__(self, door: Door, clock: Any, proxies: Callable[[], Trusted]) -> None:
        self._door = door
        self._clock = clock
        self._proxies = proxies

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen, with Twisted's own TLS, as its factories expect it."""
        whole = layered(self._door, factory, self._clock, self._proxies, TLSMemoryBIOFactory)
        return self._door.endpoint.listen(whole)

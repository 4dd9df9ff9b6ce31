"""
Of several addresses that a name has, one that was silent lately comes last.

While a server is frozen its system goes on to take connections: without this, a client would come to it again
and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorTime,
    IResolutionReceiver,
)
from zope.interface import implementer

from tcpchat.client.limits import SHUNNED


@implementer(IHostnameResolver)
class Shunning:
    """Finds addresses by names as another resolver does, but for their order."""

    def __init__(self, resolver: IHostnameResolver, clock: IReactorTime) -> None:
        self._resolver = resolver
        self._clock = clock
        self._silent: dict[str, float] = {}  # until when an address is shunned
        self._known: set[str] = set()  # all addresses of the name that was asked for last

    def shun(self, host: str) -> bool:
        """
        Try an address last for a while; return whether another one may answer, which has not been silent.

        Whoever was tried last, and yet is where one has come to, is all that there is.
        """
        was_liked = self._is_liked(host)
        self._silent[host] = self._clock.seconds() + SHUNNED
        return was_liked and any(self._is_liked(each) for each in self._known)

    def _is_liked(self, host: str) -> bool:
        return self._silent.get(host, 0.0) <= self._clock.seconds()

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Find the addresses of a name: first those that were not silent, last who was that just now."""

        def in_order(addresses: list[Any]) -> list[Any]:
            self._known = {each.host for each in addresses}
            liked = [each for each in addresses if self._is_liked(each.host)]
            rest = [each for each in addresses if not self._is_liked(each.host)]
            return liked + sorted(rest, key=lambda it: self._silent[it.host])

        receiver = _Collecting(resolutionReceiver, in_order)
        return self._resolver.resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )


@implementer(IResolutionReceiver)
class _Collecting:
    """Hands addresses on when all are there."""

    def __init__(self, receiver: Any, in_order: Any) -> None:
        self._receiver = receiver
        self._in_order = in_order
        self._addresses: list[Any] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """It has begun."""
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        """One of them is known."""
        self._addresses.append(address)

    def resolutionComplete(self) -> None:
        """There are no more."""
        for address in self._in_order(self._addresses):
            self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()

"""
Sockets of the process before this one, as endpoints know them: what listened goes on to listen.

Whoever connects meanwhile waits in the system's queue, and is let in by this process.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple

from twisted.internet import tcp, unix
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from tcpchat.handed import Port


class Listening(NamedTuple):
    """A port that is open, by whichever endpoint, and that one's description."""

    description: str
    endpoint: IStreamServerEndpoint
    port: Any  # tcp.Port, unix.Port: their sockets are no part of an interface


class StillListening:
    """A reactor as one endpoint knows it, which listens once with a socket that is there already."""

    def __init__(self, reactor: Any, descriptor: int) -> None:
        self._reactor = reactor
        self._descriptor: int | None = descriptor

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """Listen, on whatever port and interface that is."""
        listening: tcp.Port
        if (descriptor := self._taken()) is None:
            listening = self._reactor.listenTCP(port, factory, backlog, interface)
        else:
            listening = self._reactor.adoptStreamPort(descriptor, _family(descriptor), factory)
            os.close(descriptor)  # the port has one of its own
        return listening

    def listenUNIX(
        self,
        address: str,
        factory: IProtocolFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
        """Listen on the Unix socket of this name."""
        listening = unix.Port(os.fsencode(address), factory, backlog, mode, self._reactor, wantPID)
        if (descriptor := self._taken()) is not None:
            listening._preexistingSocket = socket.socket(fileno=descriptor)
        listening.startListening()
        return listening

    def _taken(self) -> int | None:
        """Return the socket; None from then on, when its number may be that of anything else."""
        descriptor, self._descriptor = self._descriptor, None
        return descriptor

    def __getattr__(self, name: str) -> Any:
        """Everything else is as ever."""
        return getattr(self._reactor, name)


def _family(descriptor: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as listening:
        return listening.family


class Inherited:
    """The ports of the process before this one, by the descriptions of their endpoints."""

    def __init__(self, ports: Iterable[Port] = ()) -> None:
        self._descriptors = {port.description: port.descriptor for port in ports}

    def around(self, description: str, reactor: Any) -> Any:
        """Return the reactor as the endpoint of a description is to know it."""
        descriptor = self._descriptors.pop(description, None)
        return reactor if descriptor is None else StillListening(reactor, descriptor)

    def close(self) -> None:
        """Close those that nobody has asked for: nobody is to be let in there any more."""
        while self._descriptors:
            _, descriptor = self._descriptors.popitem()
            os.close(descriptor)


NOTHING = Inherited()

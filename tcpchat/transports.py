"""
Twisted's transport of a TCP connection, with no more in it than is used: there is one for each person.

What it leaves out are names for the log, and lists for what is to be written; they take 500 bytes, and
as much time as the call of ``accept``.
"""

from __future__ import annotations

from socket import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import IPv6Address
from twisted.internet.interfaces import IProtocol, IReactorFDSet

from tcpchat.limits import LARGEST_READ


class _MadeWhenUsed:
    """An attribute that is an empty list as soon as it is looked at."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, owner: Any, kind: type) -> list[bytes]:
        made: list[bytes] = []
        setattr(owner, self._name, made)
        return made


class Server(tcp.Server):
    """`tcp.Server`, lighter."""

    bufferSize = LARGEST_READ
    logstr = "tcp"
    repstr = "<a connection>"
    _tempDataBuffer = _MadeWhenUsed()
    _tempDataLen = 0

    def __init__(
        self,
        sock: socket,
        protocol: IProtocol,
        client: tuple[Any, ...],
        server: tcp.Port,
        sessionno: int,
        reactor: IReactorFDSet,
    ) -> None:
        """Take over a connection that was accepted, as `tcp.Server` and all that it is made of do it."""
        sock.setblocking(False)
        self.socket = sock
        self.fileno = sock.fileno
        self.protocol = protocol
        self.client = client
        self.server = server
        self.sessionno = sessionno
        self.hostname = client[0]
        self.reactor = reactor
        if len(client) != 2:
            self._addressType = IPv6Address
        self.startReading()
        self.connected = 1

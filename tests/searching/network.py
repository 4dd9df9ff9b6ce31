"""
A network of which every byte is moved by hand, under Twisted's own transports.

Only the operating systems are made up here: `Link` stands for a socket of the server's and for what
lies between it and the peer, `Network` for epoll and the clock. The transports are Twisted's, so what
is true of them in a real server is true here.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted.internet import main, tcp
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock
from twisted.python.failure import Failure

# Turns after which what goes on will go on for ever.
TOO_MANY_TURNS = 5000

# Parts in which time goes by.
STEPS = 8


class Link:
    """One connection: the server's socket, and what is on its way in both directions."""

    def __init__(self, network: Network, number: int, host: str, size: int) -> None:
        """``size`` is how many bytes the server's system holds that the peer has not acknowledged."""
        self._network = network
        self.number = number
        self.host = host
        self.size = size
        self.flows: int | None = None  # bytes that still reach the peer; None: all
        self.unread = bytearray()  # at the server's system
        self.has_ended = False  # the peer's side: its end of the stream has come
        self.was_reset = False
        self.on_its_way = bytearray()  # to the peer
        self.sent = 0
        self.arrived = 0
        self.lingers = False  # does the peer not hang up when the server has?
        self.heard = network.seconds()  # when the peer acknowledged something last
        self.is_shut = False  # the server's side
        self.is_closed = False
        self.on_sent: Callable[[bytes], None] = lambda data: None
        self.protocol: Any = None
        self.transport: tcp.Server | None = None

    # The peer

    def types(self, data: bytes) -> None:
        """Something comes to the server's system."""
        if not (self.has_ended or self.was_reset or self.is_closed):
            self.unread += data

    def end(self) -> None:
        """The peer says that it will send nothing more."""
        self.has_ended = True

    def reset(self) -> None:
        """The peer is gone: it reads nothing more, and says so."""
        self.was_reset = True
        self.on_its_way.clear()

    def flow(self) -> None:
        """What was sent reaches the peer, unless it has stalled."""
        number = len(self.on_its_way) if self.flows is None else min(self.flows, len(self.on_its_way))
        if self.flows is not None:
            self.flows -= number
        if number and not self.was_reset:
            del self.on_its_way[:number]
            self.arrived += number
        if self.flows is None:
            self.heard = self._network.seconds()

    @property
    def is_over(self) -> bool:
        """Will nothing more come to the peer?"""
        return self.was_reset or ((self.is_closed or self.is_shut) and not self.on_its_way)

    @property
    def unsent(self) -> int:
        """How many bytes wait at the server's transport."""
        transport = self.transport
        if transport is None or not transport.connected:
            return 0
        return len(transport.dataBuffer) - transport.offset + transport._tempDataLen

    # The server's socket

    def recv(self, size: int) -> bytes:
        if self.was_reset:
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        if not self.unread:
            if self.has_ended:
                return b""
            raise BlockingIOError(errno.EWOULDBLOCK, "nothing")
        data = bytes(self.unread[:size])
        del self.unread[:size]
        return data

    def send(self, data: bytes) -> int:
        if self.is_closed:
            raise OSError(errno.EBADF, "closed")
        if self.was_reset or self.is_shut:
            raise BrokenPipeError(errno.EPIPE, "broken")
        number = min(len(data), self.size - len(self.on_its_way))
        if number <= 0:
            raise BlockingIOError(errno.EWOULDBLOCK, "full")
        taken = bytes(data[:number])
        self.on_its_way += taken
        self.sent += number
        self.on_sent(taken)
        return number

    def shutdown(self, how: int) -> None:
        self.is_shut = True

    def close(self) -> None:
        self.is_closed = True
        if self.unread:  # the system answers with a reset, which destroys what was not read
            self.on_its_way.clear()

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER):
            self.on_its_way.clear()  # closed with a reset

    def getsockopt(self, level: int, option: int, size: int = 0) -> bytes:
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        silence = int((self._network.seconds() - self.heard) * 1000)
        return struct.pack("=56xI60xQ", silence, self.arrived)

    def ioctl(self, number: Any) -> None:
        """Tell how much is on its way."""
        if self.is_closed:
            raise OSError(errno.EBADF, "closed")
        number[0] = len(self.on_its_way)

    def setblocking(self, blocks: bool) -> None:
        """It never does."""

    def fileno(self) -> int:
        return self.number

    def getsockname(self) -> tuple[str, int]:
        return "192.0.2.200", 8023

    def getpeername(self) -> tuple[str, int]:
        return self.host, self.number


class SystemCalls:
    """Stands for the module of system calls that `tcpchat.sockets` uses."""

    @staticmethod
    def ioctl(link: Link, request: int, number: Any) -> None:
        link.ioctl(number)


class Network(Clock):
    """The reactor of a server, which does nothing by itself: time and input are moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._readers: dict[tcp.Server, None] = {}
        self._writers: dict[tcp.Server, None] = {}

    def addReader(self, reader: tcp.Server) -> None:
        self._readers[reader] = None

    def addWriter(self, writer: tcp.Server) -> None:
        self._writers[writer] = None

    def removeReader(self, reader: tcp.Server) -> None:
        self._readers.pop(reader, None)

    def removeWriter(self, writer: tcp.Server) -> None:
        self._writers.pop(writer, None)

    def connect(self, factory: ServerFactory[Any], link: Link) -> None:
        """Somebody connects to the server."""
        self.links.append(link)
        link.protocol = factory.buildProtocol(IPv4Address("TCP", link.host, link.number))
        if link.protocol is None:
            link.close()
            return
        any_link: Any = link
        no_port: Any = None
        any_reactor: Any = self
        link.transport = tcp.Server(
            any_link, link.protocol, link.getpeername(), no_port, link.number, any_reactor
        )
        link.transport.repstr = f"<connection {link.number}>"
        link.protocol.makeConnection(link.transport)

    def crash(self) -> None:
        """The server is no more."""
        for call in list(self.getDelayedCalls()):
            call.cancel()
        self._readers.clear()
        self._writers.clear()
        for link in self.links:
            link.is_closed = link.was_reset = True
            link.on_its_way.clear()
            if link.transport is not None:
                link.transport.connected = 0

    def turn(self) -> bool:
        """Let one turn of the reactor happen; tell whether there was anything to do."""
        due = [call for call in self.getDelayedCalls() if call.getTime() <= self.seconds()]
        if due:
            self.advance(0)
        worked = bool(due)
        for transport in list(self._readers):
            link: Any = transport.socket if transport in self._readers else None
            if link is not None and (link.unread or link.has_ended or link.was_reset):
                self._disconnect(transport, transport.doRead(), is_read=True)
                worked = True
        for transport in list(self._writers):
            link = transport.socket if transport in self._writers else None
            if link is None:
                continue
            if link.was_reset:
                self._disconnect(transport, main.CONNECTION_LOST, is_read=False)
                worked = True
            elif len(link.on_its_way) < link.size:
                self._disconnect(transport, transport.doWrite(), is_read=False)
                worked = True
        for link in self.links:
            if link.on_its_way and link.flows != 0:
                link.flow()
                worked = True
            if link.is_shut and not (link.on_its_way or link.has_ended or link.lingers):
                link.end()
                worked = True
        return worked

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        for _ in range(STEPS):
            self.advance(seconds / STEPS)
            self.settle()

    def settle(self) -> None:
        """Let everything happen that is to happen now."""
        for _ in range(TOO_MANY_TURNS):
            if not self.turn():
                return
        raise AssertionError("the server never comes to rest")

    def _disconnect(self, transport: tcp.Server, why: Exception | None, is_read: bool) -> None:
        """Do what a reactor does with what a transport returns (posixbase)."""
        if why is None:
            return
        self.removeReader(transport)
        if is_read and isinstance(why, ConnectionDone):
            transport.readConnectionLost(Failure(why))
        else:
            self.removeWriter(transport)
            transport.connectionLost(Failure(why))

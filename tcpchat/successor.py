"""The new version of a server goes on with what the one before it has handed on, once its own log is open."""

from __future__ import annotations

import socket
import time
from typing import Any

from twisted.internet import unix
from twisted.logger import Logger

from tcpchat import __version__
from tcpchat.control import answer_late
from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.handed import Connection, Handed
from tcpchat.render import count
from tcpchat.transports import Server
from tcpchat.upgraded import NotHere

logger = Logger()


class Successor:
    """All connections of the version before this one."""

    def __init__(self, before: Handed) -> None:
        self._before = before
        self._connections: list[LineConnection] = []

    def adopt(self, factory: LineFactory, reactor: Any) -> None:
        """Have all connections be there; nothing is done over them yet."""
        for each in self._before.connections:
            try:
                self._connections.append(adopted(factory, each, reactor))
            except NotHere:
                logger.warn("A session is not there any more, and its connection was closed")
            except Exception:
                logger.failure("A connection could not be gone on with, and was closed")

    def go_on(self, reactor: Any) -> None:
        """Go on with them, now that people can come in as well."""
        before = self._before
        for connection in self._connections:
            connection.go_on()
        number = count(len(self._connections), "connection", "connections")
        seconds = time.monotonic() - before.since
        text = f"Upgraded from {before.version} to {__version__}: {number} handed over, in {seconds:.1f} s."
        logger.info("{text}", text=text)
        if before.tool is not None:
            answer_late(before.tool, text)
        if before.ends:
            reactor.stop()


def adopted(factory: LineFactory, before: Connection, reactor: Any) -> LineConnection:
    """
    Go on with a connection of another process, by its descriptor; it is closed if that cannot be.

    Raises:
        NotHere: its session is not there any more.
    """
    connection = LineConnection(factory, before)
    opened = socket.socket(fileno=before.descriptor)
    kind = unix.Server if opened.family == socket.AF_UNIX else Server
    nobody: Any = None  # has accepted it here
    transport = kind(opened, connection, opened.getpeername(), nobody, 0, reactor)
    try:
        connection.makeConnection(transport)
    except Exception:
        factory.leave(connection)
        transport.stopReading()
        opened.close()
        raise
    return connection

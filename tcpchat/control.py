"""
The control socket: how the operator's tools have a running server do what only it may, write into its log.

It is a Unix socket beside the log, for the user alone as whom the server runs. An order is one line, and
what is answered are lines (tool_orders.py); then the server hangs up.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

import msgspec
from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from tcpchat import statuses, tool_orders
from tcpchat.absences import Absences
from tcpchat.accounts import Accounts
from tcpchat.administration import carry_out
from tcpchat.control_path import control_path, reachable
from tcpchat.deadlines import Deadlines
from tcpchat.deeds import Refusal
from tcpchat.factories import AnyServerFactory
from tcpchat.limits import LONGEST_ORDER, SECONDS_OF_A_TOOL
from tcpchat.log_lines import reason
from tcpchat.logs.interface import Log, NotKept, Unknown
from tcpchat.names import Name
from tcpchat.sanctions import Sanctions
from tcpchat.service import Chat
from tcpchat.tool_orders import Answer

NOT_WRITTEN = tool_orders.NotDone("The log cannot be written, and nothing was changed.", statuses.LOG_FAILED)
NOBODY_KNOWS = tool_orders.NotDone(
    "Whether that was done is not known: the log does not answer.", statuses.LOG_FAILED
)
FAILED = tool_orders.NotDone("The order has failed; the server's log says how.", statuses.LOG_FAILED)
UNKNOWN = tool_orders.NotDone("The server does not know that order: it is of another version than this tool.")


class Running:
    """What `administration` works on in a server: a chat, and the people who are there."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    @property
    def log(self) -> Log:
        return self._chat.log

    @property
    def accounts(self) -> Accounts:
        return self._chat.accounts

    @property
    def absences(self) -> Absences:
        return self._chat.absences

    @property
    def sanctions(self) -> Sanctions:
        return self._chat.sanctions

    def wall(self) -> int:
        """Return the time, in milliseconds since 1970."""
        return self._chat.wall()

    def new_id(self) -> str:
        """Make up an account's id."""
        return self._chat.new_id()

    def is_taken(self, name: Name) -> bool:
        """Does somebody there have a nickname, or one that is the same?"""
        return self._chat.people.find(name) is not None

    def is_here(self, account: str) -> bool:
        """Is anybody there over an account?"""
        return self._chat.people.person(account) is not None

    def operated_by(self, account: str) -> Iterable[str]:
        """Yield the open rooms of which an account is an operator."""
        return (feed.stream for feed in self._chat.rooms if account in feed.room.operators)


# Has the server become another version, by the descriptor of the tool that is to hear from it.
Upgrade = Callable[[int], Coroutine[Deferred[Any], Any, list[Answer]]]


def answer_late(descriptor: int, text: str) -> None:
    """Answer the tool that has asked another process for something, which is done now."""
    with socket.socket(fileno=descriptor) as tool, suppress(OSError):
        tool.setblocking(True)
        tool.sendall(tool_orders.encode(tool_orders.Done(text)) + b"\n")


class ControlConnection(LineOnlyReceiver):
    """A tool that has connected."""

    delimiter = b"\n"
    MAX_LENGTH = LONGEST_ORDER
    transport: unix.Server
    factory: Control

    def __init__(self, control: Control) -> None:
        self.factory = control
        self.is_busy = False  # Is an order being carried out?

    def connectionMade(self) -> None:
        """A tool has some seconds to say what it wants."""
        self.factory.connections.add(self)
        self._hurry()

    def lineReceived(self, line: bytes) -> None:
        """Carry out an order; what comes behind it is for nobody."""
        if self.is_busy:
            return
        self.transport.pauseProducing()
        self.factory.deadlines.cancel(self)
        self.is_busy = True
        Deferred.fromCoroutine(self.factory.answer(line, self)).addCallback(self._answer)

    def lineLengthExceeded(self, line: bytes) -> None:
        """It is no order of ours."""
        self.transport.pauseProducing()
        self._answer([UNKNOWN])

    def _answer(self, answers: list[Answer]) -> None:
        self.is_busy = False
        if self in self.factory.connections:
            self._hurry()  # to read it
            self.transport.write(b"".join(tool_orders.encode(answer) + b"\n" for answer in answers))
            self.transport.loseConnection()

    def _hurry(self) -> None:
        self.factory.deadlines.set(self, self.transport.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The tool is gone."""
        self.factory.deadlines.cancel(self)
        self.factory.connections.discard(self)


class _Port(unix.Port):
    """A Unix socket whose file is not removed with it: Twisted's would never close if it is gone."""

    def connectionLost(self, reason: Failure) -> None:
        """The port is closed."""
        tcp.Port.connectionLost(self, reason)


class Control(AnyServerFactory):
    """Answers the tools of whoever runs a server."""

    logger = Logger()
    noisy = False

    def __init__(self, chat: Chat, log: str, upgrade: Upgrade | None = None) -> None:
        """
        ``log`` is the path of the chat's log, which this process has locked.

        ``upgrade`` has the server become another version, which answers the tool then by its descriptor;
        it is what the tool is told if that cannot be.
        """
        self._upgrade = upgrade
        self._waiting: ControlConnection | None = None  # which the other version is to answer
        self.deadlines = Deadlines(chat.clock, SECONDS_OF_A_TOOL)
        self.connections: set[ControlConnection] = set()
        self._store = Running(chat)
        self._path = control_path(log)
        self._port: _Port | None = None

    def listen(self, reactor: Any) -> None:
        """Begin to answer. If that cannot be, the server goes on, and the operator's log says why."""
        try:
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(os.lstat(self._path).st_mode):
                    os.unlink(self._path)  # of a server that was killed: there is no other one
            with reachable(self._path) as path:
                port = _Port(os.fsencode(path), self, mode=0o600, reactor=reactor)
                port.startListening()
        except (OSError, CannotListenError) as error:
            self.logger.warn(
                "The tools cannot reach this server: {path}: {error}", path=self._path, error=reason(error)
            )
        else:
            self._port = port

    def stop(self) -> None:
        """Answer nobody any more but whose order is being carried out."""
        if self._port is not None:
            self._port.stopListening()
            self._port = None
            with suppress(OSError):
                os.unlink(self._path)
        for connection in list(self.connections):
            if not connection.is_busy:
                connection.transport.abortConnection()

    @property
    def is_busy(self) -> bool:
        """Is an order being carried out?"""
        return any(it.is_busy and it is not self._waiting for it in self.connections)

    def buildProtocol(self, addr: IAddress | None) -> ControlConnection:
        """A tool connects."""
        return ControlConnection(self)

    async def answer(self, line: bytes, connection: ControlConnection | None = None) -> list[Answer]:
        """Carry out what a line asks for; return what it is answered."""
        try:
            order = tool_orders.order(line)
        except msgspec.MsgspecError:
            return [UNKNOWN]
        try:
            if (
                isinstance(order, tool_orders.Upgrade)
                and self._upgrade is not None
                and connection is not None
            ):
                self._waiting = self._waiting or connection
                return await self._upgrade(connection.transport.socket.fileno())
            return await carry_out(self._store, order)
        except Refusal as why:
            return [tool_orders.NotDone(str(why))]
        except NotKept:
            return [NOT_WRITTEN]
        except Unknown:
            return [NOBODY_KNOWS]
        except Exception:
            self.logger.failure("A tool's order has failed")
            return [FAILED]
        finally:
            if connection is self._waiting:
                self._waiting = None

"""
Unix sockets on which doors listen: what a killed server has left is removed, what others have made stays.

Twisted's lock beside the socket names a process by its number. Where that number is another process's by now,
or again the server's own, as in containers, Twisted takes the socket for somebody's. What counts here is
whether anybody listens.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from twisted.internet import unix
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

# What Twisted puts behind a socket's name for its lock.
LOCK = ".lock"

# What connecting says where nobody listens.
NOBODY = errno.ECONNREFUSED, errno.ENOENT


@implementer(IStreamServerEndpoint)
class Cleared:
    """An endpoint of a Unix socket, which is cleared of what nobody listens on."""

    def __init__(self, endpoint: IStreamServerEndpoint, path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen; two servers that start at once do so one after the other."""
        try:
            with _alone(os.path.dirname(self._path) or "."):
                _clear(self._path)
                return self._endpoint.listen(factory)
        except OSError:
            return fail()


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """Have a folder's lock, as all do who clear it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clear(path: str) -> None:
    """Remove a socket, and its lock, unless somebody listens there."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(errno.EEXIST, "There is a file of that name already, which is no socket", path)
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.setblocking(False)
        if visitor.connect_ex(path) not in NOBODY:
            return  # Twisted says that it is in use
    for left in path, path + LOCK:
        with suppress(FileNotFoundError):
            os.unlink(left)


class HandedOver(unix.Port):
    """A listening Unix socket that somebody else has made, systemd say: its file and mode are theirs."""

    _shouldShutdown = False  # who comes when this server has ended waits for the next one

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        # What is no file's name is given no mode, and is not removed. Until 26.4 Twisted has it as its port.
        name = "_bindPath" if hasattr(self, "_bindPath") else "port"
        setattr(self, name, b"\0" + os.fsencode(getattr(self, name)))


class Adopting:
    """A reactor as endpoints know it, which leaves Unix sockets as they are handed over."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def adoptStreamPort(
        self, fileDescriptor: int, addressFamily: int, factory: IProtocolFactory
    ) -> IListeningPort:
        """Listen on a socket that somebody else has made."""
        if addressFamily != socket.AF_UNIX:
            adopted: IListeningPort = self._reactor.adoptStreamPort(fileDescriptor, addressFamily, factory)
            return adopted
        port: IListeningPort = HandedOver._fromListeningDescriptor(self._reactor, fileDescriptor, factory)
        port.startListening()
        return port

    def __getattr__(self, name: str) -> Any:
        """Everything else is as ever."""
        return getattr(self._reactor, name)

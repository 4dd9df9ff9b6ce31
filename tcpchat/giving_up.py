"""How the server's process ends before its time: with a line for the operator, and a status of its own."""

from __future__ import annotations

import atexit
import errno
import os
import sys
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from tcpchat import statuses
from tcpchat.logs.interface import CannotOpen, Damaged, InUse

# What the system says to an IPv6 address where IPv6 is not built in, or switched off.
NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

_KINDS: dict[type[CannotOpen], int] = {Damaged: statuses.DAMAGED, InUse: statuses.IN_USE}


def end_with(reactor: Any, logger: Logger, status: int, text: str, is_ending: bool = False) -> None:
    """
    Tell the operator why, and end the process with a status of ours; twistd itself knows but 0 and 1.

    ``is_ending``: the reactor has been stopped already.
    """
    logger.critical("{text}", text=text)

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    atexit.register(leave)
    if not is_ending:
        reactor.callWhenRunning(reactor.stop)


def status_of(error: CannotOpen) -> int:
    """Return the exit status of a server whose log cannot be opened."""
    return _KINDS.get(type(error), statuses.CANNOT_OPEN)


def why_not_listening(error: Exception) -> tuple[int, str]:
    """Return the exit status of a server that cannot listen, and a line that says why."""
    if not isinstance(error, CannotListenError):
        return statuses.CANNOT_OPEN, f"Cannot listen: {error}."
    if isinstance(error.port, bytes):  # the path of a Unix socket, whose lock is an error without a number
        wanted, number = os.fsdecode(error.port), error_number(error)
        if number in (None, errno.EADDRINUSE):
            return statuses.IN_USE, f"Cannot listen on {wanted}: another program listens there."
        return statuses.CANNOT_OPEN, f"Cannot listen on {wanted}: {error.socketError}."
    wanted = f"port {error.port}" if not error.interface else f"{error.interface} port {error.port}"
    if error_number(error) == errno.EADDRINUSE:
        return statuses.IN_USE, f"Cannot listen on {wanted}: another program has that port."
    return statuses.CANNOT_OPEN, f"Cannot listen on {wanted}: {error.socketError}."


def error_number(error: CannotListenError) -> int | None:
    """Return what the system calls the reason."""
    return getattr(error.socketError, "errno", None)

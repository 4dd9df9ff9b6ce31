"""
Telling the service manager how the server is: systemd's sd_notify(3), in a few lines of Python.

It is a datagram of ``NAME=value`` lines to the Unix socket that the environment names. Without a service
manager nothing is told, and nothing else is different.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tcpchat.log_lines import reason

# Variables of the environment by which the service manager says where it listens, and how often it wants
# to hear that the process is alive (microseconds, and of which process).
SOCKET, WATCHDOG, WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"

# Seconds for it to take a datagram: it does so at once, but where very much is told it by others.
PATIENCE = 1.0

# How many times it hears that, in the time after which it takes the process for dead.
TIMES = 3


def without(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Return an environment for processes that are not the service, whose word does not count."""
    return {name: value for name, value in environment.items() if name not in (SOCKET, WATCHDOG, WATCHED)}


class ServiceManager:
    """Is told what happens to this process, if there is one."""

    logger = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        status: Callable[[], str],
        environment: MutableMapping[str, str] = os.environ,
    ) -> None:
        """``status`` is one line for people who look at the service; it is asked for now and then."""
        self._clock = clock
        self._status = status
        self._address = _address(environment.get(SOCKET, ""))
        self._every = _every(environment)
        self._feeding = LoopingCall(self._feed)
        self._feeding.clock = clock
        self._has_failed = False

    def ready(self) -> None:
        """The service can be used; from now on the reactor feeds the watchdog, as long as it goes round."""
        self.tell("READY=1", f"MAINPID={os.getpid()}", f"STATUS={self._status()}")
        if self._every and not self._feeding.running:
            self._feeding.start(self._every).addErrback(
                lambda failure: self.logger.failure("The watchdog cannot be fed", failure)
            )

    def reloading(self) -> None:
        """The configuration is being read anew; `ready` says when that is done."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service is about to end."""
        self.tell("STOPPING=1", "STATUS=Saying goodbye.")

    def stop(self) -> None:
        """Feed the watchdog no more."""
        if self._feeding.running:
            self._feeding.stop()

    def tell(self, *lines: str) -> None:
        """Send some lines; that nobody takes them is told the operator once, and is no reason to end."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.settimeout(PATIENCE)
                sending.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._has_failed:
                self.logger.warn("The service manager cannot be told: {error}", error=reason(error))
            self._has_failed = True

    def _feed(self) -> None:
        self.tell("WATCHDOG=1", f"STATUS={self._status()}")


def _address(named: str) -> str:
    """Return where the service manager listens: a path, or behind ``@`` a name that is in no folder."""
    return f"\0{named[1:]}" if named.startswith("@") else named


def _every(environment: MutableMapping[str, str]) -> float:
    """Return after how many seconds the watchdog is to be fed again; 0 if there is none for this process."""
    if environment.get(WATCHED, str(os.getpid())) != str(os.getpid()):
        return 0.0
    microseconds = environment.get(WATCHDOG, "")
    return int(microseconds) / 1e6 / TIMES if microseconds.isdecimal() else 0.0

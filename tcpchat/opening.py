"""How the server opens the log that its operator has chosen, and what is told of one in a cluster."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from tcpchat.config import Config
from tcpchat.logs.interface import CannotOpen, InUse, Log
from tcpchat.logs.memory import MemoryLog
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.store import InCluster, InFile, InMemory

# Seconds at the start for one of the operator's tools to let go of the log, and between two looks at it.
WAIT_FOR_TOOL = 0.5
LOOK_AGAIN = 0.01

# Seconds at the start for a server of a cluster to answer: it has a few to find a leader.
WAIT_FOR_CLUSTER = 15.0


def milliseconds() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Opening:
    """A log until it is open, and in a cluster what becomes of its link afterwards."""

    logger = Logger()

    def __init__(self, reactor: Any, config: Config, failed: Callable[[Exception], object]) -> None:
        """``failed`` is told when the log's own disk fails later on."""
        self._reactor = reactor
        self._config = config
        self._failed = failed
        self._store = config.chosen_store
        self._reached: Callable[[bool], object] | None = None

    @property
    def path(self) -> str:
        """The log's file on this machine, if it has one."""
        match self._store:
            case InFile(path):
                return path
            case InCluster():
                return self._config.replica
            case InMemory():
                return ""

    def log(self) -> Log:
        """
        Return the log. One in a cluster is not open yet.

        Raises:
            CannotOpen: or another of its kinds: its file cannot be opened, is damaged, or another server's.
        """
        if isinstance(self._store, InMemory):
            return MemoryLog(self._reactor, milliseconds, secrets.token_urlsafe(9))
        until = time.monotonic() + WAIT_FOR_TOOL
        while True:
            try:
                return self._in_file() if isinstance(self._store, InFile) else self._in_cluster(self._store)
            except InUse:
                if time.monotonic() > until:
                    raise
            time.sleep(LOOK_AGAIN)  # nobody is there yet who would have to wait

    def _in_file(self) -> Log:
        return SQLiteLog(
            self.path,
            milliseconds,
            self._reactor.callFromThread,
            self._config.durability,
            self._failed,
            self._reactor.callLater,
        )

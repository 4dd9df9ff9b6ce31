"""How the server opens the log that its operator has chosen, and what is told of one in a cluster."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tcpchat.config import Config
from tcpchat.counted import Facts
from tcpchat.logs.interface import CannotOpen, InUse, Log
from tcpchat.logs.memory import MemoryLog
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.store import InCluster, InFile, InMemory

if TYPE_CHECKING:
    from tcpchat.logs.nats import NatsLog

# Seconds at the start for one of the operator's tools to let go of the log, and between two looks at it.
WAIT_FOR_TOOL = 0.5
LOOK_AGAIN = 0.01

# The same where people are connected: it is rather waited for than given up.
WAIT_FOR_OTHERS = 10.0

# Seconds at the start for a server of a cluster to answer: it has a few to find a leader. Somebody waits for
# the tools, so that these wait less, and give up also where nothing comes any more.
WAIT_FOR_CLUSTER = 15.0
TOOLS_WAIT = 8.0
LOOK = 0.1


def milliseconds() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def since_boot() -> float:
    """Return seconds that pass while this process is stopped, and its machine sleeps: leases end by them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Opening:
    """A log until it is open, and in a cluster what becomes of its link afterwards."""

    logger = Logger()

    def __init__(
        self, reactor: Any, config: Config, failed: Callable[[Exception], None], makes: bool = True
    ) -> None:
        """
        ``failed`` is told when the log's own disk fails later on.

        ``makes``: in a cluster where there is no such log yet, one is made, as a server does, and no tool.
        """
        self._reactor = reactor
        self._config = config
        self._failed = failed
        self._makes = makes
        self._patience = WAIT_FOR_CLUSTER if makes else TOOLS_WAIT
        self._seen: object = None  # how far the log had come, and when
        self._since = 0.0
        self._store = config.chosen_store
        self._shared: NatsLog | None = None  # the log, if it is in a cluster
        self._why = ""  # nobody waits for it any longer
        self.copies = ""  # of a log in a cluster, when it was opened: how many, and on which servers
        self._replicas = 0  # of the stream, in a cluster

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

    def facts(self, weaknesses: int) -> Facts:
        """Return what the log is, for the figures, of which so many things are weaker than recommended."""
        match self._store:
            case InFile():
                return Facts("sqlite", self._config.durability, 1, weaknesses)
            case InCluster():
                return Facts("nats", "quorum", self._replicas, weaknesses)
            case InMemory():
                return Facts("memory", "none", 0, weaknesses)

    def log(self, wait: float = WAIT_FOR_TOOL) -> Log:
        """
        Return the log, ``wait`` seconds later at most. One in a cluster is not open yet.

        Raises:
            CannotOpen: or another of its kinds: its file cannot be opened, is damaged, or another server's.
        """
        if isinstance(self._store, InMemory):
            return MemoryLog(self._reactor, milliseconds, secrets.token_urlsafe(9))
        until = time.monotonic() + wait
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

    def _in_cluster(self, store: InCluster) -> Log:
        # nats-py is not installed where there is no cluster.
        from tcpchat.logs.nats import NatsLog

        self._shared = NatsLog(
            self._reactor,
            store.servers,
            store.name,
            self.path,
            milliseconds,
            self._failed,
            self._config.node or "",
            makes=self._makes,
        )
        return self._shared

    async def until_open(self, reached: Callable[[bool], object]) -> Sequence[str]:
        """
        Wait for a log in a cluster to be open; ``reached`` is told when it cannot be reached afterwards.

        The operator is told each thing about its servers that is weaker than recommended, in a sentence of
        those that are returned.

        Raises:
            CannotOpen: or another of its kinds, with a line for the operator: no server answers, or they
                do not allow it, or it is not ours; or it is weaker than ``strict`` allows.
        """
        if self._shared is None:
            return ()
        from tcpchat.logs.nats_terms import Refusing, Unclear

        self._since = self._reactor.seconds()
        looking = LoopingCall(self._look)
        looking.clock = self._reactor
        looking.start(LOOK)
        try:
            facts = await self._shared.open()
        except (Refusing, Unclear) as error:
            raise CannotOpen(f"The log {self._store} cannot be opened: {self._why or error}.") from error
        finally:
            looking.stop()
        self._replicas = facts.replicas
        if self._config.strict and facts.weak:
            raise CannotOpen(f"The log {self._store} is weaker than --strict allows: {' '.join(facts.weak)}")
        self.copies = facts.copies
        for weak in facts.weak:
            self.logger.warn("{weak}", weak=weak)
        self._shared.reached = reached
        reached(self._shared.link.is_connected)
        return facts.weak

    def _look(self) -> None:
        """
        Wait no longer for servers; for what is to be read from them it takes as long as that takes.

        The clock of a server goes on only while somebody looks at it (running_time.py).
        """
        assert self._shared is not None
        now, has_begun = self._reactor.seconds(), bool(self._shared.epoch)
        if self._why or (has_begun and self._makes):
            return
        if self._shared.progress != self._seen:
            self._seen, self._since = self._shared.progress, now
        if now - self._since >= self._patience:
            is_there = self._shared.link.is_connected
            what = "there is a server, but no leader" if is_there else "no server answers"
            if has_begun and is_there:
                what = "nothing comes from it any more"
            self._why = f"{what}, for {self._patience:.0f} s now"
            self._shared.link.close()

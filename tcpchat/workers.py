"""
Several nodes on one machine, one for each core: a parent starts them, and starts again whichever dies.

They share the port and the store; each has a name and a replica of its own. What they log, the parent
logs with their names.
"""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from tcpchat import statuses
from tcpchat.assignment import as_assigned, assigned_to
from tcpchat.config import PORT, Config, WrongConfig
from tcpchat.config_changes import changes
from tcpchat.configuring import Chosen
from tcpchat.endpoints import Door
from tcpchat.giving_up import NO_IPV6, end_with, error_number, why_not_listening
from tcpchat.hang_up import HangUp
from tcpchat.listening import how_to_join, where
from tcpchat.log_lines import WHOLE
from tcpchat.notifying import ServiceManager
from tcpchat.port_sharing import on_port
from tcpchat.tool_orders import NOT_IN_CLUSTERS
from tcpchat.worker import Worker, marked

# What they say when people can come in; the parent says it once, for all of them.
READY = "READY line "
TO_JOIN = "To join: "


class Workers(Service):
    """All of them, as a service of twistd."""

    logger = Logger()
    name = "tcpchat"
    logs_to: ILogObserver | None = None

    def __init__(
        self, reactor: Any, config: Config, doors: Sequence[Door], read: Callable[[], Chosen]
    ) -> None:
        """The endpoints of ``doors`` hold their ports: `port_sharing.Holding`. ``read`` reads all anew."""
        self._read = read
        self._reactor = reactor
        self.config = config
        self._doors = doors
        self._held: list[socket.socket] = []
        self._workers: list[Worker] = []
        self._ready: dict[Worker, int] = {}  # of how many doors each has said that it is
        self._waiting: dict[Worker, list[str]] = {}  # signals, until it is ready
        self._is_ready = False
        self._failed = False
        self._hang_up: HangUp | None = None
        self._manager = ServiceManager(reactor, lambda: f"{len(self._ready)} workers.")

    def setServiceParent(self, parent: Any) -> None:
        """Be put into twistd's application, which is asked next what writes the operator's log."""
        if self.logs_to is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self.logs_to)
        super().setServiceParent(parent)

    def startService(self) -> None:
        """Start the first one; the others follow when it is ready: one alone makes what is not there."""
        super().startService()
        self._hang_up = HangUp(self._reactor, self.reload, self._reactor.stop)
        signal.signal(signal.SIGUSR2, lambda *_: self._reactor.callFromThread(self._refuse_upgrade))
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._start()).addErrback(self._cannot_start)

    def _refuse_upgrade(self) -> None:
        self.logger.warn("Not upgraded, and everything goes on: {why}", why=NOT_IN_CLUSTERS)

    def pass_on(self, name: str) -> None:
        """
        Pass a signal on to all that are ready, and to the others once they are.

        One that has just been started does not know yet what to do with it, and would end.
        """
        for worker in self._workers:
            if worker in self._ready and self._ready[worker] == len(self._doors):
                worker.pass_on(name)
            elif name not in self._waiting.setdefault(worker, []):
                self._waiting[worker].append(name)

    def reload(self) -> None:
        """Read the configuration anew; if it is right, have the workers take over what can be changed."""
        try:
            chosen, _ = self._read()
        except WrongConfig as error:
            for line in [*str(error).splitlines(), "The configuration is wrong: nothing has changed."]:
                self.logger.error("{line}", line=line)
            return
        # The ports are held here, whatever the workers are told.
        found = changes(self.config, chosen, False, frozenset({"listen"}))
        if found.restart:
            self.logger.info("Only a restart changes {options}.", options=", ".join(found.restart))
        self.config = found.config
        for worker in self._workers:
            worker.config = as_assigned(found.config, worker.config)
        self.pass_on("HUP")

    async def _start(self) -> None:
        listen = await self._hold()
        for number in range(1, self.config.workers + 1):
            config = assigned_to(self.config, number, listen)
            # Of two machines that share a NATS, each has a name of its own.
            name = config.node or f"{machine()}-{number}"
            self._workers.append(Worker(self._reactor, config, name, self._hear, self._died))
        self._workers[0].start()

    async def _hold(self) -> tuple[str, ...]:
        """Have the ports; return the descriptions of the endpoints for the workers."""
        listen = []
        descriptions = self.config.listen or (f"tcp6:{PORT}",)
        for door, description in zip(self._doors, descriptions, strict=True):
            try:
                held: Any = await door.endpoint.listen(Factory())
            except CannotListenError as error:
                if door.otherwise is None or error_number(error) not in NO_IPV6:
                    raise
                held, description = await door.otherwise.listen(Factory()), f"tcp:{PORT}"
            self._held.append(held)
            listen.append(on_port(description, held.getsockname()[1]))
        return tuple(listen)

    def _cannot_start(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, CannotListenError):
            self._give_up(*why_not_listening(error))
        else:
            self.logger.failure("Cannot start", failure)
            self._give_up(statuses.CANNOT_OPEN, "Cannot start.")

    def _give_up(self, status: int, text: str) -> None:
        if not self._failed:
            self._failed = True
            end_with(self._reactor, self.logger, status, text, not self.running)

    # What the workers do

    def _hear(self, worker: Worker, line: str) -> None:
        if READY in line:
            self._ready[worker] = self._ready.get(worker, 0) + 1
            if self._ready[worker] == len(self._doors):
                self._is_in(worker)
        elif line and TO_JOIN not in line:
            text = marked(worker.name, line, self.config.log_format)
            self.logger.info("{line}", line=text, **{WHOLE: text})

    def _is_in(self, worker: Worker) -> None:
        """A worker lets people in."""
        self.logger.info("Worker {worker} is ready.", worker=worker.name)
        for name in self._waiting.pop(worker, ()):
            worker.pass_on(name)
        if self._is_ready:
            return
        if len(self._ready) == 1:
            for other in self._workers[1:]:
                other.start()
        if list(self._ready.values()) != [len(self._doors)] * len(self._workers):
            return
        self._is_ready = True
        addresses = [address(held) for held in self._held]
        for door, at in zip(self._doors, addresses, strict=True):
            self.logger.info("READY line {kind} {where}", kind=door.kind, where=where(at))
        for text in how_to_join((door.client, at) for door, at in zip(self._doors, addresses, strict=True)):
            self.logger.info("{line}", line=text)
        self._manager.ready()

    def _died(self, worker: Worker, status: int) -> None:
        self._ready.pop(worker, None)
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        if not self._is_ready:
            # It has logged why. Whatever that is, it is the same for all, and will be.
            status = status if status > 0 else statuses.CANNOT_OPEN
            self._give_up(status, f"Worker {worker.name} has ended {how} before it was ready.")
            return
        self.logger.error(
            "Worker {worker} has ended {how}; it is started again in {seconds} s.",
            worker=worker.name, how=how, seconds=round(worker.start_again()),
        )  # fmt: skip

    def stopService(self) -> Deferred[Any]:
        """End all of them, each as a server of its own ends."""
        super().stopService()
        # twistd would end itself with the signal that it got; ours is a clean end.
        self._reactor._exitSignal = None
        if self._hang_up is not None:
            self._hang_up.restore()
        self._manager.stopping()
        self._manager.stop()
        for held in self._held:
            held.close()
        return gatherResults([worker.end() for worker in self._workers])


def address(held: socket.socket) -> IPv4Address | IPv6Address:
    """Return where a socket is bound."""
    kind = IPv6Address if held.family == socket.AF_INET6 else IPv4Address
    return kind("TCP", *held.getsockname()[:2])


def machine() -> str:
    """Return this machine's name, as far as a node may be called so."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname().partition(".")[0])[:24] or "worker"

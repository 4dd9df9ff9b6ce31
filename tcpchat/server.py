"""The server as a Twisted service: everything in its order, from the log's opening to the last line."""

from __future__ import annotations

import os
import resource
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from tcpchat import statuses
from tcpchat.adopting import Listening
from tcpchat.becoming import hear_signals
from tcpchat.clustering import Cluster, SharedLog
from tcpchat.config import Config
from tcpchat.configuring import Chosen
from tcpchat.control import Control
from tcpchat.doors.line import LineConnection
from tcpchat.endpoints import Door
from tcpchat.farewell import CLOSE_THE_LOG, CLOSE_THE_LOG_SURELY, TELL_THE_OTHERS, say_goodbye
from tcpchat.from_afar import heed
from tcpchat.giving_up import end_with, status_of, why_not_listening
from tcpchat.handed import Handed
from tcpchat.hang_up import HangUp
from tcpchat.layers import Layered
from tcpchat.log_lines import reason
from tcpchat.logs.interface import CannotOpen, Log
from tcpchat.monitoring import Monitoring
from tcpchat.notifying import ServiceManager
from tcpchat.open_doors import CANNOT_LISTEN, OpenDoors
from tcpchat.opening import WAIT_FOR_OTHERS, WAIT_FOR_TOOL, Opening, since_boot
from tcpchat.outage import Outage
from tcpchat.renewal import Renewal
from tcpchat.reviving import revive
from tcpchat.served import Served
from tcpchat.service import Chat
from tcpchat.started import Started
from tcpchat.store import InFile
from tcpchat.successor import Successor
from tcpchat.taking_over import Again, TakingOver, by_description, certificates_of
from tcpchat.turns import collect_little_at_once, keep_short
from tcpchat.upgrading import Upgrading
from tcpchat.waiting import until_answered


class Server(Service):
    """Opens the log, then the rooms, then the doors; closes them the other way round."""

    logger = Logger()
    name = "tcpchat"
    logs_to: ILogObserver | None = None  # what writes the operator's log; without it, twistd's own

    def __init__(
        self,
        reactor: Any,
        config: Config,
        doors: list[Door],
        greeting: tuple[str, ...],
        foreground: bool = True,
        page: Door | None = None,
        again: Again | None = None,
        started: Started | None = None,
        before: Handed | None = None,
    ) -> None:
        """
        ``foreground``: the exit status is the operator's; that of a daemon is for nobody.

        ``page`` is where figures are to be had. ``again`` is for a configuration that is read anew; without
        it, that is not done. ``started`` is how another version is to be started in its place, ``before``
        what the one before it has handed on, if there was one.
        """
        self._reactor = reactor
        self._config = config
        self._doors = doors
        self._open_doors = OpenDoors(lambda door: self._served.behind(door))
        self._greeting = greeting
        self._again = again
        self._hang_up: HangUp | None = None
        self._taking_over: TakingOver | None = None
        self._foreground = foreground
        self._log: Log | None = None
        self._control: Control | None = None
        self._cluster: Cluster | None = None
        self._is_open = False
        self._failed = False
        self._closing = False
        self._page = page
        self.renewal = Renewal(reactor, certificates_of((*doors, page)))
        self._opening = Opening(reactor, config, self._log_failed)
        self._manager = ServiceManager(reactor, lambda: self._served.status())
        self._monitoring: Monitoring | None = None
        if page is not None:
            endpoint = Layered(page, reactor, lambda: self._served.proxies)
            self._monitoring = Monitoring(reactor, page.kind, endpoint)
        self._successor = Successor(before) if before is not None else None
        self._upgrading = Upgrading(reactor, self, started) if started is not None else None

    def setServiceParent(self, parent: Any) -> None:
        """Be put into twistd's application, which is asked next what writes the operator's log."""
        if self.logs_to is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self.logs_to)
        super().setServiceParent(parent)

    def startService(self) -> None:
        """Start; the doors are open when the log says READY."""
        super().startService()
        self.renewal.start()
        if self._upgrading is not None:
            self._upgrading.heed_signal()
            self._reactor.callWhenRunning(hear_signals)
        keep_short(self._reactor)
        if self._again is not None:
            self._hang_up = HangUp(self._reactor, self._reload, self._reactor.stop)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        try:
            self._log = self._opening.log(WAIT_FOR_OTHERS if self._successor else WAIT_FOR_TOOL)
        except CannotOpen as error:
            if not self._foreground:
                raise  # twistd passes it on to who started the daemon
            self._give_up(status_of(error), str(error))
            return
        self._served = Served(self._reactor, self._config, self._log, self._greeting)
        self._outage = Outage(self._reactor, str(self._config.chosen_store), self._served.dialogues)
        if self._opening.path:
            upgrade = self._upgrading.for_tool if self._upgrading is not None else None
            self._control = Control(self.chat, self._opening.path, upgrade)
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._open()).addErrback(self._cannot_start)

    async def _open(self) -> None:
        chat = self.chat
        heed(chat)
        if self._monitoring is not None:
            await self._monitoring.open()
        weaknesses = await self._opening.until_open(self._outage.reached)
        if isinstance(self._log, SharedLog):
            self._cluster = Cluster(chat, self._log, self._ousted, seconds=since_boot)
            await self._cluster.check()
        self._is_open = True
        await chat.open()
        if self._cluster is not None:
            await self._cluster.open()
        if self._monitoring is not None:
            store = self._opening.facts(len(weaknesses))
            self._monitoring.log_is_open(chat, store, self._served.counted, self._cluster)
        await revive(chat)
        for nick in chat.operators.to_come():
            self.logger.warn(
                '"{nick}" is to be an operator and has no account yet: register it from this machine before'
                " somebody else does, or by tcpchat account add",
                nick=nick,
            )
        if self._control is not None:
            self._control.listen(self._reactor)
        if self._successor is not None:
            self._successor.adopt(self._served.factory, self._reactor)
        doors = by_description(self._config, self._doors)
        await self._open_doors.open(doors)
        collect_little_at_once()
        if self._again is not None:
            chosen = Chosen(self._config, self._greeting)
            self._taking_over = TakingOver(
                self._again, chosen, self._served, self._open_doors, self._page, self.renewal, self.logs_to
            )
            chat.reload = self._taking_over.for_somebody
        if self._cluster is not None:
            self.logger.info(
                "Node {node} of {log}: {copies}; {others}.",
                node=chat.log.node, log=str(self._config.chosen_store), copies=self._opening.copies,
                others=self._cluster.others,
            )  # fmt: skip
        self._open_doors.tell(doors)
        if self._monitoring is not None:
            self._monitoring.ready()
        self._manager.ready()
        if self._successor is not None:
            self._successor.go_on(self._reactor)

    # What an upgrade needs to know

    @property
    def chat(self) -> Chat:
        """The chat that is served."""
        return self._served.chat

    @property
    def connections(self) -> list[LineConnection]:
        """All connections."""
        return self._served.connections

    @property
    def ports(self) -> list[Listening]:
        """All ports that are open."""
        page = self._monitoring.ports if self._monitoring is not None else []
        return [*self._open_doors.ports, *page]

    @property
    def log_file(self) -> str:
        """The file that the log is in, by its real path; empty if it is in none, or one of several nodes'."""
        return os.path.realpath(self._opening.path) if isinstance(self._config.chosen_store, InFile) else ""

    @property
    def is_open(self) -> bool:
        """Can people come in?"""
        return self._is_open and bool(self._open_doors.ports)

    @property
    def is_ending(self) -> bool:
        """Has the operator had it end?"""
        return self._closing

    @property
    def is_busy(self) -> bool:
        """Is the server doing something for one of the operator's tools?"""
        return self._control is not None and self._control.is_busy

    async def part(self) -> None:
        """Say goodbye to whoever is still connected here, keep what has to be kept, and close the log."""
        assert self._log is not None
        await self._say_goodbye()
        await until_answered(self._reactor, self._log.close(), CLOSE_THE_LOG_SURELY)

    # Who else calls it

    def _reload(self) -> None:
        if self._taking_over is not None:  # else it has been read just now
            self._manager.reloading()
            self._taking_over.by_signal().addBoth(lambda _: self._manager.ready())

    # How it ends

    def _cannot_start(self, failure: Failure) -> None:
        error = failure.value
        assert error is not None
        if self._closing:
            return  # nobody waits for it any more
        if isinstance(error, CannotOpen):
            self._is_open = False  # what is here may be another server's, and stays as it is
            self._give_up(status_of(error), str(error))
        elif isinstance(error, CANNOT_LISTEN):
            self._give_up(*why_not_listening(error))
        else:
            self.logger.failure("Cannot start", failure)
            self._give_up(statuses.CANNOT_OPEN, f"Cannot start: {reason(error)}.")

    def _ousted(self) -> None:
        node = self.chat.log.node
        self._give_up(statuses.IN_USE, f"Another server is the node {node} now: give each its own --node.")

    def _log_failed(self, error: Exception) -> None:
        what = f"The log {self._opening.path} has failed, and the server ends: {reason(error)}."
        self._give_up(statuses.LOG_FAILED, what)

    def _give_up(self, status: int, text: str) -> None:
        """End the process, unless that has been done already."""
        if not self._failed:
            self._failed = True
            end_with(self._reactor, self.logger, status, text, self._closing)

    def stopService(self) -> Deferred[None]:
        """Say goodbye, finish what was received, and end, within five seconds."""
        super().stopService()
        self._closing = True
        # twistd would end itself with the signal that it got; ours is a clean end.
        self._reactor._exitSignal = None
        self.renewal.stop()
        if self._hang_up is not None:
            self._hang_up.restore()
        if self._upgrading is not None:
            if self._upgrading.has_begun:
                return Deferred()  # it is the next version that ends
            self._upgrading.give_up()
        self._manager.stopping()
        if self._monitoring is not None:
            self._monitoring.stopping()
        return Deferred.fromCoroutine(self._close(self._log)) if self._log else succeed(None)

    async def _close(self, log: Log) -> None:
        if self._is_open:
            await self._open_doors.close()
            await self._say_goodbye()
        await until_answered(self._reactor, log.close(), CLOSE_THE_LOG)
        if self._monitoring is not None:
            await self._monitoring.close()
        self._manager.stop()

    async def _say_goodbye(self) -> None:
        if self._control is not None:
            self._control.stop()
        await say_goodbye(self._reactor, self._served, lambda: self.is_busy, self._failed)
        if self._cluster is not None:
            await until_answered(self._reactor, self._cluster.stop(), TELL_THE_OTHERS)

"""The server as a Twisted service: everything in its order, from the log's opening to the last line."""

from __future__ import annotations

import os
import resource
import secrets
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from tcpchat import statuses
from tcpchat.adopting import Listening
from tcpchat.assignment import assigned
from tcpchat.becoming import hear_signals
from tcpchat.certificates import Certificates
from tcpchat.clustering import Cluster, SharedLog
from tcpchat.config import Config, WrongConfig
from tcpchat.config_changes import Changes
from tcpchat.configuring import Chosen
from tcpchat.control import Control
from tcpchat.counted import Connected
from tcpchat.deeds import TOOL
from tcpchat.dialogue import Dialogue
from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.endpoints import Door
from tcpchat.entrance import Entrance
from tcpchat.events import Noted
from tcpchat.from_afar import heed
from tcpchat.giving_up import end_with, status_of, why_not_listening
from tcpchat.handed import Handed
from tcpchat.hang_up import HangUp
from tcpchat.hashing import in_threads
from tcpchat.layers import Layered, layered
from tcpchat.log_lines import reason
from tcpchat.logs.interface import CannotOpen, Log
from tcpchat.monitoring import Monitoring
from tcpchat.notifying import ServiceManager
from tcpchat.observers import set_lines
from tcpchat.open_doors import OpenDoors
from tcpchat.opening import WAIT_FOR_OTHERS, WAIT_FOR_TOOL, Opening, milliseconds, since_boot
from tcpchat.outage import Outage
from tcpchat.reconfiguring import reconfigure
from tcpchat.reload import Reloaded
from tcpchat.reloading import Reloading
from tcpchat.render import count
from tcpchat.renewal import Renewal
from tcpchat.reviving import revive
from tcpchat.room import AUDIT
from tcpchat.service import Chat
from tcpchat.started import Started
from tcpchat.store import InFile
from tcpchat.successor import Successor
from tcpchat.text import clean
from tcpchat.turns import collect_little_at_once, keep_short
from tcpchat.upgrading import Upgrading

FAREWELL = "The server restarts, back in about 10 s. A line that was shown is kept."

LOG_HAS_FAILED = "The log has failed, and the server ends. What was not shown is perhaps not kept."

# Seconds at the end for what was received to be committed and shown, for that to be read, and for
# the log to be closed: less than five together, whoever does not read and however slow the disk is.
COMMIT_THE_REST = 3.0
READ_THE_REST = 1.0
TELL_THE_OTHERS = 0.2
CLOSE_THE_LOG = 0.7

# The same where another version is to go on with it, which has to wait for that anyway.
CLOSE_THE_LOG_SURELY = 60.0


@dataclass(frozen=True)
class Again:
    """How a server finds out what it is to be when that has changed: its configuration, and doors to it."""

    read: Callable[[], Chosen]
    doors: Callable[[Config], list[Door]]


def by_description(config: Config, doors: list[Door]) -> dict[str, Door]:
    """Return the doors of a configuration by their descriptions."""
    return dict(zip(config.listen or ("",), doors, strict=True))


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
        self._open_doors = OpenDoors(self._layered)
        self._greeting = greeting
        self._again = again
        self._hang_up: HangUp | None = None
        self._reloading: Reloading | None = None
        self._foreground = foreground
        self._log: Log | None = None
        self._control: Control | None = None
        self._cluster: Cluster | None = None
        self._is_open = False
        self._failed = False
        self._closing = False
        self._page = page
        self.renewal = Renewal(reactor, self._certificates(doors))
        self._opening = Opening(reactor, config, self._log_failed)
        self._manager = ServiceManager(reactor, self._status)
        self._monitoring: Monitoring | None = None
        if page is not None:
            endpoint = Layered(page, reactor, config.proxy_networks)
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
        config = self._config
        self._chat = Chat(
            self._log,
            self._reactor,
            milliseconds,
            new_id=lambda: secrets.token_urlsafe(9),
            chance=secrets.token_bytes,
            limits=config.chosen_limits,
            history=config.history,
            ascii_names=config.nicknames == "ascii",
            greeting=tuple(map(clean, self._greeting)),
            retention=config.retention,
            trusted=config.trusted_networks,
            hashing=in_threads(self._reactor),
            operators=config.operator,
        )
        self._entrance = Entrance(
            self._reactor,
            config.chosen_limits,
            config.trusted_networks,
            lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )
        self._chat.sightings.are_told = config.log_level == "debug"
        self._factory = LineFactory(self._chat, self._entrance)
        self._outage = Outage(self._reactor, str(config.chosen_store), self._dialogues)
        if self._opening.path:
            upgrade = self._upgrading.for_tool if self._upgrading is not None else None
            self._control = Control(self._chat, self._opening.path, upgrade)
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._open()).addErrback(self._cannot_start)

    async def _open(self) -> None:
        heed(self._chat)
        if self._monitoring is not None:
            await self._monitoring.open()
        weaknesses = await self._opening.until_open(self._outage.reached)
        if isinstance(self._log, SharedLog):
            self._cluster = Cluster(self._chat, self._log, self._ousted, seconds=since_boot)
            await self._cluster.check()
        self._is_open = True
        await self._chat.open()
        if self._cluster is not None:
            await self._cluster.open()
        if self._monitoring is not None:
            store = self._opening.facts(len(weaknesses))
            self._monitoring.log_is_open(self._chat, store, self._connected, self._cluster)
        await revive(self._chat)
        for nick in self._chat.operators.to_come():
            self.logger.warn(
                '"{nick}" is to be an operator and has no account yet: register it from this machine before'
                " somebody else does, or by tcpchat account add",
                nick=nick,
            )
        if self._control is not None:
            self._control.listen(self._reactor)
        if self._successor is not None:
            self._successor.adopt(self._factory, self._reactor)
        doors = by_description(self._config, self._doors)
        await self._open_doors.open(doors)
        collect_little_at_once()
        if self._again is not None:
            chosen = Chosen(self._config, self._greeting)
            self._reloading = Reloading(chosen, self._again.read, self._take, self._note)
            self._chat.reload = self._reload_for_somebody
        if self._cluster is not None:
            self.logger.info(
                "Node {node} of {log}: {copies}; {others}.",
                node=self._chat.log.node, log=str(self._config.chosen_store), copies=self._opening.copies,
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
        return self._chat

    @property
    def connections(self) -> list[LineConnection]:
        """All connections."""
        return list(self._factory.connections)

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
        await self._close_log(self._log, CLOSE_THE_LOG_SURELY)

    def _layered(self, door: Door) -> IProtocolFactory:
        """Return the line door's factory, with what is between it and an endpoint."""
        factory = self._factory if door.certificates is None else self._factory.with_tls()
        return layered(door, factory, self._reactor, self._config.proxy_networks)

    def _certificates(self, doors: Iterable[Door]) -> list[Certificates]:
        """Return those of doors, and of the page of figures."""
        pages = [self._page] if self._page else []
        return [door.certificates for door in (*doors, *pages) if door.certificates]

    # The configuration, read anew

    def _reload(self) -> None:
        if self._reloading is not None:  # else it has been read just now
            self._manager.reloading()
            self._reloading.by_signal().addBoth(lambda _: self._manager.ready())

    async def _reload_for_somebody(self) -> Reloaded:
        """Read it, and have it taken over: of several workers by all of them."""
        assert self._reloading is not None
        if assigned() is None:
            return await self._reloading.reload()
        found = self._reloading.look()
        os.kill(os.getppid(), signal.SIGHUP)
        return found

    async def _take(self, found: Changes, greeting: tuple[str, ...]) -> None:
        """
        Become what can be changed.

        Raises:
            WrongConfig: nobody can listen somewhere, and nothing has changed.
        """
        assert self._again is not None
        config = found.config
        if "listen" in found.now:
            doors = by_description(config, self._again.doors(config))
            try:
                await self._open_doors.change(doors)
            except CannotListenError as error:
                raise WrongConfig(why_not_listening(error)[1]) from error
            except (OSError, OverflowError) as error:
                raise WrongConfig(f"Cannot listen: {error}.") from error
        if self.logs_to is not None:
            set_lines(self.logs_to, config.log_format, config.log_level)
        cleaned = tuple(map(clean, greeting))
        await reconfigure(self._chat, self._entrance, self._dialogues(), config, cleaned, found.now)
        self.renewal.change(self._certificates(self._open_doors))
        self.renewal.reload()

    def _note(self, text: str) -> None:
        of = f" of {self._chat.log.node}" if self._chat.log.node else ""
        self._chat.log_surely([(AUDIT, [Noted("", TOOL, f"reloaded the configuration{of}: {text}")])])

    def _cannot_start(self, failure: Failure) -> None:
        error = failure.value
        assert error is not None
        if self._closing:
            return  # nobody waits for it any more
        if isinstance(error, CannotOpen):
            self._is_open = False  # what is here may be another server's, and stays as it is
            self._give_up(status_of(error), str(error))
        elif isinstance(error, CannotListenError):
            self._give_up(*why_not_listening(error))
        elif isinstance(error, OSError | OverflowError):
            self._give_up(statuses.CANNOT_OPEN, f"Cannot listen: {error}.")
        else:
            self.logger.failure("Cannot start", failure)
            self._give_up(statuses.CANNOT_OPEN, f"Cannot start: {reason(error)}.")

    def _dialogues(self) -> list[Dialogue]:
        """Return the dialogues with all who are connected."""
        return [connection.dialogue for connection in list(self._factory.connections)]

    def _connected(self) -> Iterator[Connected]:
        """Yield every connection, as far as it is counted."""
        for connection in list(self._factory.connections):
            dialogue = connection.dialogue
            yield Connected("line", connection.factory.is_tls, dialogue.phase, dialogue.reader.unsent)

    def _status(self) -> str:
        """Return how the server is, for people who look at the service."""
        people = count(self._chat.people.number, "person", "people")
        return f"{people}, {count(len(self._factory.connections), 'connection', 'connections')}."

    def _ousted(self) -> None:
        self._give_up(
            statuses.IN_USE,
            f"Another server is the node {self._chat.log.node} now: give each its own --node.",
        )

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
        await self._close_log(log, CLOSE_THE_LOG)
        if self._monitoring is not None:
            await self._monitoring.close()
        self._manager.stop()

    async def _close_log(self, log: Log, longest: float) -> None:
        closed: list[None] = []
        log.close().addCallback(closed.append)
        await self._until(lambda: bool(closed), longest)

    async def _say_goodbye(self) -> None:
        if self._control is not None:
            self._control.stop()
        self._chat.stop()
        connections = list(self._factory.connections)
        for connection in connections:
            connection.dialogue.finish(LOG_HAS_FAILED if self._failed else FAREWELL)
        await self._until(
            lambda: all(c.is_settled for c in connections) and not self.is_busy, COMMIT_THE_REST
        )
        for connection in connections:
            connection.close()
        await self._until(lambda: not self._factory.connections, READ_THE_REST)
        for connection in list(self._factory.connections):
            connection.abort()
        self._chat.close()
        if self._cluster is not None:
            told: list[object] = []
            self._cluster.stop().addCallback(told.append)
            await self._until(lambda: bool(told), TELL_THE_OTHERS)

    async def _until(self, true: Callable[[], bool], longest: float) -> None:
        """Wait for something, but not for long."""
        end = self._reactor.seconds() + longest
        while not true() and self._reactor.seconds() < end:
            await deferLater(self._reactor, 0.01)

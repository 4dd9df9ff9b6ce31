"""
An upgrade: this process becomes another version of itself, and nobody's connection notices.

The new version is tried out first, in a process of its own, while everything goes on. Then everything comes
to rest: what was received whole is in the log and shown. What is left of each connection is a value
(handed.py), its descriptor stays open, and in the place of this program the new one is executed: the same
process, by the same command line. What it does with that is in upgraded.py. See docs/adr/0036.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from typing import Any, NoReturn, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tcpchat import __version__, handed, statuses
from tcpchat.adopting import Listening
from tcpchat.becoming import become, in_memory, passed
from tcpchat.doors.line import LineConnection
from tcpchat.proxied import Proxied
from tcpchat.service import Chat
from tcpchat.started import Started
from tcpchat.tool_orders import NOT_IN_CLUSTERS, Answer, NotDone
from tcpchat.trying_out import NotUpgraded, Trial
from tcpchat.waiting import until

# Seconds for everything to come to rest: for what was received to be in the log, and answered.
COME_TO_REST = 10.0

# Seconds for those who are leaving to be gone.
LEAVE = 1.0

# Seconds between two looks at that.
LOOK = 0.005

FAULT = "The upgrade has failed by a fault of this version; the server's log says how."


class Upgradable(Protocol):
    """What is needed of the server."""

    @property
    def chat(self) -> Chat:
        """The chat that is served."""

    @property
    def ports(self) -> list[Listening]:
        """All ports that are open."""

    @property
    def connections(self) -> list[LineConnection]:
        """All connections."""

    @property
    def log_file(self) -> str:
        """The file that the log is in, by its real path; empty if it is in none, or one of several nodes'."""

    @property
    def is_open(self) -> bool:
        """Can people come in?"""

    @property
    def is_ending(self) -> bool:
        """Has the operator had it end?"""

    @property
    def is_busy(self) -> bool:
        """Is something done for a tool that the next version could not go on with?"""

    async def part(self) -> None:
        """Say goodbye to whoever is still connected here, keep what has to be kept, and close the log."""


class Upgrading:
    """The upgrade of one server."""

    logger = Logger()

    def __init__(self, reactor: Any, server: Upgradable, started: Started) -> None:
        self.has_begun = False  # is there no way back?
        self._reactor = reactor
        self._server = server
        self._started = started
        self._trial: Trial | None = None
        self._is_under_way = False
        self._resting: set[LineConnection] = set()

    def heed_signal(self) -> None:
        """Upgrade by SIGUSR2 from now on."""
        signal.signal(signal.SIGUSR2, lambda *_: self._reactor.callFromThread(self._begin))

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._run(None))

    async def for_tool(self, tool: int) -> list[Answer]:
        """Upgrade for the operator's tool of a descriptor; return what it is answered if that cannot be."""
        return [NotDone(await self._run(tool))]

    async def _run(self, tool: int | None) -> str:
        """Become the new version, which answers the tool then; or return why that cannot be."""
        try:
            await self._upgrade(tool)
        except NotUpgraded as why:
            self.logger.warn("Not upgraded, and everything goes on: {why}", why=str(why))
            return str(why)

    async def _upgrade(self, tool: int | None) -> NoReturn:
        if self._is_under_way or not self._server.is_open:
            raise NotUpgraded("An upgrade, or the start of the server, is under way already.")
        self._is_under_way = True
        try:
            version = await self._try_out()
            since = time.monotonic()
            await self._come_to_rest()
            memory = in_memory()
        except NotUpgraded:
            self._go_on()
            raise
        except Exception as error:
            self.logger.failure("The upgrade has failed")
            self._go_on()
            raise NotUpgraded(FAULT) from error
        self.has_begun = True
        try:
            self.logger.info("Upgrading from {old} to {new}", old=__version__, new=version)
            connections = self._hand_on()
            await self._server.part()
            it = handed.Handed(
                __version__, since, connections=connections, tool=tool, ends=self._server.is_ending
            )
            become(it, memory, self._server.ports, self._started)
        except BaseException:
            # Nobody is connected to anything here any more: they come back to the next start.
            self.logger.failure("The new version could not be started, and the server ends")
            sys.stdout.flush()
            os._exit(statuses.CANNOT_OPEN)

    def give_up(self) -> None:
        """The server ends: the trial of the new version, if it is under way, is of no use."""
        if self._trial is not None:
            self._trial.end()

    async def _try_out(self) -> str:
        """
        Return which version could take over.

        Raises:
            NotUpgraded: none.
        """
        server = self._server
        if server.chat.log.node:
            raise NotUpgraded(NOT_IN_CLUSTERS)
        if not server.log_file:
            raise NotUpgraded(
                "Only a server with its log in a file can be upgraded while it runs: restart this one."
            )
        self._trial = Trial()
        found = await self._trial.run(self._reactor, self._started, passed(server.ports, self._started))
        self._trial = None
        if found.log != server.log_file:
            raise NotUpgraded("As it is configured now it would have another log: restart the server.")
        return found.version

    async def _come_to_rest(self) -> None:
        """
        Have nothing be under way.

        Raises:
            NotUpgraded: the log does not answer, or the server ends.
        """
        server = self._server
        for listening in server.ports:
            listening.port.stopReading()
        await until(
            self._reactor,
            lambda: not (any(map(_is_leaving, server.connections)) or any(map(_is_awaited, server.ports))),
            LEAVE,
            LOOK,
        )
        server.chat.catching_up.rest(True)
        await until(self._reactor, lambda: self._rest() and not server.is_busy, COME_TO_REST, LOOK)
        if server.is_ending:
            raise NotUpgraded("The server ends.")
        if server.chat.uncommitted.number:
            raise NotUpgraded("The log does not answer.")
        for feed in server.chat.rooms:
            feed.show_folded()

    def _rest(self) -> bool:
        """Have nothing more be begun over any connection; return whether nothing is under way any more."""
        for connection in self._server.connections:
            # Also of who was let in before, and has come in only now, by a proxy that has said who it is.
            if connection.can_be_handed_on and connection not in self._resting:
                self._resting.add(connection)
                connection.dialogue.rest(True)
        return all(it.dialogue.is_at_rest for it in self._resting)

    def _go_on(self) -> None:
        """Go on as before; whatever cannot, by a fault of ours, does not keep the others from it."""
        self._is_under_way = False
        self.give_up()
        self._trial = None
        resting, self._resting = self._resting, set()
        for go_on in (
            *(partial(_listen, listening.port) for listening in self._server.ports),
            partial(self._server.chat.catching_up.rest, False),
            *(partial(connection.dialogue.rest, False) for connection in resting),
        ):
            try:
                go_on()
            except Exception:
                self.logger.failure("After an upgrade that was not done something does not go on")

    def _hand_on(self) -> list[handed.Connection]:
        """Return all connections that the next version can go on with; here nothing is done with them."""
        connections = []
        for connection in self._server.connections:
            if not (connection.can_be_handed_on and connection.dialogue.is_at_rest):
                continue
            try:
                it = connection.hand_on()
                handed.encode(it)
                connections.append(it)
            except Exception:
                # One that is broken by a fault of ours is closed, and all others are not.
                self.logger.failure(
                    "A connection cannot be handed on", session=connection.dialogue.reader.session
                )
                connection.abort()
        for connection in self._server.connections:  # who has asked for what takes long
            connection.dialogue.rest(False)
        return connections


def _listen(port: Any) -> None:
    """Let people come in by a port, unless it was closed meanwhile."""
    if port.connected and not port.disconnecting:
        port.startReading()


def _is_awaited(listening: Listening) -> bool:
    """Is there somebody at a port of whom a proxy has yet to say who they are, before they are connected?"""
    factory = listening.port.factory
    return isinstance(factory, Proxied) and factory.is_waiting


def _is_leaving(connection: LineConnection) -> bool:
    dialogue = connection.dialogue
    return dialogue.is_ending and not dialogue.is_over

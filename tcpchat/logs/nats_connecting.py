"""Being connected to NATS: to any of its servers, again and again, for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from tcpchat.logs.nats_connection import CannotConnect, Connection, connect

# Seconds between two tries, and how much longer one may wait, so that not all nodes come at once.
PAUSE = 0.2
JITTER = 0.1

# Seconds after which the operator is told again that nobody answers.
REMINDER = 30.0


class Connecting:
    """Makes a connection whenever there is none. All of it belongs to the loop."""

    def __init__(
        self,
        servers: Sequence[str],
        name: str,
        changed: Callable[[bool], None],
        tell: Callable[[bool, str], None],
    ) -> None:
        """``changed`` is told of each change, ``tell`` what operators should know, and whether it is bad."""
        self.current: Connection | None = None
        self._servers = random.sample(servers, len(servers))  # in the order in which they are tried
        self._name = name
        self._changed = changed
        self._tell = tell
        self._is_there = asyncio.Event()
        self._warned = -REMINDER
        self._is_barred = False
        self._lost = ""  # the server that answered no more

    async def run(self) -> None:
        """Connect for ever."""
        while not self._is_barred:
            connection = await self._connect()
            where = without_secret(self._servers[0])
            if self._lost not in ("", where):
                self._tell(
                    True, f"The NATS server {self._lost} answered no more; this node is at {where} now."
                )
            self._learn(connection)
            self.current = connection
            self._is_there.set()
            self._changed(True)
            try:
                await connection.serve()
            finally:
                self._learn(connection)  # it may have been told of more meanwhile
                self.current = None
                self._is_there.clear()
                self._changed(False)
            self._lost = where
            self._turn()
            await asyncio.sleep(PAUSE + random.random() * JITTER)

    @property
    def servers(self) -> list[str]:
        """All servers that are known, as ``HOST:PORT``."""
        return [without_secret(server) for server in self._servers]

    async def ready(self) -> Connection:
        """Wait for a connection; return it."""
        while self.current is None:
            await self._is_there.wait()
        return self.current

    def bar(self, why: str) -> None:
        """Be connected no more: what is there is not what it was."""
        if not self._is_barred:
            self._tell(True, why)
        self._is_barred = True
        if self.current:
            self.current.break_off()

    async def _connect(self) -> Connection:
        """Connect to any of the servers, however long it takes: the first of them, in the end."""
        while True:
            failures = []
            for _ in self._servers:
                try:
                    return await connect(self._servers[0], self._name)
                except CannotConnect as error:
                    failures.append(f"{self.servers[0]}: {error}")
                self._turn()
            now = asyncio.get_running_loop().time()
            if now - self._warned >= REMINDER:
                self._warned = now
                self._tell(True, f"No NATS server answers ({'; '.join(failures)})")
            await asyncio.sleep(PAUSE + random.random() * JITTER)

    def _turn(self) -> None:
        """Try another one first next time."""
        self._servers.append(self._servers.pop(0))

    def _learn(self, connection: Connection) -> None:
        """Know the servers of the cluster that this one tells of, too: they let us in as it does."""
        first = self._servers[0]
        way = first.removesuffix(without_secret(first))
        for found in connection.client.discovered_servers:
            if found.netloc not in self.servers:
                self._servers.append(way + found.netloc)


def without_secret(server: str) -> str:
    """Return ``HOST:PORT`` of a server's URL, with no password."""
    return server.rpartition("//")[2].rpartition("@")[2]

"""Faults of a cluster in any order, and people who go from one node to another meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Callable
from random import Random

from tests.faults.clients import Client
from tests.faults.cluster import NODES, Talk
from tests.nats_servers import NatsServers

# How somebody goes to another node: as one who says farewell, closes their program, or loses their machine.
WAYS: tuple[Callable[[Client], None], ...] = Client.say_farewell, Client.drop, Client.reset


class Schedule:
    """
    Has one thing after the other happen: to a server of NATS, to a chat node, to the way between them.

    Of the servers one is out at a time, and of the nodes one dead or stopped, so that most of the time most
    people can talk. Who was on a node that was ever stopped is in `excused`: they were told late.
    """

    def __init__(self, talk: Talk, servers: NatsServers, random: Random) -> None:
        self.excused: set[Client] = set()
        self._talk = talk
        self._cluster = talk.cluster
        self._servers = servers
        self._random = random
        self._mends: dict[str, Callable[[], object]] = {}  # what is out of order, by its kind

    def go_on(self) -> str:
        """Have something happen, or come to an end; return what it was."""
        kind = self._random.choice(("server", "node", "way", "person", "person"))
        if kind == "person":
            return self._moves()
        if kind == "node" and kind in self._mends:
            self.mend()  # all else first: a node does not start where it reaches no server
            return "all mended"
        if kind in self._mends:
            self._mends.pop(kind)()
            return f"{kind} mended"
        number = self._random.randrange(NODES)
        what, mend = self._break(kind, number)
        self._mends[kind] = mend
        return f"{what} {kind} {number}"

    def mend(self) -> None:
        """Have everything work again."""
        for kind in "server", "way", "node":
            self._mends.pop(kind, lambda: None)()

    def _break(self, kind: str, number: int) -> tuple[str, Callable[[], object]]:
        is_first = self._random.random() < 0.5
        if kind == "server":
            if is_first:
                self._servers.kill(number)
                return "killed", lambda: self._servers.start(number)
            self._servers.stop(number)
            return "stopped", lambda: self._servers.go_on(number)
        if kind == "way":
            proxy = self._cluster.proxies[number]
            (proxy.silence if is_first else proxy.refuse)()
            return "silent" if is_first else "refused", proxy.heal
        node = self._cluster.nodes[number]
        if is_first:
            node.kill()
            for client in self._talk.on(number):
                if self._random.random() < 0.5:
                    client.port = self._another(number)
            return "killed", lambda: self._cluster.restart(number)
        node.process.send_signal(signal.SIGSTOP)
        self.excused.update(self._talk.on(number))
        return "stopped", lambda: node.process.send_signal(signal.SIGCONT)

    def _another(self, number: int) -> int:
        """Return the port of another node than one."""
        return self._cluster.nodes[(number + self._random.randrange(1, NODES)) % NODES].port

    def _moves(self) -> str:
        client = self._random.choice(self._talk.crowd.clients)
        number = next(n for n in range(NODES) if client in self._talk.on(n))
        client.port = self._another(number)
        way = self._random.choice(WAYS)
        way(client)
        return f"{client.name} {way.__name__}"

"""What a server serves, once it has a log: the chat, and who is connected to it."""

from __future__ import annotations

import resource
import secrets
from collections.abc import Iterator
from typing import Any

from twisted.internet.interfaces import IProtocolFactory

from tcpchat.config import Config
from tcpchat.counted import Connected
from tcpchat.dialogue import Dialogue
from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.endpoints import Door
from tcpchat.entrance import Entrance
from tcpchat.hashing import in_threads
from tcpchat.layers import layered
from tcpchat.logs.interface import Log
from tcpchat.opening import milliseconds
from tcpchat.render import count
from tcpchat.service import Chat
from tcpchat.text import clean


class Served:
    """The chat, the entrance in front of it, and the line door's connections, as a configuration says."""

    def __init__(self, reactor: Any, config: Config, log: Log, greeting: tuple[str, ...]) -> None:
        self._reactor = reactor
        self.chat = Chat(
            log,
            reactor,
            milliseconds,
            new_id=lambda: secrets.token_urlsafe(9),
            chance=secrets.token_bytes,
            limits=config.chosen_limits,
            history=config.history,
            ascii_names=config.nicknames == "ascii",
            greeting=tuple(map(clean, greeting)),
            retention=config.retention,
            trusted=config.trusted_networks,
            hashing=in_threads(reactor),
            operators=config.operator,
        )
        self.entrance = Entrance(
            reactor,
            config.chosen_limits,
            config.trusted_networks,
            lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )
        self.chat.sightings.are_told = config.log_level == "debug"
        self.factory = LineFactory(self.chat, self.entrance)
        self.proxies = config.proxy_networks

    @property
    def connections(self) -> list[LineConnection]:
        """All connections."""
        return list(self.factory.connections)

    def dialogues(self) -> list[Dialogue]:
        """Return the dialogues with all who are connected."""
        return [connection.dialogue for connection in self.connections]

    def counted(self) -> Iterator[Connected]:
        """Yield every connection, as far as it is counted."""
        for connection in self.connections:
            dialogue = connection.dialogue
            yield Connected("line", connection.factory.is_tls, dialogue.phase, dialogue.reader.unsent)

    def status(self) -> str:
        """Return how the server is, for people who look at the service."""
        people = count(self.chat.people.number, "person", "people")
        return f"{people}, {count(len(self.factory.connections), 'connection', 'connections')}."

    def behind(self, door: Door) -> IProtocolFactory:
        """Return the line door's factory, with what is between it and an endpoint."""
        factory = self.factory if door.certificates is None else self.factory.with_tls()
        return layered(door, factory, self._reactor, lambda: self.proxies)

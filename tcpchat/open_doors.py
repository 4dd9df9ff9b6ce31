"""The doors that are open, by their descriptions: opened and closed while people are connected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import Logger

from tcpchat.adopting import Listening
from tcpchat.endpoints import Door
from tcpchat.giving_up import NO_IPV6, error_number
from tcpchat.listening import how_to_join, tune, where
from tcpchat.log_lines import reason
from tcpchat.turns import accept_few

# Programs look for READY among what the server tells.
logger = Logger(namespace="tcpchat.server.Server")

# What an endpoint may fail with when nobody can listen there.
CANNOT_LISTEN = CannotListenError, OSError, OverflowError


class OpenDoors:
    """Opens and closes them. Who came in by a door that is closed stays."""

    def __init__(self, factory: Callable[[Door], IProtocolFactory]) -> None:
        """``factory`` returns what makes the connections of a door."""
        self._factory = factory
        self._doors: dict[str, Door] = {}
        self._ports: dict[str, Any] = {}  # tcp.Port, unix.Port: their sockets are no part of an interface

    def __iter__(self) -> Iterator[Door]:
        """Yield those that are open."""
        yield from self._doors.values()

    @property
    def ports(self) -> list[Listening]:
        """All ports that are open."""
        return [
            Listening(description, door.endpoint, self._ports[description])
            for description, door in self._doors.items()
        ]

    async def open(self, doors: Mapping[str, Door]) -> None:
        """
        Open doors beside those that are.

        Raises:
            CannotListenError, OSError, OverflowError: one cannot be; those in front of it are.
        """
        for description, door in doors.items():
            self._ports[description] = await self._listen(door)
            self._doors[description] = door

    def tell(self, descriptions: Iterable[str]) -> None:
        """Tell the operator which doors are open now."""
        opened = [(self._doors[each], self._ports[each].getHost()) for each in descriptions]
        for door, at in opened:
            logger.info("READY line {kind} {where}", kind=door.kind, where=where(at))
        for line in how_to_join((door.client, at) for door, at in opened):
            logger.info("{line}", line=line)

    async def change(self, doors: Mapping[str, Door]) -> None:
        """
        Have these doors open, and no others: those that are open already are left alone.

        Raises:
            CannotListenError, OSError, OverflowError: one cannot be, and all is as it was, but for what the
                operator is told of.
        """
        gone = {description: door for description, door in self._doors.items() if description not in doors}
        new = {description: door for description, door in doors.items() if description not in self._doors}
        # First: a new one may be on the port of one that goes.
        await self._close(gone)
        try:
            await self.open(new)
        except CANNOT_LISTEN:
            await self._close(new)
            for description, door in gone.items():
                await self._open_again(description, door)
            raise
        self.tell(new)
        for description in gone:
            logger.info("Nobody can come in any more by {description}", description=description)

    async def _open_again(self, description: str, door: Door) -> None:
        try:
            await self.open({description: door})
        except Exception as error:
            # Another program was quicker: that is no reason for the other doors to stay closed.
            logger.error(
                "Nobody can come in any more by {description}: it cannot be opened again: {error}",
                description=description,
                error=reason(error),
            )

    async def close(self) -> None:
        """Let nobody in any more."""
        await self._close(list(self._doors))

    async def _close(self, descriptions: Iterable[str]) -> None:
        for description in descriptions:
            if self._doors.pop(description, None) is not None:
                await self._ports.pop(description).stopListening()

    async def _listen(self, door: Door) -> Any:
        factory = self._factory(door)
        try:
            port: Any = await door.endpoint.listen(factory)
        except CannotListenError as error:
            if door.otherwise is None or error_number(error) not in NO_IPV6:
                raise
            port = await door.otherwise.listen(factory)
        accept_few(port)
        if hasattr(port, "socket"):
            tune(port.socket)
        return port

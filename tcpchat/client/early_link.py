"""
A link for somebody who may type already while Twisted, and the commands, are still being imported.

That takes as long as all else that happens before there is a prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tcpchat.client.address import Address
from tcpchat.client.conversation import Conversation
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import Happening

if TYPE_CHECKING:
    from tcpchat.client.link import Link

# What is imported then: the first brings Twisted, the second is for what is typed.
LATER = "tcpchat.client.connecting", "tcpchat.commands"


class EarlyLink:
    """
    What link.py has, from the moment on at which something can be asked for over it.

    ``make_reactor`` has Twisted's reactor stand on a loop.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_reactor: Callable[[Any], Any],
        address: Address,
        conversation: Conversation,
        happened: Callable[[Sequence[Happening]], None],
        foreign: ForeignServer,
    ) -> None:
        self.conversation = conversation
        self._loop = loop
        self._make_reactor = make_reactor
        self._address = address
        self._happened = happened
        self._foreign = foreign
        self._reactor: Any = None
        self._link: Link | None = None

    def start(self) -> None:
        """Connect, as soon as that can be done."""
        self._connecting = self._loop.create_task(self._connect())
        # Or nobody would hear of a fault.
        self._connecting.add_done_callback(lambda it: it.cancelled() or it.result())

    def stop(self) -> None:
        """Close the connection once all is sent that was given to it; the loop is about to end."""
        self._connecting.cancel()
        if self._link is not None:
            self._link.stop()
            self._reactor.fireSystemEvent("shutdown")

    @property
    def is_foreign(self) -> bool:
        """Is the server another one than ours?"""
        return self._link is not None and self._link.is_foreign

    @property
    def takes_lines(self) -> bool:
        """Would a line for another server go out at once?"""
        return self._link is not None and self._link.takes_lines

    def ask(self, kind: str, **fields: Any) -> str:
        """Ask our server for something; return what it is called in its answer."""
        return self.link.ask(kind, **fields)

    def choose(self, nick: str) -> None:
        """Answer that a nickname is wanted."""
        self.link.choose(nick)

    def type(self, line: str) -> None:
        """Send a line to another server."""
        self.link.type(line)

    def resized(self, width: int, height: int) -> None:
        """The window has another size."""
        (self._link or self._foreign).resized(width, height)

    def delay(self) -> float | None:
        """Return how many seconds it takes to the server and back, if that is known."""
        return None if self._link is None else self._link.delay()

    @property
    def link(self) -> Link:
        """Return the link: it is there since something has come over it."""
        assert self._link is not None
        return self._link

    async def _connect(self) -> None:
        for module in LATER:
            await asyncio.to_thread(import_module, module)  # the loop goes on with what is typed
        from tcpchat.client.connecting import connect

        self._reactor = self._make_reactor(self._loop)
        self._reactor.startRunning(installSignalHandlers=False)
        self._link = connect(self._reactor, self._address, self.conversation, self._happened, self._foreign)
        self._link.start()

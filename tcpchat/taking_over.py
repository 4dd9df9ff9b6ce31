"""
A server becomes what its configuration says now: its doors, its chat and certificates, what its log tells.

When that is read, and that it is done once at a time, is in reloading.py.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver

from tcpchat.assignment import assigned
from tcpchat.certificates import Certificates
from tcpchat.config import Config, WrongConfig
from tcpchat.config_changes import Changes
from tcpchat.configuring import Chosen
from tcpchat.deeds import TOOL
from tcpchat.endpoints import Door
from tcpchat.events import Noted
from tcpchat.giving_up import why_not_listening
from tcpchat.observers import set_lines
from tcpchat.open_doors import CANNOT_LISTEN, OpenDoors
from tcpchat.places_to_listen import called
from tcpchat.reconfiguring import reconfigure
from tcpchat.reload import Reloaded
from tcpchat.reloading import Reloading
from tcpchat.renewal import Renewal
from tcpchat.room import AUDIT
from tcpchat.served import Served
from tcpchat.text import clean


@dataclass(frozen=True)
class Again:
    """How a server finds out what it is to be when that has changed: its configuration, and doors to it."""

    read: Callable[[], Chosen]
    doors: Callable[[Config], list[Door]]


def by_description(config: Config, doors: list[Door]) -> dict[str, Door]:
    """Return the doors of a configuration by what they are called."""
    return dict(zip(called(config.listen or ("",)), doors, strict=True))


def certificates_of(doors: Iterable[Door | None]) -> list[Certificates]:
    """Return the certificates of those doors that have any."""
    return [door.certificates for door in doors if door is not None and door.certificates]


class TakingOver:
    """Takes a configuration over, whenever it is read anew."""

    def __init__(
        self,
        again: Again,
        chosen: Chosen,
        served: Served,
        doors: OpenDoors,
        page: Door | None,
        renewal: Renewal,
        logs_to: ILogObserver | None,
    ) -> None:
        """``chosen`` is what the server is now, ``logs_to`` what writes its log, if that is not twistd's."""
        self._again = again
        self._served = served
        self._doors = doors
        self._page = page
        self._renewal = renewal
        self._logs_to = logs_to
        self._reloading = Reloading(chosen, again.read, self._take, self._note)

    def by_signal(self) -> Deferred[None]:
        """Do it for whoever runs the server; answer when that is done, or cannot be."""
        return self._reloading.by_signal()

    async def for_somebody(self) -> Reloaded:
        """
        Do it for one of the server's operators: of several workers all do.

        Raises:
            WrongConfig: something cannot be, and nothing has changed.
        """
        if assigned() is None:
            return await self._reloading.reload()
        found = self._reloading.look()
        os.kill(os.getppid(), signal.SIGHUP)
        return found

    async def _take(self, found: Changes, greeting: tuple[str, ...]) -> list[str]:
        """
        Become what can be changed; return why certificates stay as they were that cannot be read again.

        Raises:
            WrongConfig: nobody can listen somewhere, and nothing has changed.
        """
        config, served = found.config, self._served
        if "listen" in found.now:
            doors = by_description(config, self._again.doors(config))
            try:
                await self._doors.change(doors)
            except CANNOT_LISTEN as error:
                raise WrongConfig(why_not_listening(error)[1]) from error
        if self._logs_to is not None:
            set_lines(self._logs_to, config.log_format, config.log_level)
        served.proxies = config.proxy_networks
        cleaned = tuple(map(clean, greeting))
        await reconfigure(served.chat, served.entrance, served.dialogues(), config, cleaned, found.now)
        self._renewal.change(certificates_of((*self._doors, self._page)))
        return [outcome.text for outcome in self._renewal.reload() if outcome.is_refused]

    def _note(self, text: str) -> None:
        chat = self._served.chat
        of = f" of {chat.log.node}" if chat.log.node else ""
        chat.log_surely([(AUDIT, [Noted("", TOOL, f"reloaded the configuration{of}: {text}")])])

"""
What a worker is to be: its parent says so in its environment, and holds it by its standard input.

The parent has chosen the configuration for all of them, so that a file which is changed meanwhile changes
nothing for one that is started again, unless all were told to read it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Any

import msgspec
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from tcpchat.config import Config
from tcpchat.store import numbered

# Where an endpoint's description has its port: "tcp:8025:…", "ssl:port=8025:…"; but for any port.
PORT = re.compile(r"^(\w+:(?:port=)?)([1-9]\d*)(?=:|$)")

# The variable of the environment.
ASSIGNED = "TCPCHAT_WORKER"

# And the one that says where all of them have their configuration from, for when it has changed.
SOURCE = "TCPCHAT_SOURCE"


def assigned_to(config: Config, number: int, listen: tuple[str, ...]) -> Config:
    """Return what one worker is to be."""
    return msgspec.structs.replace(
        config,
        listen=listen,
        node=f"{config.node}-{number}" if config.node else None,
        replica=numbered(config.replica, number),
        metrics=config.metrics and own_page(config.metrics, number),
        workers=1,
        reuse_port=True,
    )


def own_page(description: str, number: int) -> str:
    """
    Return the endpoint of one worker's figures: of the first it is the one that was said.

    The others have the ports behind that; of a Unix socket, paths with their numbers.
    """
    kind, _, rest = description.partition(":")
    if kind == "unix":
        path, colon, more = rest.removeprefix("address=").partition(":")
        return f"unix:{numbered(path, number)}{colon}{more}"
    # Of any port the system chooses, each has another one anyway.
    return PORT.sub(lambda found: f"{found[1]}{int(found[2]) + number - 1}", description)


def as_assigned(chosen: Config, mine: Config) -> Config:
    """Return what a worker is to be when another configuration has been chosen for all of them."""
    return msgspec.structs.replace(
        chosen,
        listen=mine.listen,
        node=mine.node,
        replica=mine.replica,
        metrics=mine.metrics,
        workers=mine.workers,
        reuse_port=mine.reuse_port,
    )


def environment(config: Config) -> dict[str, str]:
    """Return what tells a process what it is to be."""
    return {ASSIGNED: msgspec.json.encode(config).decode()}


def assigned() -> Config | None:
    """Return what this process is to be, if it is a worker."""
    text = os.environ.get(ASSIGNED)
    return msgspec.json.decode(text, type=Config) if text else None


@implementer(IReadDescriptor)
class Leash:
    """Ends a worker when its standard input ends: its parent wants that, or is gone."""

    def __init__(self, reactor: Any, descriptor: int = 0) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        stop = reactor.stop

        def stop_once() -> None:
            with suppress(ReactorNotRunning):
                stop()

        # A signal may end it as well, such as one to all processes of a terminal or a service.
        reactor.stop = stop_once
        reactor.addReader(self)

    def fileno(self) -> int:
        """Return what is read."""
        return self._descriptor

    def logPrefix(self) -> str:
        """Return what this is called in logs."""
        return "leash"

    def doRead(self) -> None:
        """Read: nothing is ever written, so this is the end."""
        self._reactor.removeReader(self)
        self._reactor.stop()

    def connectionLost(self, reason: Failure) -> None:
        """The other end of the pipe is closed."""
        self.doRead()

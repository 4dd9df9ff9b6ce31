"""
Ports that several processes listen on at once, by SO_REUSEPORT: the system gives each connection to one.

A process may have such a port beside others of the same user alone; any other program finds it busy.
"""

from __future__ import annotations

import re
import socket
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory

# Is it to be had here? Not on every system.
IS_POSSIBLE = hasattr(socket, "SO_REUSEPORT")

# Where an endpoint's description says that any port will do: "tcp:0:…", "ssl:port=0:…", "tls:/folder:0".
ANY_PORT = re.compile(r"^((?:haproxy:)?(?:tls:(?:\\.|[^:\\])+|\w+):(?:port=)?)0(?=:|$)")


class Sharing:
    """A reactor as endpoints know it, which listens where others do, too."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """Listen on a port that others may have."""
        # Twisted itself can share ports since 26.10.
        with _shared(interface, port) as ours:
            ours.listen(backlog)
            ours.setblocking(False)
            listening: IListeningPort = self._reactor.adoptStreamPort(ours.fileno(), ours.family, factory)
        return listening

    def __getattr__(self, name: str) -> Any:
        """Everything else, such as a Unix socket, is as ever."""
        return getattr(self._reactor, name)


class Holding:
    """A reactor as endpoints know it, which has their port for others to share, and does not listen."""

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> socket.socket:
        """Have a port."""
        return hold(interface, port)


def hold(interface: str, port: int) -> socket.socket:
    """
    Have a port for those who are to share it: nobody else can take it meanwhile, nor connect to it.

    Raises:
        CannotListenError: somebody else has it, or there is no such address.
    """
    # Whoever listens there already may share it, too: that is found by asking for it alone.
    _bound(interface, port, shares=False).close()
    return _shared(interface, port)


def _shared(interface: str, port: int) -> socket.socket:
    return _bound(interface, port, shares=True)


def _bound(interface: str, port: int, shares: bool) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in interface else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shares)
        made.bind((interface, port))
    except OSError as error:
        made.close()
        raise CannotListenError(interface, port, error) from error
    return made


def on_port(description: str, port: int) -> str:
    """Return the description of an endpoint that may have had any port, with the one that it has."""
    return ANY_PORT.sub(rf"\g<1>{port}", description)

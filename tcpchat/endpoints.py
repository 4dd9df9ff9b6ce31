"""
What ``--listen`` can say: an endpoint of Twisted's, with TLS or a proxy's header before what people say.

``ssl:`` and ``tls:`` are written as Twisted's own, and so is ``haproxy:`` in front of any other; but they are
layers of ours on ``tcp:``: certificates that are read anew, and a person's real address for every limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.endpoints import (
    AdoptedStreamServerEndpoint,
    _parse,
    quoteStringArgument,
    serverFromString,
)
from twisted.internet.fdesc import setNonBlocking
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint

from tcpchat.certificates import Certificates, of_files, of_folder
from tcpchat.pems import NoIdentity
from tcpchat.unix_sockets import Adopting, Cleared

# Connections that wait to be accepted. Twisted's 50 loses some when many come at once.
BACKLOG = 4096

PROXIED = "haproxy"

# What wants to know how many connections may wait.
WITH_BACKLOG = ("tcp", "tcp6", "unix")


class OfSystemd(AdoptedStreamServerEndpoint):
    """
    A socket that systemd has handed over: it can be listened on again and again.

    Twisted's own endpoint closes the descriptor once it is listened on, and then it is another one's.
    """

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen on a copy of the descriptor, which itself stays open as long as this process lives."""
        return execute(self._listen, factory)

    def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        setNonBlocking(self.fileno)
        port: IListeningPort = self.reactor.adoptStreamPort(self.fileno, self.addressFamily, factory)
        return port


class NoEndpoint(Exception):
    """There is no such endpoint; the text says why, without an end."""


@dataclass(frozen=True)
class Door:
    """A line door that is to be opened: what kind of endpoint, and one to try if it cannot be."""

    kind: str
    endpoint: IStreamServerEndpoint
    otherwise: IStreamServerEndpoint | None = None
    certificates: Certificates | None = None  # with TLS
    is_proxied: bool = False  # behind a proxy that sends its header first

    @property
    def client(self) -> str:
        """With what people come in, in front of an address; empty if they come over a proxy."""
        if self.is_proxied:
            return ""
        return "nc" if self.certificates is None else "ncat --ssl"


def door(reactor: Any, description: str) -> Door:
    """
    Return the door for a description.

    Raises:
        NoEndpoint: it is none.
    """
    kind, _, rest = description.partition(":")
    is_proxied = kind == PROXIED
    plain = rest if is_proxied else description
    try:
        made = _made(reactor, plain)
    except TypeError as error:
        raise NoEndpoint("that is not a whole endpoint") from error
    except (LookupError, ValueError, NoIdentity) as error:
        raise NoEndpoint(str(error)) from error
    port = getattr(made.endpoint, "_port", 0)
    if isinstance(port, int) and not 0 <= port <= 65535:
        raise NoEndpoint(f"there is no port {port}")
    return Door(PROXIED, made.endpoint, None, made.certificates, True) if is_proxied else made


def _made(reactor: Any, description: str) -> Door:
    (kind, *words), named = _parse(description)
    if layer := LAYERS.get(kind):
        return layer(reactor, *words, **named)
    if kind == PROXIED:
        raise NoEndpoint("one proxy's header is enough")
    if kind == "systemd":
        try:
            found: Any = serverFromString(Adopting(reactor), description)
            return Door(kind, OfSystemd(found.reactor, found.fileno, found.addressFamily))
        except LookupError as error:
            raise NoEndpoint("systemd has handed over no such socket (LISTEN_FDS)") from error
    full = description
    if kind in WITH_BACKLOG and "backlog" not in named:
        full = f"{description}:backlog={BACKLOG}"
    endpoint = serverFromString(reactor, full)
    if kind == "unix":
        path = words[0] if words else named["address"]
        return Door(kind, Cleared(endpoint, path))
    return Door(kind.removesuffix("6"), endpoint)


def _tcp(reactor: Any, kind: str, port: str, **more: str) -> IStreamServerEndpoint:
    rest = "".join(f":{name}={quoteStringArgument(value)}" for name, value in more.items())
    endpoint: IStreamServerEndpoint = serverFromString(reactor, f"{kind}:{quoteStringArgument(port)}{rest}")
    return endpoint


def _ssl(
    reactor: Any,
    port: str,
    privateKey: str = "server.pem",
    certKey: str | None = None,
    *,
    interface: str = "",
    backlog: str = str(BACKLOG),
    extraCertChain: str | None = None,
) -> Door:
    """Return a door for ``ssl:PORT:privateKey=FILE:certKey=FILE``."""
    name = f"ssl:{port}"
    certificates = of_files(name, privateKey, certKey or privateKey, extraCertChain)
    endpoint = _tcp(reactor, "tcp", port, interface=interface, backlog=backlog)
    return Door("ssl", endpoint, certificates=certificates)


def _tls(reactor: Any, path: str, port: str, *, interface: str = "::", backlog: str = str(BACKLOG)) -> Door:
    """Return a door for ``tls:FOLDER:PORT``, whose certificates are chosen by the name that is asked for."""
    certificates = of_folder(f"tls:{path}:{port}", path)
    endpoint = _tcp(reactor, "tcp6", port, interface=interface, backlog=backlog)
    return Door("tls", endpoint, certificates=certificates)


LAYERS: dict[str, Callable[..., Door]] = {"ssl": _ssl, "tls": _tls}

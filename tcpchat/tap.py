"""
``twistd tcpchat``: options in, a running server out.

What cannot be is one clear line and an exit status of its own: 64 a wrong option, 65 a damaged
log, 71 a log that cannot be opened, 74 a log that failed later, 75 what another server has.
"""

from __future__ import annotations

import sys
import time
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.internet.endpoints import serverFromString
from twisted.python import usage

from tcpchat import config
from tcpchat.assignment import Leash, assigned
from tcpchat.extras import NO_CLUSTER, has_cluster
from tcpchat.observers import catch_strays, observer
from tcpchat.running_time import running_time
from tcpchat.server import Door, Server
from tcpchat.sharing import IS_POSSIBLE, Holding, Sharing
from tcpchat.statuses import USAGE
from tcpchat.store import InCluster
from tcpchat.workers import Workers

# Connections that wait to be accepted. Twisted's 50 loses some when many come at once.
BACKLOG = 4096


class Options(usage.Options):
    """What can stand behind ``twistd tcpchat``."""

    synopsis = "[options]"
    longdesc = (
        "A group chat server that anybody can join with telnet or nc. Without options it listens"
        " on port 8023 of all addresses and keeps what is said in ./tcpchat.sqlite3."
    )
    optParameters = [
        ["store", None, None, "where the log is kept: sqlite:PATH, memory:, or in a cluster by"
         " nats://HOST:PORT[,HOST:PORT...][/NAME] (sqlite:tcpchat.sqlite3)"],
        ["node", None, None, "of a cluster: this node's name, which it must not share (made up once)"],
        ["replica", None, None, "of a cluster: this node's copy of the log (tcpchat-replica.sqlite3)"],
        ["workers", None, None, "of a cluster: so many nodes in a process each, on the same ports (1)"],
        ["durability", None, None, "what a shown line survives: power (an fsync first) or crash (power)"],
        ["limits", None, None, "limits for each person: on, or off for benchmarks and trusted networks (on)"],
        ["nicknames", None, None, "which scripts a nickname may be in: any or ascii (any)"],
        ["fanout", None, None, "how a line is handed to many: direct, or what is best here (auto)"],
        ["metrics", None, None, "figures for Prometheus, /healthz and /readyz, on an endpoint such as"
         " tcp:8025:interface=127.0.0.1; of several workers each has the next port (none)"],
        ["motd", None, None, "file whose lines everybody is greeted with"],
        ["history", None, None, "how many lines of a room a newcomer is shown, 0 to 500 (10)"],
        ["log-format", None, None, "what the server's own log is: text, or json, an object a line (text)"],
        ["log-level", None, None, "what it tells: info, or debug: who comes and goes, too (info)"],
        ["config", None, None, "TOML file with these options; the command line wins"],
    ]  # fmt: skip
    optFlags = [
        ["strict", None, "of a cluster: do not start where its servers may lose what was shown"],
        ["reuse-port", None, "share the ports with other servers of the same user (SO_REUSEPORT)"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["trusted"] = []
        self["operator"] = []

    def opt_listen(self, endpoint: str) -> None:
        """line door on a Twisted server endpoint, such as tcp:8023; repeatable (port 8023, all addresses)"""
        self["listen"].append(endpoint)

    def opt_trusted(self, network: str) -> None:
        """network whose connections are not counted, such as 10.1.0.0/16; repeatable (this machine alone)"""
        self["trusted"].append(network)

    def opt_operator(self, nick: str) -> None:
        """nickname whose account may moderate every room; repeatable (none)"""
        self["operator"].append(nick)

    def parseArgs(self, *arguments: str) -> None:
        """There is nothing but options."""
        if arguments:
            raise usage.UsageError(f"there is no option {arguments[0]!r}")

    def parseOptions(self, options: list[str] | None = None) -> None:
        """Take in the command line; a wrong one ends the process."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            _refuse(str(error))

    def chosen(self) -> config.Config:
        """
        Return the configuration: the command line, then the file, then the defaults.

        Raises:
            WrongConfig: something in it cannot be.
        """
        given = {name: value for name, value in self.items() if value not in (None, [], 0)}
        given.pop("config", None)
        typed = config.under_their_names(given)
        config.make(typed, "The command line")
        if self["config"] is None:
            return config.make(typed, "The command line")
        file = config.read_file(self["config"])
        config.make(file, self["config"])
        return config.make(file | typed, self["config"])


def _refuse(text: str) -> NoReturn:
    print(f"tcpchat: {text}", file=sys.stderr)
    raise SystemExit(USAGE)


def _door(reactor: Any, description: str) -> Door:
    """
    Return a door for a Twisted endpoint description.

    Raises:
        WrongConfig: it is none.
    """
    kind = description.partition(":")[0]
    full = description
    if kind in ("tcp", "tcp6", "ssl", "unix") and "backlog=" not in description:
        full = f"{description}:backlog={BACKLOG}"
    try:
        endpoint = serverFromString(reactor, full)
    except TypeError as error:
        raise config.WrongConfig(
            f"Cannot listen on {description!r}: that is not a whole endpoint."
        ) from error
    except Exception as error:
        # Each kind of endpoint fails in its own ways: ValueError, a missing file, OpenSSL's own.
        # What most who get it wrong have typed.
        advice = f" Try tcp:{description}." if description.isdecimal() else ""
        raise config.WrongConfig(f"Cannot listen on {description!r}: {error}.{advice}") from error
    port = getattr(endpoint, "_port", 0)
    if isinstance(port, int) and not 0 <= port <= 65535:
        raise config.WrongConfig(f"Cannot listen on {description!r}: there is no port {port}.")
    return Door(kind.removesuffix("6"), endpoint)


def _doors(reactor: Any, chosen: config.Config) -> list[Door]:
    """
    Return the doors that are to be opened, or whose ports are to be held for workers.

    Raises:
        WrongConfig: one of them cannot be.
    """
    around = reactor
    if chosen.workers > 1 or chosen.reuse_port:
        if not IS_POSSIBLE:
            raise config.WrongConfig("Servers cannot share a port on this system: it has no SO_REUSEPORT.")
        around = Holding() if chosen.workers > 1 else Sharing(reactor)
    for description in chosen.listen:
        if chosen.workers > 1 and description.partition(":")[0] not in ("tcp", "tcp6", "ssl"):
            raise config.WrongConfig(f"Several workers cannot share {description!r}: it is no TCP port.")
    if chosen.listen:
        return [_door(around, description) for description in chosen.listen]
    # One socket for IPv6 and IPv4; or where there is no IPv6, for IPv4.
    ipv6, ipv4 = (_door(around, f"{kind}:{config.PORT}") for kind in ("tcp6", "tcp"))
    return [Door(ipv6.kind, ipv6.endpoint, ipv4.endpoint)]


def makeService(options: Options) -> IService:
    """Return the server that the options describe."""
    # The reactor's clock is the wall clock, which can be set while timers wait: before there is
    # any timer, give it one that only goes forward, and only while the process runs.
    from twisted.internet import reactor as installed

    reactor: Any = installed
    reactor.seconds = running_time(time.monotonic)
    try:
        if (chosen := assigned()) is not None:
            Leash(reactor)
        else:
            chosen = options.chosen()
        if isinstance(chosen.chosen_store, InCluster) and not has_cluster():
            raise config.WrongConfig(NO_CLUSTER)
        doors = _doors(reactor, chosen)
        page = _door(reactor, chosen.metrics) if chosen.metrics else None
        greeting = config.greeting(chosen.motd) if chosen.motd else ()
        foreground = options.parent is None or bool(options.parent.get("nodaemon", True))
        server: Server | Workers
        if chosen.workers > 1:
            reactor.seconds = time.monotonic  # nothing happens here all the time
            server = Workers(reactor, chosen, doors)
        else:
            server = Server(reactor, chosen, doors, greeting, foreground, page)
        if options.parent is not None and not options.parent.get("logger"):
            server.logs_to = observer(options.parent, chosen.log_format, chosen.log_level)
            catch_strays()
        return server
    except config.WrongConfig as error:
        _refuse(str(error))

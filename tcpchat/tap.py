"""
``twistd tcpchat``: options in, a running server out.

What cannot be is one clear line and an exit status of its own: 64 a wrong option, 65 a damaged
log, 71 a log that cannot be opened, 74 a log that failed later, 75 what another server has.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import msgspec
from twisted.application.service import IService
from twisted.python import usage

from tcpchat import config
from tcpchat.adopting import NOTHING, Inherited
from tcpchat.assignment import SOURCE, Leash, as_assigned, assigned
from tcpchat.becoming import received
from tcpchat.configuring import Chosen, Source
from tcpchat.endpoints import PROXIED, Door, NoEndpoint, door
from tcpchat.explanations import explanations
from tcpchat.extras import NO_CLUSTER, has_cluster
from tcpchat.handed import NotRead
from tcpchat.logs.sqlite_tools import StoredLog
from tcpchat.monitoring import PAGE
from tcpchat.observers import catch_strays, observer
from tcpchat.places_to_listen import called
from tcpchat.port_sharing import IS_POSSIBLE, Holding, Sharing
from tcpchat.running_time import running_time
from tcpchat.server import Server
from tcpchat.started import how_started
from tcpchat.statuses import USAGE
from tcpchat.store import InCluster, InFile
from tcpchat.taking_over import Again
from tcpchat.workers import Workers

# What can be typed several times, and what cannot be typed, as it is a table.
LISTS = [name for name, value in config.defaults().items() if isinstance(value, tuple)]
ONLY_IN_FILE = [name for name, value in config.defaults().items() if isinstance(value, msgspec.Struct)]


def _typed(name: str) -> str:
    """Return an option's name as it is typed."""
    return name.replace("_", "-")


def _help(name: str) -> str:
    """Return what an option is for, and what it is when nothing is said."""
    text, default = explanations(config.Config)[name], config.defaults()[name]
    if isinstance(default, tuple):
        return f"{text}; repeatable"
    return text if default is None or isinstance(default, bool) else f"{text} ({default})"


class Options(usage.Options):
    """What can stand behind ``twistd tcpchat``."""

    synopsis = "[options]"
    longdesc = (
        "A group chat server that anybody can join with telnet or nc. Without options it listens"
        " on port 8023 of all addresses and keeps what is said in ./tcpchat.sqlite3."
    )
    optParameters = [
        *(
            [_typed(name), None, None, _help(name)]
            for name, value in config.defaults().items()
            if name not in ONLY_IN_FILE and not isinstance(value, bool | tuple)
        ),
        ["config", None, None, "TOML file with these options, and every limit; the command line wins"],
    ]
    optFlags = [
        [_typed(name), None, _help(name)]
        for name, value in config.defaults().items()
        if isinstance(value, bool)
    ]

    def __init__(self) -> None:
        super().__init__()
        for name in LISTS:
            self[name] = []

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

    def source(self, reactor: Any) -> Source:
        """Return where the configuration comes from: the command line, then the file, then the defaults."""
        typed = {name: value for name, value in self.items() if value not in (None, [], 0)}
        path = typed.pop("config", None)
        return Source(path, typed, partial(door_at, reactor))


def _collecting(name: str) -> Callable[[Options, str], None]:
    """Return what takes in an option that can be typed several times."""

    def opt(options: Options, value: str) -> None:
        options[name].append(value)

    opt.__doc__ = _help(name)
    return opt


for _name in LISTS:
    setattr(Options, f"opt_{_name}", _collecting(_name))


def _refuse(text: str) -> NoReturn:
    for line in text.splitlines():
        print(f"tcpchat: {line}", file=sys.stderr)
    raise SystemExit(USAGE)


def door_at(reactor: Any, description: str) -> Door:
    """
    Return a door for an endpoint's description.

    Raises:
        WrongConfig: it is none.
    """
    try:
        return door(reactor, description)
    except NoEndpoint as error:
        # What most who get it wrong have typed.
        advice = f" Try tcp:{description}." if description.isdecimal() else ""
        raise config.WrongConfig(f"Cannot listen on {description!r}: {error}.{advice}") from error


def _doors(reactor: Any, chosen: config.Config, inherited: Inherited = NOTHING) -> list[Door]:
    """
    Return the doors that are to be opened, or whose ports are to be held for workers.

    Those whose ports are ``inherited`` go on to listen.

    Raises:
        WrongConfig: one of them cannot be.
    """
    around = reactor
    if chosen.workers > 1 or chosen.reuse_port:
        if not IS_POSSIBLE:
            raise config.WrongConfig("Servers cannot share a port on this system: it has no SO_REUSEPORT.")
        around = Holding() if chosen.workers > 1 else Sharing(reactor)
    for description in chosen.listen:
        kind = description.removeprefix(f"{PROXIED}:").partition(":")[0]
        if chosen.workers > 1 and kind not in ("tcp", "tcp6", "ssl", "tls"):
            raise config.WrongConfig(f"Several workers cannot share {description!r}: it is no TCP port.")
    if chosen.listen:
        return [
            door_at(inherited.around(name, around), description)
            for name, description in zip(called(chosen.listen), chosen.listen, strict=True)
        ]
    # One socket for IPv6 and IPv4; or where there is no IPv6, for IPv4.
    around = inherited.around("", around)
    ipv6, ipv4 = (door_at(around, f"{kind}:{config.PORT}") for kind in ("tcp6", "tcp"))
    return [Door(ipv6.kind, ipv6.endpoint, ipv4.endpoint)]


def _read_anew(source: Source, mine: config.Config | None) -> Chosen:
    """
    Return what is chosen now; of a worker, ``mine`` is what it was to be.

    Raises:
        WrongConfig: something in it cannot be.
    """
    chosen, greeting = source.read()
    return Chosen(as_assigned(chosen, mine) if mine is not None else chosen, greeting)


def check(options: Options) -> str:
    """
    See whether a server could be started that takes the place of one that runs; return its log's file.

    A wrong option ends the process.

    Raises:
        CannotOpen: or another of its kinds: the log cannot be read by this version.
    """
    from twisted.internet import reactor

    try:
        chosen, _ = options.source(reactor).read()
        _doors(reactor, chosen)
        if chosen.metrics:
            door_at(reactor, chosen.metrics)
    except config.WrongConfig as error:
        _refuse(str(error))
    if not isinstance(chosen.chosen_store, InFile) or options.parent is None:
        return ""
    path = os.path.join(options.parent["rundir"], chosen.chosen_store.path)
    StoredLog(path).close()
    return os.path.realpath(path)


def makeService(options: Options) -> IService:
    """Return the server that the options describe."""
    # The reactor's clock is the wall clock, which can be set while timers wait: before there is
    # any timer, give it one that only goes forward, and only while the process runs.
    from twisted.internet import reactor as installed

    reactor: Any = installed
    reactor.seconds = running_time(time.monotonic)
    try:
        if (mine := assigned()) is not None:
            Leash(reactor)
            source = Source.from_text(os.environ[SOURCE], partial(door_at, reactor))
            chosen, greeting = mine, source.greeting(mine)
        else:
            source = options.source(reactor)
            chosen, greeting = source.read()
        if isinstance(chosen.chosen_store, InCluster) and not has_cluster():
            raise config.WrongConfig(NO_CLUSTER)
        before = received()
        inherited = Inherited(before.ports if before is not None else ())
        doors = _doors(reactor, chosen, inherited)
        page = door_at(inherited.around(PAGE, reactor), chosen.metrics) if chosen.metrics else None
        inherited.close()
        foreground = options.parent is None or bool(options.parent.get("nodaemon", True))
        server: Server | Workers
        if chosen.workers > 1:
            reactor.seconds = time.monotonic  # nothing happens here all the time
            os.environ[SOURCE] = source.described()
            server = Workers(reactor, chosen, doors, source.read)
        else:
            again = Again(partial(_read_anew, source, mine), partial(_doors, reactor))
            pidfile = "" if options.parent is None else options.parent["pidfile"]
            started = how_started(pidfile)
            server = Server(reactor, chosen, doors, greeting, foreground, page, again, started, before)
        if options.parent is not None and not options.parent.get("logger"):
            server.logs_to = observer(options.parent, chosen.log_format, chosen.log_level)
            catch_strays()
        if before is not None and options.parent is not None:
            options.parent["nodaemon"] = True  # it is one already, if it is to be
        return server
    except (config.WrongConfig, NotRead) as error:
        _refuse(str(error))

"""
What the operator can set: each option once, with its default, what it can be, and what it is for.

The command line, the configuration file, `config default` and the schema for editors are made of this.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from tcpchat.limits import KEEP_ALL, MOST_HISTORY, NO_LIMITS, Limits, Retention
from tcpchat.networks import Trusted, networks
from tcpchat.store import KINDS, REPLICA, Store, store

# Where a line door listens when nothing is said: telnet's port with 8000 added, for no root.
PORT = 8023

# What a node of a cluster may be called: it is part of keys that NATS keeps.
POSSIBLE_NODE = "^[A-Za-z0-9_-]{1,32}$"

# Processes that one command starts: one for each core is what they are for.
MOST_WORKERS = 64


class WrongConfig(Exception):
    """What the operator has set cannot be; each line of the text says one thing that is wrong, and where."""


def can_be(what: str, **example: str | list[str]) -> msgspec.Meta:
    """Say what an option can be; by ``example``, of what has no default, what it might be."""
    return msgspec.Meta(extra={"can_be": what, **example})


Path = Annotated[str, msgspec.Meta(min_length=1)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Every option, under the name that it has on the command line, with ``_`` for ``-``.

    What stands below each is its help.
    """

    listen: Annotated[tuple[str, ...], can_be("a list of endpoints", example=["tcp:8023"])] = ()
    """line doors, each on a Twisted server endpoint, such as tcp:8023; none: port 8023 of all addresses"""
    store: Annotated[str, can_be(KINDS)] = "sqlite:tcpchat.sqlite3"
    """where the log is kept: sqlite:PATH, memory:, or in a cluster by nats://HOST:PORT[,HOST:PORT...][/NAME]"""
    node: Annotated[
        Annotated[str, msgspec.Meta(pattern=POSSIBLE_NODE)] | None,
        can_be("a name of 1 to 32 letters, digits, - and _", example="chat-1"),
    ] = None
    """of a cluster: this node's own name: letters, digits, - and _; without it one is made up once"""
    replica: Annotated[Path, can_be("the path of a file")] = REPLICA
    """of a cluster: this node's copy of the log"""
    strict: Annotated[bool, can_be("true or false")] = False
    """of a cluster: do not start where its servers may lose what was shown"""
    workers: Annotated[
        int, msgspec.Meta(ge=1, le=MOST_WORKERS), can_be(f"a number from 1 to {MOST_WORKERS}")
    ] = 1
    """of a cluster: so many nodes in a process each, on the same ports, 1 to 64"""
    reuse_port: Annotated[bool, can_be("true or false")] = False
    """share the ports with other servers of the same user (SO_REUSEPORT)"""
    durability: Annotated[Literal["power", "crash"], can_be("power or crash")] = "power"
    """what a shown line survives: power (an fsync first) or crash"""
    limits: Annotated[Literal["on", "off"] | Limits, can_be("on or off, or a table of numbers")] = "on"
    """limits for each person: on, or off for benchmarks and trusted networks"""
    nicknames: Annotated[Literal["any", "ascii"], can_be("any or ascii")] = "any"
    """which scripts a nickname may be in: any or ascii"""
    fanout: Annotated[Literal["auto", "direct"], can_be("auto or direct")] = "auto"
    """how a line is handed to many: direct, or what is best here"""
    motd: Annotated[Path | None, can_be("the path of a file", example="motd.txt")] = None
    """file whose lines everybody is greeted with"""
    metrics: Annotated[
        Path | None,
        can_be("an endpoint such as tcp:8025:interface=127.0.0.1", example="tcp:8025:interface=127.0.0.1"),
    ] = None
    """figures for Prometheus, /healthz and /readyz, on an endpoint; of several workers each has its own"""
    log_format: Annotated[Literal["text", "json"], can_be("text or json")] = "text"
    """what the server's own log is: text, or json, an object a line"""
    log_level: Annotated[Literal["info", "debug"], can_be("info or debug")] = "info"
    """what it tells: info, or debug: who comes and goes, too"""
    history: Annotated[
        int, msgspec.Meta(ge=0, le=MOST_HISTORY), can_be(f"a number from 0 to {MOST_HISTORY}")
    ] = 10
    """how many lines of a room a newcomer is shown, 0 to 500"""
    trusted: Annotated[
        tuple[str, ...], can_be("a list of networks such as 10.1.0.0/16", example=["10.1.0.0/16"])
    ] = ()
    """networks whose connections are not counted, such as 10.1.0.0/16; this machine's never are"""
    proxies: Annotated[
        tuple[str, ...], can_be("a list of networks such as 10.1.0.0/16", example=["10.2.0.5"])
    ] = ("127.0.0.0/8", "::1")
    """networks whose proxies say who is behind them, for haproxy: endpoints"""
    operator: Annotated[tuple[str, ...], can_be("a list of nicknames", example=["anna"])] = ()
    """nicknames whose accounts may moderate every room"""
    retention: Annotated[Retention, can_be("a table of numbers, days and entries")] = KEEP_ALL
    """how much of each room and inbox is kept"""

    @property
    def chosen_limits(self) -> Limits:
        """The limits that are meant by ``limits``."""
        if isinstance(self.limits, Limits):
            return self.limits
        return Limits() if self.limits == "on" else NO_LIMITS

    @property
    def chosen_store(self) -> Store:
        """The store that is meant by ``store``."""
        return store(self.store)

    @property
    def trusted_networks(self) -> Trusted:
        """The networks that are meant by ``trusted``."""
        return networks(self.trusted)

    @property
    def proxy_networks(self) -> Trusted:
        """The networks that are meant by ``proxies``."""
        return networks(self.proxies)


# The options that are tables, and what is in them: these are in the configuration file alone.
TABLES: dict[str, type[msgspec.Struct]] = {"limits": Limits, "retention": Retention}

# What can be changed while people are connected (`taking_over`); everything else needs a restart.
CHANGEABLE = frozenset({
    "listen", "limits", "nicknames", "motd", "log_format", "log_level", "history", "trusted", "proxies",
    "operator", "retention",
})  # fmt: skip

# What an operator writes for no limit, as TOML has no word for nothing.
OFF = "off"

_HINTS: dict[str, Any] = get_type_hints(Config, include_extras=True)


def _extra(name: str, of: str) -> Any:
    metas = [meta for meta in _HINTS[name].__metadata__ if meta.extra]
    return metas[-1].extra.get(of)


def possible(name: str) -> str:
    """Return what an option can be."""
    return str(_extra(name, "can_be"))


def example(name: str) -> str | list[str] | None:
    """Return what an option that has no default might be; None of one that has."""
    found: str | list[str] | None = _extra(name, "example")
    return found


def defaults(table: str = "") -> dict[str, Any]:
    """Return the defaults of all options, or of what is in a table."""
    made: msgspec.Struct = TABLES[table]() if table else Config()
    return msgspec.structs.asdict(made)

"""What the operator can set: the command line's options and the same in a TOML file."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Annotated, Any, Literal

import msgspec

from tcpchat.limits import KEEP_ALL, NO_LIMITS, Limits, Retention
from tcpchat.names import NotAName, is_reserved, nickname
from tcpchat.networks import Trusted, networks
from tcpchat.store import KINDS, REPLICA, InCluster, NoStore, Store, store

# Where a line door listens when nothing is said: telnet's port with 8000 added, for no root.
PORT = 8023

# What a node of a cluster may be called: it is part of keys that NATS keeps.
POSSIBLE_NODE = "^[A-Za-z0-9_-]{1,32}$"

# Processes that one command starts: one for each core is what they are for.
MOST_WORKERS = 64

# The options that are tables, and what is in them.
TABLES: dict[str, type[msgspec.Struct]] = {"limits": Limits, "retention": Retention}


class WrongConfig(Exception):
    """Something that the operator has set cannot be; the text is one line that says what."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Every option, under the name that it has on the command line, with ``_`` for ``-``.

    ``listen`` is empty for the default: all addresses of this machine.
    """

    listen: tuple[str, ...] = ()
    store: str = "sqlite:tcpchat.sqlite3"
    node: Annotated[str, msgspec.Meta(pattern=POSSIBLE_NODE)] | None = None
    replica: Annotated[str, msgspec.Meta(min_length=1)] = REPLICA
    strict: bool = False
    workers: Annotated[int, msgspec.Meta(ge=1, le=MOST_WORKERS)] = 1
    reuse_port: bool = False
    durability: Literal["power", "crash"] = "power"
    limits: Literal["on", "off"] | Limits = "on"
    nicknames: Literal["any", "ascii"] = "any"
    fanout: Literal["auto", "direct"] = "auto"
    motd: str | None = None
    metrics: str | None = None
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["info", "debug"] = "info"
    history: Annotated[int, msgspec.Meta(ge=0, le=500)] = 10
    retention: Retention = KEEP_ALL
    trusted: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()

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


def read_file(path: str) -> dict[str, Any]:
    """
    Return what a TOML file sets.

    Raises:
        WrongConfig: it cannot be read, or is no TOML.
    """
    try:
        with open(path, "rb") as file:
            return under_their_names(tomllib.load(file))
    except OSError as error:
        raise WrongConfig(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise WrongConfig(f"The configuration {path} is not TOML: {error}.") from error


def under_their_names(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings that may be named as on the command line (``log-format``) as `Config` names them."""
    return {name.replace("-", "_"): value for name, value in settings.items()}


def make(settings: dict[str, Any], source: str) -> Config:
    """
    Return the configuration that has these settings and the defaults for the rest.

    Raises:
        WrongConfig: there is no such setting, or it cannot have that value.
    """
    for name in settings:
        if name not in Config.__struct_fields__:
            raise WrongConfig(f'{source}: there is no option "{name}".')
    for name, value in settings.items():
        if name in TABLES and isinstance(value, dict):
            _check(value, name, source)
        try:
            msgspec.convert({name: value}, Config, strict=isinstance(value, list | dict | bool))
        except msgspec.ValidationError as error:
            raise WrongConfig(f"{source}: {name} cannot be {value!r}: {_explain(name)}.") from error
    made = msgspec.convert(settings, Config, strict=False)
    try:
        networks(made.trusted)
    except ValueError as error:
        text = f"{source}: trusted cannot hold {str(error)!r}: {_explain('trusted')}."
        raise WrongConfig(text) from error
    _check_store(made, source)
    for nick in made.operator:
        _check_operator(nick, made.nicknames == "ascii", source)
    return made


def _check_store(made: Config, source: str) -> None:
    """Refuse a store that there is not, or that cannot be what the rest needs."""
    try:
        is_shared = isinstance(made.chosen_store, InCluster)
    except NoStore as error:
        raise WrongConfig(f"{source}: {error}") from error
    if made.workers > 1 and not is_shared:
        raise WrongConfig(f"{source}: several workers need a store that they can share: nats://HOST:PORT.")


def _check_operator(nick: str, ascii_only: bool, source: str) -> None:
    """Refuse as an operator whom nobody can be."""
    try:
        name = nickname(nick, ascii_only)
    except NotAName as reason:
        raise WrongConfig(f"{source}: operator cannot be {nick!r}: {reason}.") from reason
    if is_reserved(name):
        raise WrongConfig(f"{source}: operator cannot be {nick!r}: nobody may be called that.")


def _check(table: dict[str, Any], name: str, source: str) -> None:
    """Refuse what cannot be in a table, by the name of the one key."""
    kind = TABLES[name]
    for key, value in table.items():
        if key not in kind.__struct_fields__:
            near = " or ".join(difflib.get_close_matches(key, kind.__struct_fields__))
            advice = f" Did you mean {near}?" if near else ""
            raise WrongConfig(f'{source}: there is no "{key}" in {name}.{advice}')
        try:
            msgspec.convert({key: value}, kind)
        except msgspec.ValidationError as error:
            what = _number(error)
            raise WrongConfig(f"{source}: {key} in {name} cannot be {value!r}: it is {what}.") from error


def _number(error: msgspec.ValidationError) -> str:
    """Return what was expected, from an error such as "Expected `int` >= 1 - at `$.rooms`"."""
    found = re.search(r"Expected `(\w+)[^`]*`([ <>=\d.]*)", str(error))
    assert found is not None, error
    return ("a whole number" if found[1] == "int" else "a number") + found[2].rstrip()


def _explain(name: str) -> str:
    """Return what an option can be."""
    choices = {
        "durability": "it is power or crash",
        "limits": "it is on or off, or a table of numbers",
        "nicknames": "it is any or ascii",
        "fanout": "it is auto or direct",
        "log_format": "it is text or json",
        "log_level": "it is info or debug",
        "history": "it is a number from 0 to 500",
        "listen": "it is a list of endpoints",
        "store": f"it is {KINDS}",
        "node": "it is a name of 1 to 32 letters, digits, - and _",
        "replica": "it is the path of a file",
        "strict": "it is true or false",
        "workers": f"it is a number from 1 to {MOST_WORKERS}",
        "reuse_port": "it is true or false",
        "motd": "it is the path of a file",
        "metrics": "it is an endpoint such as tcp:8025:interface=127.0.0.1",
        "trusted": "it is a list of networks such as 10.1.0.0/16",
        "operator": "it is a list of nicknames",
        "retention": "it is a table of numbers, days and entries",
    }
    return choices[name]


def greeting(path: str) -> tuple[str, ...]:
    """
    Return the lines of the operator's message of the day.

    Raises:
        WrongConfig: it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read().strip("\n")
    except OSError as error:
        raise WrongConfig(f"The message of the day {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise WrongConfig(f"The message of the day {path} is not UTF-8.") from error
    return tuple(text.split("\n")) if text.strip() else ()

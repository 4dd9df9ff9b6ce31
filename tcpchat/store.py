"""What ``--store`` means: where a log is kept, and of a cluster where its servers are. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

# Of NATS, by IANA.
PORT = 4222

# What a stream and a bucket are called when nothing is said.
NAME = "tcpchat"

# Where a node of a cluster has its copy of the log when nothing is said.
REPLICA = "tcpchat-replica.sqlite3"

# A bucket's name, which NATS allows no more in; a stream's may be the same.
POSSIBLE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Perhaps USER:PASSWORD@, as it is in URLs; a host's name or IPv4 address, or an IPv6 address in brackets; and
# perhaps a port.
SERVER = re.compile(
    r"(?P<login>[^\s@/]+@)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)

# What of a store nobody is told.
LOGIN = re.compile(r"[^,/]*@")

KINDS = "sqlite:PATH, memory: or nats://HOST:PORT[,HOST:PORT...][/NAME]"


class NoStore(Exception):
    """That is no store; the text is one line that says what one is."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """It is kept nowhere, for a try."""


@dataclass(frozen=True, slots=True)
class InFile:
    """It is kept in a file of this machine."""

    path: str


@dataclass(frozen=True, slots=True)
class InCluster:
    """
    It is kept by NATS servers, in a stream of that name.

    Each server is ``HOST:PORT``, or ``nats://USER:PASSWORD@HOST:PORT``.
    """

    servers: tuple[str, ...]
    name: str = NAME

    @property
    def url(self) -> str:
        """The URL of it, which is for nobody to read."""
        return f"nats://{','.join(server.removeprefix('nats://') for server in self.servers)}/{self.name}"

    def __str__(self) -> str:
        """Return the URL without users and passwords."""
        return LOGIN.sub("", self.url)


Store = InMemory | InFile | InCluster


def store(typed: str) -> Store:
    """
    Return the store that is meant.

    Raises:
        NoStore: there is none of that kind, or it is not whole.
    """
    kind, _, rest = typed.partition(":")
    if typed == "memory:":
        return InMemory()
    if kind == "sqlite" and rest:
        return InFile(rest)
    if kind == "nats" and rest.startswith("//"):
        return _cluster(typed, rest.removeprefix("//"))
    raise NoStore(f"There is no store {typed!r}: it is {KINDS}.")


def _cluster(typed: str, rest: str) -> InCluster:
    hosts, _, name = rest.partition("/")
    shown = LOGIN.sub("", typed)
    if name and not POSSIBLE_NAME.fullmatch(name):
        raise NoStore(f"There is no store {shown!r}: a NAME has 1 to 64 letters, digits, - and _.")
    return InCluster(tuple(_server(shown, host) for host in hosts.split(",")), name or NAME)


def _server(shown: str, host: str) -> str:
    found = SERVER.fullmatch(host)
    if found is None:
        raise NoStore(f"There is no store {shown!r}: {LOGIN.sub('', host)!r} is no HOST:PORT.")
    port = int(found["port"] or PORT)
    if not 0 < port <= 65535:
        raise NoStore(f"There is no store {shown!r}: there is no port {port}.")
    login = found["login"]
    return f"nats://{login}{found['host']}:{port}" if login else f"{found['host']}:{port}"


def numbered(path: str, number: int) -> str:
    """Return the path of one of several files that are alike: ``chat-2.sqlite3`` of ``chat.sqlite3``."""
    whole = PurePath(path)
    return str(whole.with_stem(f"{whole.stem}-{number}"))

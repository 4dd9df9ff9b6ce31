"""The servers: what each is, how it is started, and what chatload has to know of it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Place:
    """Where a server runs: a folder, a port, the compiled programs, and a package's files."""

    folder: Path
    port: int
    compiled: Path
    root: Path = Path("/")

    def config(self, name: str) -> str:
        """Write a configuration from its template; return its path."""
        root = f"{self.root}/".replace("//", "/")
        text = Template((PEERS / name).read_text()).substitute(port=self.port, folder=self.folder, root=root)
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def program(self, path: str) -> str:
        """Return where a package's program is."""
        return str(self.root / path)


@dataclass(frozen=True)
class Server:
    """One server; ``options`` are chatload's."""

    name: str
    what: str
    command: Callable[[Place], list[str]]
    options: tuple[str, ...] = ()
    join: str = ""  # how people get into rooms, in the line dialect
    package: str = ""  # Debian's, if it comes from there
    version: str = ""
    cautious: bool = False  # it refuses to run as root, or should not
    at_home: bool = False  # it finds its files only where Debian has them
    keeps_order: bool = False  # it promises that a room has one order


def _tcpchat(place: Place) -> list[str]:
    return [
        str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "tcpchat",
        "--listen", f"tcp:{place.port}:interface=127.0.0.1", "--store", "sqlite:tcpchat.sqlite3",
        "--durability", "power", "--limits", "off",
    ]  # fmt: skip


def _python(name: str) -> Callable[[Place], list[str]]:
    return lambda place: [sys.executable, str(PEERS / name), str(place.port)]


def _climit(mode: str) -> Callable[[Place], list[str]]:
    return lambda place: [str(place.compiled / "climit"), str(place.port), mode]


def _ngircd(place: Place) -> list[str]:
    return [place.program("usr/sbin/ngircd"), "-n", "-f", place.config("ngircd.conf")]


def _inspircd(place: Place) -> list[str]:
    return [place.program("usr/sbin/inspircd"), "--nofork", f"--config={place.config('inspircd.conf')}"]


def _hybrid(place: Place) -> list[str]:
    files = {
        "config": place.config("hybrid.conf"),
        "log": f"{place.folder}/log",
        "pid": f"{place.folder}/pid",
    }
    options = [word for name, path in files.items() for word in (f"-{name}file", path)]
    return [place.program("usr/sbin/ircd-hybrid"), "-foreground", *options]


def _node(place: Place) -> list[str]:
    return [place.program("usr/bin/node"), str(PEERS / "broadcast.js"), str(place.port)]


_WELCOMES = "--ready=Welcome"
_JOIN = "/join %r\\r\\n"
_IRC = "--dialect=irc"
_PYTHON = f"CPython {platform.python_version()}"

SERVERS = {
    server.name: server
    for server in (
        Server("tcpchat", "with its durable log on a disk, and without limits", _tcpchat,
               ("--ready=You are",), _JOIN, version=version("tcpchat"), keeps_order=True),
        Server("climit direct", "C, a send for each message and recipient", _climit("direct"),
               (_WELCOMES,), _JOIN),
        Server("climit tick", "C, a send for each turn and recipient", _climit("tick"), (_WELCOMES,), _JOIN),
        # Its listen backlog is 10.
        Server("ngIRCd", "C", _ngircd, (_IRC, "--burst=8"), package="ngircd", cautious=True),
        # It registers people once a second.
        Server("InspIRCd", "C++", _inspircd, (_IRC, "--burst=2000"), package="inspircd", cautious=True),
        # It looks for everybody's name and waits for that.
        Server("ircd-hybrid", "C", _hybrid, (_IRC, "--burst=2000"), package="ircd-hybrid", cautious=True,
               at_home=True),
        Server("node", "20 lines of JavaScript", _node, (_WELCOMES,), _JOIN, package="nodejs"),
        Server("asyncio", "Python, asyncio's streams", _python("streams.py"), (_WELCOMES,), _JOIN,
               version=_PYTHON),
        Server("threads", "Python, a thread for each person", _python("threads.py"), (_WELCOMES,), _JOIN,
               version=_PYTHON),
        Server("twisted.words", "the IRC service in Twisted", _python("words.py"),
               (_IRC, "--login=PASS x\\r\\nNICK %n\\r\\nUSER %n 0 * :%n\\r\\n"),
               version=f"Twisted {version('twisted')}"),
    )
}  # fmt: skip

# What a quick run is about.
QUICK = "tcpchat", "climit direct", "climit tick", "ngIRCd", "asyncio"

"""
What can stand behind ``tcpchat``, but for the operator's tools (cli.py).

``--help`` is answered from here, so what only an address or a time needs is imported where there is one.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from tcpchat import __version__
from tcpchat.client.limits import PATIENCE

SERVER = "TCPCHAT_SERVER"
DEFAULT_SERVER = "localhost:8023"

JOIN, SEND, WATCH = "join", "send", "watch"

EXAMPLES = """examples:
  tcpchat chat.example.org
  tcpchat tcpchats://chat.example.org/dev
  tcpchat send --room dev 'build 17 passed'
  make 2>&1 | tail -1 | tcpchat send --room dev --nick ci-bot
  tcpchat watch --room dev --since -1h | grep error

more, each with --help:
    send      say something, and end when it is in the log
    watch     print what is said in a room
    serve     be the server, as twistd -n tcpchat is
    log       the server's log: dump, check, backup, restore
    account   the server's accounts
    ban       who is kept out of the server
    config    the server's configuration: check, default, schema
    mkcert    make a certificate for a local network
    top       the server's figures, live
    upgrade   have a server become the version that is installed now
"""

SENDING = """examples:
  tcpchat send --room dev 'build 17 passed'
  uptime | tcpchat send --server chat.example.org

It ends with status 0 when all is in the server's log, and there once; 64: a wrong option, 68: no such host,
69: no server within --timeout, 77: the server has refused it.
"""

WATCHING = """examples:
  tcpchat watch --room dev --since -1h | grep error
  tcpchat watch --room dev --json | jq -r 'select(.type == "message") | .text'

It goes on until it is ended. --since shows what people have said since then: so long ago (-90m, -2d), at a
time of the day (10:02), or on a day (2026-11-21).
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"tcpchat: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(os.EX_USAGE)


def moment(typed: str) -> datetime:
    """Return since when something is to be shown."""
    from tcpchat.client.since import since

    try:
        return since(typed, datetime.now().astimezone())
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{typed!r} is no time: it is so long ago (-1h), 10:02 or 2026-11-21."
        ) from None


def seconds(typed: str) -> float:
    """Return a time-out."""
    value = float(typed)
    if not 0 < value < 1e9:
        raise ValueError
    return value


def fingerprint(typed: str) -> str:
    """Return the fingerprint of a certificate as hexadecimal digits, from what openssl prints, too."""
    digits = typed.lower().rpartition("=")[2].removeprefix("sha256:").replace(":", "")
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise ValueError
    return digits


def room(typed: str) -> str:
    """Return the name of a room, with its sign."""
    if not typed.removeprefix("#"):
        raise ValueError
    return f"#{typed.removeprefix('#')}"


def parser(command: str, environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return what reads the options of a command: JOIN, SEND or WATCH."""
    texts = {
        JOIN: ("tcpchat", "Join a chat. It talks to any server that speaks in lines, too.", EXAMPLES),
        SEND: ("tcpchat send", "Say something, or each line of the standard input.", SENDING),
        WATCH: ("tcpchat watch", "Print what is said in a room.", WATCHING),
    }
    prog, description, epilog = texts[command]
    made = _Parser(prog, description=description, epilog=epilog, allow_abbrev=False,
                   formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    if command == JOIN:
        made.add_argument("server", metavar="HOST[:PORT]",
                          help="the server, or tcpchats://HOST/ROOM (port 8023; with TLS 8024)")  # fmt: skip
    fill(made, command, environment)
    return made


def fill(made: argparse.ArgumentParser, command: str, environment: Mapping[str, str]) -> None:
    """Add the options of a command."""
    made.set_defaults(command=command)
    server = environment.get(SERVER, DEFAULT_SERVER)
    if command != JOIN:
        made.add_argument("--server", metavar="HOST[:PORT]", default=server,
                          help=f"the server (the environment's {SERVER}, or {DEFAULT_SERVER})")  # fmt: skip
    made.add_argument("--tls", action="store_true", help="connect by TLS")
    made.add_argument("--fingerprint", metavar="SHA256", type=fingerprint,
                      help="connect by TLS, and trust no certificate but the one that has this")  # fmt: skip
    made.add_argument("--nick", metavar="NICK", help="your nickname, or NICK2 if it is taken (your login)")
    made.add_argument("--room", metavar="ROOM", type=room, help="the room (#lobby)")
    if command == JOIN:
        made.add_argument("--notify", choices=("none", "bell", "desktop"), default="none",
                          help="when you are named: ring, or tell the desktop by OSC 9 (none)")  # fmt: skip
        made.add_argument("--plain", action="store_true", help="text alone, as for a screen reader")
    if command in (JOIN, WATCH):
        made.add_argument("--json", action="store_true", help="show JSON lines, for programs")
    if command == WATCH:
        made.add_argument("--since", metavar="TIME", type=moment, help="begin with what was said since then")
    if command == SEND:
        made.add_argument("--timeout", metavar="SECONDS", type=seconds, default=PATIENCE,
                          help=f"give up after so long without an answer ({PATIENCE:g})")  # fmt: skip
        made.add_argument(
            "text", metavar="TEXT", nargs="*", help="what to say; without it, each line of the input"
        )
    made.add_argument("--version", action="version", version=__version__)


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """Return what was typed; what cannot be ends the process with one clear line."""
    first = arguments[0] if arguments else ""
    command = first if first in (SEND, WATCH) else JOIN
    rest = list(arguments[1:] if command != JOIN else arguments)
    if "--since" in rest[:-1]:  # argparse would take -1h for an option
        at = rest.index("--since")
        rest[at : at + 2] = [f"--since={rest[at + 1]}"]
    reads = parser(command, environment)
    typed = reads.parse_args(rest)
    from tcpchat.client.address import NotAnAddress, address

    try:
        server = address(typed.server, typed.tls or bool(typed.fingerprint))
    except NotAnAddress as error:
        reads.error(str(error))
    typed.server = server._replace(fingerprint=typed.fingerprint or "")
    typed.room = typed.room or typed.server.room or ("" if command == JOIN else "#lobby")
    return typed

"""
``tcpchat HOST``, ``tcpchat send``, ``tcpchat watch``: each with the reactor that it needs.

Each imports what it needs when it needs it, and nothing else: people and scripts wait for that.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tcpchat.client import options

# Who has no login name, or one that nobody may have, as root.
NOBODY = "guest"

DUMB = ("", "dumb")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    typed = options.read(arguments, os.environ)
    typed.nicks = [typed.nick] if typed.nick else [*_login(), NOBODY]
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not typed.server.tls:
        # Twisted imports all of TLS where it can, which is a quarter of the time that starting takes.
        sys.modules["OpenSSL"] = None  # type: ignore[assignment]
    if typed.command == options.JOIN and on_terminal and not typed.json:
        if not typed.plain and os.environ.get("TERM", "") not in DUMB:
            from tcpchat.client.terminal import run as run_terminal

            return run_terminal(typed, _stand_on)
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    from twisted.internet import reactor

    from tcpchat.client.running import run

    return run(reactor, typed, on_terminal)


def _login() -> list[str]:
    with suppress(OSError, KeyError):
        return [getpass.getuser()]
    return []


def _stand_on(loop: Any) -> Any:
    """Return Twisted's reactor on an asyncio loop, which prompt_toolkit needs."""
    from twisted.internet import asyncioreactor

    asyncioreactor.install(loop)
    from twisted.internet import reactor

    return reactor

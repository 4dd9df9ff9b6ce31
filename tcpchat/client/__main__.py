"""``tcpchat HOST``, ``tcpchat send``, ``tcpchat watch``: each with the reactor that it needs."""

from __future__ import annotations

import asyncio
import getpass
import os
import random
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet import asyncioreactor

from tcpchat.client import options
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.input import Input
from tcpchat.client.link import Link
from tcpchat.client.piping import Piping
from tcpchat.client.plain import Plain
from tcpchat.client.sending import Sending
from tcpchat.client.task import BROKEN
from tcpchat.client.watching import Watching
from tcpchat.client.way import endpoint

# What a shell says of a program that Ctrl-C has ended.
INTERRUPTED = 130

# Who has no login name, or one that nobody may have, as root.
NOBODY = "guest"

DUMB = ("", "dumb")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    typed = options.read(arguments, os.environ)
    typed.nicks = [typed.nick] if typed.nick else [*_login(), NOBODY]
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if typed.command == options.JOIN and on_terminal and not typed.json:
        if not typed.plain and os.environ.get("TERM", "") not in DUMB:
            return _run_terminal(typed)
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    return _run(typed, on_terminal)


def _login() -> list[str]:
    with suppress(OSError, KeyError):
        return [getpass.getuser()]
    return []


def _run_terminal(typed: Namespace) -> int:
    """Join on a terminal: prompt_toolkit needs asyncio, and Twisted stands on the same loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor

    from tcpchat.client.terminal import run

    return run(reactor, loop, typed)


def _run(typed: Namespace, on_terminal: bool) -> int:
    """Do something without a user interface; return the exit status."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    status = INTERRUPTED

    def end(result: int) -> None:
        nonlocal status
        status = result
        with suppress(Exception):
            reactor.stop()

    def show(text: str, behind: str = "\n") -> None:
        try:
            print(text, end=behind, flush=True)
        except OSError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            end(0)

    def connect(conversation: Any, happened: Any, foreign: Any) -> Link:
        way = endpoint(reactor, typed.server)
        return Link(reactor, way, conversation, happened, random.uniform, foreign)

    task, source = _task(typed, reactor, connect, show, on_terminal)
    task.done.addCallback(end)

    def begin() -> None:
        try:
            task.start()
            if source is not None:
                source.start()
            elif typed.command == options.SEND:
                task.say(" ".join(typed.text))
                task.end()
        except BaseException:
            end(BROKEN)
            raise

    reactor.callWhenRunning(begin)
    reactor.addSystemEventTrigger("before", "shutdown", task.stop)
    reactor.run()
    if source is not None:
        source.hide(False)
    return status


def _task(
    typed: Namespace, reactor: Any, connect: Any, show: Callable[..., None], on_terminal: bool
) -> tuple[Any, Input | None]:
    """Return what is to be done, and the input, if it is read."""
    about = reactor, connect, typed.nicks, complain
    task: Any
    source = Input(reactor, lambda line: task.say(line), lambda: task.end())
    if typed.command == options.SEND:
        task = Sending(*about, room=typed.room, patience=typed.timeout, said=source.dealt_with)
        return task, None if typed.text else source
    if typed.command == options.WATCH:
        task = Watching(*about, room=typed.room, since=typed.since, as_json=typed.json, show=show)
        return task, None
    how = {"room": typed.room, "as_json": typed.json, "show": show, "heard": source.dealt_with}
    if on_terminal:
        rings = typed.notify != "none"
        task = Plain(*about, ForeignServer(), hide=source.hide, rings=rings, **how)
    else:
        task = Piping(*about, ForeignServer(), **how)
    return task, source


def complain(text: str) -> None:
    """Tell on standard error what has gone wrong."""
    print(f"tcpchat: {text}", file=sys.stderr, flush=True)

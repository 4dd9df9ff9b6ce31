"""Does something without a user interface: says, prints, or both, until it is done."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from tcpchat.client import options
from tcpchat.client.connecting import connect
from tcpchat.client.ending import BROKEN, INTERRUPTED
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.input import Input


def run(reactor: Any, typed: Namespace, on_terminal: bool) -> int:
    """Do what was typed, on a reactor; return the exit status."""
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

    task, source = _task(reactor, typed, show, on_terminal)
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
    reactor: Any, typed: Namespace, show: Callable[..., None], on_terminal: bool
) -> tuple[Any, Input | None]:
    """Return what is to be done, and the input, if it is read."""
    about = reactor, partial(connect, reactor, typed.server), typed.nicks, complain
    task: Any
    source = Input(reactor, lambda line: task.say(line), lambda: task.end())
    if typed.command == options.SEND:
        from tcpchat.client.sending import Sending

        task = Sending(*about, room=typed.room, patience=typed.timeout, said=source.dealt_with)
        return task, None if typed.text else source
    if typed.command == options.WATCH:
        from tcpchat.client.watching import Watching

        task = Watching(*about, room=typed.room, since=typed.since, as_json=typed.json, show=show)
        return task, None
    how = {"room": typed.room, "as_json": typed.json, "show": show, "heard": source.dealt_with}
    if on_terminal:
        from tcpchat.client.plain import Plain

        rings = typed.notify != "none"
        task = Plain(*about, ForeignServer(), hide=source.hide, rings=rings, **how)
    else:
        from tcpchat.client.piping import Piping

        task = Piping(*about, ForeignServer(), **how)
    return task, source


def complain(text: str) -> None:
    """Tell on standard error what has gone wrong."""
    print(f"tcpchat: {text}", file=sys.stderr, flush=True)

"""What is printed above the line that somebody types, together with what comes in the same moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output

from tcpchat.client import wording
from tcpchat.client.drawing import Paints, draw
from tcpchat.client.limits import PRINT_EVERY
from tcpchat.client.seeing import Seeing
from tcpchat.client.shown import Shown


class Output(Vt100_Output):
    """
    A terminal on which nothing appears while it is held, but with what is written next.

    ``size`` is the one that it has for as long as something is drawn for it.
    """

    is_held = False
    size: Size | None = None

    def flush(self) -> None:
        if not self.is_held:
            with suppress(OSError):  # the terminal is gone, of which a signal, or the end of its input, tells
                super().flush()

    def get_size(self) -> Size:
        return self.size or super().get_size()


class Printer:
    """
    Prints above an application, or simply prints where none runs.

    ``notify`` is what is done about what is said to one: ``bell``, ``desktop`` or ``none``.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, app: Application[Any], output: Output, how: Paints, notify: str
    ) -> None:
        self._loop = loop
        self._app = app
        self._output = output
        self._how = how
        self._notify = notify
        self._waiting: list[str] = []
        self._called: Shown | None = None
        self._timer: asyncio.TimerHandle | None = None

    def print(self, shown: list[Shown], current: str, seeing: Seeing) -> None:
        """Print something soon, which happened while one looked into a room, and draw what is below anew."""
        if shown:
            columns, zone = self._output.get_size().columns, seeing.zone
            self._waiting += [
                draw(_seen(it, seeing), current, self._how, columns, zone, datetime.now(zone)) for it in shown
            ]
            self._called = self._called or next((it for it in shown if it.is_for_me), None)
        if self._timer is None:
            self._timer = self._loop.call_later(PRINT_EVERY, self._print)

    def finish(self) -> None:
        """Print the rest: the application has ended."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()
        self._output.flush()

    def _print(self) -> None:
        # Not by run_in_terminal: that has the system show the keys that are pressed meanwhile, in between.
        self._timer = None
        if self._app.is_done:
            return
        if self._waiting:
            self._output.is_held = True
            self._app.renderer.erase()
            self._write()
            self._output.is_held = False
        self._app.invalidate()

    def _write(self) -> None:
        self._output.write_raw("".join(self._waiting))
        if self._called is not None:
            self._output.write_raw(self._bell(self._called))
        self._waiting.clear()
        self._called = None

    def _bell(self, it: Shown) -> str:
        if self._notify == "bell":
            return "\a"
        if self._notify == "desktop" and isinstance(it.what, wording.Line):
            return f"\x1b]9;{it.what.nick}: {it.what.text[:100]}\x07".replace("\n", " ")
        return ""


def _seen(it: Shown, seeing: Seeing) -> Shown:
    return it._replace(what=seeing.line(it.what)) if isinstance(it.what, wording.Line) else it

"""What is printed above the line that somebody types, together with what comes in the same moment."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.output import Output

from tcpchat.client import wording
from tcpchat.client.drawing import Paints, draw
from tcpchat.client.limits import AT_ONCE, PRINT_EVERY
from tcpchat.client.shown import Shown


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
        self._waiting: list[tuple[Shown, str]] = []
        self._task: asyncio.Task[None] | None = None

    def print(self, shown: list[Shown], current: str) -> None:
        """Print something, which happened while one looked into a room."""
        self._waiting += ((it, current) for it in shown)
        if self._waiting and self._task is None:
            self._task = self._loop.create_task(self._print_all())

    def finish(self) -> None:
        """Print the rest: the application has ended."""
        self._write(self._take(len(self._waiting)))

    async def _print_all(self) -> None:
        await asyncio.sleep(PRINT_EVERY)
        while self._waiting and not self._app.is_done:
            text = self._take(AT_ONCE)
            await run_in_terminal(lambda text=text: self._write(text))  # type: ignore[misc]
            await asyncio.sleep(PRINT_EVERY)
        self._task = None

    def _take(self, most: int) -> str:
        now, self._waiting = self._waiting[:most], self._waiting[most:]
        columns, today = self._output.get_size().columns, datetime.now()
        text = "".join(draw(it, current, self._how, columns, None, today) for it, current in now)
        called = next((it for it, _ in now if it.is_for_me), None)
        return text if called is None else text + self._bell(called)

    def _bell(self, it: Shown) -> str:
        if self._notify == "bell":
            return "\a"
        if self._notify == "desktop" and isinstance(it.what, wording.Line):
            return f"\x1b]9;{it.what.nick}: {it.what.text[:100]}\x07".replace("\n", " ")
        return ""

    def _write(self, text: str) -> None:
        self._output.write_raw(text)
        self._output.flush()

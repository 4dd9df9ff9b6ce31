"""Figures drawn anew and anew on the whole terminal, until somebody has seen enough."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import FormattedTextControl, Layout, Window

from tcpchat.glance import Reading, lines
from tcpchat.scraping import Page, Unreachable


def show(where: Page, first: Reading, interval: float, read: Callable[[Page], Reading]) -> int:
    """Show what ``read`` returns each ``interval`` seconds, until q or Ctrl-C; return the exit status."""
    drawn = [*lines(str(where), first, first), "", "  q ends"]
    status = 0
    keys = KeyBindings()

    @keys.add("q")
    @keys.add("c-c")
    def end(event: KeyPressEvent) -> None:
        event.app.exit()

    async def go_on() -> None:
        nonlocal drawn
        before = first
        while True:
            await asyncio.sleep(interval)
            try:
                now = await asyncio.get_running_loop().run_in_executor(None, read, where)
                drawn = [*lines(str(where), before, now), "", "  q ends"]
                before = now
            except Unreachable as error:
                drawn = [*drawn[:-1], f"  {error} q ends"]
            application.invalidate()

    text = FormattedTextControl(lambda: "\n".join(drawn))
    application: Application[None] = Application(
        Layout(Window(text, always_hide_cursor=True)), key_bindings=keys, full_screen=True
    )

    def leave(number: int) -> None:
        nonlocal status
        status = 128 + number
        if not application.is_done:
            application.exit()

    def begin() -> None:
        # An exception from a handler of Python's own could come while the terminal is being set back.
        for number in signal.SIGTERM, signal.SIGHUP:
            asyncio.get_running_loop().add_signal_handler(number, leave, number)
        application.create_background_task(go_on())

    application.run(pre_run=begin)
    return status

"""
What helps somebody who types on a terminal: what was typed before, what a word may become, a draft that
leaves room for what is said, and nothing that remains of it in a narrower window.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout.dimension import Dimension, to_dimension

from tcpchat.client.completing import completions
from tcpchat.client.limits import FEWEST_ROWS
from tcpchat.client.model import Model
from tcpchat.client.narrowing import rows_more
from tcpchat.client.printer import Output

# Not kept for the arrow keys: who comes to this terminal later would see them.
SECRET = "/login", "/identify", "/register", "/unregister", "/password", "/passwd"


class History(InMemoryHistory):
    """What was typed, but for passwords."""

    def append_string(self, string: str) -> None:
        if string.strip() and not string.startswith(SECRET):
            super().append_string(string)


class Words(Completer):
    """Commands, and rooms and nicknames that the model knows."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        rooms = self._model.rooms
        room = rooms.get(self._model.current)
        nicks = (room.people if room else set()) - {self._model.nick}
        for text, size in completions(document.text_before_cursor, {*rooms, *self._model.listed}, nicks):
            yield Completion(text, -size, display=text.strip())


def hold_down(prompt: PromptSession[str]) -> None:
    """Have what is typed scroll in a third of the window at most: the rest is for what is said."""
    window = prompt.layout.current_window
    wanted = window.height

    def height() -> Dimension:
        rows = prompt.output.get_size().rows
        least = min(to_dimension(wanted).min, rows // 2)  # for what a word may become
        return Dimension(min=least, max=max(FEWEST_ROWS, rows // 3, least))

    window.height = height


def erase_what_is_wrapped(app: Application[Any]) -> None:
    """Have an application find the beginning of what it has drawn, also where that was wrapped anew."""
    output, renderer = app.output, app.renderer
    assert isinstance(output, Output)
    erase, last = renderer.erase, output.get_size()

    def erase_all(leave_alternate_screen: bool = True) -> None:
        if (drawn := renderer.last_rendered_screen) is not None:
            cursor = drawn.get_cursor_position(app.layout.current_window)
            rows = (drawn.data_buffer[row] for row in range(cursor.y + 1))
            widths = [max((at for at, it in row.items() if it.char != " "), default=-1) + 1 for row in rows]
            output.cursor_up(rows_more(widths, cursor.x, output.get_size().columns))
        erase(leave_alternate_screen)

    def begin_to_draw(_: object) -> None:
        nonlocal last
        output.size = output.get_size()  # a part for another size would be of another width than it seems
        before, last = last, output.size
        if last != before:  # the signal of it is still to come
            renderer.erase()

    def end(_: object) -> None:
        output.size = None

    renderer.erase = erase_all  # type: ignore[method-assign]
    app.before_render += begin_to_draw
    app.after_render += end

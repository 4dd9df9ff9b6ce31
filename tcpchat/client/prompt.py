"""
What helps somebody who types on a terminal: what was typed before, what a word may become, and a draft that
leaves room for what is said.
"""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout.dimension import Dimension, to_dimension

from tcpchat.client.completing import completions
from tcpchat.client.limits import FEWEST_ROWS
from tcpchat.client.model import Model

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

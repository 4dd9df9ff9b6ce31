"""A terminal for tests: what a person's screen is like after the server has sent something."""

from __future__ import annotations

from typing import Any

import pyte

COLUMNS, LINES = 80, 24

# Rows that are full before the server sends anything.
BEFORE = 10


class Terminal:
    """A terminal of 80 columns that shows some lines already."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        for row in range(BEFORE):
            self.takes(f"row {row} {'=' * 60}\r\n".encode())

    def takes(self, data: bytes) -> None:
        """The server sends something."""
        self._stream.feed(data)

    @property
    def row(self) -> int:
        """The row in which the next line begins."""
        assert self._screen.cursor.x == 0
        return int(self._screen.cursor.y)

    @property
    def rows(self) -> list[str]:
        """What is shown."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def state(self) -> dict[str, Any]:
        """Everything that could be changed but by showing text."""
        screen = self._screen
        return {
            "old rows": self.rows[:BEFORE],
            "title": (screen.title, screen.icon_name),
            "modes": set(screen.mode),
            "margins": screen.margins,
            "tabs": set(screen.tabstops),
            "charset": (screen.charset, screen.g0_charset, screen.g1_charset),
            "saved": list(screen.savepoints),
            "cursor": (screen.cursor.x, screen.cursor.attrs, screen.cursor.hidden),
        }

"""A person at a real terminal: ``tcpchat`` in a pty, and what is seen on its screen."""

from __future__ import annotations

import os
import re
import signal
import termios
import time
from collections.abc import Callable
from typing import Any, Self

import pexpect
import pyte

from tests.commands import ENVIRONMENT, TCPCHAT
from tests.processes import PATIENCE, heed_keys

ALT = "\x1b"
CTRL_C, CTRL_D, CTRL_U, CTRL_Z = "\x03", "\x04", "\x15", "\x1a"
TAB, ENTER, PAGE_UP, UP = "\t", "\r", "\x1b[5~", "\x1b[A"


def pasted(text: str) -> str:
    """Return what a terminal sends when something is pasted."""
    return f"\x1b[200~{text}\x1b[201~"


class Pty:
    """A terminal of some size in which the client runs, or another program."""

    def __init__(
        self, *words: str, program: str = TCPCHAT, columns: int = 80, lines: int = 24, **environment: str
    ) -> None:
        self.process = pexpect.spawn(
            program, list(words), dimensions=(lines, columns), env=ENVIRONMENT | environment,
            timeout=PATIENCE, preexec_fn=heed_keys,
        )  # fmt: skip
        self._screen: Any = pyte.HistoryScreen(columns, lines, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""  # all that came
        self.looked = 0.0  # when the last of it came
        self.modes = termios.tcgetattr(self.process.child_fd)

    def types(self, keys: str) -> None:
        """Press keys."""
        self.process.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Drag the window's corner."""
        self.process.setwinsize(lines, columns)
        self._screen.resize(lines, columns)

    @property
    def buffer(self) -> list[Any]:
        """The rows of the screen, by column, with how each character looks."""
        return [self._screen.buffer[row] for row in range(self._screen.lines)]

    @property
    def rows(self) -> list[str]:
        """What is seen now, without empty rows."""
        return [row.rstrip() for row in self._screen.display if row.strip()]

    @property
    def all_rows(self) -> list[str]:
        """The same with what has scrolled out."""
        columns = self._screen.columns
        top = ["".join(row[at].data for at in range(columns)).rstrip() for row in self._screen.history.top]
        return [row for row in top if row] + self.rows

    @property
    def line(self) -> str:
        """The row in which the cursor is, up to it."""
        cursor = self._screen.cursor
        return str(self._screen.display[cursor.y])[: cursor.x]

    def until(self, holds: Callable[[], object]) -> None:
        """Look on until something is so."""
        end = time.monotonic() + PATIENCE
        while not holds():
            self._look()
            assert time.monotonic() < end, "\n".join(self.all_rows)

    def sees(self, pattern: str) -> None:
        """Wait for a row that matches, among all there were."""
        self.until(lambda: any(re.search(pattern, row) for row in self.all_rows))

    def stands(self, text: str) -> None:
        """Wait until a text stands before the cursor, in its row."""
        self.until(lambda: self.line == text)

    def count(self, pattern: str) -> int:
        """Return how many rows match."""
        return sum(bool(re.search(pattern, row)) for row in self.all_rows)

    def ends(self) -> int:
        """Wait for the end; return the exit status, 128 and its number after a signal."""
        end = time.monotonic() + PATIENCE
        while self._look():
            assert time.monotonic() < end, "\n".join(self.rows)
        self.process.wait()
        status: int | None = self.process.exitstatus
        return 128 + int(self.process.signalstatus) if status is None else status

    def vanish(self) -> None:
        """Close the window: the terminal is gone."""
        with open(os.devnull, "r+b") as nothing:
            os.dup2(nothing.fileno(), self.process.child_fd)

    def close(self) -> None:
        """End it, if it has not ended."""
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
            self.process.wait()
        self.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self, patience: float = 0.05) -> bool:
        """Take in what has come; False at the end."""
        try:
            data = self.process.read_nonblocking(65536, patience)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.looked = time.monotonic()
        self.sent += data
        self._stream.feed(data)
        return True

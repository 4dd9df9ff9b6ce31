"""Lines of standard input, read in a thread: a file, a pipe or a terminal, left as it is for others."""

from __future__ import annotations

import os
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from tcpchat.client.limits import LONGEST_LINE, MOST_READ

LARGEST_READ = 65536

# Where a terminal's local modes are among all of them (termios).
LOCAL = 3


class Input:
    """
    Hands lines over, without their ends, in the reactor's thread.

    For each that was dealt with `dealt_with` is to be called: no more than MOST_READ wait.
    """

    def __init__(
        self, reactor: Any, line: Callable[[str], None], end: Callable[[], None], descriptor: int = 0
    ) -> None:
        self._reactor = reactor
        self._line = line
        self._end = end
        self._descriptor = descriptor
        self._room = threading.Semaphore(MOST_READ)
        self._modes: list[Any] | None = None  # a terminal's, if what is typed is hidden

    def start(self) -> None:
        """Begin to read. The process need not wait for its end."""
        threading.Thread(target=self._read, daemon=True).start()

    def dealt_with(self) -> None:
        """A line needs no more care."""
        self._room.release()

    def hide(self, hides: bool) -> None:
        """Have what is typed not be seen on a terminal, if it is one, or be seen again."""
        if hides == (self._modes is not None):
            return
        with suppress(termios.error):  # no terminal
            if self._modes is None:
                self._modes = termios.tcgetattr(self._descriptor)
                modes = list(self._modes)
                # Enter is seen: what is said next is in a line of its own.
                modes[LOCAL] = (modes[LOCAL] & ~termios.ECHO) | termios.ECHONL
            else:
                modes, self._modes = self._modes, None
            termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)

    def _read(self) -> None:
        for line in self._lines():
            self._room.acquire()
            self._reactor.callFromThread(self._line, line.decode(errors="replace"))
        self._reactor.callFromThread(self._end)

    def _lines(self) -> Iterator[bytes]:
        unfinished = b""
        while data := self._some():
            *lines, unfinished = (unfinished + data).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r")
            if len(unfinished) > LONGEST_LINE:
                yield unfinished  # too long for any server, which says so
                unfinished = b""
        if unfinished:
            yield unfinished

    def _some(self) -> bytes:
        try:
            return os.read(self._descriptor, LARGEST_READ)
        except OSError:  # a terminal that is gone
            return b""

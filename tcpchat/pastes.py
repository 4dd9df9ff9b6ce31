"""Several lines that become one message: what comes between ``/paste`` and a single dot. No I/O."""

from __future__ import annotations

from tcpchat.limits import LARGEST_PASTE, LONGEST_PASTE
from tcpchat.messages import pasted, too_long
from tcpchat.requests import Refused, Say

END = "."


class Pasting:
    """Takes the lines of a paste. However many come, it keeps no more than can be sent."""

    def __init__(self) -> None:
        self.is_over = False
        self._lines: list[str] = []
        self._size = 0
        self._refusal: Refused | None = None

    def add(self, line: str | Refused) -> None:
        """Take the next line, or one that could not be read."""
        if isinstance(line, Refused):
            self._refusal = self._refusal or line
        elif line == END:
            self.is_over = True
        elif len(self._lines) <= LONGEST_PASTE and self._size <= LARGEST_PASTE:
            self._lines.append(line)
            self._size += len(line)
        elif line.strip():
            self._refusal = self._refusal or too_long()

    def request(self) -> Say:
        """
        Return what is asked for by all of it.

        Raises:
            Refused: it is too much, or not all of it could be read; none of it is sent.
        """
        if self._refusal:
            raise self._refusal
        return Say(pasted(self._lines))

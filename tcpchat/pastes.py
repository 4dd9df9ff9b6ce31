"""Several lines that become one message: what comes between ``/paste`` and a single dot. No I/O."""

from __future__ import annotations

from typing import cast

from tcpchat import handed
from tcpchat.limits import LARGEST_PASTE, LONGEST_PASTE
from tcpchat.messages import pasted, too_long
from tcpchat.requests import Code, Refused, Say

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

    def hand_on(self) -> handed.Paste:
        """Return it, for another process."""
        refusal = self._refusal
        return handed.Paste(self._lines, None if refusal is None else (str(refusal), refusal.code))

    @classmethod
    def going_on_from(cls, it: handed.Paste) -> Pasting:
        """Return one that has begun in another process."""
        pasting = cls()
        pasting._lines = list(it.lines)
        pasting._size = sum(map(len, it.lines))
        pasting._refusal = None if it.refusal is None else Refused(it.refusal[0], cast(Code, it.refusal[1]))
        return pasting

    def request(self) -> Say:
        """
        Return what is asked for by all of it.

        Raises:
            Refused: it is too much, or not all of it could be read; none of it is sent.
        """
        if self._refusal:
            raise self._refusal
        return Say(pasted(self._lines))

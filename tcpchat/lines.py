"""
Lines out of bytes: framing first, decoding after. No I/O.

A line ends with LF, CR LF or CR NUL (telnet's bare carriage return, RFC 854).
"""

from __future__ import annotations

import re

from tcpchat.fifo import Fifo
from tcpchat.limits import ENDLESS_LINE, LONGEST_LINE


class TooLong:
    """Stands in the place of a line that was longer than is allowed."""


class Endless(Exception):
    """So much without an end of line that there will be none."""


TOO_LONG = TooLong()

# What other programs say first when they take this port for theirs. But for the bare names of
# HTTP's two most common methods none of it could be a nickname.
_OTHER_PROTOCOL = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH|PRI) \S|(?:GET|POST)\r?\n|Host: "
    rb"|SSH-\d\.|\x16\x03"
)


def is_other_protocol(start: bytes) -> bool:
    """Tell whether a first line with its end, or the beginning of one, is HTTP's, TLS's or SSH's."""
    return _OTHER_PROTOCOL.match(start) is not None


class LineReader:
    """
    Cuts bytes into lines. It never holds more than a line and what one `feed` brought.

    Whole lines are taken from ``lines`` one at a time, so that whoever reads them can stop between
    any two.
    """

    __slots__ = "_dropped", "_endless", "_longest", "_unfinished", "lines"

    def __init__(self, longest: int = LONGEST_LINE, endless: int = ENDLESS_LINE) -> None:
        self._longest = longest
        self._endless = endless
        self.lines: Fifo[bytes | TooLong] = Fifo()  # whole, without their ends
        self._unfinished = b""
        self._dropped = 0  # bytes of the unfinished line that were given up already

    def feed(self, data: bytes) -> None:
        """
        Take in what came.

        A line that is too long is given up as soon as that is known, finished or not.

        Raises:
            Endless: there was no end of line for very long. The lines before can still be taken.
        """
        data = self._unfinished + data
        if b"\0" in data:
            data = data.replace(b"\r\0", b"\r\n")
        *lines, self._unfinished = data.split(b"\n")
        if len(lines) == 1 and len(lines[0]) <= self._longest and not self._dropped:
            self.lines.append(lines[0].removesuffix(b"\r"))  # as nearly always
        else:
            for line in lines:
                self._end(line)
        if not self._unfinished:
            return
        # A CR may be the first half of the end of the line.
        if len(self._unfinished.removesuffix(b"\r")) > self._longest or (self._dropped and self._unfinished):
            self._give_up()

    def _end(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        dropped, self._dropped = self._dropped, 0
        if not dropped:
            self.lines.append(line if len(line) <= self._longest else TOO_LONG)
        if dropped + len(line) > self._endless:
            raise Endless

    def _give_up(self) -> None:
        if not self._dropped:
            self.lines.append(TOO_LONG)
        # What is kept is a CR, which may be half of an end of line.
        kept = b"\r" if self._unfinished.endswith(b"\r") else b""
        self._dropped += len(self._unfinished) - len(kept)
        self._unfinished = kept
        if self._dropped > self._endless:
            raise Endless

    def end(self) -> None:
        """There is no more: what is unfinished is a line, if there is anything of it."""
        if self._unfinished and not self._dropped:
            self._end(self._unfinished)
        self._unfinished = b""

    @property
    def unfinished(self) -> bytes:
        """The beginning of a line whose end has not come yet."""
        return self._unfinished

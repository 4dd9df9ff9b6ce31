"""
Lines out of bytes: framing first, decoding after. No I/O.

A line ends with LF, CR LF or CR NUL (telnet's bare carriage return, RFC 854).
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import Any

from tcpchat import handed
from tcpchat.columns import least_width
from tcpchat.fifo import Fifo
from tcpchat.limits import ENDLESS_LINE, LARGEST_CHARACTER, LONGEST_LINE


class TooLong:
    """Stands in the place of a line, or of an object in JSON, that was longer than is allowed."""


class Endless(Exception):
    """So much without an end of line that there will be none."""


TOO_LONG = TooLong()
TOO_LONG_OBJECT = TooLong()

# What a line of JSON begins with.
OBJECT = b"{"


class EndOfFile:
    """Stands where somebody has typed that nothing more will come."""


END_OF_FILE = EndOfFile()

# What Ctrl-D is where no terminal makes an end of the stream of it.
CTRL_D = b"\x04"


class Many:
    """
    Many lines as they came. A line is cut off as it is taken.

    As objects of their own, short ones would be many times as large.
    """

    __slots__ = "_at", "_lines"

    def __init__(self, lines: bytes) -> None:
        """Each of them has its end."""
        self._lines = lines
        self._at = 0

    def cut(self) -> tuple[bytes, bool]:
        """Return the next line, without its end, and whether it is the last."""
        end = self._lines.index(b"\n", self._at)
        line = self._lines[self._at : end].removesuffix(b"\r")
        self._at = end + 1
        return line, self._at == len(self._lines)


class Lines(Fifo[Any]):
    """Whole lines that wait: each of them, or many together."""

    __slots__ = "longest", "longest_object"

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest
        self.longest_object = longest  # more of a client that speaks JSON

    def take(self) -> bytes | TooLong | EndOfFile:
        """Return the first line that waits, without its end; there has to be one."""
        first: bytes | TooLong | EndOfFile | Many = self[self._taken]
        if isinstance(first, Many):
            line, is_last = first.cut()
            if is_last:
                super().take()
            return self.whole(line)
        self._taken += 1
        if self._taken == len(self):
            self.clear()
        return first

    def whole(self, line: bytes) -> bytes | TooLong | EndOfFile:
        """Return a line, or what stands in its place."""
        if len(line) > self.longest and (too_long := self.too_long(line)):
            return too_long
        return line if line != CTRL_D else END_OF_FILE

    def too_long(self, line: bytes) -> TooLong | None:
        """Return what stands in the place of a line, or of what has come of it, if that is too long."""
        if self.longest < self.longest_object and line.startswith(OBJECT):
            return TOO_LONG_OBJECT if len(line) > self.longest_object else None
        return TOO_LONG if len(line) > self.longest else None


class LineReader:
    """
    Cuts bytes into lines. It never holds more than a line and what one `feed` brought.

    Whole lines are taken from ``lines`` one at a time, so that whoever reads them can stop between
    any two.
    """

    __slots__ = "_dropped", "_endless", "_unfinished", "lines"

    def __init__(self, longest: int = LONGEST_LINE, endless: int = ENDLESS_LINE) -> None:
        self._endless = endless
        self.lines = Lines(longest)
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
        whole = data.rfind(b"\n") + 1
        self._unfinished = data[whole:]
        if whole:
            self._end(data[:whole])
        if not self._unfinished:
            return
        # A CR may be the first half of the end of the line.
        too_long = self.lines.too_long(self._unfinished.removesuffix(b"\r"))
        if too_long and not self._dropped:
            self.lines.append(too_long)
        if too_long or self._dropped:
            self._give_up()
        elif self._unfinished == CTRL_D:
            self.end_of_file()

    def _end(self, lines: bytes) -> None:
        """Have some lines wait, which are whole; of what was given up, the first is the end."""
        if self._dropped:
            end = lines.index(b"\n") + 1
            dropped, self._dropped = self._dropped, 0
            if dropped + len(lines[:end].removesuffix(b"\n").removesuffix(b"\r")) > self._endless:
                raise Endless
            lines = lines[end:]
        if len(lines) > self._endless:
            self._look_for_endless(lines)
        first = lines.find(b"\n") + 1
        if first < len(lines):
            self.lines.append(Many(lines))
        elif first:
            self.lines.append(self.lines.whole(lines[:-1].removesuffix(b"\r")))  # as nearly always

    def _look_for_endless(self, lines: bytes) -> None:
        at = 0
        while at < len(lines):
            end = lines.index(b"\n", at)
            if len(lines[at:end].removesuffix(b"\r")) > self._endless:
                self.lines.append(Many(lines[: end + 1]))
                raise Endless
            at = end + 1

    def _give_up(self) -> None:
        # What is kept is a CR, which may be half of an end of line.
        kept = b"\r" if self._unfinished.endswith(b"\r") else b""
        self._dropped += len(self._unfinished) - len(kept)
        self._unfinished = kept
        if self._dropped > self._endless:
            raise Endless

    def end(self) -> None:
        """There is no more: what is unfinished is a line, if there is anything of it."""
        if self._unfinished and not self._dropped:
            self._end(self._unfinished + b"\n")
        self._unfinished = b""

    def end_of_file(self) -> None:
        """The person has typed that there is no more; what is unfinished is a line before that."""
        if self._unfinished != CTRL_D:
            self.end()
        self._unfinished = b""
        self.lines.append(END_OF_FILE)

    # What is typed can be taken back as long as its line has no end

    def erase_character(self) -> str:
        """Take back the last character, with the marks on it; return what that was."""
        at, wide = len(self._unfinished), 0
        while at and not wide:
            end, at = at, _before(self._unfinished, at)
            wide = least_width(_decoded(self._unfinished[at:end]))
        return self._erase(at)

    def erase_word(self) -> str:
        """Take back the last word, and what blanks are behind it; return what that was."""
        return self._erase(self._unfinished.rstrip(b" ").rfind(b" ") + 1)

    def erase_line(self) -> str:
        """Take back all of the unfinished line; return what that was. What comes next begins a new one."""
        self._dropped = 0
        return self._erase(0)

    def _erase(self, at: int) -> str:
        self._unfinished, erased = self._unfinished[:at], self._unfinished[at:]
        return _decoded(erased)

    @property
    def unfinished(self) -> bytes:
        """The beginning of a line whose end has not come yet."""
        return self._unfinished

    # From one process to the next

    def hand_on(self) -> handed.Input:
        """Return all that has come; nothing of it is here any more."""
        lines: list[handed.Line] = []
        while self.lines:
            lines.append(as_handed(self.lines.take()))
        unfinished, self._unfinished = self._unfinished, b""
        return handed.Input(lines, unfinished, self._dropped)

    def go_on_from(self, it: handed.Input, waiting: Iterable[handed.Line] = ()) -> None:
        """Have all that had come; lines that had been waiting elsewhere come first."""
        for line in (*waiting, *it.lines):
            self.lines.append(_AS_HANDED.get(line, line))
        self._unfinished, self._dropped = it.unfinished, it.dropped


_AS_HANDED: dict[handed.Line, bytes | TooLong | EndOfFile] = {
    handed.Mark.TOO_LONG: TOO_LONG,
    handed.Mark.TOO_LONG_OBJECT: TOO_LONG_OBJECT,
    handed.Mark.END_OF_FILE: END_OF_FILE,
}


def as_handed(line: bytes | TooLong | EndOfFile) -> handed.Line:
    """Return a line, or what stands in its place, as it is handed on."""
    if isinstance(line, bytes):
        return line
    if isinstance(line, EndOfFile):
        return handed.Mark.END_OF_FILE
    return handed.Mark.TOO_LONG_OBJECT if line is TOO_LONG_OBJECT else handed.Mark.TOO_LONG


def is_cut(line: bytes) -> bool:
    """Does a beginning of a line end within a character of UTF-8?"""
    tail = line[1 - LARGEST_CHARACTER :]
    return getincrementaldecoder("utf-8")("replace").decode(tail) != tail.decode(errors="replace")


def _decoded(line: bytes) -> str:
    """Return a part of a line; in another encoding than UTF-8 each byte is a character."""
    return line.decode(errors="surrogateescape")


def _before(line: bytes, at: int) -> int:
    """Return where the character begins that ends at a place."""
    for size in range(1, min(LARGEST_CHARACTER, at) + 1):
        if line[at - size] & 0xC0 != 0x80 and len(_decoded(line[at - size : at])) == 1:
            return at - size
    return at - 1

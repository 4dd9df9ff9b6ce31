"""
Lines out of bytes: framing first, decoding after. No I/O.

A line ends with LF, CR LF or CR NUL (telnet's bare carriage return, RFC 854).
"""

from __future__ import annotations

from codecs import getincrementaldecoder

from wcwidth import wcwidth

from tcpchat.fifo import Fifo
from tcpchat.limits import ENDLESS_LINE, LARGEST_CHARACTER, LONGEST_LINE


class TooLong:
    """Stands in the place of a line that was longer than is allowed."""


class Endless(Exception):
    """So much without an end of line that there will be none."""


TOO_LONG = TooLong()


class EndOfFile:
    """Stands where somebody has typed that nothing more will come."""


END_OF_FILE = EndOfFile()

# What Ctrl-D is where no terminal makes an end of the stream of it.
CTRL_D = b"\x04"


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
        self.lines: Fifo[bytes | TooLong | EndOfFile] = Fifo()  # whole, without their ends
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
            line = lines[0].removesuffix(b"\r")  # as nearly always
            self.lines.append(line if line != CTRL_D else END_OF_FILE)
        else:
            for line in lines:
                self._end(line)
        if not self._unfinished:
            return
        # A CR may be the first half of the end of the line.
        if len(self._unfinished.removesuffix(b"\r")) > self._longest or (self._dropped and self._unfinished):
            self._give_up()
        elif self._unfinished == CTRL_D:
            self.end_of_file()

    def _end(self, line: bytes) -> None:
        line = line.removesuffix(b"\r")
        dropped, self._dropped = self._dropped, 0
        if not dropped:
            kept = line if len(line) <= self._longest else TOO_LONG
            self.lines.append(kept if kept != CTRL_D else END_OF_FILE)
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
            wide = columns(_decoded(self._unfinished[at:end]))
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


def columns(text: str) -> int:
    """Return how wide something stands on a terminal; what has no width, as controls have none, is 0 wide."""
    return sum(max(0, wcwidth(character)) for character in text)


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

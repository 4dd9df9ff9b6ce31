"""
What another server sends: lines of text with telnet's own among them (RFC 854, 857, 1073, 1091). No I/O.

It is asked for nothing, and told no more than the window's size, the terminal's type, and what it may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tcpchat.client.happenings import Happening, InputHidden, Line
from tcpchat.client.limits import LONGEST_LINE
from tcpchat.telnet import Command, Negotiation, Parser, Part, Subnegotiation
from tcpchat.telnet_options import (
    BINARY,
    DO,
    DONT,
    ECHO,
    IAC,
    SB,
    SE,
    SUPPRESS_GO_AHEAD,
    TERMINAL_TYPE,
    WILL,
    WINDOW_SIZE,
    WONT,
    Side,
)
from tcpchat.text import clean

# The one command that is not sent to another server, if it is all that was typed: the rest is its own matter.
LEAVE = "/quit"

# Prompts are marked by END_OF_RECORD (RFC 885).
MARKED_PROMPTS = 25

# What this side does if it is asked to, and what it lets the server do. Compression (MCCP, 85 and 86) is
# refused as all else is.
OFFERED = frozenset((BINARY, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE))
WELCOME = frozenset((BINARY, ECHO, SUPPRESS_GO_AHEAD, MARKED_PROMPTS))

# RFC 1091; and the commands behind which a prompt is whole (RFC 854, 885).
IS, SEND = 0, 1
GO_AHEAD, END_OF_RECORD = 0xF9, 0xEF

# What a server says to a terminal, ECMA-48's sequences and strings: without its ESC it would be seen. One at
# the end of a prompt may not be whole yet.
_TO_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)|\x1b(?:[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
)


def harmless(text: str) -> str:
    """Return a line of another server without what would do something to the terminal."""
    return clean(_TO_TERMINAL.sub("", text)).rstrip()


class ForeignServer:
    """What was agreed on with another server, and the beginning of the line that it is sending."""

    def __init__(self, terminal: str = "dumb") -> None:
        """``terminal`` is what it is told of the terminal's type, if it asks."""
        self.width = self.height = 0
        self._terminal = terminal
        self._mine = Side(WILL, WONT, OFFERED)
        self._its = Side(DO, DONT, WELCOME)
        self._parser = Parser()
        self._unfinished = b""
        self._shown = b""  # as much of it as was shown as a prompt
        self._answers = b""

    def outgoing(self) -> bytes:
        """Return what the server is to be answered, and forget that."""
        answers, self._answers = self._answers, b""
        return answers

    def resized(self, width: int, height: int) -> None:
        """The window has another size."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            if self._mine.is_on(WINDOW_SIZE):
                self._tell_size()

    def answered(self) -> None:
        """A line was typed: what was shown as a prompt is over, and what comes now begins a line."""
        self._unfinished = self._unfinished.removeprefix(self._shown)
        self._shown = b""

    def feed(self, data: bytes) -> Iterator[Happening]:
        """Yield what is in some bytes."""
        for part in self._parser.feed(data):
            if isinstance(part, bytes):
                yield from self._lines(part)
            else:
                yield from self._talk(part)

    def quiet(self) -> Iterator[Happening]:
        """Nothing has come for a moment: what has no end of line is a prompt."""
        if self._unfinished != self._shown:
            self._shown = self._unfinished
            yield self._line(self._unfinished, False)

    def end(self) -> Iterator[Happening]:
        """There is no more: what has no end is a line."""
        if self._unfinished:
            yield from self._lines(b"\n")

    def _lines(self, data: bytes) -> Iterator[Happening]:
        *lines, self._unfinished = re.split(rb"\r\n|\n|\r\0", self._unfinished + data)
        for line in lines:
            yield self._line(line)
            self._shown = b""
        if len(self._unfinished) > LONGEST_LINE:
            yield self._line(self._unfinished)
            self._unfinished = self._shown = b""

    def _line(self, line: bytes, is_whole: bool = True) -> Line:
        return Line(harmless(line.decode(errors="replace")), is_whole)

    def _talk(self, part: Part) -> Iterator[Happening]:
        match part:
            case Negotiation(verb, option):
                self._parser.is_telnet = True
                is_its = verb in (WILL, WONT)
                side = self._its if is_its else self._mine
                answer, changed = side.heard(option, on=verb in (WILL, DO))
                self._answers += answer
                if changed and is_its and option == ECHO:
                    yield InputHidden(verb == WILL)
                elif changed and (verb, option) == (DO, WINDOW_SIZE):
                    self._tell_size()
            case Subnegotiation(option, about):
                if option == TERMINAL_TYPE and about == bytes((SEND,)) and self._mine.is_on(TERMINAL_TYPE):
                    self._tell(TERMINAL_TYPE, bytes((IS,)) + self._terminal.encode("ascii", "ignore"))
            case Command(byte) if byte in (GO_AHEAD, END_OF_RECORD):
                yield from self.quiet()

    def _tell_size(self) -> None:
        size = self.width.to_bytes(2) + self.height.to_bytes(2)
        self._tell(WINDOW_SIZE, size.replace(b"\xff", b"\xff\xff"))

    def _tell(self, option: int, about: bytes) -> None:
        self._answers += bytes((IAC, SB, option)) + about + bytes((IAC, SE))

"""
A line as it is typed: what a terminal does for most clients, for those that send each character. No I/O.

Telnet clients in character mode (RFC 857 and 858 together) do not edit lines, and some do not show what is
typed: then the server does both, with the keys that Unix has for it.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from enum import Enum, auto

from tcpchat import handed
from tcpchat.columns import least_width
from tcpchat.limits import MOST_COMMANDS, PATIENCE_WITH_COMMANDS
from tcpchat.lines import CTRL_D, LineReader

CR, LF, NUL, CR_LF, CR_NUL = b"\r", b"\n", b"\0", b"\r\n", b"\r\0"

ERASE_COLUMN = b"\b \b"

# Keys that edit: Ctrl-C, Ctrl-D, Backspace, which sends the one or the other of two, Ctrl-U, Ctrl-W, and
# what arrows and others begin with.
_KEYS = b"\x03\x04\x08\x7f\x15\x17\x1b"
# Lines as they are typed or pasted, or one such key.
_TYPED = re.compile(rb"[^%b]+|." % _KEYS, re.DOTALL)

# All controls but the tab and the end of a line.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n"})


class TooManyKeys(Exception):
    """So many keys that nobody presses them."""


class Echo(Enum):
    """Who shows what is typed."""

    CLIENT = auto()
    SERVER = auto()
    NOBODY = auto()  # it is a password


class _Escape(Enum):
    """Where in a sequence that a key like an arrow sends (ECMA-48, 5.4)."""

    NONE = auto()
    BEGUN = auto()  # after ESC
    CONTROL = auto()  # after ESC [
    SHIFTED = auto()  # after ESC O


class Editor:
    """Types into a `LineReader`."""

    __slots__ = "_after_cr", "_began", "_decoder", "_escape", "_keys", "_reader"

    def __init__(self, reader: LineReader) -> None:
        self._reader = reader
        self._after_cr = False
        self._escape = _Escape.NONE
        self._keys = 0
        self._began = 0.0  # when the first of these keys was pressed
        # For what is shown: bytes that are not UTF-8 are not.
        self._decoder = getincrementaldecoder("utf-8")("ignore")

    def feed(self, data: bytes, echo: Echo, now: float) -> bytes:
        """
        Type something, at a time in seconds; return what is to be shown of it.

        Raises:
            TooManyKeys: more than anybody presses. What was typed before can still be taken.
            Endless: there was no end of line for very long.
        """
        shown = bytearray()
        for typed in _TYPED.findall(data):
            rest = self._after_escape(typed)
            if rest and rest[0] in _KEYS:
                self._count(now)
                shown += self._press(rest, echo)
            elif rest:
                shown += self._type(rest, echo)
        return bytes(shown)

    def hand_on(self) -> handed.Typing:
        """Return how far it is, for another process."""
        unshown, _ = self._decoder.getstate()
        return handed.Typing(self._after_cr, self._escape.name, unshown)

    def go_on_from(self, it: handed.Typing) -> None:
        """Be as far as another process was."""
        self._after_cr = it.after_cr
        self._escape = _Escape[it.escape]
        self._decoder.setstate((it.unshown, 0))

    def _after_escape(self, typed: bytes) -> bytes:
        """Return what does not belong to a sequence: cursor keys and the like do nothing here."""
        at = 0
        if self._escape is _Escape.BEGUN:
            self._escape = {b"[": _Escape.CONTROL, b"O": _Escape.SHIFTED}.get(typed[:1], _Escape.NONE)
            at = 0 if self._escape is _Escape.NONE else 1
        if self._escape is _Escape.CONTROL:
            while at < len(typed) and 0x20 <= typed[at] < 0x40:
                at += 1
        if at < len(typed) and self._escape is not _Escape.NONE:
            at += 0x20 <= typed[at] < 0x7F  # the last of it; a control is none, but ends it
            self._escape = _Escape.NONE
        return typed[at:]

    def _count(self, now: float) -> None:
        if now - self._began >= PATIENCE_WITH_COMMANDS:
            self._began, self._keys = now, 0
        self._keys += 1
        if self._keys > MOST_COMMANDS:
            raise TooManyKeys

    def _press(self, key: bytes, echo: Echo) -> bytes:
        """Press a key that edits."""
        self._after_cr = False
        self._decoder.reset()
        erased = ""
        match key:
            case b"\b" | b"\x7f":
                erased = self._reader.erase_character()
            case b"\x17":
                erased = self._reader.erase_word()
            case b"\x15" | b"\x03":
                erased = self._reader.erase_line()
            case b"\x1b":
                self._escape = _Escape.BEGUN
            case _ if not self._reader.unfinished:
                self._reader.feed(CTRL_D)
        return ERASE_COLUMN * least_width(erased) if echo is Echo.SERVER else b""

    def _type(self, typed: bytes, echo: Echo) -> bytes:
        """Type what is no such key: text, and ends of lines."""
        half = typed[:1] if self._after_cr and typed[:1] in (LF, NUL) else b""  # of an end of line
        typed = typed[len(half) :]
        self._after_cr = typed.endswith(CR)
        lines = typed.replace(CR_LF, LF).replace(CR_NUL, LF).replace(CR, LF).translate(None, _CONTROLS)
        self._reader.feed(lines)
        if echo is Echo.CLIENT:
            # It shows CR NUL as a bare CR: what comes next would be written over the line.
            return CR_LF * (typed.count(CR_NUL) + (half == NUL))
        if echo is Echo.NOBODY:
            return CR_LF * lines.count(LF)
        return CR_LF.join(self._seen(lines))

    def _seen(self, lines: bytes) -> Iterator[bytes]:
        first, *rest = lines.split(LF)
        yield self._printable(first)
        for line in rest:
            self._decoder.reset()
            yield self._printable(line)

    def _printable(self, text: bytes) -> bytes:
        return "".join(filter(str.isprintable, self._decoder.decode(text))).encode()

"""
A line as it is typed: what a terminal does for most clients, for those that send each character. No I/O.

Telnet clients in character mode (RFC 857 and 858 together) do not edit lines, and some do not show what is
typed: then the server does both, with the keys that Unix has for it.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from enum import Enum, auto

from tcpchat.lines import CTRL_D, LineReader, columns

CR, LF, NUL = b"\r", b"\n", b"\0"

NEW_LINE = b"\r\n"
ERASE_COLUMN = b"\b \b"

# Text as it is typed or pasted, or a single key.
_KEYS = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]+|.", re.DOTALL)


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

    __slots__ = "_after_cr", "_decoder", "_escape", "_reader"

    def __init__(self, reader: LineReader) -> None:
        self._reader = reader
        self._after_cr = False
        self._escape = _Escape.NONE
        # For what is shown: bytes that are not UTF-8 are not.
        self._decoder = getincrementaldecoder("utf-8")("ignore")

    def feed(self, data: bytes, echo: Echo) -> bytes:
        """
        Type something; return what is to be shown of it.

        Raises:
            Endless: there was no end of line for very long.
        """
        shown = bytearray()
        for key in _KEYS.findall(data):
            if text := self._after_escape(key):
                shown += self._press(text, echo)
        return bytes(shown)

    def _after_escape(self, key: bytes) -> bytes:
        """Return what of a key does not belong to a sequence: cursor keys and the like do nothing here."""
        at = 0
        if self._escape is _Escape.BEGUN:
            self._escape = {b"[": _Escape.CONTROL, b"O": _Escape.SHIFTED}.get(key[:1], _Escape.NONE)
            at = 0 if self._escape is _Escape.NONE else 1
        if self._escape is _Escape.CONTROL:
            while at < len(key) and 0x20 <= key[at] < 0x40:
                at += 1
        if at < len(key) and self._escape is not _Escape.NONE:
            at += 0x20 <= key[at] < 0x7F  # the last of it; a control is none, but ends it
            self._escape = _Escape.NONE
        return key[at:]

    def _press(self, key: bytes, echo: Echo) -> bytes:
        after_cr, self._after_cr = self._after_cr, key == CR
        match key:
            case b"\n" | b"\0" if after_cr:
                # It was half of an end of line. A client that shows what is typed shows CR NUL as
                # a bare CR: what comes next would be written over the line.
                return NEW_LINE if echo is Echo.CLIENT and key == NUL else b""
            case b"\r" | b"\n":
                self._decoder.reset()
                self._reader.feed(LF)
                return b"" if echo is Echo.CLIENT else NEW_LINE
            case b"\b" | b"\x7f":  # Backspace sends the one or the other
                return self._erased(self._reader.erase_character(), echo)
            case b"\x17":  # Ctrl-W
                return self._erased(self._reader.erase_word(), echo)
            case b"\x15" | b"\x03":  # Ctrl-U, Ctrl-C
                return self._erased(self._reader.erase_line(), echo)
            case b"\x04" if not self._reader.unfinished:
                self._reader.feed(CTRL_D)
            case b"\x1b":  # ESC
                self._escape = _Escape.BEGUN
            case _ if key[0] >= 0x20 or key[0] == 0x09:
                self._reader.feed(key)
                return self._seen(key) if echo is Echo.SERVER else b""
        return b""

    def _erased(self, text: str, echo: Echo) -> bytes:
        self._decoder.reset()
        return ERASE_COLUMN * columns(text) if echo is Echo.SERVER else b""

    def _seen(self, text: bytes) -> bytes:
        seen = (character for character in self._decoder.decode(text) if character.isprintable())
        return "".join(seen).encode()

"""
Telnet's own bytes, taken out of what a client sends (RFC 854, 855). No I/O.

What a command means is not known here (telnet_client.py), only where it begins and ends: the same for
every way in which the bytes are cut, and whatever bytes they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from tcpchat import handed
from tcpchat.limits import LARGEST_KEPT_SUBNEGOTIATION, LARGEST_SUBNEGOTIATION
from tcpchat.telnet_options import DONT, IAC, SB, SE, WILL


class Command(NamedTuple):
    """A command of one byte."""

    byte: int


class Negotiation(NamedTuple):
    """What the client says of an option: one of WILL, WONT, DO and DONT."""

    verb: int
    option: int


class Subnegotiation(NamedTuple):
    """What the client says about an option that is on; empty if it was more than is kept."""

    option: int
    data: bytes


class TooLarge(NamedTuple):
    """A subnegotiation is larger than any is. It is not worth to listen any further."""


# The first byte that is a command (RFC 1184): end of file.
FIRST_COMMAND = 0xEC

Part = bytes | Command | Negotiation | Subnegotiation | TooLarge

# IAC IAC stands for one byte 255, in text and in a subnegotiation.
_PLAIN = re.compile(rb"(?:[^\xff]++|\xff\xff)*+", re.DOTALL)


class _State(Enum):
    TEXT = auto()
    COMMAND = auto()  # after IAC
    OPTION = auto()  # after IAC WILL, WONT, DO or DONT
    NEGOTIATION = auto()  # after IAC SB
    NEGOTIATION_COMMAND = auto()  # after IAC within a subnegotiation


class Parser:
    """Tells text from commands."""

    __slots__ = "_kept", "_size", "_state", "_verb", "has_letter", "is_telnet"

    def __init__(self) -> None:
        # Has the client shown that it is telnet? From nc byte 255 is text that is not UTF-8, and a line with
        # it is refused and not said without it: unless there is such a command, it begins none.
        self.is_telnet = False
        # Is byte 255 a letter, too, as in KOI8 and the code pages of Windows? Then only what no text has is
        # taken for a command: a verb with a control behind it. Telnet doubles the letter, nc does not.
        self.has_letter = False
        self._state = _State.TEXT
        self._verb = 0  # the command before an option
        self._kept = bytearray()  # the beginning of a subnegotiation
        self._size = 0  # bytes of it that have come

    def feed(self, data: bytes) -> Iterator[Part]:
        """Yield what is in some bytes, in the order in which it came; text in pieces of any size."""
        at = 0
        while at < len(data):
            if self._state in (_State.TEXT, _State.NEGOTIATION):
                plain = _PLAIN.match(data, at)
                assert plain is not None  # it matches nothing, too
                if plain.end() > at:
                    at = plain.end()
                    yield from self._plain(plain[0].replace(b"\xff\xff", b"\xff"))
                else:
                    at += 1
                    self._state = _State.COMMAND if self._state is _State.TEXT else _State.NEGOTIATION_COMMAND
            else:
                byte = data[at]
                at += 1
                yield from self._command(byte)

    def hand_on(self) -> handed.Parser:
        """Return where it is, for another process."""
        kept = bytes(self._kept)
        return handed.Parser(self._state.name, self._verb, kept, self._size, self.is_telnet, self.has_letter)

    def go_on_from(self, it: handed.Parser) -> None:
        """Be where another process was."""
        self._state = _State[it.state]
        self._verb = it.verb
        self._kept = bytearray(it.kept)
        self._size = it.size
        self.is_telnet, self.has_letter = it.is_telnet, it.has_letter

    def _plain(self, data: bytes) -> Iterator[Part]:
        if self._state is _State.TEXT:
            yield data
            return
        self._size += len(data)
        self._kept += data[: LARGEST_KEPT_SUBNEGOTIATION - len(self._kept)]
        if self._size > LARGEST_SUBNEGOTIATION:
            yield TooLarge()

    def _command(self, byte: int) -> Iterator[Part]:
        match self._state:
            case _State.OPTION if self.has_letter and (byte >= 0x20 or byte in b"\t\r\n"):
                self._state = _State.COMMAND if byte == IAC else _State.TEXT
                yield bytes((IAC, self._verb) if byte == IAC else (IAC, self._verb, byte))
            case _State.OPTION:
                self._state = _State.TEXT
                yield Negotiation(self._verb, byte)
            case _State.NEGOTIATION_COMMAND if byte == SE:
                self._state = _State.TEXT
                kept, size = bytes(self._kept), self._size
                self._kept.clear()
                self._size = 0
                if kept and size == len(kept):
                    yield Subnegotiation(kept[0], kept[1:])
                else:
                    yield Subnegotiation(kept[0] if kept else SE, b"")
            case _State.NEGOTIATION_COMMAND:
                # But for IAC no other has a meaning here: it is left out.
                self._state = _State.NEGOTIATION
                yield from self._plain(bytes((IAC,)) if byte == IAC else b"")
            case _ if byte == IAC:
                self._state = _State.TEXT
                yield b"\xff"
            case _ if WILL <= byte <= DONT:
                self._state = _State.OPTION
                self._verb = byte
            case _ if self.has_letter:
                self._state = _State.TEXT
                yield bytes((IAC, byte))
            case _ if byte == SB:
                self._state = _State.NEGOTIATION
            case _:
                self._state = _State.TEXT
                if byte in b"\r\n" or (0x20 <= byte < FIRST_COMMAND and not self.is_telnet):
                    yield bytes((IAC, byte))
                else:
                    yield Command(byte)

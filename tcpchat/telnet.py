"""
Telnet's own bytes, taken out of what a client sends (RFC 854). No I/O.

A line client that never sends byte 255 is not touched by any of this, and is sent none.
"""

from __future__ import annotations

from enum import Enum, auto

IAC = 0xFF
SE, SB, WILL, WONT, DO, DONT = 0xF0, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE
# RFC 860. After Ctrl-C telnet asks for it, and shows nothing more until it is answered.
TIMING_MARK = 0x06


class _State(Enum):
    TEXT = auto()
    COMMAND = auto()  # after IAC
    OPTION = auto()  # after IAC WILL, WONT, DO or DONT
    NEGOTIATION = auto()  # after IAC SB
    NEGOTIATION_COMMAND = auto()  # after IAC within a subnegotiation


class TelnetFilter:
    """Lets text through and swallows commands, however both are cut into chunks."""

    __slots__ = "_asks", "_state"

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._asks = 0  # the command before an option

    def has_work(self, data: bytes) -> bool:
        """Tell whether `feed` is needed; nearly always all is text."""
        return IAC in data or self._state is not _State.TEXT

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the text in ``data``, and what is to be answered. IAC IAC stands for one byte 255."""
        if not self.has_work(data):
            return data, b""
        text = bytearray()
        answer = bytearray()
        at = 0
        while at < len(data):
            if self._state is _State.TEXT:
                command = data.find(IAC, at)
                if command < 0:
                    text += data[at:]
                    break
                text += data[at:command]
                self._state = _State.COMMAND
                at = command + 1
                continue
            byte = data[at]
            at += 1
            match self._state:
                case _State.COMMAND:
                    if byte == IAC:
                        text.append(IAC)
                    elif byte in b"\r\n":  # that was no command: a line ends here
                        text += bytes((IAC, byte))
                    self._asks = byte
                    self._state = self._after_command(byte)
                case _State.OPTION:
                    if self._asks == DO and byte == TIMING_MARK:
                        answer += bytes((IAC, WONT, TIMING_MARK))
                    self._state = _State.TEXT
                case _State.NEGOTIATION:
                    if byte == IAC:
                        self._state = _State.NEGOTIATION_COMMAND
                case _State.NEGOTIATION_COMMAND:
                    self._state = _State.TEXT if byte == SE else _State.NEGOTIATION
        return bytes(text), bytes(answer)

    @staticmethod
    def _after_command(byte: int) -> _State:
        if WILL <= byte <= DONT:
            return _State.OPTION
        return _State.NEGOTIATION if byte == SB else _State.TEXT

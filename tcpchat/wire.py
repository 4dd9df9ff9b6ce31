"""How lines become the bytes of a connection: made harmless, broken to its width, encoded. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from tcpchat.columns import wrap
from tcpchat.encoding import UTF8
from tcpchat.gate import GATE

# Telnet takes a byte 255 for the beginning of a command; two of them are one (RFC 854). UTF-8 has none.
_IAC = b"\xff"


class Wire(NamedTuple):
    """
    What the bytes of a line depend on beside its text.

    ``codec`` is Python's name of the terminal's encoding (encoding.py), ``width`` its columns, 0 if
    they are not known.
    """

    codec: str = UTF8.codec
    width: int = 0
    telnet: bool = False

    def line(self, text: str) -> bytes:
        """Return a line with its end, or a wide one as several; ``?`` stands for what it cannot show."""
        harmless = GATE.harmless(text)
        lines = wrap(harmless, self.width) if self.width else [harmless]
        data = "".join(f"{line}\r\n" for line in lines).encode(self.codec, "replace")
        return data.replace(_IAC, 2 * _IAC) if self.telnet else data


PLAIN = Wire()

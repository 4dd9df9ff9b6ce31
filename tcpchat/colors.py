"""
Nicknames in color, for those who have asked for it. No I/O.

The signs for that are the server's own (ECMA-48, SGR). They are put around a nickname after the gate has
seen the line, so that nobody's text can hold any.
"""

from __future__ import annotations

from zlib import crc32

# Red, green, yellow, blue, magenta, cyan: the terminal chooses tones that can be read on its background.
_COLORS = range(31, 37)


def color(nick: str) -> int:
    """Return the color of a nickname: the same each time, on each server."""
    return _COLORS[crc32(nick.lower().encode()) % len(_COLORS)]


def paint(lines: bytes, front: str, shown: str, nick: str, codec: str) -> bytes:
    """
    Put a nickname in color where lines begin with ``front``; what a broken line goes on with does not.

    ``shown`` is the nickname, and what stands around it, as it is in that beginning.
    """
    plain = front.encode(codec, "replace")
    begin = f"\x1b[{color(nick)}m".encode()
    colored = plain.replace(known := shown.encode(codec, "replace"), begin + known + b"\x1b[0m", 1)
    return b"\r\n".join(
        colored + line[len(plain) :] if line.startswith(plain) else line for line in lines.split(b"\r\n")
    )

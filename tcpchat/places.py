"""How far somebody has read a stream, and how much of it is read at once. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tcpchat.events import Entry
from tcpchat.limits import LARGEST_CHARACTER, LARGEST_CHUNK

# Bytes of an entry's line beside its text: the nickname, the room, the time and the signs.
LINE_OVERHEAD = 160
# Entries read from the log at once for one reader.
READ_AT_ONCE = 64


class Place(NamedTuple):
    """
    How far a reader is: the last entry shown, and the last one that says who came or went.

    Where those are shown folded, they are shown later than the rest, and so are apart from it.
    """

    seq: int
    presence: int

    def at_least(self, other: Place) -> Place:
        """Return the further of two places."""
        seq, presence = self
        other_seq, other_presence = other
        if seq <= other_seq and presence <= other_presence:
            return other  # one place for all who are there
        if seq >= other_seq and presence >= other_presence:
            return self
        return Place(max(seq, other_seq), max(presence, other_presence))

    def is_behind(self, other: Place) -> bool:
        """Is there something between here and another place?"""
        seq, presence = self
        other_seq, other_presence = other
        return seq < other_seq or presence < other_presence


def pieces(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Cut entries into pieces whose lines have about LARGEST_CHUNK bytes at most."""
    start = size = 0
    for at, entry in enumerate(entries):
        text = getattr(entry.event, "text", "")
        # Each line of a text that was pasted is a line of its own.
        length = LINE_OVERHEAD * (1 + text.count("\n")) + len(text)
        if not text.isascii():
            length += (LARGEST_CHARACTER - 1) * len(text)
        if size + length > LARGEST_CHUNK and at > start:
            yield entries[start:at]
            start, size = at, 0
        size += length
    yield entries[start:]

"""How wide a text is on a terminal, and how a line is broken that is wider than one. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

import regex
from wcwidth import wcwidth

# What the rest of a broken line stands behind: nothing that anybody typed is at the left edge.
HANG = "    "

# Columns of one character at most.
WIDEST = 2

# Lines are broken to one of these widths, the next that fits: for each that somebody has, what is said is
# broken anew, and if there were as many as there are terminals, that would be everybody's time.
WIDTHS = *range(20, 160, 5), *range(160, 501, 20)

# Characters whose widths are remembered: about as many as a chat uses.
MOST_CHARACTERS = 4096

# Lines that are remembered in parts: each is broken anew for every width that somebody's terminal has.
MOST_LINES = 16

_EMOJI_STYLE = "\N{VARIATION SELECTOR-16}"

# A word with the blanks in front of it; blanks at the end are a word without letters.
_WORD = regex.compile(" *+[^ ]++| ++")
_CLUSTER = regex.compile(r"\X")


def width(text: str) -> int:
    """Return how many columns a text takes at most."""
    # A terminal shows a family of emoji as one, or as its members: nobody can know.
    return len(text) if text.isascii() else sum(map(_character_width, text))


def least_width(text: str) -> int:
    """Return how many columns a text takes at least; what has no width, as controls have none, takes none."""
    return sum(map(_least_character_width, text))


@lru_cache(MOST_CHARACTERS)
def _character_width(character: str) -> int:
    # The style that makes a picture of a character can make it wider.
    return 1 if character == _EMOJI_STYLE else _least_character_width(character)


def _least_character_width(character: str) -> int:
    return max(wcwidth(character), 0)


def usual(columns: int) -> int:
    """Return the width that lines are broken to on a terminal; 0, not known, is 0."""
    return WIDTHS[bisect_right(WIDTHS, columns) - 1] if columns >= WIDTHS[0] else columns


def wrap(line: str, columns: int) -> list[str]:
    """
    Break a line at blanks into lines that fit, each but the first hanging.

    A word that is wider than a whole line is broken where it has to be, between characters as
    people see them; one of wide characters, as Chinese is written, anywhere. ``columns`` has to
    have room for more than `HANG`.
    """
    if len(line) * WIDEST <= columns:
        return [line]
    words = _words(line)
    if sum(size for _, size in words) <= columns:
        return [line]
    lines: list[str] = []
    begun, left = "", columns
    room = columns - len(HANG)
    for part, size in words:
        if size > left:
            word = part.lstrip(" ")
            blanks = len(part) - len(word)
            if size - blanks <= min(room, len(word)):
                lines.append(begun)
                begun, left, part, size = HANG, room, word, size - blanks
        if size <= left:
            begun += part
            left -= size
            continue
        for piece, size in _pieces(part, room):
            if size > left:
                lines.append(begun)
                begun, left = HANG, room
            begun += piece
            left -= size
    return [line.rstrip(" ") for line in [*lines, begun] if line.strip(" ")]


def _pieces(word: str, room: int) -> Iterator[tuple[str, int]]:
    """Yield the smallest parts of a word: clusters, and of one that is too wide its characters."""
    for cluster, size in _clusters(word):
        if size <= room:
            yield cluster, size
        else:
            for character in cluster:
                yield character, _character_width(character)


@lru_cache(MOST_LINES)
def _words(line: str) -> list[tuple[str, int]]:
    """Return the words of a line, each with the blanks in front of it, and their widths."""
    return [(word, width(word)) for word in _WORD.findall(line)]


@lru_cache(MOST_LINES)
def _clusters(word: str) -> list[tuple[str, int]]:
    """Return what people see as characters of a word, and their widths."""
    return [(cluster, width(cluster)) for cluster in _CLUSTER.findall(word)]

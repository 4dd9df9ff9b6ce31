"""
What SQLite leaves of rows that are gone: what to look for, and where. No I/O.

With ``secure_delete`` it overwrites what it deletes. But when it distributes the rows of a full page anew
(rebuildPage in its btree.c), copies of some stay where the page has room, and what is deleted later is
another copy: with many rooms, of one line in sixty.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from unicodedata import normalize

import msgspec
import regex

from tcpchat.queries import words

# See https://www.sqlite.org/fileformat.html, 1.6: the kinds of pages of a tree, and where their header ends.
_HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}
_HEADER = struct.Struct(">BHHH")  # kind, first free block, cells, where their content begins
_FILE_HEADER = 100  # before that of the first page

# The same, 1.5: a page of the list of those that are free has the next such page, how many others are free,
# and which. The number of the first is in the file's header.
_FREE = struct.Struct(">II")
_FIRST_FREE = struct.Struct(">I"), 32

# Bytes in front of a text, where whose it is stands, of its beginning and of its end: a copy is overwritten
# from one of its ends, if at all. Less would be found in much else.
FRONT = 24
BEGINNING = 12
END = 24

# A word that is looked for: the index has letters that it shares with the word before it once, and a
# shorter one tells nothing. So many of one text, the longest.
SHARED = 4
SHORTEST_WORD = 6
MOST_WORDS = 64

_MARK = regex.compile(r"\p{Mn}")
_WORD = regex.compile(r"[\p{L}\p{N}\p{Co}]+")


def pieces(body: str, text: str) -> Iterator[bytes]:
    """Yield what shows that a copy of a row is there: of its body, which is JSON, around a text in it."""
    if text:
        encoded, whole = msgspec.json.encode(text)[1:], body.encode()
        begins = whole.rfind(encoded)
        yield whole[max(begins - FRONT, 0) : begins + min(len(encoded), BEGINNING)]
        if len(encoded) > END:
            yield encoded[-END:]


def words_of(text: str) -> list[str]:
    """Return the long words of a text as the index has them, the longest first."""
    plain = _MARK.sub("", normalize("NFD", words(text).lower()))
    long = {word for word in _WORD.findall(plain) if len(word) >= SHORTEST_WORD}
    return sorted(long, key=lambda word: (-len(word), word))[:MOST_WORDS]


def word_piece(word: str) -> bytes:
    """Return what shows that a word is there."""
    return word[SHARED if len(word) >= SHARED + SHORTEST_WORD else 0 :].encode()


def dead(pages: bytes, size: int, are_first: bool) -> bytes:
    """
    Return what is in pages of a file and belongs to no row, and all of those that are no part of a tree.

    ``size`` is that of a page; ``are_first`` says that they are the first ones of the file.
    """
    parts: list[bytes] = []
    for at in range(0, len(pages) - size + 1, size):
        header = at + _FILE_HEADER if are_first and not at else at
        kind, _, cells, content = _HEADER.unpack_from(pages, header)
        if kind in _HEADERS:
            # 65,536 does not fit into the header: it is 0.
            part = pages[header + _HEADERS[kind] + 2 * cells : at + (content or 65536)]
        else:
            part = pages[at : at + size]
        if part.strip(b"\0"):
            parts.append(part)
    return b"\0".join(parts)


def with_copies(sought: Sequence[bytes], pages: bytes, size: int, are_first: bool) -> list[int]:
    """Return which of some pages have one of some pieces in what is `dead`: 0 is the first of these."""
    whole = dead(pages, size, are_first)
    if not any(piece in whole for piece in sought):
        return []
    found: list[int] = []
    for number in range(len(pages) // size):
        part = dead(pages[number * size : (number + 1) * size], size, are_first and not number)
        if any(piece in part for piece in sought):
            found.append(number)
    return found


def free_pages(read: Callable[[int], bytes]) -> dict[int, int]:
    """
    Return the pages of a file that are free, each with how many bytes SQLite needs of it.

    ``read`` gives a page by its number; 0 is the first one.
    """
    free: dict[int, int] = {}
    number, at = _FIRST_FREE
    (trunk,) = number.unpack_from(read(0), at)
    while trunk and trunk - 1 not in free:
        page = read(trunk - 1)
        following, count = _FREE.unpack_from(page)
        numbers = struct.unpack_from(f">{count}I", page, _FREE.size)
        free[trunk - 1] = _FREE.size + 4 * count
        free.update((leaf - 1, 0) for leaf in numbers)
        trunk = following
    return free


def unused(page: bytes, is_first: bool) -> slice | None:
    """Return what a page of a tree has between its head and its rows; None if it is no such page."""
    header = _FILE_HEADER if is_first else 0
    kind, _, cells, content = _HEADER.unpack_from(page, header)
    if kind not in _HEADERS:
        return None
    begin = header + _HEADERS[kind]
    end = begin + 2 * cells
    # A page with the rest of a row that did not fit into its own could begin like that, in a file of 128 GB.
    rows = struct.unpack_from(f">{cells}H", page, begin) if end <= content <= len(page) else ()
    if not rows or min(rows) < content or max(rows) >= len(page):
        return None
    return slice(end, content)

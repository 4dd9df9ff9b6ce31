"""
On which line of a TOML file what is set: tomllib does not tell. No I/O.

What is asked about has been read by tomllib: that it is right is known, and nothing is checked again.
TOML 1.0: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

# How a value is reached from the whole: by names, and in a list by numbers from 0 on.
Key = tuple[str | int, ...]

# What means nothing. Between what is set these may be on any line, within brackets as well.
NOTHING = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")

# A text in each of its four ways: over several lines first, since two quotes begin it and end another one.
TEXT = r'"""(?:[^\\]|\\[\s\S])*?"{3,5}(?!")' r"|'''[\s\S]*?'{3,5}(?!')" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'"
STRING = re.compile(TEXT)

# A number, a date, true or false: up to what ends it.
PLAIN = re.compile(r"[^,\]}#\n]+")

PART = re.compile(rf"[ \t]*({TEXT}|[A-Za-z0-9_-]+)[ \t]*")
HEADER = re.compile(r"\[\[?")


def lines(text: str) -> dict[Key, int]:
    """Return the line, counted from 1, on which each table, key and element of a list begins."""
    return {key: text.count("\n", 0, at) + 1 for key, at in reversed(list(_Scanner(text).found()))}


class _Scanner:
    """Goes through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def found(self) -> Iterator[tuple[Key, int]]:
        """Yield what is set, and where; what is spread over several places more than once."""
        table: Key = ()
        while self._skip():
            start = self._at
            if self._take(HEADER):
                table = self._name()
                self._take(re.compile(r"\]+"))
                yield from _with_parents(table, 0, start)
            else:
                yield from self._pair(table)

    def _pair(self, table: Key) -> Iterator[tuple[Key, int]]:
        start = self._at
        key = table + self._name()
        self._at += 1  # the sign of equality
        yield from _with_parents(key, len(table), start)
        yield from self._value(key)

    def _value(self, key: Key) -> Iterator[tuple[Key, int]]:
        self._take(re.compile(r"[ \t]*"))
        if self._take(STRING):
            return
        match self._text[self._at]:
            case "[":
                self._at += 1
                number = 0
                while self._skip() != "]":
                    yield (*key, number), self._at
                    yield from self._value((*key, number))
                    number += 1
                self._at += 1
            case "{":
                self._at += 1
                while self._skip() != "}":
                    yield from self._pair(key)
                self._at += 1
            case _:
                self._take(PLAIN)

    def _name(self) -> Key:
        parts: list[str | int] = []
        while True:
            part = self._take(PART)
            assert part is not None
            name = part[1]
            # A name in quotes may have escapes in it, which are not ours to understand.
            parts.append(tomllib.loads(f"x={name}")["x"] if name[0] in "\"'" else name)
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _skip(self) -> str:
        """Pass by what means nothing; return the character behind it, none at the end."""
        self._take(NOTHING)
        return self._text[self._at : self._at + 1]

    def _take(self, what: re.Pattern[str]) -> re.Match[str] | None:
        found = what.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found


def _with_parents(key: Key, known: int, at: int) -> Iterator[tuple[Key, int]]:
    """Yield a key after the tables that its dots name."""
    for end in range(known + 1, len(key) + 1):
        yield key[:end], at

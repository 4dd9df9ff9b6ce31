"""Lines that were meant to be a command with a password, and would be said to everybody. No I/O."""

from __future__ import annotations

import re
from string import ascii_letters

from tcpchat.requests import NotUnderstood

WARNING = (
    "That looks like a password and was not sent. A command begins with its / at the very left;"
    " what is to be said all the same begins with another word."
)

# How many words stand behind each of the commands that take a password, here and with IRC's services.
# Without a / in front they are also the beginnings of sentences ("password reset is broken"); None: of
# few, so whatever stands behind it.
_WORDS = {
    "login": None, "identify": None, "register": 1, "unregister": 1, "pass": 1, "password": 2, "passwd": 2,
}  # fmt: skip

# A command begins with / at the very left. In front of that may have come blanks, or in its place what
# is beside it on a keyboard, as 7 on a German one.
_MISTYPED = re.compile(rf"([\W_]{{0,8}}?7?)({'|'.join(_WORDS)})\s+(?=\S)", re.IGNORECASE)


# What no such line begins with: most lines need not be looked at further.
_OTHERS = frozenset(ascii_letters) - {letter for word in _WORDS for letter in (word[0], word[0].upper())}


def said(line: str) -> str:
    """
    Return a line that somebody says.

    Raises:
        NotUnderstood: that would give a password away.
    """
    if is_mistyped(line):
        raise NotUnderstood(WARNING)
    return line


def is_mistyped(line: str) -> bool:
    """Tell whether a line that would be said in a room was more likely to log in or to set a password."""
    if line[:1] in _OTHERS:
        return False
    found = _MISTYPED.match(line)
    if found is None:
        return False
    front, word = found.groups()
    words = _WORDS[word.lower()]
    return bool(front) or words is None or len(line[found.end() :].split()) == words

"""
Which passwords can be chosen; and lines that were meant to hold one, and would be said to everybody.

No I/O, but for a list that is part of the package: the thousand most frequent passwords that are long
enough, of those that zxcvbn 4.5.0 counts.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from string import ascii_letters
from unicodedata import normalize

from tcpchat.limits import LONGEST_PASSWORD, SHORTEST_PASSWORD
from tcpchat.names import Name, NotAName, nickname
from tcpchat.requests import NotUnderstood, Refused

WARNING = (
    "That looks like a password and was not sent. A command begins with its / at the very left;"
    " what is to be said all the same begins with another word."
)

# Characters that may be a password: NFC makes one of four at most.
MOST_TYPED = 4 * LONGEST_PASSWORD

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


def normal(password: str) -> str:
    """
    Return a password as it is hashed: in NFC, in which one keyboard's é is another's (RFC 8265 4.2).

    What is too long in any form is left as it is, as that takes long.
    """
    return normalize("NFC", password) if len(password) <= MOST_TYPED else password


def is_too_long(password: str) -> bool:
    """Tell whether what is normal can be no password, and is not to be hashed."""
    return len(password.encode()) > LONGEST_PASSWORD


def check(password: str, name: Name) -> str:
    """
    Return a password as it is hashed, which somebody chooses for an account.

    Raises:
        Refused: it is too easy to guess, or too long.
    """
    password = normal(password)
    if len(password.encode()) < SHORTEST_PASSWORD:
        letters = f"{SHORTEST_PASSWORD} bytes, which are {SHORTEST_PASSWORD} letters or digits"
        raise Refused(f"That password is too short: it has at least {letters}.")
    if is_too_long(password):
        raise Refused(f"That password is too long: it has at most {LONGEST_PASSWORD} bytes.", "too-long")
    if _is_like(password, name):
        raise Refused("That password is your nickname, which is tried first. Choose another one.")
    if password.casefold() in _common():
        raise Refused("That password is one of the thousand that are tried first. Choose another one.")
    return password


def _is_like(password: str, name: Name) -> bool:
    try:
        return nickname(password).same(name)
    except NotAName:
        return password.casefold() == name.display.casefold()


@cache
def _common() -> frozenset[str]:
    return frozenset(files("tcpchat").joinpath("common_passwords.txt").read_text("ascii").split())

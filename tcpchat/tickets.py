"""What somebody comes back with after a break: a code for people to type, a token for programs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from xkcdpass.xkcd_password import locate_wordfile

# Bytes of chance in a token.
TOKEN_SIZE = 24

# Words of the EFF's large list, which are easy to tell apart and to type; with the two digits a
# code has 45 bits of chance.
MOST_WORDS = 7776
MOST_NUMBERS = 100


class Ticket(NamedTuple):
    """The two secrets of one session. The code follows from the token, but not the other way round."""

    token: str
    code: str

    def __repr__(self) -> str:
        """Tell nothing, wherever this may get by mistake."""
        return "Ticket(...)"


def new_ticket(chance: Callable[[int], bytes]) -> Ticket:
    """Make up a ticket; ``chance`` gives as many random bytes as it is asked for."""
    return ticket(chance(TOKEN_SIZE).hex())


def ticket(token: str) -> Ticket:
    """Return the ticket that a token belongs to; of any other text, some ticket."""
    number = int.from_bytes(hashlib.sha256(b"code of " + token.encode()).digest())
    number, digits = divmod(number, MOST_NUMBERS)
    words = []
    for _ in range(3):
        number, word = divmod(number, MOST_WORDS)
        words.append(_words()[word])
    return Ticket(token, f"{words[0]}-{digits:02}-{words[1]}-{words[2]}")


def digest(secret: str) -> str:
    """
    Return what is kept of a code or a token in its place.

    However a code was typed (with capitals, with blanks for hyphens), its digest is the same.
    """
    return digest_as_made(re.sub(r"[\s-]+", "-", secret.strip().lower()))


def digest_as_made(secret: str) -> str:
    """Return the digest of a code or a token that nobody has typed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def digests(secret: str) -> tuple[str, str]:
    """
    Return the digests by which a secret is known: its own, and that of the code that follows from it.

    So of a ticket only the code's digest need be kept.
    """
    return digest(secret), digest_as_made(ticket(secret.strip().lower()).code)


@cache
def _words() -> list[str]:
    return Path(locate_wordfile("eff-long")).read_text("ascii").split()

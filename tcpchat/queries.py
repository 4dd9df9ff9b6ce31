"""What somebody looks for in what was said: the words behind /search. No I/O."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """
    What is looked for: everything in it has to be there.

    Each of ``phrases`` is some words that follow each other; ``nick`` is the folded nickname of who
    said it, or empty for anybody.
    """

    phrases: tuple[str, ...]
    nick: str = ""

"""Whether somebody is mentioned in what was said. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

import regex

from tcpchat.events import Event, Noted, Spoken
from tcpchat.limits import MOST_MENTIONS
from tcpchat.names import NotAName, nickname
from tcpchat.queries import UNSPACED
from tcpchat.render import count

# What nicknames are made of: beside one of these a nickname is a part of another word. Scripts that have no
# spaces between words have no such side: there everything is a word of its own, as it is for /search.
_IN_A_WORD = rf"[[\p{{L}}\p{{N}}\p{{M}}_\-]--{UNSPACED}]"

# Full and half width forms: in a nickname they are the letters that they are forms of (RFC 8265).
_WIDTHS = regex.compile(r"[\N{IDEOGRAPHIC SPACE}\uff00-\uffef]+")
_UNSPACED = regex.compile(UNSPACED)

# Nicknames whose patterns are remembered: more than a chat has people who want to be called.
MOST_PATTERNS = 4096


def fold(text: str) -> str:
    """Return a text, or a nickname, as they are compared: without case and width."""
    if text.isascii():
        return text.lower()
    plain = _WIDTHS.sub(lambda found: normalize("NFKC", found[0]), text)
    return normalize("NFC", normalize("NFC", plain).casefold())


def mentions(text: str, nick: str) -> bool:
    """Tell whether a folded text has a folded nickname as a word of its own, as in ``@bob`` or ``bob:``."""
    return nick in text and _alone(nick).search(text) is not None


@lru_cache(MOST_PATTERNS)
def _alone(nick: str) -> regex.Pattern[str]:
    before = "" if _UNSPACED.match(nick[0]) else f"(?<!{_IN_A_WORD})"
    behind = "" if _UNSPACED.match(nick[-1]) else f"(?!{_IN_A_WORD})"
    return regex.compile(f"{before}{regex.escape(nick)}{behind}", regex.V1)


def mentioned(event: Event, nicks: Iterable[tuple[str, str]]) -> list[str]:
    """
    Return who of some people is mentioned in what somebody else said.

    ``nicks`` are pairs of an id and a folded nickname. What is noted in the audit trail calls nobody.
    """
    if not isinstance(event, Spoken) or isinstance(event, Noted):
        return []
    text = fold(event.text)
    called = [(id, nick) for id, nick in nicks if nick in text and mentions(text, nick)]
    return [id for id, nick in called if nick != _folded(event.nick)]


def _folded(nick: str) -> str:
    try:
        return fold(nickname(nick).fold)
    except NotAName:  # any more
        return fold(nick)


def told(found: Iterable[tuple[str, int]]) -> str:
    """
    Return how many lines mention somebody, and their numbers, as a sentence; ``found`` are rooms and numbers.

    The current room has no name there. Its numbers come first, as they stand behind none.
    """
    by_room: dict[str, list[int]] = {"": []}
    for room, seq in found:
        by_room.setdefault(room, []).append(seq)
    shown: list[str] = []
    total = sum(map(len, by_room.values()))
    for room, seqs in by_room.items():
        some = seqs[: MOST_MENTIONS - len(shown)]
        shown += [f"{room} {seq}" if room and not n else str(seq) for n, seq in enumerate(some)]
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{count(total, 'of them mentions', 'of them mention')} you: {', '.join(shown)}{more}."

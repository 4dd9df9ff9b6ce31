"""What somebody looks for in what was said: the words behind /search. No I/O."""

from __future__ import annotations

from typing import NamedTuple

import regex

from tcpchat import names
from tcpchat.echo import echo
from tcpchat.limits import MOST_SEARCHED
from tcpchat.requests import NotUnderstood, Refused


class Query(NamedTuple):
    """
    What is looked for: everything in it has to be there.

    Each of ``phrases`` is some words that follow each other; ``nick`` is the folded nickname of who
    said it, or empty for anybody.
    """

    phrases: tuple[str, ...]
    nick: str = ""

    def __repr__(self) -> str:
        """Tell how much is looked for, and not what, wherever this may get by mistake."""
        return f"Query(phrases=<{len(self.phrases)}>)"


# An unclosed quote runs to the end.
_PART = regex.compile(
    r"""(?<!\S) (?P<key>from|in) : (?P<value>\S*) | " (?P<phrase>[^"]*) "? | (?P<word>[^\s"]+)""",
    regex.VERBOSE | regex.IGNORECASE,
)

# Without one of these there is no word.
_IN_A_WORD = regex.compile(r"[\p{L}\p{N}\p{Co}]")

# Written without spaces between words, or with so much grown on to them that spaces do not help.
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_UNSPACED = regex.compile(UNSPACED)


def parse(text: str) -> tuple[Query, str]:
    """
    Return what ``words "some phrase" from:nick in:#room`` looks for, and the room as it was typed.

    The room is empty if none is named.

    Raises:
        Refused: what stands behind from: is no nickname, or it is too much.
        NotUnderstood: there is nothing to look for.
    """
    phrases: list[str] = []
    nick = room = ""
    for number, part in enumerate(_PART.finditer(text), 1):
        if number > MOST_SEARCHED:
            raise Refused(f"One can look for {MOST_SEARCHED} words at once.", "too-long")
        key, value = (part["key"] or "").lower(), part["value"]
        if key == "from":
            try:
                nick = names.nickname(value).fold
            except names.NotAName as reason:
                raise Refused(f'"{echo(value)}" is not a nickname: {reason}.', "bad-nick") from reason
        elif key == "in":
            room = value
        elif _IN_A_WORD.search(phrase := part["phrase"] or part["word"] or ""):
            phrases.append(phrase.strip())
    if not phrases and not nick:
        raise NotUnderstood("It is used like this: /search WORDS")
    return Query(tuple(phrases), nick), room


def words(text: str) -> str:
    """
    Set blanks around each character of a script that has no spaces between words.

    It makes words of them, and phrases of words: so a part of such a text can be looked for.
    """
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)

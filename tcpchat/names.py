"""
What is a name, and when two names are the same. Knows nothing of who has which.

The rules are RFC 8265 (how a name is spelled and folded) and UTS 39 (which scripts go together,
and what looks alike).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from unicodedata import normalize

import regex
from precis_i18n import get_profile
from wcwidth import wcswidth

from tcpchat.text import clean

# A column of names beside the lines stays narrow; IRC's networks allow 9 to 32.
WIDEST_NICKNAME = 20
# Bytes. 20 columns of Latin, Cyrillic, Han or bare Thai letters fit; piles of marks do not.
LONGEST_NICKNAME = 64

# Characters of a room's name after its sign, and so at most 128 bytes. No column waits for it.
LONGEST_ROOM_NAME = 32

# Characters of which something may be made that is not too long: NFC puts at most four together. Sorting
# more of them is quadratic, and no name comes of it.
MOST_TYPED = 4 * LONGEST_NICKNAME

# A prototype's parts may have prototypes of their own. Unicode's data takes one such step.
MOST_STEPS = 3

# Names that were asked for lately are not judged anew; some 1 MB.
MOST_REMEMBERED = 4096

# Who has one of these could pass for the server, or for nobody or everybody.
RESERVED = (
    "server", "system", "admin", "root", "operator", "moderator", "nickserv", "chanserv", "help",
    "all", "here", "everyone", "broadcast", "you", "tcpchat",
)  # fmt: skip

Key = tuple[str, str]


class NotAName(ValueError):
    """It is no name, and the message says why: the end of a sentence, without its full stop."""


@dataclass(frozen=True, slots=True)
class Name:
    """
    A nickname or the name of a room, as it is shown and as it is compared.

    Being the same is reflexive and symmetric, but like all likeness not transitive.
    """

    display: str  # as typed, in NFC; a room's with its sign
    fold: str  # without case and width
    skeleton: str  # what it looks like, folded after looking
    upper_skeleton: str  # what it looks like in capitals, folded after looking

    @property
    def keys(self) -> tuple[Key, Key, Key]:
        """Whatever may have one name only can be kept in a dict by these: the same names share one."""
        return ("fold", self.fold), ("skeleton", self.skeleton), ("upper", self.upper_skeleton)

    def same(self, other: Name) -> bool:
        """Could one be taken for the other?"""
        return (
            self.fold == other.fold
            or self.skeleton == other.skeleton
            or self.upper_skeleton == other.upper_skeleton
        )


@lru_cache(maxsize=MOST_REMEMBERED)
def nickname(typed: str, ascii_only: bool = False) -> Name:
    """
    Return the nickname that somebody typed. Surrounding blanks are for the caller to strip.

    Raises:
        NotAName: it is none.
    """
    if not typed:
        raise NotAName("it is empty")
    _check_blanks(typed)
    # The first characters tell for a whole pasted page that it is too wide.
    text = _compose(typed)
    if wcswidth(text[: LONGEST_NICKNAME + 1]) > WIDEST_NICKNAME:
        raise NotAName(f"it is wider than {WIDEST_NICKNAME} columns")
    if len(text) > LONGEST_NICKNAME or len(text.encode(errors="surrogatepass")) > LONGEST_NICKNAME:
        raise NotAName(f"it is longer than {LONGEST_NICKNAME} bytes")
    if not _LETTER_FIRST.match(text):
        # A character that nobody sees would make that reason a riddle.
        _check_shown(text)
        raise NotAName("it must begin with a letter")
    return _judge(text, text, ascii_only)


@lru_cache(maxsize=MOST_REMEMBERED)
def room_name(typed: str, ascii_only: bool = False) -> Name:
    """
    Return the name of a room that somebody typed, its sign # included.

    Raises:
        NotAName: it is none.
    """
    if not typed.startswith("#"):
        raise NotAName("it must begin with #")
    if len(typed) == 1:
        raise NotAName("it has nothing after #")
    _check_blanks(typed)
    text = _compose(typed)
    name = text[1:]
    if len(name) > LONGEST_ROOM_NAME:
        raise NotAName(f"it is longer than {LONGEST_ROOM_NAME} characters")
    if not _LETTER_OR_DIGIT_FIRST.match(name):
        _check_shown(name)
        raise NotAName("a letter or a digit must follow #")
    return _judge(text, name, ascii_only)


def skeleton(text: str) -> str:
    """Return what a text looks like: UTS 39, section 4. Texts that look alike have equal ones."""
    seen = _IGNORABLE.sub("", normalize("NFD", text))
    return normalize("NFD", seen.translate(_prototypes()))


def is_reserved(name: Name) -> bool:
    """Could it be taken for a name that nobody may have?"""
    return not _reserved_keys().isdisjoint(name.keys)


def prepare() -> None:
    """Read the tables that names are judged by: it takes some 50 ms, for which nobody should wait later."""
    _reserved_keys()
    _scripts()


_ASCII = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = regex.compile(r"\p{White_Space}")
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")

_LETTER_FIRST = regex.compile(r"\p{L}")
_LETTER_OR_DIGIT_FIRST = regex.compile(r"[\p{L}\p{Nd}]")
# Vowel signs and the like belong to the letter that they follow, and stand nowhere else.
_SPELLING = regex.compile(r"(?:\p{L}[\p{Mn}\p{Mc}]*+|[\p{Nd}_-])++")

# Nobody sees a second dot on an i (ICU's check for "hidden overlays"). It must not make a second name.
_HIDDEN_DOT = regex.compile(r"[ijl\u0131\u0237\p{Soft_Dotted}]\p{M}*\u0307")

# What ICU's check for invisible characters refuses, too: nobody counts the marks above a letter.
_SAME_MARK_TWICE = regex.compile(r"(\p{Mn})\1")

# Letters for clicks, tones and numbers look like the signs that only the server's lines begin with.
_SIGN_OF_THE_SERVER = re.compile(r"\*\*|!!")

_PROFILE = get_profile("UsernameCaseMapped")

# What UTS 39 (section 5.1) adds to scripts that are written together, each with Latin too:
# together the "highly restrictive" level of section 5.2.
_WRITTEN_TOGETHER = (
    ("Latn", "Hani", "Hira", "Kana"),  # Japanese
    ("Latn", "Hani", "Bopo"),  # Chinese with Bopomofo
    ("Latn", "Hani", "Hang"),  # Korean
)


def _compose(typed: str) -> str:
    """Return a text in NFC, or of a long one as much as tells that it is too long."""
    return normalize("NFC", typed[: MOST_TYPED + 1])


def _check_blanks(text: str) -> None:
    if _BLANK.search(text):
        raise NotAName("it has a space")


def _check_shown(text: str) -> None:
    if clean(text) != text:
        raise NotAName("it has a character that cannot be shown")


def _judge(display: str, text: str, ascii_only: bool) -> Name:
    """Judge everything but size and beginning of a text in NFC, and return its name."""
    if _ASCII.fullmatch(text):
        return Name(display, text.lower(), _look(text), _look(text.upper()))
    _check_shown(text)
    if ascii_only:
        raise NotAName("only A to Z, digits, - and _ are allowed here")
    if not _SPELLING.fullmatch(text):
        raise NotAName("only letters, digits, - and _ are allowed")
    if not _scripts().fullmatch(text):
        raise NotAName("it mixes scripts")
    if _HIDDEN_DOT.search(text):
        raise NotAName("it has a dot that nobody would see")
    if _SAME_MARK_TWICE.search(normalize("NFD", text)):
        raise NotAName("it has the same mark twice on a letter")
    # Of what the profile lets pass, compatibility mapping changes only the width, and one odd Theta.
    plain = normalize("NFKC", text)
    name = Name(display, _fold(text), _look(plain), _look(plain.upper()))
    if _SIGN_OF_THE_SERVER.search(name.skeleton):
        raise NotAName("it looks like the signs before the server's words")
    return name


def _fold(text: str) -> str:
    """Apply RFC 8265's UsernameCaseMapped profile until it changes nothing more."""
    try:
        # It ends: the profile refuses what it would change when it is applied twice.
        while (folded := _PROFILE.enforce(text)) != text:
            text = folded
    except UnicodeEncodeError as refusal:
        if refusal.reason.endswith("bidi_rule"):
            raise NotAName("its parts run in different directions") from refusal
        raise NotAName("it has a character that names may not have") from refusal
    return text


def _look(text: str) -> str:
    # Folded after looking, as Ergo does: a capital I looks like an l, its small letter does not.
    return normalize("NFC", skeleton(text).casefold())


@cache
def _reserved_keys() -> frozenset[Key]:
    keys = {key for word in RESERVED for key in nickname(word).keys}
    # In capitals ALI looks like ALL, and is a name like any other: docs/adr/0002-reserved-names-by-looks.md.
    return frozenset(keys - {("upper", nickname("all").upper_skeleton)})


@cache
def _scripts() -> regex.Pattern[str]:
    """
    Return a pattern of what is highly restrictive by UTS 39.

    A character may be of several scripts (scx): all of a name's must have one in common.
    """
    from confusable_homoglyphs.categories import categories_data

    def all_of(scripts: Iterable[str]) -> str:
        return "[" + "".join(rf"\p{{scx={script}}}" for script in (*scripts, "Zyyy", "Zinh")) + "]++"

    alone = ((script,) for script in categories_data["iso_15924_aliases"])
    return regex.compile("|".join(map(all_of, (*alone, *_WRITTEN_TOGETHER))))


@cache
def _prototypes() -> dict[int, str]:
    """
    Return what each confusable character looks like: UTS 39's confusables.txt, and its closure.

    The package ships the file as links without direction. Many look like one: what has several
    links is a prototype, and so is a text of several characters. Of two characters that have only
    each other either will do, but one that NFD takes apart can only be the prototype.
    """
    from confusable_homoglyphs.confusables import confusables_data  # 10,000 entries: only if needed

    mark = "\N{LEFT-TO-RIGHT MARK}"  # stands around what is written from right to left
    links = {
        text.strip(mark): [link["c"].strip(mark) for link in linked]
        for text, linked in confusables_data.items()
    }

    def is_prototype(text: str) -> bool:
        other = links[text][0]
        if len(text) > 1 or len(links[text]) > 1:
            return True
        if len(other) > 1 or len(links[other]) > 1:
            return False
        return (normalize("NFD", text) == text, text) < (normalize("NFD", other) == other, other)

    table = {
        ord(text): normalize("NFD", linked[0]) for text, linked in links.items() if not is_prototype(text)
    }
    for _ in range(MOST_STEPS):
        table = {source: normalize("NFD", text.translate(table)) for source, text in table.items()}
    return table

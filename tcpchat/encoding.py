"""
In which encodings lines may come and go: those of Python's that keep ASCII as it is. No I/O.

Lines are cut, and what the server says is made, in ASCII. So an ASCII byte has to mean itself wherever it
stands, and never be a part of another character: a line could be cut inside of that. Latin-1, KOI8, the code
pages of DOS and Windows, and EUC are so; Big5, GBK, Shift JIS, UTF-16 and everything with escapes are not.
"""

from __future__ import annotations

from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import NamedTuple

# By the names of Python's modules. They stand here, and are not found out, because that takes milliseconds
# for each, and because Python remembers every wrong name that it is asked for. The tests find them out.
USABLE = frozenset(
    """
    utf_8 ascii latin_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9
    iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 tis_620
    koi8_r koi8_t koi8_u kz1048 ptcp154
    cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp865 cp866 cp869
    cp874 cp1006 cp1125 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
    mac_croatian mac_cyrillic mac_greek mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish
    hp_roman8 palmos euc_jp euc_jis_2004 euc_jisx0213 euc_kr gb2312
    """.split()
)

# Those that people may ask for in vain: they are told why.
UNUSABLE = frozenset(aliases.values()) - USABLE


class Encoding(NamedTuple):
    """An encoding: Python's name for it, and one that people use."""

    codec: str
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def has_letter_255(self) -> bool:
        """Is byte 255 a character, which telnet takes for the beginning of a command?"""
        return bool(b"\xff".decode(self.codec, "ignore"))


UTF8 = Encoding("utf_8", "utf-8")


class NotUsable(ValueError):
    """There is no such encoding, or it cannot be used; the message is a sentence for the person."""


def find(typed: str) -> Encoding:
    """
    Return the encoding that somebody names, in any spelling that Python knows.

    Raises:
        NotUsable: there is none, or ASCII is not always ASCII in it.
    """
    word = normalize_encoding(typed).lower() if typed.isascii() else ""
    codec = aliases.get(word, word)
    if codec == UTF8.codec:
        return UTF8
    if codec in USABLE:
        return Encoding(codec, typed.lower())
    if codec in UNUSABLE:
        raise NotUsable(f'"{typed}" cannot be used: its characters may have ASCII in them. Try latin-1.')
    raise NotUsable(f'There is no encoding "{typed}". Try latin-1.')

"""
What others may see of what a person typed. No I/O; knows nothing of bytes, lines, colours or people.

Unicode's properties come from `regex`, whose tables are newer than Python's: this year's emoji are
characters here while `unicodedata` still calls them unassigned.
"""

from __future__ import annotations

from unicodedata import normalize

import regex

# PROTOCOL.md 7. Enough to indent a pasted line, too few to push what others said off the screen.
MOST_SPACES = 8

# UTS #39 (5.4) forbids more nonspacing marks (Mn, Me) in a row. Thai, Hebrew with points, Arabic with
# vowels and decomposed Vietnamese need fewer.
MOST_MARKS = 4

# UAX #15 (13, Stream-Safe Text Format) knows no text that needs more on one base. Without it, sorting
# them in `normalize` is quadratic. Spacing marks (Mc), which take room of their own, count only here.
LONGEST_PILE = 30

_TOO_MANY_SPACES = " " * (MOST_SPACES + 1)
_TOO_MANY_SPACES_PATTERN = regex.compile(rf" {{{MOST_SPACES + 1},}}")


def _compile(pattern: str) -> regex.Pattern[str]:
    # V1 has set operations: -- is "but not", && is "and also". A space inside a set is a space.
    return regex.compile(pattern, regex.V1 | regex.VERBOSE)


# What looks like a space: also the braille blank and the Hangul fillers, which are letters to Unicode.
# TAB and the separators of lines and paragraphs become spaces, too.
_BLANK = _compile(r"[[\t\p{Zs}\p{Zl}\p{Zp}\u2800\u3164\uFFA0\u115F\u1160]--[ ]]")

# Invisible characters whose neighbours decide whether they stay.
JOINER = r"\u200C\u200D"  # ZWNJ, ZWJ
DIRECTION = r"\u200E\u200F\u061C"  # LRM, RLM, ALM: beside a letter from right to left (ADR 14)
_EMOJI_STYLE = r"\uFE0E\uFE0F"  # VS15 (text), VS16 (picture)
_MONGOLIAN_FORM = r"\u180B-\u180D\u180F"  # free variation selectors
_PERHAPS = f"{JOINER}{DIRECTION}{_EMOJI_STYLE}{_MONGOLIAN_FORM}"

# Everything else that is invisible. Default ignorable (UAX #44) are CGJ, most variation selectors, the
# TAG block and the code points set aside for more of their kind.
_INVISIBLE = _compile(rf"[[\p{{Cc}}\p{{Cf}}\p{{Default_Ignorable_Code_Point}}]--[{_PERHAPS}]]")

# What is private or not assigned each terminal shows as it likes. Noncharacters are Cn, too.
_NOT_A_CHARACTER = _compile(r"[\p{Cn}\p{Co}\p{Cs}]")

# A joiner between two marks does not end the pile: the limits hold for all that stands on one base.
_ON_A_BASE = rf"[\p{{M}}{JOINER}{DIRECTION}]"
_ENDLESS_MARKS = _compile(rf"(?<!{_ON_A_BASE}) {_ON_A_BASE}{{{LONGEST_PILE}}} \K {_ON_A_BASE}++")
_COUNTED_MARK = rf"[\p{{Mn}}\p{{Me}}][\p{{Mc}}{JOINER}{DIRECTION}]*+"
_SURPLUS_MARKS = _compile(_COUNTED_MARK * MOST_MARKS + rf"\K {_ON_A_BASE}++")

# Letters that may change their shape beside a joiner: of scripts that join as Arabic does (UAX #44,
# Joining_Type), and of those that come from Brahmi (Indic_Syllabic_Category), except Thai and Lao, which
# have no conjuncts.
_SHAPED = (
    r"[\p{L}&&[\p{JT=D}\p{JT=R}\p{JT=L}\p{scx=Arab}[\p{L}--\p{InSC=Other}--\p{scx=Thai}--\p{scx=Laoo}]]]"
)
_RTL_LETTER = r"[\p{L}&&[\p{BC=R}\p{BC=AL}]]"

# Matches what has to go. Of several in a row the first that is in its place stays: it stands before \K.
# A joiner's letter is looked for beyond the letter's marks, because NFC may sort these once more.
_OUT_OF_PLACE = _compile(
    rf"""
    [{_EMOJI_STYLE}] (?<=\p{{Emoji}} .) \K  # UTS #51, ED-8a and ED-9a; digits are Emoji, for keycaps
  | [{_MONGOLIAN_FORM}] (?<=[\p{{Mongolian}}&&\p{{L}}] .) \K
  | (?: [{JOINER}] (?<={_SHAPED} {_ON_A_BASE}{{0,{2 * MOST_MARKS}}}+ .) (?=[{_PERHAPS}]*+ [{_SHAPED}\p{{M}}])
      | \u200D (?<=\p{{ExtPict}} \p{{EMod}}? \uFE0F? .) (?=[{_PERHAPS}]*+ \p{{ExtPict}})  # UAX #29, GB11
      | [{DIRECTION}] (?<={_RTL_LETTER} .)
      | [{DIRECTION}] (?<![{DIRECTION}] .) (?=[{_PERHAPS}]*+ {_RTL_LETTER})
    ) \K [{_PERHAPS}]*+
  | [{_PERHAPS}]
    """
)


def clean(text: str) -> str:
    """
    Make one line of decoded text safe to show, in NFC; cleaning twice changes nothing more.

    Spaces at its ends are kept: the caller treats a line of nothing but spaces as empty.
    """
    if text.isascii() and text.isprintable() and _TOO_MANY_SPACES not in text:
        return text
    text = _BLANK.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    text = _NOT_A_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
    text = normalize("NFC", _ENDLESS_MARKS.sub("", text))
    while (kept := _OUT_OF_PLACE.sub("", _SURPLUS_MARKS.sub("", text))) != text:
        # What is removed brings together what NFC composes or sorts, and then a joiner may have lost its
        # place: U+2194 is an emoji, U+2194 U+0338 is none. Seldom so, and never a third time.
        text = normalize("NFC", kept)
        if text == kept:
            break
    return _TOO_MANY_SPACES_PATTERN.sub(" " * MOST_SPACES, text)

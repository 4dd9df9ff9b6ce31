"""What somebody may say: texts made safe to show, and held to their sizes. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from tcpchat.limits import (
    LARGEST_CHARACTER,
    LARGEST_PASTE,
    LONGEST_LINE,
    LONGEST_PASTE,
    LONGEST_REMARK,
    MOST_INDENTATION,
)
from tcpchat.requests import NotUnderstood, Refused
from tcpchat.text import MOST_SPACES, clean

NOTHING_SHOWN = "There is nothing in that line that can be shown, and it was not sent."


def text(rest: str) -> str:
    """
    Return a text that must not be empty.

    Raises:
        ValueError: it is.
        Refused: it is too long.
    """
    cleaned = clean(rest).strip()
    if not cleaned:
        raise ValueError("nothing to say")
    _check_length(cleaned)
    return cleaned


def _check_length(cleaned: str) -> None:
    """Refuse what is too long: NFC can make a text longer."""
    if len(cleaned.encode()) > LONGEST_LINE:
        raise NotUnderstood(f"That line is longer than {LONGEST_LINE} bytes and was not sent.", "too-long")


def remark(rest: str) -> str:
    """
    Return a short text, which may be empty.

    Raises:
        Refused: it is too long.
    """
    cleaned = clean(rest).strip()
    if len(cleaned.encode()) > LONGEST_REMARK:
        raise Refused(f"That text is longer than {LONGEST_REMARK} bytes and was not taken.", "too-long")
    return cleaned


def line_of_paste(line: str) -> str:
    """Return a line of what is pasted, safe to show, with its indentation."""
    bare = line.lstrip(" \t")
    indentation = len(line[: len(line) - len(bare)].expandtabs(8))
    return (" " * min(indentation, MOST_INDENTATION) + clean(bare)).rstrip()


def too_long() -> Refused:
    """Return the refusal of a paste that is too long."""
    most = f"{LONGEST_PASTE} lines and {LARGEST_PASTE // 1024} KiB"
    return Refused(f"A paste has at most {most}. It was not sent.", "too-long")


def pasted(lines: Sequence[str]) -> str:
    """
    Return lines as one message.

    Raises:
        Refused: they are too many, or hold nothing that can be shown.
    """
    cleaned = "\n".join(map(line_of_paste, lines)).rstrip("\n")
    if cleaned.count("\n") >= LONGEST_PASTE or len(cleaned.encode()) > LARGEST_PASTE:
        raise too_long()
    for line in cleaned.split("\n"):
        _check_length(line.lstrip())
    if not cleaned.strip():
        raise NotUnderstood(NOTHING_SHOWN)
    return cleaned


def message(text: str) -> str:
    """
    Return what somebody says, of one line or several.

    Raises:
        Refused: it is too long, or holds nothing that can be shown.
    """
    if "\n" in text:
        return pasted(text.split("\n"))
    shown = clean(text).rstrip()
    if not shown.strip():
        raise NotUnderstood(NOTHING_SHOWN)
    if len(shown) * LARGEST_CHARACTER > LONGEST_LINE:
        _check_length(shown)
    # The nickname in front of it brings one more space.
    return shown[1:] if shown.startswith(" " * MOST_SPACES) else shown

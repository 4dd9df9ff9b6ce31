"""What one connection was sent, line by line: as people read it, or as programs do. No I/O."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.searching.log import MARK

# Forms of PROTOCOL.md 1: perhaps behind a time and a number, and a room that is not the current one.
SPOKEN = re.compile(
    r"(?P<time>\[[\d: -]+\] )?(?:(?P<seq>\d+) )?(?:(?P<room>#\S+) )?"
    r"(?:<(?P<said>\S+)> |\* (?P<did>\S+) |\[from (?P<wrote>\S+)\] |\[to (?P<to>\S+)\] )(?P<text>.*)"
)
# What is answered, in front of the answer, and what somebody corrected.
REPLY = re.compile(r"\(re \d+(?: .*)?\) (?=k\d+q )")
EDITED = re.compile(r"(?P<time>\[[\d: -]+\] )?.*\*\*\* (?P<nick>\S+) edited \d+(?: in \S+)?: (?P<text>.*)")
FROM_THE_SERVER = re.compile(r"(?:\[[\d: -]+\] )?(?:\d+ )?(?:#\S+ )?\*\*\* |!!! ")

# What a terminal may obey, or show at another place: PROTOCOL.md 7.
HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass
class Line:
    """A line that was sent over a connection."""

    text: str
    end: int  # how many bytes had been sent with it
    fields: dict[str, Any] | None = None  # of a program's
    spoken: re.Match[str] | None = None
    has_arrived: bool = False

    @property
    def marks(self) -> list[str]:
        """The marks in it, but for those in a quote."""
        return MARK.findall(REPLY.sub("", self.text) if self.fields is None else str(self.fields.get("text")))

    @property
    def all_marks(self) -> list[str]:
        """The marks in it, those in a quote too."""
        return MARK.findall(self.text)

    @property
    def is_error(self) -> bool:
        """Does it say that something was not done?"""
        return self.text.startswith("!!! ") or (self.fields or {}).get("type") == "error"

    @property
    def is_live(self) -> bool:
        """Is it not of the past?"""
        if self.fields is not None:
            return "replay" not in self.fields
        return self.spoken is None or self.spoken["time"] is None


class Broken(AssertionError):
    """A promise was broken."""


def demand(holds: object, *why: object) -> None:
    """See that something holds, or say what was promised."""
    if not holds:
        raise Broken(" ".join(map(str, why)))


@dataclass
class Witness:
    """Takes apart what one connection was sent, and remembers what was typed over it."""

    terminal: int = 0  # over which the connection is
    persons: set[str] = field(default_factory=set)  # who somebody was over this connection
    lines: list[Line] = field(default_factory=list)
    next: dict[str, int] = field(default_factory=dict)  # by room of a program: the entry that has to come
    on_its_way: dict[str, int] = field(default_factory=dict)  # up to which byte something may be that is gone
    next_live: dict[str, int] = field(default_factory=dict)  # the same, if what was replayed is not counted
    last: dict[str, int] = field(default_factory=dict)  # by stream: the last entry that was shown live
    typed: list[tuple[str, ...]] = field(default_factory=list)  # the marks of each thing that was said
    _size: int = 0
    _rest: bytes = b""

    def take(self, data: bytes) -> list[Line]:
        """Take in what was sent; return the lines that are whole by it."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        new = [self._line(raw) for raw in whole]
        self.lines += new
        return new

    def _line(self, raw: bytes) -> Line:
        self._size += len(raw) + 1
        text = raw.decode()
        if text.startswith("{"):
            demand(not HARMFUL.search(text), "harmful:", ascii(text))
            return Line(text, self._size, fields=json.loads(text))
        demand(text.endswith("\r"), "not a whole line:", ascii(text))
        text = text[:-1]
        demand(not HARMFUL.search(text), "harmful:", ascii(text))
        spoken = None if FROM_THE_SERVER.match(text) else SPOKEN.fullmatch(text)
        demand(spoken or FROM_THE_SERVER.match(text), "a line of no kind:", ascii(text))
        return Line(text, self._size, spoken=spoken)

    @property
    def errors(self) -> int:
        """How many things were not done."""
        return sum(line.is_error for line in self.lines)

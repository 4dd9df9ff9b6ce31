"""What was asked for of the past: kept until all of it has come, and headed as people are told it. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from tcpchat.client.happenings import Answer, Entry, Fields, Gap, Happening, Offline, Online, Refusal, Unknown
from tcpchat.client.wording import Line
from tcpchat.render import count

# What brings lines of the past. Those of a `join` are shown as they come: a room's own rule is above them.
KINDS = "history", "search", "context", "more", "join"

# What is said where nothing has come; of /more about people and rooms, that it was told otherwise is known.
NOTHING = {
    "history": "There are no lines in {room} yet.",
    "search": "Nothing was found.",
    "context": "Nothing was found.",
    "more": "There is nothing earlier.",
}


class Past(NamedTuple):
    """What was asked for, and its heading; without lines, the sentence that says so."""

    heading: str
    lines: list[Line]


class LookingBack:
    """What somebody has asked for, in the order in which it is answered."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, Fields]] = {}
        self._lines: list[Line] = []
        self._is_coming_in = False  # is what comes what everybody is shown who comes in?
        self._is_told = False  # has something else come than lines?
        self._is_search = False  # what /more goes on with

    def asked(self, ref: str, kind: str, fields: Fields) -> None:
        """Something was asked for."""
        if kind in KINDS:
            self._asked[ref] = kind, fields

    def take(self, line: Line) -> bool:
        """Keep a line of the past, if it was asked for: then it is not to be shown yet."""
        kind, _ = next(iter(self._asked.values()), ("", {}))
        if self._is_coming_in or kind in ("", "join"):
            return False
        self._lines.append(line._replace(is_numbered=True) if kind == "context" else line)
        return True

    def happened(self, it: Happening) -> None:
        """Something has happened, whether it is an answer or not."""
        match it:
            case Online(is_back=False):  # its last lines, and then the first new one, come before any answer
                self._is_coming_in = True
            case Entry(fields) if not fields.get("replay"):
                self._is_coming_in = False
            case Answer() | Refusal() | Unknown() | Gap():
                self._is_told = bool(self._asked)
            case Offline():  # what is not answered is asked for again, and comes again
                self._lines = []

    def done(self, ref: str) -> Past | None:
        """A request is dealt with; return what has come if lines were asked for by it."""
        self._is_coming_in = False
        kind, fields = self._asked.pop(ref, ("join", {}))
        is_told, self._is_told = self._is_told, False
        if kind == "join":
            return None
        lines, self._lines = self._lines, []
        if kind in ("history", "search"):
            self._is_search = kind == "search"
        if lines:
            return Past(self._heading(kind, fields, lines), lines)
        if is_told:
            return None
        kind = "more" if "before" in fields else kind
        return Past(NOTHING[kind].format(room=_room(fields)), [])

    def _heading(self, kind: str, fields: Fields, lines: list[Line]) -> str:
        if kind == "context":
            return f"Around {fields['number']} in {lines[0].room}"
        number = count(sum(line.text.count("\n") + 1 for line in lines), "line", "lines")
        is_earlier = kind == "more" or "before" in fields
        if self._is_search:
            return f"Earlier, {number} found" if is_earlier else f"{number} found"
        return f"{'Earlier' if is_earlier else 'The last'}{',' * is_earlier} {number} of {lines[0].room}"


def _room(fields: Fields) -> str:
    return f"#{str(fields.get('room', '')).removeprefix('#')}"

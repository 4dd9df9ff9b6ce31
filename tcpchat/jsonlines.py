"""
What programs read: entries and answers as JSON lines, PROTOCOL.md section 6. No I/O.

In these nothing is left out: what somebody does not want to hear is shown as ``hidden``, so that
the numbers of a stream follow each other without a hole.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence, Set
from datetime import UTC, datetime
from typing import Any

import msgspec

from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Edited,
    Entry,
    Event,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Moderated,
    Muted,
    Noted,
    Presence,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Spoken,
    Told,
    TopicSet,
    Unhidden,
    Unlocked,
)
from tcpchat.gate import GATE
from tcpchat.render import View, is_heard

# What a program has asked for and is shown: the answer stands behind it.
ANSWERED = Said | Acted | Replied | Edited | Removed | TopicSet | Told

encode = msgspec.json.Encoder().encode

# As numbers they are looked for six times as fast as in bytes.
_BACKSLASH, _DELETE = b"\\\x7f"

# What JSON writes with a backslash, but for a quotation mark and a backslash: controls.
_ESCAPED = re.compile(rb'(?<!\\)(?:\\\\)*+\\[^"\\]')


def room(stream: str) -> str:
    """Return how a stream is called in JSON: a room without its sign, one's own inbox ``@``."""
    return "@" if stream.startswith("@") else stream.removeprefix("#")


def time(milliseconds: int) -> str:
    """Return a time as RFC 3339 writes it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(fields: object) -> bytes:
    """Return something as a line, with nothing in its texts that could do harm where they are shown."""
    data = encode(fields)
    if not (data.isascii() and _BACKSLASH not in data and _DELETE not in data) and not _is_harmless(data):
        known = msgspec.json.decode(data)
        data = encode(_harmless(known, "text" if known["type"] == "message" else ""))
    return data + b"\n"


def _is_harmless(data: bytes) -> bool:
    return data.decode().isprintable() and not _ESCAPED.search(data)


def _harmless(value: Any, several: str = "") -> Any:
    """Return a value with its texts made harmless; the one under ``several`` may have several lines."""
    match value:
        case str():
            return GATE.harmless(value)
        case list():
            return [_harmless(each) for each in value]
        case dict():
            return {
                _harmless(key): "\n".join(map(GATE.harmless, each.split("\n")))
                if key == several
                else _harmless(each)
                for key, each in value.items()
            }
    return value


def gap(stream: str, after: int, before: int) -> bytes:
    """Return that the entries between two are not to be had."""
    return line({"type": "gap", "room": room(stream), "after": after, "before": before})


def error(code: str, text: str, ref: str) -> bytes:
    """Return why something was not done; ``ref`` is the request's, or empty."""
    fields = {"type": "error", "code": code, "text": text}
    return line(fields | {"ref": ref} if ref else fields)


def ok(ref: str, seq: int | None) -> bytes:
    """Return that a request was carried out; ``seq`` is what it has in the log, if anything."""
    fields: dict[str, Any] = {"type": "ok"}
    if ref:
        fields["ref"] = ref
    if seq is not None:
        fields["seq"] = seq
    return line(fields)


class Page:
    """
    Entries of a stream as JSON lines: the same for all who have the same view.

    Behind what a program has asked for under a reference it sees the ``ok`` to that. So one that
    does not read gets it from the log, as it gets the rest, and nothing is held for it.
    """

    def __init__(self, entries: Sequence[Entry], stream: str, view: View, replay: bool = False) -> None:
        self.entries = entries
        self._lines = [_entry(entry, stream, view, replay) for entry in entries]
        self._asked: dict[str, list[int]] = {}  # by session
        for number, entry in enumerate(entries):
            if entry.event.ref and not replay and isinstance(entry.event, ANSWERED):
                self._asked.setdefault(entry.event.session, []).append(number)

    @property
    def shared(self) -> bytes:
        """What everybody sees who has asked for none of it."""
        return b"".join(self._lines)

    @property
    def apart(self) -> Set[str]:
        """The sessions that see something else."""
        return self._asked.keys()

    def own(self, session: str, seen: Container[int] = (), called: Container[int] = ()) -> bytes:
        """Return what a session sees: everything, whatever it was shown elsewhere, and without a bell."""
        lines = self._lines.copy()
        for number in self._asked.get(session, ()):
            lines[number] += ok(self.entries[number].event.ref, self.entries[number].seq)
        return b"".join(lines)


def _more(event: Event) -> dict[str, Any]:
    """Return what is special in an event that is neither said nor about who is there."""
    match event:
        case Replied(_, nick, text, about, quote):
            return {"type": "message", "from": nick, "text": text, "re": about, "quote": quote}
        case Edited(_, nick, text, about):
            return {"type": "edited", "from": nick, "about": about, "text": text}
        case Removed(_, nick, about):
            return {"type": "removed", "by": nick, "about": about}
        case Noted(_, nick, text):
            return {"type": "audit", "by": nick, "text": text}
        case Announced(_, nick, text):
            return {"type": "announced", "from": nick, "text": text}
        case Kicked(_, nick, whom, _, reason):
            return {"type": "kicked", "by": nick, "nick": whom, "reason": reason}
        case Banned(_, nick, whom, _, seconds, reason) | Muted(_, nick, whom, seconds, reason):
            fields = {"type": _tag(event), "by": nick, "nick": whom, "seconds": seconds, "reason": reason}
            return fields | {"everywhere": True} if isinstance(event, Banned) and event.everywhere else fields
        case Slowed(_, nick, seconds):
            return {"type": "slowed", "by": nick, "seconds": seconds}
        case Invited(_, nick, whom, _, into) if into:
            return {"type": "invited", "by": nick, "nick": whom, "into": room(into)}
        case Moderated(_, nick, whom):
            return {"type": _tag(event), "by": nick, "nick": whom}
        case Locked(_, nick, key):
            return {"type": "locked", "by": nick, "password": bool(key)}
        case Unlocked(_, nick) | Hidden(_, nick) | Unhidden(_, nick):
            return {"type": _tag(event), "by": nick}
    return {}  # what is gone is hidden


def _tag(event: Event) -> str:
    return type(event).__name__.lower()


def _entry(entry: Entry, stream: str, view: View, replay: bool) -> bytes:
    event = entry.event
    fields: dict[str, Any] = {"type": "hidden", "room": room(stream), "seq": entry.seq}
    if not (isinstance(event, Presence) and view.joins == "none"):
        shown = dict(fields, time=time(entry.time))
        match event:
            case Said(_, nick, text) if is_heard(event, view):
                fields = shown | {"type": "message", "from": nick, "text": text}
            case Acted(_, nick, text) if is_heard(event, view):
                fields = shown | {"type": "action", "from": nick, "text": text}
            case Told(_, nick, to, text) if is_heard(event, view):
                fields = shown | {"type": "private", "from": nick, "to": to, "text": text}
            case Joined(_, nick):
                fields = shown | {"type": "joined", "nick": nick}
            case Left(_, nick, reason):
                fields = shown | {"type": "left", "nick": nick, "reason": reason}
            case Renamed(_, old, new):
                fields = shown | {"type": "renamed", "old": old, "new": new}
            case TopicSet(_, nick, text):
                fields = shown | {"type": "topic", "by": nick, "text": text}
            case Spoken() if not is_heard(event, view):
                pass
            case _:
                fields = (shown | more) if (more := _more(event)) else fields
    if replay:
        fields["replay"] = True
    return line(fields)

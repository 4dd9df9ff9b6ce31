"""
What people read: entries and sentences as lines of text, PROTOCOL.md sections 1 to 5. No I/O.

The first characters of a line tell its kind, and a nickname begins with a letter, so nothing that
a person types can pass for a line of another kind.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence, Set
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple

from tcpchat.colors import paint
from tcpchat.events import (
    Acted,
    Entry,
    Event,
    Joined,
    Left,
    Noted,
    Replied,
    Said,
    Spoken,
    Told,
    inbox,
)
from tcpchat.limits import MOST_NAMED
from tcpchat.names import NotAName, nickname
from tcpchat.sentences import sentence
from tcpchat.wire import PLAIN, Wire

Joins = Literal["all", "folded", "none"]


class View(NamedTuple):
    """
    How somebody sees a room: whoever has the same view is shown the same bytes.

    ``current`` says whether what one types goes to the room; ``ignored`` holds the folded
    nicknames, and the inboxes, of those whom one does not want to hear. With ``json`` everything
    is shown as JSON lines (jsonlines.py), and the rest is for text; ``wire`` makes bytes of that. Whom
    ``bell``, a folded nickname, is of hears when it is mentioned in something new (feed.py); pages know
    nothing of it. With ``color`` nicknames are in color.
    """

    current: bool = True
    echo: bool = False
    joins: Joins = "all"
    stamped: bool = False
    numbered: bool = False
    zone: tzinfo = UTC
    ignored: frozenset[str] = frozenset()
    json: bool = False
    wire: Wire = PLAIN
    bell: str = ""
    color: bool = False


def notice(text: str, wire: Wire = PLAIN) -> bytes:
    """Return a word from the server."""
    return wire.line(f"*** {text}")


def notices(texts: Iterable[str], wire: Wire = PLAIN) -> bytes:
    """Return several words from the server, a line each."""
    return b"".join(notice(text, wire) for text in texts)


def error(text: str, wire: Wire = PLAIN) -> bytes:
    """Return why what somebody typed was not done."""
    return wire.line(f"!!! {text}")


def count_lines(shown: bytes) -> int:
    """Return how many lines were shown, each broken one once: what it was broken into is indented."""
    return shown.count(b"\n") - shown.count(b"\n ")


def count(number: int, one: str, many: str) -> str:
    """Return a number and its noun: ``1 line``, ``2 lines``."""
    return f"{number} {one if number == 1 else many}"


def people(number: int, room: str) -> str:
    """Return how many people are in a room, as a sentence without its end."""
    return f"{count(number, 'person is', 'people are')} in {room}"


def names(first: Sequence[str], number: int) -> str:
    """Return some names and how many more there are; ``first`` holds the first of ``number``."""
    named = ", ".join(first[:MOST_NAMED])
    more = number - min(number, len(first), MOST_NAMED)
    return f"{named} and {count(more, 'other', 'others')}" if more else named


def no_longer_kept(number: int, wire: Wire) -> bytes:
    """Return that some lines are not to be had any more."""
    return notice(f"{count(number, 'line is', 'lines are')} no longer kept.", wire)


@lru_cache(1024)
def _minute(minute: int, zone: tzinfo, today: int) -> str:
    """
    Return a time given in minutes; the day too, unless it is ``today`` (its ordinal).

    In the hour that comes twice when summer time ends, the second time is marked.
    """
    then = datetime.fromtimestamp(minute * 60, zone)
    shown = then.strftime("%H:%M" if then.toordinal() == today else "%Y-%m-%d %H:%M")
    return f"~{shown}" if then.fold else shown


def moment(time: int, zone: tzinfo, now: int) -> str:
    """Return a time (both in milliseconds since 1970) as people write it."""
    today = datetime.fromtimestamp(now / 1000, zone).toordinal()
    return _minute(time // 60_000, zone, today)


def stamp(time: int, view: View, now: int) -> str:
    """
    Return what a line of the past stands behind.

    The log's times never go back. One that has not come yet is of a clock that was set back since,
    as are those of all lines until then: it is marked as a rough one.
    """
    shown = moment(time, view.zone, now)
    return f"[~{shown.removeprefix('~')}] " if time > now else f"[{shown}] "


# What its line ends with that rings the bell. It is put there after the gate, where nobody's text passes it.
_BELL = b"\a\r\n"

# What whoever did it is not shown: who comes and goes, and, without an echo, what their terminal has shown.
_NOT_OWN = frozenset({Joined, Left})
_NOT_OWN_WITHOUT_ECHO = _NOT_OWN | {Said, Acted, Replied, Noted}


class Page:
    """
    Entries of a stream as lines, made once for all who have the same view.

    Whoever did one of the things does not see all that the others see; that takes no more than
    leaving out some of the lines.
    """

    def __init__(self, entries: Sequence[Entry], stream: str, view: View, now: int) -> None:
        self.entries = entries
        elsewhere = "" if view.current or stream.startswith("@") else f"{stream} "
        self._lines: list[bytes] = []
        # By session: the lines that are not for whoever did what they say.
        self._not_own: dict[str, list[int]] = {}
        in_front = view.stamped or view.numbered
        hides = bool(view.ignored)
        not_own = _NOT_OWN if view.echo else _NOT_OWN_WITHOUT_ECHO
        wire = view.wire
        is_plain = wire == PLAIN
        color = view.color
        for number, entry in enumerate(entries):
            event = entry.event
            line: str | None
            if isinstance(event, Said) and not hides:  # as nearly always
                line = f"{elsewhere}<{event.nick}> {event.text}"
            else:
                line = _line(event, stream, elsewhere, view)
            if line and in_front:
                front = stamp(entry.time, view, now) if view.stamped else ""
                line = f"{front}{entry.seq} {line}" if view.numbered else front + line
            if not line:
                self._lines.append(b"")
            elif is_plain and line.isprintable():  # as nearly always: then it is harmless (gate.py)
                self._lines.append(f"{line}\r\n".encode())
            else:
                self._lines.append(_encode(line, event, wire))
            if color and line:
                self._lines[-1] = _in_color(self._lines[-1], line, event, wire)
            if type(event) in not_own:
                self._not_own.setdefault(event.session, []).append(number)

    @property
    def shared(self) -> bytes:
        """What everybody sees to whom none of it belongs."""
        return b"".join(self._lines)

    @property
    def apart(self) -> Set[str]:
        """The sessions that see something else."""
        return self._not_own.keys()

    def own(self, session: str, seen: Container[int] = (), called: Container[int] = ()) -> bytes:
        """
        Return what a session sees, which has seen the entries with some numbers already.

        By those with others, whoever it is of is called: they ring the bell.
        """
        lines = self._lines.copy()
        for number in self._not_own.get(session, ()):
            lines[number] = b""
        if seen:
            for number, entry in enumerate(self.entries):
                if entry.seq in seen:
                    lines[number] = b""
        if called:
            for number, entry in enumerate(self.entries):
                if entry.seq in called and lines[number]:
                    lines[number] = lines[number][:-2] + _BELL
        return b"".join(lines)


def _line(event: Event, stream: str, elsewhere: str, view: View) -> str | None:
    """Return an event as a line, or None if it is not shown with this view."""
    match event:
        case Said(_, nick, text):
            return f"{elsewhere}<{nick}> {text}" if is_heard(event, view) else None
        case Acted(_, nick, text):
            return f"{elsewhere}* {nick} {text}" if is_heard(event, view) else None
        case Told(_, nick, to, text):
            if stream == inbox(event.person):
                return f"[to {to}] {text}"
            return f"[from {nick}] {text}" if is_heard(event, view) else None
        case Joined(_, nick):
            return f"*** {nick} joined {stream}." if view.joins == "all" else None
        case Left(_, nick, reason):
            if view.joins != "all":
                return None
            return f"*** {nick} left {stream}: {reason}." if reason else f"*** {nick} left {stream}."
        case Replied(_, nick, text, about, quote):
            quoted = f"{about} {quote}" if quote else str(about)  # what it was from may be gone
            return f"{elsewhere}<{nick}> (re {quoted}) {text}" if is_heard(event, view) else None
        case Spoken() if not is_heard(event, view):
            return None
    told = sentence(event, stream, not view.current)
    return told and f"*** {told}"


def _encode(line: str, event: Event, wire: Wire) -> bytes:
    """Return a line as bytes; what was pasted as several, each with what stands in front of the first."""
    if not isinstance(event, Said) or "\n" not in event.text:
        return wire.line(line)
    front = line.removesuffix(event.text)
    return b"".join(wire.line(front + part) for part in event.text.split("\n"))


def _in_color(data: bytes, line: str, event: Event, wire: Wire) -> bytes:
    """Return a line of what somebody said with their nickname in color; any other as it is."""
    match event:
        case Said(_, nick, text) | Replied(_, nick, text):
            shown = f"<{nick}>"
        case Acted(_, nick, text):
            shown = f"* {nick}"
        case Told(_, nick, to, text):
            nick = to if "[to " in line.removesuffix(text) else nick
            shown = f" {nick}]"
        case _:
            return data
    return paint(data, line.removesuffix(text), shown, nick, wire.codec)


def is_heard(event: Event, view: View) -> bool:
    """Tell whether somebody with this view wants to hear who did this."""
    if not view.ignored or isinstance(event, Noted):
        return True
    if inbox(event.person) in view.ignored:
        return False
    try:
        return nickname(event.nick).fold not in view.ignored
    except NotAName:
        return True  # it was one when the entry was logged

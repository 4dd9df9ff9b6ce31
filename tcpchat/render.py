"""
What people read: entries and sentences as lines of text, PROTOCOL.md sections 1 to 5. No I/O.

The first characters of a line tell its kind, and a nickname begins with a letter, so nothing that
a person types can pass for a line of another kind.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple

from tcpchat.events import Acted, Entry, Event, Joined, Left, Renamed, Said, Told, TopicSet, inbox
from tcpchat.limits import MOST_NAMED
from tcpchat.names import NotAName, nickname

Joins = Literal["all", "folded", "none"]


class View(NamedTuple):
    """
    How somebody sees a room: whoever has the same view is shown the same bytes.

    ``current`` says whether what one types goes to the room; ``ignored`` holds the folded
    nicknames, and the inboxes, of those whom one does not want to hear.
    """

    current: bool = True
    echo: bool = False
    joins: Joins = "all"
    stamped: bool = False
    zone: tzinfo = UTC
    ignored: frozenset[str] = frozenset()


def notice(text: str) -> bytes:
    """Return a word from the server."""
    return f"*** {text}\r\n".encode()


def notices(texts: Iterable[str]) -> bytes:
    """Return several words from the server, a line each."""
    return b"".join(map(notice, texts))


def error(text: str) -> bytes:
    """Return why what somebody typed was not done."""
    return f"!!! {text}\r\n".encode()


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


def presence(nick: str, room: str, others: Sequence[str], number: int) -> str:
    """Return where somebody is, and with whom."""
    company = f" with {names(others, number)}" if number else ""
    return f"You are {nick}, in {room}{company}."


def renamed(event: Renamed) -> str:
    """Return that somebody has another nickname now."""
    return f"{event.nick} is now known as {event.new}."


@lru_cache(1024)
def _minute(minute: int, zone: tzinfo, today: int) -> str:
    """Return a time given in minutes; the day too, unless it is ``today`` (its ordinal)."""
    then = datetime.fromtimestamp(minute * 60, zone)
    return then.strftime("%H:%M" if then.toordinal() == today else "%Y-%m-%d %H:%M")


def moment(time: int, zone: tzinfo, now: int) -> str:
    """Return a time (both in milliseconds since 1970) as people write it."""
    today = datetime.fromtimestamp(now / 1000, zone).toordinal()
    return _minute(time // 60_000, zone, today)


def replay(entries: Iterable[Entry], stream: str, view: View, viewer: str, now: int) -> bytes:
    """Return entries of the past, one's own too, each behind its time."""
    return show(entries, stream, view._replace(echo=True, stamped=True), viewer, now)


def show(
    entries: Iterable[Entry],
    stream: str,
    view: View,
    viewer: str,
    now: int,
    hidden: Container[int] = (),
) -> bytes:
    """
    Return entries of a stream as lines.

    ``viewer`` is the session that is shown them, or empty for one to whom none of them belongs.
    Entries whose numbers are in ``hidden`` are left out.
    """
    lines = []
    elsewhere = "" if view.current or stream.startswith("@") else f"{stream} "
    for entry in entries:
        line = _line(entry, stream, elsewhere, view, viewer)
        if line and entry.seq not in hidden:
            stamp = f"[{moment(entry.time, view.zone, now)}] " if view.stamped else ""
            lines.append(f"{stamp}{line}\r\n")
    return "".join(lines).encode()


def _line(entry: Entry, stream: str, elsewhere: str, view: View, viewer: str) -> str | None:
    """Return an entry as a line, or None if it is not for the viewer."""
    event = entry.event
    mine = event.session == viewer
    match event:
        case Said(_, nick, text):
            if (mine and not view.echo) or not is_heard(event, view):
                return None
            return f"{elsewhere}<{nick}> {text}"
        case Acted(_, nick, text):
            if (mine and not view.echo) or not is_heard(event, view):
                return None
            return f"{elsewhere}* {nick} {text}"
        case Told(session, nick, to, text):
            if stream == inbox(session):
                return f"[to {to}] {text}"
            return f"[from {nick}] {text}" if is_heard(event, view) else None
        case Joined(_, nick):
            return None if mine or view.joins != "all" else f"*** {nick} joined {stream}."
        case Left(_, nick, reason):
            if mine or view.joins != "all":
                return None
            return f"*** {nick} left {stream}: {reason}." if reason else f"*** {nick} left {stream}."
        case Renamed():
            return f"*** {renamed(event)}"
        case TopicSet(_, nick, text):
            return f"*** {nick} set the topic of {stream}: {text}"


def is_heard(event: Event, view: View) -> bool:
    """Tell whether somebody with this view wants to hear who did this."""
    if not view.ignored:
        return True
    if inbox(event.session) in view.ignored:
        return False
    try:
        return nickname(event.nick).fold not in view.ignored
    except NotAName:
        return True  # it was one when the entry was logged


class Fold:
    """
    Who came and went in a room, as one line: ``*** a, b joined, c left #room.``

    It is made once for everybody. Those who came themselves are shown who came and went after
    them.
    """

    def __init__(self, entries: Iterable[Entry], room: str) -> None:
        self._room = room
        self._joined: list[str] = []
        self._left: list[str] = []
        # For a session that came or went: how many had come and gone before that, and with it.
        self._after: dict[str, tuple[int, int]] = {}
        for entry in entries:
            match entry.event:
                case Joined(session, nick):
                    self._joined.append(nick)
                    self._after[session] = len(self._joined), len(self._left)
                case Left(session, nick):
                    self._left.append(nick)
                    self._after[session] = len(self._joined), len(self._left)

    @property
    def sessions(self) -> Container[str]:
        """The sessions that came or went, for whom the line is another one."""
        return self._after

    def line(self, viewer: str = "") -> bytes:
        """Return the line for a session; nothing if there is nothing to be told."""
        joined, left = self._after.get(viewer, (0, 0))
        told = [
            f"{names(nicks[before : before + MOST_NAMED], len(nicks) - before)} {what}"
            for nicks, before, what in ((self._joined, joined, "joined"), (self._left, left, "left"))
            if len(nicks) > before
        ]
        return notice(f"{', '.join(told)} {self._room}.") if told else b""

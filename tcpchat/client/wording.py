"""What our server tells in JSON, as the lines that it would show: PROTOCOL.md sections 1 to 5. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from tcpchat import answers, events
from tcpchat.ban_list import BanList
from tcpchat.client.happenings import MUTE, Fields, Online, named
from tcpchat.messages import line_of_paste
from tcpchat.records import KeptSanction
from tcpchat.render import count, names
from tcpchat.room_list import AboutRoom, Rooms
from tcpchat.sentences import sentence
from tcpchat.text import clean

NOTICE, ERROR = "*** ", "!!! "


class Line(NamedTuple):
    """
    A line, or several that are one message.

    ``front`` stands before the text, and before each of its lines: it tells the kind. ``nick`` is whose
    it is, ``room`` where it is said (``@``: to one alone); both may be empty. ``time`` is in seconds since
    1970, 0 if it has none. ``is_numbered``: its number in the room, ``seq``, is shown.
    """

    front: str
    text: str
    nick: str = ""
    room: str = ""
    seq: int = 0
    time: float = 0.0
    is_past: bool = False
    is_numbered: bool = False

    @property
    def is_spoken(self) -> bool:
        """Did somebody say it?"""
        return bool(self.nick)

    def parts(self, current: str = "") -> Iterator[tuple[str, str]]:
        """Yield each line for somebody in a room: what stands in front of its text, and that."""
        is_elsewhere = self.is_spoken and self.room not in ("", "@", current)
        number = f"{self.seq} " if self.is_numbered and self.seq else ""
        where = f"{number}{self.room} " if is_elsewhere else number
        for part in self.text.split("\n"):
            yield f"{where}{self.front}", part

    def lines(self, current: str = "") -> Iterator[str]:
        """Yield it as lines, for somebody in a room."""
        for front, text in self.parts(current):
            yield front + text


def elsewhere(is_mute: bool) -> list[Line]:
    """Tell that the server shows to be none of ours; ``is_mute``: by saying nothing."""
    told = [notice("This is another kind of server: what you type goes to it. /quit leaves.")]
    return [*told, notice(MUTE)] if is_mute else told


def notice(text: str) -> Line:
    """Return a word from the server, or from the client."""
    return Line(NOTICE, text)


def error(text: str) -> Line:
    """Return why something was not done."""
    return Line(ERROR, text)


def mention(nick: str) -> re.Pattern[str]:
    """Return what finds a nickname in what is said."""
    return re.compile(rf"(?<![\w-]){re.escape(nick)}(?![\w-])", re.IGNORECASE)


def seconds(time: str) -> float:
    """Return a time as the server tells it, in seconds since 1970."""
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


# Of each type of entry that is told by a sentence: the event that it was.
_EVENTS: dict[str, Callable[[Fields], Any]] = {
    "renamed": lambda it: events.Renamed("", it["old"], it["new"], (), ""),
    "topic": lambda it: events.TopicSet("", it["by"], it["text"]),
    "edited": lambda it: events.Edited("", it["from"], it["text"], it["about"]),
    "removed": lambda it: events.Removed("", it["by"], it["about"]),
    "audit": lambda it: events.Noted("", it["by"], it["text"]),
    "announced": lambda it: events.Announced("", it["from"], it["text"], ""),
    "kicked": lambda it: events.Kicked("", it["by"], it["nick"], "", it["reason"]),
    "banned": lambda it: events.Banned(
        "", it["by"], it["nick"], (), it["seconds"], it["reason"], everywhere=it.get("everywhere", False)
    ),
    "muted": lambda it: events.Muted("", it["by"], it["nick"], it["seconds"], it["reason"]),
    "opped": lambda it: events.Opped("", it["by"], it["nick"], ""),
    "deopped": lambda it: events.Deopped("", it["by"], it["nick"], ""),
    "invited": lambda it: events.Invited(
        "", it["by"], it["nick"], "", named(it["into"]) if "into" in it else ""
    ),
    "unbanned": lambda it: events.Unbanned("", it["by"], it["nick"]),
    "unmuted": lambda it: events.Unmuted("", it["by"], it["nick"]),
    "slowed": lambda it: events.Slowed("", it["by"], it["seconds"]),
    "locked": lambda it: events.Locked("", it["by"]),
    "unlocked": lambda it: events.Unlocked("", it["by"]),
    "hidden": lambda it: events.Hidden("", it["by"]),
    "unhidden": lambda it: events.Unhidden("", it["by"]),
}


def _sanction(it: Fields) -> KeptSanction:
    """Return a ban or a mute, which ends so long after the time 0 as it lasts from now on."""
    until = None if it["seconds"] is None else it["seconds"] * 1000
    about = {"until": until, "reason": it["reason"], "networks": tuple(it.get("networks", ()))}
    return KeptSanction("", it["kind"], "", it["nick"], it["by"], 0, keys=(("", ""),), **about)


# What parts the columns of an answer that is a table.
_COLUMNS = re.compile(r"( {2,})")

# Of each type of answer: what the server has of it for people.
_ANSWERS: dict[str, Callable[[Fields], answers.Answer]] = {
    "notice": lambda it: answers.Notice(it["text"]),
    "help": lambda it: answers.Help(it["text"]),
    "set": lambda it: answers.Settings(it["settings"]),
    "join": lambda it: answers.Join(it["nick"], named(it["room"]), it["people"], it["others"]),
    "who": lambda it: answers.Who(named(it["room"]), it["people"], it["away"]),
    "whois": lambda it: answers.WhoIs(
        it["nick"],
        [named(room) for room in it["rooms"]],
        int(seconds(it["since"]) * 1000),
        it.get("idle"),
        it["away"],
        it.get("account"),
        [named(room) for room in it.get("operator", ())],
        it.get("server", False),
    ),
    "seen": lambda it: answers.Seen(it["nick"], int(seconds(it["time"]) * 1000) if "time" in it else None),
    "rooms": lambda it: Rooms(
        [
            AboutRoom(named(each["room"]), each["people"], each["topic"], each.get("locked", False))
            for each in it["rooms"]
        ],
        it.get("more", 0),
    ),
    "topic": lambda it: answers.Topic(named(it["room"]), it["text"]),
    "ban": lambda it: BanList(
        named(it["room"]) if it["room"] else "", [_sanction(each) for each in it["sanctions"]], 0, True
    ),
    "lockdown": lambda it: answers.Lockdown(it["on"]),
    "reload": lambda it: answers.Reload(it["changed"], it["restart"]),
}


def come_in(it: Online) -> list[Line]:
    """Tell somebody who comes in who they are and where, with whom, and what the room is about."""
    company = f" with {names(it.people, it.others)}" if it.others else ""
    where = f"in {it.room}" if it.room else "in no room"
    other = [_not_to_be_had(it.wanted)] if it.wanted else []
    return [*other, notice(f"You are {it.nick}, {where}{company}."), *topic(it.room, it.topic)]


def topic(room: str, text: str) -> list[Line]:
    """Tell what a room is about, if anything."""
    return [notice(f"The topic of {room} is: {clean(text)}")] if text else []


def _not_to_be_had(nick: str) -> Line:
    from tcpchat.names import NotAName, is_reserved, nickname  # seldom needed, and a prompt does not wait

    try:
        why = "is reserved" if is_reserved(nickname(nick)) else "is taken"
    except NotAName:  # for this version
        why = "is not to be had"
    return notice(f'"{clean(nick)}" {why}. /nick changes your nickname.')


def entry(it: Fields, me: str) -> Line | None:
    """Return an entry as it is shown to somebody called ``me``; None: not at all."""
    kind, room = it["type"], named(it["room"])
    nick = it.get("from", "")
    match kind:
        case "message" if "re" in it:
            quoted = f"{it['re']} {it['quote']}".rstrip()
            found = f"<{nick}> ", f"(re {quoted}) {it['text']}"
        case "message":
            found = f"<{nick}> ", it["text"]
        case "action":
            found = f"* {nick} ", it["text"]
        case "private":
            found = (f"[to {it['to']}] " if nick == me else f"[from {nick}] "), it["text"]
        case _:
            nick, text = "", _happened(it, room)
            if text is None:
                return None
            found = NOTICE, text
    front, text = found
    text = "\n".join(map(line_of_paste, text.split("\n"))) if "\n" in text else clean(text)
    time = seconds(it["time"]) if "time" in it else 0.0
    return Line(clean(front), text, clean(nick), room, it["seq"], time, bool(it.get("replay")))


def _happened(it: Fields, room: str) -> str | None:
    """Return what happened in a room as a sentence."""
    match it["type"]:
        case "joined":
            return f"{it['nick']} joined {room}."
        case "left":
            return (
                f"{it['nick']} left {room}: {it['reason']}." if it["reason"] else f"{it['nick']} left {room}."
            )
        case "hidden" if "by" not in it:
            return None
        case kind if kind in _EVENTS:
            return sentence(_EVENTS[kind](it), room)
    return None  # of a newer server


def answer(it: Fields, zone: tzinfo | None, now: float) -> list[Line]:
    """Return what the server says to one alone; without a zone, with times in the local one."""
    kind = it["type"]
    if kind == "error":
        return [error(clean(it["text"]))]
    if kind not in _ANSWERS:
        return []
    zone = zone or datetime.fromtimestamp(now).astimezone().tzinfo
    assert zone is not None
    style = answers.Style(zone, int(now * 1000))
    return [notice(_table_line(line)) for line in _ANSWERS[kind](it).lines(style)]


def _table_line(line: str) -> str:
    """Return a line of an answer made harmless: its columns stay apart, however many blanks that takes."""
    return "".join(part if part.isspace() else clean(part) for part in _COLUMNS.split(line))


def gap(room: str, number: int) -> Line:
    """Return that some entries of a room are not to be had any more."""
    where = "" if room == "@" else f" of {room}"
    return notice(f"{count(number, 'line' + where + ' is', 'lines' + where + ' are')} no longer kept.")


def hole(room: str, number: int, how: str) -> Line:
    """Return that more was missed in a room than was fetched, and how it is to be had."""
    return notice(f"{count(number, 'more entry', 'more entries')} of {room} came meanwhile. {how}")


def unknown(it: Fields) -> Line:
    """Return that nobody can know whether something was done; of what may be a password nothing is shown."""
    if "text" in it:
        return error(f"It is not known whether this was said: {clean(it['text'].replace(chr(10), ' '))}")
    return error(f"It is not known whether this was done: {it['type']}")


def stamped(time: float, zone: tzinfo | None = None) -> str:
    """Return a time, with its day, as it stands before lines that are kept; without a zone, the local one."""
    return f"[{datetime.fromtimestamp(time, zone):%Y-%m-%d %H:%M}] "

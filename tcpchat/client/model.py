"""
What somebody at a terminal is shown: rooms, what is unread there, what waits for its ``ok``. No drawing.

Feed it what happens (`take`), tell it what was typed (`asked`) and where it is looked (`look`); each returns
what is to be printed now. Lines of rooms in which one does not look are kept for when one does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tcpchat.client import wording
from tcpchat.client.happenings import (
    Answer,
    Caught,
    Done,
    Entered,
    Entry,
    Fields,
    Foreign,
    Gap,
    Gone,
    Happening,
    Hole,
    InputHidden,
    Line,
    NickWanted,
    Offline,
    Online,
    Ours,
    Refusal,
    Unknown,
    named,
)  # fmt: skip
from tcpchat.client.limits import READ_BEFORE
from tcpchat.client.looking_back import LookingBack
from tcpchat.client.shown import Pending, Room, Rule, Shown, notice
from tcpchat.render import count
from tcpchat.text import clean

# What is shown until it is in the log: what somebody says. Of other requests nothing is, passwords least.
SAID = "say", "me", "msg", "reply", "re"


class Model:
    """What is shown to one who has the clock ``now`` (seconds since 1970) and is in a time zone."""

    def __init__(self, answer: Callable[[Fields], Iterable[wording.Line]]) -> None:
        """``answer`` words what the server says to one alone."""
        self.nick = ""
        self.rooms: dict[str, Room] = {}
        self.listed: set[str] = set()  # rooms that one was told of by /rooms
        self.current = ""
        self.pending: dict[str, Pending] = {}
        self.early: list[str] = []  # typed before it is known, or certain, whose server it is
        self.link = "connecting"
        self.is_online = False
        self.is_foreign = False
        self.is_input_hidden = False
        self.wants_nick = False
        self.prompt = ""  # another server's, which has no end of line
        self._answer = answer
        self._back = LookingBack()
        # Rooms that one is out of: a break may be taken for a farewell, and then one is in again at once.
        self._former: dict[str, Room] = {}
        self._going = ""  # the room that one has asked to go to, and what that is called in its answer
        self._going_ref = ""
        self._is_missing = False  # is what others say next what was missed?
        self._is_told = False  # has it been said that the link is broken?
        self._mention: re.Pattern[str] | None = None

    # What one does

    def asked(self, ref: str, kind: str, fields: Mapping[str, Any], now: float) -> None:
        """Something was asked for: what is said is shown until it is in the log."""
        self._back.asked(ref, kind, fields)
        if kind == "join":
            self._going, self._going_ref = f"#{fields['room'].removeprefix('#')}", ref
        elif kind in SAID:
            to = f"[to {fields['to']}] " if kind == "msg" else ""
            self.pending[ref] = Pending(f"{to}{fields['text']}", fields.get("room", ""), now)

    @property
    def aim(self) -> str:
        """The room for which a line is that is typed now: the one that one is on the way to, if so."""
        return self._going or self.current

    def typed(self, line: str) -> list[Shown]:
        """A line was typed for another server, which does not show it: it stands behind its prompt."""
        front, self.prompt = f"{self.prompt or '>'} ", ""
        if self.is_input_hidden:
            return [] if front == "> " else [Shown(wording.Line("", front))]
        return [Shown(wording.Line(front, clean(line)))]

    def look(self, room: str) -> list[Shown]:
        """Look into a room: show what is new there, behind a bit of what is not."""
        if room not in self.rooms or room == self.current:
            return []
        self.current, self._going = room, ""
        it = self.rooms[room]
        unread, it.unread, it.mentions = min(it.unread, len(it.kept)), 0, 0
        kept = list(it.kept)
        start = len(kept) - unread
        shown = [
            Shown(Rule(f"{room}: {it.topic}" if it.topic else room)),
            *kept[max(0, start - READ_BEFORE) : start],
        ]
        if unread:
            shown += [Shown(Rule("new since you looked")), *kept[start:]]
        return shown

    def numbered(self, number: int) -> str:
        """Return the room with a number, from 1 on, empty if there is none."""
        rooms = list(self.rooms)
        return rooms[number - 1] if 0 < number <= len(rooms) else ""

    # What happens

    def take(self, it: Happening) -> list[Shown]:
        """Take in what has happened; return what is to be printed now."""
        self._back.happened(it)
        match it:
            case Entry(fields):
                shown = self._entry(fields)
                is_first = self._is_missing and any(map(self._is_others, shown))
                self._is_missing &= not is_first
                return [Shown(Rule("while you were away")), *shown] if is_first else shown
            case Answer(fields):
                return self._answered(fields)
            case Done(ref, _):
                self.pending.pop(ref, None)
                return self._past(ref)
            case Refusal(ref, _, text):
                return self._past(ref) + self._not_said(ref, wording.error(text))
            case Unknown(ref, fields):
                self.pending.pop(ref, None)
                return [*self._past(ref), Shown(wording.unknown(fields))]
            case Entered(room):
                self._room(room).people.add(self.nick)
                self.current = self.current or room
                return []
            case Gone(room):
                return self._gone(room)
            case Hole(room, after, before):
                if room in self.rooms:
                    self.rooms[room].oldest = before
                return [Shown(wording.hole(room, before - after - 1, "Page Up there shows what was said."))]
            case Gap(room, after, before):
                return [Shown(wording.gap(room, before - after - 1))]
            case Line(text, is_whole):
                return self._told(text, is_whole)
            case Foreign(is_again, is_mute):
                self.is_foreign, self.link = True, "online"
                return [] if is_again else [Shown(line) for line in wording.elsewhere(is_mute)]
            case Ours():
                self.is_foreign, self.link = False, "connecting"
                return [notice("This is tcpchat after all: the link is slow.")]
            case InputHidden(is_hidden):
                self.is_input_hidden = is_hidden
                return []
            case NickWanted(text):
                self.wants_nick = True
                return [Shown(wording.error(text)), notice("What is your nickname?")]
        return self._linked(it)

    def _told(self, text: str, is_whole: bool) -> list[Shown]:
        self.prompt = "" if is_whole else text
        is_greeting = not self.is_foreign and bool(self.nick) and text.startswith(wording.NOTICE)
        # Who comes back was greeted before.
        return [Shown(wording.Line("", text))] if is_whole and not is_greeting else []

    def _linked(self, it: Online | Offline | Caught) -> list[Shown]:
        match it:
            case Online():
                return self._online(it)
            case Offline(why, seconds):
                self.is_online = False
                self.link = f"trying again in {seconds:.0f} s"
                is_told, self._is_told = self._is_told, True
                return (
                    [] if is_told else [notice(f"{why}. What you say is sent when the link is there again.")]
                )
        self._is_missing = False
        return [Shown(Rule(f"live now; missed: {count(it.number, 'line', 'lines')}"))] if it.number else []

    def _online(self, it: Online) -> list[Shown]:
        was_told, self._is_told = self._is_told, False
        self.is_online, self.link, self.wants_nick, self.is_foreign = True, "online", False, False
        self._call(it.nick)
        if it.is_new:
            self._former |= self.rooms
            self.rooms.clear()
        if it.room:
            room = self._room(it.room)
            if not it.is_back:
                room.people, room.others = {it.nick, *it.people}, it.others - len(it.people)
                room.topic = it.topic
        is_coming = it.is_new and self.current in self._former  # nothing typed there is to go elsewhere
        if not is_coming and (self.current not in self.rooms or not (it.is_back or it.is_new)):
            self.current = it.room  # and after a login
        self._is_missing = it.is_back
        if it.is_back:
            return [notice("Connected again.")] if was_told else []
        before = [notice("The session of before is over: this is another one.")] if it.is_new else []
        return [*before, *map(Shown, wording.come_in(it))]

    def _room(self, name: str) -> Room:
        """Return a room that one is in, as it was when one was there before."""
        if name not in self.rooms:
            self.rooms[name] = self._former.pop(name, Room(name))
        return self.rooms[name]

    def _call(self, nick: str) -> None:
        if nick != self.nick:
            self.nick = nick
            self._mention = wording.mention(nick)

    def _entry(self, fields: Fields) -> list[Shown]:
        line = wording.entry(fields, self.nick)
        if not fields.get("replay"):
            self._happened(fields)
        if line is None:
            return []
        is_mine = line.nick == self.nick
        is_named = bool(line.is_spoken and self._mention and self._mention.search(line.text))
        shown = Shown(line, not is_mine and not line.is_past and (is_named or line.room == "@"))
        room = self.rooms.get(line.room)
        if room is not None:
            room.oldest = min(room.oldest or line.seq, line.seq)
        if line.is_past and self._back.take(line):
            return []
        if line.is_past or room is None:
            return [shown]
        room.kept.append(shown)
        if line.room == self.current:
            return [shown]
        if line.is_spoken and not is_mine:
            room.unread += 1
            room.mentions += shown.is_for_me
        elif room.unread:
            room.unread += 1  # what stands between lines that are new
        return []

    def _happened(self, it: Fields) -> None:
        """Take in who is where now."""
        if room := self.rooms.get(named(it["room"])):
            room.happened(it)
            if it["type"] == "renamed" and it["old"] == self.nick:
                self._call(it["new"])

    def _is_others(self, it: Shown) -> bool:
        return isinstance(it.what, wording.Line) and it.what.nick not in ("", self.nick)

    def _past(self, ref: str) -> list[Shown]:
        """A request is dealt with: show what of the past it has brought."""
        if (past := self._back.done(ref)) is None:
            return []
        if not past.lines:
            return [notice(past.heading)]
        return [Shown(Rule(past.heading)), *map(Shown, past.lines), Shown(Rule("live now"))]

    def _answered(self, it: Fields) -> list[Shown]:
        shown: list[Shown] = []
        match it["type"]:
            case "join":
                name = named(it["room"])
                room = self._room(name)
                room.people, room.others = {it["nick"], *it["people"]}, it["others"] - len(it["people"])
                room.topic = it.get("topic", "")
                if self._going.casefold() == name.casefold():
                    self._going = ""
                    shown = self.look(name)
            case "who" if named(it["room"]) in self.rooms:
                room = self.rooms[named(it["room"])]
                number = room.number
                room.people |= set(it["people"])
                room.others = max(0, number - len(room.people))
            case "rooms":
                self.listed |= {named(each["room"]) for each in it["rooms"]}
            case "topic" if named(it["room"]) in self.rooms:
                self.rooms[named(it["room"])].topic = it["text"]
        return shown + [Shown(line) for line in self._answer(it)]

    def _not_said(self, ref: str, why: wording.Line) -> list[Shown]:
        if ref == self._going_ref:
            self._going = ""
        said = self.pending.pop(ref, None)
        return [Shown(why), *([notice(f"Not said: {said.text}")] if said else [])]

    def _gone(self, room: str) -> list[Shown]:
        if room in self.rooms:
            self._former[room] = self.rooms.pop(room)
        if room != self.current:
            return []
        self.current = ""
        return self.look(next(reversed(self.rooms), ""))

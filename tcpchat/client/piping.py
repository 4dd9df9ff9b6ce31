"""Lines in, lines out: a client without a user interface, for pipes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tcpchat.client import wording
from tcpchat.client.ending import REFUSED, UNAVAILABLE, not_sent
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
    Line,
    NickWanted,
    Offline,
    Online,
    Ours,
    Refusal,
    Unknown,
    named,
)
from tcpchat.client.looking_back import LookingBack, Past
from tcpchat.client.task import Task
from tcpchat.client.typed import Typing, Wish, seen
from tcpchat.render import count, names
from tcpchat.requests import Refused
from tcpchat.text import clean

# Seconds for another server to answer the last line, after the end of the input.
LAST_ANSWERS = 1.0


class Piping(Task):
    """
    Takes lines as they are typed, and shows lines as our server does to people; with ``as_json``, its own.

    ``heard`` is called for each line of the input that was dealt with.
    """

    def __init__(
        self,
        *task: Any,
        room: str,
        as_json: bool,
        show: Callable[..., None],
        heard: Callable[[], None],
    ) -> None:
        super().__init__(*task)
        self._room = room
        self._as_json = as_json
        self.show = show
        self.heard = heard
        self._typing = Typing()
        self._back = LookingBack()
        self._early: list[str] = []  # what was typed before it is known whose server it is
        self._is_in = False
        self._wants_nick = False
        self._waiting: dict[str, Any] = {}  # by ref: what a program calls the request
        self._is_told = False
        self._has_ended = False
        self._has_quit = False
        self._result = 0

    def say(self, line: str) -> None:
        """Take in a line."""
        if self._has_quit:
            self.heard()
        elif self.link.takes_lines:
            self.link.type(line)
            self.heard()
        elif self._wants_nick:
            self._wants_nick = False
            self.link.choose(line.strip())
            self.heard()
        elif self._is_in:
            self._do(line)
        else:
            self._early.append(line)

    def end(self) -> None:
        """The input has ended."""
        self._has_ended = True
        if self.link.is_certain:
            self.link.end()
            self.reactor.callLater(LAST_ANSWERS, self.finish, self._result)
        elif self._is_in:
            self._try(lambda: self._typing.end(self._room))
            self._look_whether_all_is_done()

    # What was typed

    def _do(self, line: str) -> None:
        if self._as_json and line.startswith("{"):
            self._pass_on(line)
        elif not self._try(lambda: self._typing.take(line, self._room)):
            self.heard()

    def _try(self, wanted: Callable[[], Wish | None]) -> bool:
        """Ask for what was typed, if it asks for anything; return whether an answer will come."""
        try:
            wish = wanted()
        except Refused as refusal:
            self._fail(REFUSED, str(refusal))
            return False
        if wish is None:
            return False
        return self.ask(wish)

    def ask(self, wish: Wish) -> bool:
        """Ask for something; return whether an answer will come."""
        kind, fields = wish
        if kind == "quit":
            self.farewell = fields
            self._quit()
            return False
        ref = self.link.ask(kind, **fields)
        self._waiting[ref] = None
        self._back.asked(ref, kind, fields)
        if kind == "join":
            self._room = "#" + fields["room"].removeprefix("#")  # what is typed next is for that one
        elif kind == "leave" and fields["room"] == self._room:
            self._room = next((it for it in reversed(self.conversation.rooms) if it != self._room), "")
        return True

    def _quit(self) -> None:
        """Leave as soon as all that was typed before is answered; it is not waited for a broken link."""
        self._has_quit = self._has_ended = True
        if self.conversation.is_online:
            self._look_whether_all_is_done()
        else:
            self.finish(UNAVAILABLE if self._waiting else self._result)

    def finish(self, status: int) -> None:
        """End; what was typed and is not known to have come is told."""
        lost = (
            []
            if self._is_leaving
            else list(not_sent([*self.conversation.asked.said(), *map(seen, self._early)]))
        )
        for words in lost:
            self.complain(words)
        super().finish(status or (UNAVAILABLE if lost else 0))

    def _pass_on(self, line: str) -> None:
        """Ask for what a program asks for: it has told it in JSON."""
        try:
            fields = json.loads(line)
            kind, ref = fields.pop("type"), fields.pop("ref", None)
        except (ValueError, KeyError, AttributeError, RecursionError):
            self._fail(REFUSED, "That is not a JSON object with a type.")
            self.heard()
            return
        self._waiting[self.link.ask(kind, **fields)] = ref

    # What comes

    def take(self, it: Happening) -> None:
        if self._as_json and self._take_json(it):
            return
        self._back.happened(it)
        match it:
            case Online():
                self._come_in(it)
            case Entry(fields):
                line = wording.entry(fields, self.conversation.nick)
                if line is None or (line.is_past and self._back.take(line)):
                    return
                if line.is_past or not self._is_own(fields):
                    self.print(line)
            case Answer(fields):
                if fields["type"] == "join":
                    self._room = named(fields["room"])
                for line in wording.answer(fields, self.conversation.seeing.zone, time.time()):
                    self.print(line)
            case Done(ref, _):
                self._settle(ref)
            case Refusal(ref, _, text):
                self._fail(REFUSED, text)
                self._settle(ref)
            case Unknown(ref, fields):
                self._fail(UNAVAILABLE, wording.unknown(fields).text)
                self._settle(ref)
            case Caught(number) if number:
                self.print(wording.notice(f"That was while you were away: {count(number, 'line', 'lines')}."))
            case Gap(room, after, before):
                self.print(wording.gap(room, before - after - 1))
            case Hole(room, after, before):
                how = "/history 500 and /more show what was said."
                self.print(wording.hole(room, before - after - 1, how))
            case NickWanted(text):
                self._wants_nick = True
                self.print(wording.notice(f"{text} What is your nickname?"))
            case Entered(room) if not self._room:
                self._room = room
            case Gone(room) if room == self._room:
                self._room = self.conversation.rooms[-1] if self.conversation.rooms else ""
            case _:
                self._take_link(it)

    def _is_own(self, fields: Fields) -> bool:
        """Is it something that one has just typed oneself?"""
        kind, me = fields["type"], self.conversation.nick
        if kind in ("message", "action"):
            return bool(fields["from"] == me)
        return kind in ("joined", "left") and bool(fields["nick"] == me)

    def _take_link(self, it: Happening) -> None:
        match it:
            case Offline() if self.link.is_foreign:
                if not it.was_closed:
                    self._fail(UNAVAILABLE, f"{it.why}.")
                self.finish(self._result)
            case Offline(why, _) if not self._is_told:
                self._is_told = True
                self.complain(f"{why}. Trying again.")
            case Foreign():
                self._do_what_waited()
            case Ours(lines):
                self._early[:0] = lines
            case Line(text, is_whole) if is_whole:
                self.show(clean(text))

    def _take_json(self, it: Happening) -> bool:
        """Show something as our server does to programs, if it is something that it does show to them."""
        match it:
            case Entry(fields) | Answer(fields):
                self._write(fields)
            case Done(ref, seq) if self._waiting.get(ref) is not None:
                self._write({"type": "ok", "ref": self._waiting[ref]} | ({} if seq is None else {"seq": seq}))
                self._settle(ref)
            case Refusal(ref, code, text):
                theirs = self._waiting.get(ref)
                about = {} if theirs is None else {"ref": theirs}
                self._write({"type": "error", "code": code, "text": text} | about)
                self._result = self._result or REFUSED
                self._settle(ref)
            case Line() if not self.link.is_foreign:
                pass
            case _:
                return False
        return True

    def _come_in(self, it: Online) -> None:
        if not self._is_in:
            self._is_in = True
            company = f" with {names(it.people, it.others)}" if it.others else ""
            where = f"in {it.room}{company}" if it.room else "in no room"
            if not self._as_json:
                self.print(wording.notice(f"You are {it.nick}, {where}."))
            if self._room and self._room != it.room:
                self.link.ask("join", room=self._room)
            else:
                self._room = it.room
            self._do_what_waited()
        elif self._is_told:
            self.complain("Connected again.")
        self._is_told = False

    def _do_what_waited(self) -> None:
        waited, self._early = self._early, []
        for line in waited:
            self.say(line)
        if self._has_ended:
            self.end()

    def _print_past(self, past: Past) -> None:
        """Show what of the past was asked for, as the server does."""
        self.print(wording.notice(f"{past.heading}:" if past.lines else past.heading))
        for line in past.lines:
            self.print(line)
        if past.lines:
            self.print(wording.notice("Live now."))

    def _settle(self, ref: str) -> None:
        if not self._as_json and (past := self._back.done(ref)):
            self._print_past(past)
        if ref in self._waiting:
            del self._waiting[ref]
            self.heard()
        self._look_whether_all_is_done()

    def _look_whether_all_is_done(self) -> None:
        if self._has_ended and not self._waiting:
            self.finish(self._result)

    def _fail(self, status: int, why: str) -> None:
        self._result = self._result or status
        self.complain(why)

    def print(self, line: wording.Line) -> None:
        """Show a line, or a message of several."""
        front = ""
        if line.is_past:
            front = wording.stamped(line.time, self.conversation.seeing.zone)
        for part in self.conversation.seeing.line(line).lines(self._room):
            self.show(front + part)

    def _write(self, fields: Fields) -> None:
        self.show(json.dumps(dict(fields), ensure_ascii=False))

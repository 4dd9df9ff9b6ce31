"""A task that shows what happens: as lines, as our server does to people, or as its own to programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tcpchat.client import programs, wording
from tcpchat.client.happenings import Answer, Caught, Entry, Fields, Gap, Happening, Hole, Online, named
from tcpchat.client.looking_back import LookingBack
from tcpchat.client.task import Task
from tcpchat.render import count


class Reporting(Task):
    """
    Shows lines; with ``as_json``, objects. ``room`` is the one that one is in, or wants to be.

    Not shown is what one has just said oneself: it stands where it was typed.
    """

    def __init__(self, *task: Any, room: str, as_json: bool, show: Callable[..., None]) -> None:
        super().__init__(*task)
        self.room = room
        self.as_json = as_json
        self.show = show
        self.back = LookingBack()
        self._is_missing = False  # is what others say next what was missed?

    def take(self, it: Happening) -> None:
        match it:
            case Entry(fields):
                self._entry(fields)
            case Answer(fields):
                told = wording.answer(fields, self.conversation.seeing.zone, time.time())
                if fields["type"] == "join":
                    self.room = named(fields["room"])
                    told += wording.topic(self.room, fields.get("topic", ""))
                self.print(*told)
            case Caught(number):
                self._is_missing = False
                if number:
                    self.print(wording.notice(f"Live now; missed: {count(number, 'line', 'lines')}."))
            case Gap(room, after, before):
                self.print(wording.gap(room, before - after - 1))
            case Hole(room, after, before):
                how = "/history 500 and /more show what was said."
                self.print(wording.hole(room, before - after - 1, how))

    def greet(self, it: Online, is_first: bool) -> None:
        """Say who one is and where; after a break, that what comes is of then."""
        self._is_missing = it.is_back
        if is_first and not self.as_json:
            self.print(*wording.come_in(it))

    def print_past(self, ref: str) -> None:
        """Show what of the past was asked for, if all of it is there now, as the server does."""
        if self.as_json or (past := self.back.done(ref)) is None:
            return
        self.print(wording.notice(f"{past.heading}:" if past.lines else past.heading), *past.lines)
        if past.lines:
            self.print(wording.notice("Live now."))

    def print(self, *lines: wording.Line) -> None:
        """Show lines, or messages of several; to a program as a word of the server's."""
        for line in lines:
            front = wording.stamped(line.time, self.conversation.seeing.zone) if line.is_past else ""
            for part in self.conversation.seeing.line(line).lines(self.room):
                if self.as_json:
                    self.show(programs.line({"type": "notice", "text": part.removeprefix(wording.NOTICE)}))
                else:
                    self.show(front + part)

    def _entry(self, fields: Fields) -> None:
        line = wording.entry(fields, self.conversation.nick)
        if line is None or (line.is_past and self.back.take(line)):
            return
        if not line.is_past and self._is_own(fields):
            return
        if self._is_missing and line.nick not in ("", self.conversation.nick):
            self._is_missing = False
            self.print(wording.notice("While you were away:"))
        self.print(line)

    def _is_own(self, fields: Fields) -> bool:
        """Is it something that one has just typed oneself?"""
        kind, me = fields["type"], self.conversation.nick
        if kind in ("message", "action"):
            return bool(fields["from"] == me)
        return kind in ("joined", "left") and bool(fields["nick"] == me)

"""Lines in, lines out: a client without a user interface, for pipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpchat.client import programs, wording
from tcpchat.client.ending import REFUSED, UNAVAILABLE, not_sent
from tcpchat.client.happenings import (
    Done,
    Entered,
    Foreign,
    Gone,
    Happening,
    Line,
    NickWanted,
    Offline,
    Online,
    Ours,
    Refusal,
    Unknown,
)
from tcpchat.client.reporting import Reporting
from tcpchat.client.typed import Typing, Wish, seen
from tcpchat.requests import Refused
from tcpchat.text import clean

# Seconds for another server to answer the last line, after the end of the input.
LAST_ANSWERS = 1.0


class Piping(Reporting):
    """
    Takes lines as they are typed, and shows lines as our server does to people; with ``as_json``, its own.

    ``heard`` is called for each line of the input that was dealt with.
    """

    def __init__(
        self,
        *task: Any,
        heard: Callable[[], None],
        **how: Any,
    ) -> None:
        super().__init__(*task, **how)
        self.heard = heard
        self._typing = Typing()
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
            self._try(lambda: self._typing.end(self.room))
            self._look_whether_all_is_done()

    # What was typed

    def _do(self, line: str) -> None:
        if self.as_json and line.startswith("{"):
            self._pass_on(line)
        elif not self._try(lambda: self._typing.take(line, self.room)):
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
        self.back.asked(ref, kind, fields)
        if kind == "join":
            self.room = "#" + fields["room"].removeprefix("#")  # what is typed next is for that one
        elif kind == "leave" and fields["room"] == self.room:
            self.room = next((it for it in reversed(self.conversation.rooms) if it != self.room), "")
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
            (kind, fields), ref = programs.request(line)
        except Refused as refusal:
            self._fail(REFUSED, str(refusal))
            self.heard()
        else:
            self._waiting[self.link.ask(kind, **fields)] = ref

    # What comes

    def take(self, it: Happening) -> None:
        if self.as_json and self._take_json(it):
            return
        self.back.happened(it)
        match it:
            case Online():
                self._come_in(it)
            case Done(ref, _):
                self._settle(ref)
            case Refusal(ref, _, text):
                self._fail(REFUSED, text)
                self._settle(ref)
            case Unknown(ref, fields):
                self._fail(UNAVAILABLE, wording.unknown(fields).text)
                self._settle(ref)
            case NickWanted(text):
                self._wants_nick = True
                self.print(wording.notice(f"{text} What is your nickname?"))
            case Entered(room) if not self.room:
                self.room = room
            case Gone(room) if room == self.room:
                self.room = self.conversation.rooms[-1] if self.conversation.rooms else ""
            case _:
                self._take_link(it)

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
            case _:
                super().take(it)

    def _take_json(self, it: Happening) -> bool:
        """Show something as our server does to programs, if it is something that it does show to them."""
        if isinstance(it, Line) and not self.link.is_foreign:
            return True
        ref = it.ref if isinstance(it, Done | Refusal) else None
        if (told := programs.told(it, self._waiting.get(ref or ""))) is None:
            return False
        self.show(programs.line(told))
        if isinstance(it, Refusal):
            self._result = self._result or REFUSED
        if ref is not None:
            self._settle(ref)
        return True

    def _come_in(self, it: Online) -> None:
        self.greet(it, not self._is_in)
        if not self._is_in:
            self._is_in = True
            if self.room and self.room != it.room:
                self.link.ask("join", room=self.room)
            else:
                self.room = it.room
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

    def _settle(self, ref: str) -> None:
        self.print_past(ref)
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

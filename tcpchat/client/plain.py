"""
Text alone, line after line, for somebody at a terminal: with a screen reader, or where nothing else can be.

What is typed is the terminal's own matter; nothing is shown but what comes next, and the cursor never moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpchat.client import wording
from tcpchat.client.ending import REFUSED
from tcpchat.client.foreign import LEAVE
from tcpchat.client.happenings import Foreign, Happening, InputHidden, Line
from tcpchat.client.piping import Piping
from tcpchat.client.typed import QUESTIONS, Wish, missing


class Plain(Piping):
    """
    Lines in, lines out, with somebody who can be asked; ``hide`` has what is typed not be seen.

    ``rings``: the terminal does, when they are named, or something is said to them alone.
    """

    is_attended = True

    def __init__(self, *task: Any, hide: Callable[[bool], None], rings: bool, **how: Any) -> None:
        super().__init__(*task, **how)
        self._hide = hide
        self._rings = rings
        self._incomplete: Wish | None = None  # a password of it is missing, and is being typed
        self._prompt = ""  # another server's, which stands there without an end of line

    def say(self, line: str) -> None:
        if self._incomplete is not None:
            self._complete(line)
        elif self.link.is_foreign and line.rstrip() == LEAVE:
            self.finish(0)
        else:
            self._prompt = ""  # its end was typed
            super().say(line)

    def ask(self, wish: Wish) -> bool:
        if field := missing(wish):
            self._incomplete = wish
            self._hide(True)
            self.show(QUESTIONS[field], " ")
            return False
        return super().ask(wish)

    def _complete(self, password: str) -> None:
        """Ask for what lacked a password, which was typed now; nothing at all is a change of mind."""
        assert self._incomplete is not None
        (kind, fields), field = self._incomplete, missing(self._incomplete)
        self._incomplete = None
        self._hide(False)
        if not password or not self.ask(Wish(kind, fields | {field: password})):
            self.heard()

    def finish(self, status: int) -> None:
        # Of what was refused one by one somebody was told who sat there.
        super().finish(0 if status == REFUSED and self._was_online else status)

    def take(self, it: Happening) -> None:
        match it:
            case InputHidden(is_hidden):
                self._hide(is_hidden)
            case Line(text, is_whole) if self.link.is_foreign:
                self._show_line(text, is_whole)
            case _:
                if isinstance(it, Foreign) and not it.is_again:
                    self.print(*wording.elsewhere(it.is_mute))
                super().take(it)

    def print(self, *lines: wording.Line) -> None:
        for line in lines:
            super().print(line)
            is_theirs = line.is_spoken and line.nick != self.conversation.nick and not line.is_past
            if self._rings and is_theirs and (line.room == "@" or self._is_named(line.text)):
                self.show("\a", "")

    def _is_named(self, text: str) -> bool:
        return wording.mention(self.conversation.nick).search(text) is not None

    def _show_line(self, text: str, is_whole: bool) -> None:
        """Show as much of a line as has come: what has no end yet, a prompt, gets none."""
        begun, self._prompt = self._prompt, "" if is_whole else text
        if begun and not text.startswith(begun):
            self.show("")
            begun = ""
        self.show(text.removeprefix(begun).lstrip() if begun else text, "\n" if is_whole else " ")

"""``tcpchat send``: what is said is in the log when it ends with status 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpchat.client.ending import REFUSED, UNAVAILABLE
from tcpchat.client.happenings import Done, Happening, Line, Offline, Refusal, Unknown
from tcpchat.client.task import Task
from tcpchat.client.way import NEEDS_TLS
from tcpchat.messages import message
from tcpchat.requests import Refused
from tcpchat.text import clean


class Sending(Task):
    """Says messages in a room. `end` is to be called behind the last one."""

    is_patient = True

    def __init__(self, *task: Any, room: str, patience: float, said: Callable[[], None]) -> None:
        """``patience`` is in seconds; ``said`` is called for each message that was dealt with."""
        super().__init__(*task)
        self._room = room
        self._patience = patience
        self._said = said
        self._waiting: dict[str, str] = {}  # messages by ref
        self._result = 0
        self._has_ended = False
        self._is_told = False
        self._timer: Any = None

    def start(self) -> None:
        super().start()
        if self._room != "#lobby":
            self.link.ask("join", room=self._room)
        self._timer = self.reactor.callLater(self._patience, self._too_late)

    def say(self, text: str) -> None:
        """Say one message, which may have several lines."""
        if not text.strip():
            self._said()
            return
        try:
            ref = self.link.ask("say", room=self._room, text=message(text))
        except Refused as refusal:
            self._fail(REFUSED, str(refusal))
            self._said()
            return
        if not self._waiting:
            self._timer.reset(self._patience)
        self._waiting[ref] = text

    def end(self) -> None:
        """There is nothing more to say."""
        self._has_ended = True
        self._look_whether_all_is_said()

    def take(self, it: Happening) -> None:
        match it:
            case Done(ref, _) if ref in self._waiting:
                self._is_told = False
                self._settle(ref)
            case Refusal(ref, _, text):
                self._fail(REFUSED, text)
                if ref in self._waiting:
                    self._settle(ref)
                else:
                    self.finish(REFUSED)  # there is no such room, or it is not for us
            case Unknown(ref, _) if ref in self._waiting:
                self._fail(
                    UNAVAILABLE, f'It is not known whether this was said: "{clean(self._waiting[ref])}"'
                )
                self._settle(ref)
            case Offline(why, _) if not self._is_told:
                self._is_told = True
                self.complain(f"{why}. Trying again.")
            case Line() if it.complaint:
                self.complain(clean(it.complaint))

    def finish(self, status: int) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        super().finish(status)

    def _settle(self, ref: str) -> None:
        del self._waiting[ref]
        self._said()
        self._timer.reset(self._patience)
        self._look_whether_all_is_said()

    def _look_whether_all_is_said(self) -> None:
        if self._has_ended and not self._waiting:
            self.finish(self._result)

    def _fail(self, status: int, why: str) -> None:
        self._result = self._result or status
        self.complain(why)

    def _too_late(self) -> None:
        if not self._waiting and not self._has_ended and self.conversation.is_online:
            return  # nothing was to be said; who says something waits anew
        missing = next(iter(self._waiting.values()), "")
        about = f': "{clean(missing)}"' if missing else ""
        hint = f" ({NEEDS_TLS})" if self.link.is_mute else ""
        self.complain(f"Not sent within {self._patience:g} seconds{about}{hint}")
        self.finish(UNAVAILABLE)

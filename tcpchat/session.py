"""
One person's presence, independent of the wire: a door gives it lines and a screen.

What can be done depends on the state: without a nickname (nameless.py) or with one (present.py).
What is here holds for both: the lines take effect in the order in which they came, what the
person is shown is in order, and neither can grow without bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import render
from tcpchat.commands import help_lines, help_on
from tcpchat.events import Entry
from tcpchat.limits import MOST_UNCOMMITTED
from tcpchat.logs.interface import NotKept
from tcpchat.reader import Reader, Screen
from tcpchat.render import View
from tcpchat.requests import Help, NotUnderstood, Quit, Refused, Request, Set
from tcpchat.service import Chat
from tcpchat.settings import Settings

# What takes effect later: the lines behind it wait for it.
Effect = Coroutine[Deferred[Any], Any, None]


class State(Protocol):
    """What a session needs from what it is at the moment."""

    def carry_out(self, line: str) -> Effect | None:
        """
        Do what a line asks for.

        Raises:
            Refused: it is not done.
        """

    def refused(self) -> None:
        """A line was not understood or not done, and the person was told why."""

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""

    def ended(self) -> None:
        """The person sends nothing more, and everything that was sent is done."""

    def leave(self, reason: str) -> None:
        """The session ends."""


class Session:
    """A person who is connected."""

    logger = Logger()

    def __init__(self, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        self.chat = chat
        self.id = chat.new_id()
        self.address = address
        self.settings = Settings()
        self.reader = Reader(self.id, screen, self, chat.catching_up)
        self.since = chat.wall()
        self.gone = False
        self.reason = ""  # for having gone
        self._screen = screen
        self._heard = chat.clock.seconds()
        self._state: State | None = None
        self._lines: deque[str | Refused] = deque()
        self._waiting = False  # for an effect
        self._going_on = False
        self._uncommitted = 0
        self._ended = False
        self._quitting: str | None = None
        self._holds: set[str] = set()

    def begin(self, state: State) -> None:
        """Be in a state from now on."""
        self._state = state

    @property
    def is_quitting(self) -> bool:
        """Has the person asked to leave?"""
        return self._quitting is not None

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self.chat.clock.seconds() - self._heard

    # What the door calls

    def received(self, line: str | Refused) -> None:
        """The person sent a line, or one that the door had to refuse."""
        if self.gone or self._quitting is not None:
            return
        self._heard = self.chat.clock.seconds()
        self._lines.append(line)
        self._go_on()
        if len(self._lines) >= MOST_UNCOMMITTED:
            self._hold("lines", True)

    def ended(self) -> None:
        """The person will send nothing more, but may still read."""
        self._ended = True
        self._go_on()

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        self._leave(reason)

    def cut_off(self, text: str) -> None:
        """End the session for a reason that is not the person's wish."""
        if not self.gone:
            self.reader.tell(render.error(text))
            self._leave("")
            self._screen.close()

    def finish(self, text: str) -> None:
        """The server ends: tell that, and take no more input; what was received is still done."""
        if not self.gone:
            self.tell(text)
            self._hold("end", True)

    @property
    def is_settled(self) -> bool:
        """Is everything that was received done?"""
        return self.gone or not (self._waiting or self._lines or self._uncommitted)

    # What the states call

    def tell(self, *texts: str) -> None:
        """Show a word from the server."""
        self.reader.tell(render.notices(texts))

    def show_past(self, entries: Sequence[Entry], stream: str) -> None:
        """Show lines of the past, and where they begin and end; nothing if there are none."""
        if not entries or self._state is None:
            return
        lines = render.count(len(entries), "line", "lines")
        past = render.replay(entries, stream, self._state.view(stream), self.id, self.chat.wall())
        self.reader.tell(render.notice(f"The last {lines} of {stream}:") + past + render.notice("Live now."))

    def kept(self, answer: Deferred[Any]) -> None:
        """Count something that is on its way to the log; tell the person if it does not get there."""
        self._uncommitted += 1
        if self._uncommitted >= MOST_UNCOMMITTED:
            self._hold("uncommitted", True)
        answer.addCallbacks(self._committed, self._not_committed).addErrback(self._failed)

    def carry_out_anywhere(self, request: Request | None) -> None:
        """
        Do what can be asked for in every state.

        Raises:
            Refused: it is not done.
        """
        match request:
            case None:
                pass
            case Help(""):
                self.tell(*help_lines())
            case Help(command):
                self.tell(*help_on(command))
            case Set("", _):
                self.tell(", ".join(f"{name} {value}" for name, value in self.settings.describe()))
            case Set(name, value):
                self.settings.change(name, value)
                self.reader.restyle()
                self.tell(f"{name} is {dict(self.settings.describe())[name]}.")
            case Quit(reason):
                self._quitting = reason
                self._lines.clear()
            case _:
                raise NotUnderstood("That cannot be done now.")

    def end(self, *errors: str) -> None:
        """End the session, after telling what went wrong, if anything did."""
        for text in errors:
            self.reader.tell(render.error(text))
        self._leave("")
        self._screen.close()

    # What the reader calls

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""
        assert self._state is not None
        return self._state.view(stream)

    def hold_input(self, hold: bool) -> None:
        """Too many answers wait to be read, or no longer."""
        self._hold("answers", hold)

    # The order of things

    def _take(self, line: str | Refused) -> None:
        assert self._state is not None
        try:
            if isinstance(line, Refused):
                raise line
            effect = self._state.carry_out(line)
        except Refused as refusal:
            self.reader.tell(render.error(str(refusal)))
            self._state.refused()
        except Exception:
            self._failed(Failure())
        else:
            if effect is not None:
                self._waiting = True
                Deferred.fromCoroutine(effect).addErrback(self._not_done).addBoth(self._done)

    def _not_done(self, failure: Failure) -> None:
        assert self._state is not None
        if failure.check(Refused):
            self.reader.tell(render.error(str(failure.value)))
        elif failure.check(NotKept):
            self.reader.tell(render.error(f"Not sent: {failure.value}."))
        else:
            self._failed(failure)
            return
        self._state.refused()

    def _done(self, _: object) -> None:
        self._waiting = False
        self._go_on()

    def _go_on(self) -> None:
        """Take the lines that wait; when there are no more, and none will come, end."""
        if self._going_on:
            return  # an effect was there at once
        self._going_on = True
        while self._lines and not self._waiting and not self.gone:
            self._take(self._lines.popleft())
        self._going_on = False
        if self.gone or self._waiting:
            return
        self._hold("lines", False)
        if self._uncommitted or self._state is None:
            return
        if self._quitting is not None:
            self.tell("Goodbye.")
            self._leave(self._quitting)
            self._screen.close()
        elif self._ended and not self._lines:
            self._state.ended()

    def _committed(self, _: object) -> None:
        self._uncommitted -= 1
        if self._holds or self._ended or self._quitting is not None:
            if self._uncommitted <= MOST_UNCOMMITTED // 2:
                self._hold("uncommitted", False)
            self._go_on()

    def _not_committed(self, failure: Failure) -> None:
        failure.trap(NotKept)
        self.reader.tell(render.error(f"Not sent: {failure.value}."))
        self._committed(None)

    def _hold(self, reason: str, hold: bool) -> None:
        """Have input wait for a reason, or no longer for that one."""
        held = bool(self._holds)
        if hold:
            self._holds.add(reason)
        else:
            self._holds.discard(reason)
        if self.gone or held == bool(self._holds):
            return
        if self._holds:
            self._screen.pause()
        else:
            self._screen.resume()

    def _leave(self, reason: str) -> None:
        if self.gone:
            return
        self.gone = True
        self.reason = reason
        self.reader.stop()
        self._lines.clear()
        if self._state is not None:
            self._state.leave(reason)

    def _failed(self, failure: Failure) -> None:
        """Something of ours is wrong: it is for the operator, not for the person."""
        self.logger.failure("Session {session} failed", failure, session=self.id)
        self._leave("")
        self._screen.abort()

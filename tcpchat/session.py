"""
One person's presence, independent of the wire: a door gives it lines and a screen.

What can be done depends on the state: without a nickname (nameless.py) or with one (present.py).
What is here holds for both: the lines take effect in the order in which they came, nothing that
came is lost when the connection ends, and neither input nor output can grow without bound.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import render
from tcpchat.commands import help_lines, help_on
from tcpchat.limits import LONGEST_FAREWELL, MOST_UNCOMMITTED
from tcpchat.logs.interface import NotKept
from tcpchat.reader import Reader
from tcpchat.render import View
from tcpchat.requests import Help, NotUnderstood, Quit, Refused, Request, Set
from tcpchat.screen import Screen
from tcpchat.service import Chat
from tcpchat.settings import Settings
from tcpchat.state import State


class Wait(Enum):
    """Why input waits."""

    LINES = auto()  # too many lines wait for the effect of one before them
    UNCOMMITTED = auto()  # too many are not in the log yet
    ANSWERS = auto()  # too many answers wait to be read


class Session:
    """
    A person who is connected.

    However it ends, it is over when everything that came before is done; `_end` says how.
    """

    logger = Logger()

    def __init__(self, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        self.chat = chat
        self.id = chat.new_id()
        self.address = address
        self.settings = Settings()
        self.reader = Reader(self.id, screen, self, chat.catching_up)
        self.since = chat.wall()
        self.is_over = False
        self._screen = screen
        self._heard = chat.clock.seconds()
        self._state: State | None = None
        self._lines: deque[str | Refused] = deque()
        self._going_on = False
        self._waiting = False  # for an effect
        self._uncommitted = 0
        self._kept: Deferred[None] | None = None  # what waits for there to be none of these
        self._waits: set[Wait] = set()
        self._leaving_for: str | None = None  # the reason, once the session is to end
        self._last_words: bytes | None = None

    def begin(self, state: State) -> None:
        """Be in a state from now on."""
        self._state = state

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self.chat.clock.seconds() - self._heard

    @property
    def is_ending(self) -> bool:
        """Is it certain that no further line will come?"""
        return self._leaving_for is not None

    @property
    def is_crowded(self) -> bool:
        """Do so many lines wait that nobody can have typed them?"""
        return Wait.LINES in self._waits

    @property
    def is_settled(self) -> bool:
        """Is everything done that was received, and shown what there is to show?"""
        done = not (self._waiting or self._lines or self._uncommitted or self._waits)
        return self.is_over or (done and self.reader.is_live)

    # What the door calls

    def received(self, line: str | Refused) -> None:
        """The person sent a line, or one that the door had to refuse."""
        if self.is_over or self._last_words is not None:
            return
        self._heard = self.chat.clock.seconds()
        self._lines.append(line)
        self._go_on()
        if len(self._lines) >= MOST_UNCOMMITTED:
            self._wait(Wait.LINES, True)

    def ended(self) -> None:
        """The person will send nothing more, but may still read."""
        self._end("")

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        self.reader.stop()
        self._waits.discard(Wait.ANSWERS)  # nobody will read them
        self._end(reason)

    def cut_off(self, text: str) -> None:
        """End the session for a reason that is not the person's wish."""
        self.drop_lines()
        self._end("", render.error(text))

    def finish(self, text: str) -> None:
        """The server ends: tell that, and take no more from the network; what came is still done."""
        if not self.is_over:
            self.tell(text)
            self._screen.stop_listening()

    # What the states call

    def tell(self, *texts: str) -> None:
        """Show a word from the server."""
        self.reader.tell(render.notices(texts))

    def count_until_kept(self, answer: Deferred[Any]) -> None:
        """Count what is on its way to the log; tell the person if it does not get there."""
        self._uncommitted += 1
        if self._uncommitted >= MOST_UNCOMMITTED:
            self._wait(Wait.UNCOMMITTED, True)
        answer.addErrback(self._not_kept).addErrback(self._failed).addCallback(self._committed)

    @property
    def has_uncommitted(self) -> bool:
        """Is something still on its way to the log?"""
        return self._uncommitted > 0

    def until_kept(self) -> Deferred[None]:
        """Answer when nothing is on its way to the log any more."""
        self._kept = Deferred()
        return self._kept

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
                if value or name not in dict(self.settings.describe()):
                    self.settings.change(name, value)
                    self.reader.restyle()
                self.tell(f"{name} is {dict(self.settings.describe())[name]}.")
            case Quit(reason):
                self.drop_lines()
                self._end(reason, render.notice("Goodbye."))
            case _:
                raise NotUnderstood("That cannot be done now.")

    def drop_lines(self) -> None:
        """Forget the lines that wait."""
        self._lines.clear()

    # What the reader calls

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""
        assert self._state is not None
        return self._state.view(stream)

    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read, or no longer."""
        self._wait(Wait.ANSWERS, hold)
        self._go_on()

    # The order of things

    def _go_on(self) -> None:
        """Take the lines that wait; when there are no more, and none will come, end."""
        if self._going_on:
            return  # an effect was there at once
        self._going_on = True
        while self._lines and not (self._waiting or self.is_over or Wait.ANSWERS in self._waits):
            self._take(self._lines.popleft())
        self._going_on = False
        if self._lines or self._waiting:
            return
        self._wait(Wait.LINES, False)
        if self._leaving_for is not None and not self._uncommitted and not self.is_over:
            self._leave(self._leaving_for)

    def _take(self, line: str | Refused) -> None:
        assert self._state is not None
        try:
            if isinstance(line, Refused):
                raise line
            effect = self._state.carry_out(line)
        except Refused as refusal:
            self._refuse(str(refusal), str(refusal))
        except Exception:
            self._failed(Failure())
        else:
            if effect is not None:
                self._waiting = True
                Deferred.fromCoroutine(effect).addErrback(self._not_done).addBoth(self._done)

    def _not_done(self, failure: Failure) -> None:
        if failure.check(Refused):
            self._refuse(str(failure.value), str(failure.value))
        elif failure.check(NotKept):
            self._refuse(f"Not sent: {failure.value}.", f"{failure.value}.")
        else:
            self._failed(failure)

    def _refuse(self, text: str, why: str) -> None:
        assert self._state is not None
        self.reader.tell(render.error(text))
        self._state.refused(why)

    def _done(self, _: object) -> None:
        self._waiting = False
        self._go_on()

    def _committed(self, _: object) -> None:
        self._uncommitted -= 1
        if self._uncommitted <= MOST_UNCOMMITTED // 2:
            self._wait(Wait.UNCOMMITTED, False)
        if self._kept is not None and not self._uncommitted:
            kept, self._kept = self._kept, None
            kept.callback(None)
        if self._leaving_for is not None:
            self._go_on()

    def _not_kept(self, failure: Failure) -> None:
        failure.trap(NotKept)
        self.reader.tell(render.error(f"Not sent: {failure.value}."))

    def _wait(self, reason: Wait, wait: bool) -> None:
        """Have input wait for a reason, or no longer for that one."""
        waited = bool(self._waits)
        if wait:
            self._waits.add(reason)
        else:
            self._waits.discard(reason)
        if self.is_over or waited == bool(self._waits):
            return
        if self._waits:
            self._screen.pause()
        else:
            self._screen.resume()

    # The end

    def _end(self, reason: str, last_words: bytes | None = None) -> None:
        """End once everything that came is done; the first who says so says for what reason."""
        if self._leaving_for is None:
            self._leaving_for = reason
            self._last_words = last_words
        self._go_on()

    def _leave(self, reason: str) -> None:
        """Everything is done: be gone for the others, and show the person the rest."""
        assert self._state is not None
        self.is_over = True
        self._lines.clear()
        error = self._state.last_error() if self._last_words is None else None
        self._state.leave(reason)
        deadline = self.chat.clock.callLater(LONGEST_FAREWELL, self._screen.abort)

        def hang_up() -> None:
            if deadline.active():
                deadline.cancel()
            self.reader.tell(self._last_words or (render.error(f"Not sent: {error}") if error else b""))
            self.reader.stop()
            self._screen.close()

        self.reader.when_caught_up(hang_up)

    def _failed(self, failure: Failure) -> None:
        """Something of ours is wrong: it is for the operator, not for the person."""
        self.logger.failure("Session {session} failed", failure, session=self.id)
        self.reader.stop()
        self.drop_lines()
        self._screen.abort()
        self._end("")

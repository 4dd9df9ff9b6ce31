"""
How what is said over one connection ends: by a farewell, a break, the server's wish, or another connection.

Whoever is taken up over another connection goes on there, and this one is told so. In each case it is
over when everything that came before is done; only what is cut off is not done any more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.answers import Notice
from tcpchat.flow import FlowControl, Wait
from tcpchat.limits import LONGEST_FAREWELL
from tcpchat.pace import Pace
from tcpchat.reader import Reader
from tcpchat.requests import Refused
from tcpchat.screen import NOWHERE, Screen
from tcpchat.service import Chat
from tcpchat.state import State
from tcpchat.telling import Telling


class _HowItEnds(NamedTuple):
    """For what reason it ends, by a break or not, and with what as the last word."""

    reason: str
    is_break: bool
    last_words: bytes


class Ending(Telling, ABC):
    """One connection until it is over. What is done before is not known here."""

    __slots__ = (
        "_ending", "_flow", "_handed_over", "_has_given_out", "_pace", "_screen", "_state", "address", "chat",
        "is_over",
    )  # fmt: skip

    logger = Logger()

    def __init__(self, reader: Reader, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        super().__init__(reader, chat.wall)
        self.chat = chat
        self.address = address
        self.is_over = False
        self._screen = screen
        self._state: State | None = None
        self._flow = FlowControl(screen, chat.uncommitted)
        self._pace: Pace | None = None  # where there are no limits
        self._ending: _HowItEnds | None = None
        self._handed_over: Deferred[Refused | None] | None = None
        self._has_given_out = False  # and was told why nothing more can be done

    @property
    def phase(self) -> str:
        """How far it has come: ``nameless``, ``named`` or ``leaving``."""
        if self.is_over or self._state is None:
            return "leaving"
        return "nameless" if self._state.is_nameless else "named"

    @property
    def is_ending(self) -> bool:
        """Is it certain that no further line will come?"""
        return self._ending is not None

    # What the door calls

    def ended(self) -> None:
        """The person will send nothing more, but may still read."""
        self._end("")

    def unread(self) -> None:
        """Nobody reads any more; lines that have come may follow, and then `lost`."""
        self.reader.stop()
        self._flow.wait(Wait.ANSWERS, False)
        if self._state is not None and self._state.is_nameless and (error := self._state.last_error()):
            self.cut_off(error)  # what comes behind it is no answer

    def lost(self, reason: str) -> None:
        """The connection is gone: for no reason if that was the end of the stream, or it broke."""
        self.unread()
        if self._state is not None and self._state.is_nameless:
            self._screen = self.reader.screen = NOWHERE
            self._forget()
        self._end(reason, is_break=bool(reason))

    def cut_off(self, why: str | Refused) -> None:
        """End now for a reason that is not the person's wish, whatever is to come yet."""
        self._cut_off(Refused(why) if isinstance(why, str) else why)

    def give_out(self, why: Refused, ref: str) -> None:
        """Tell at once, and once, why nothing more can be done; whoever connects again goes on from there."""
        if not self._has_given_out:
            self._has_given_out = True
            self.refuse(why, ref)
        self._ending = self._ending or _HowItEnds("", True, b"")
        self.drop_lines()
        self._screen.stop_listening()
        self._go_on()

    def abort(self) -> None:
        """Hang up at once, whatever has not been read."""
        self._screen.abort()

    def finish(self, text: str) -> None:
        """The server ends: tell that, and take no more from the network; what came is still done."""
        if not self.is_over:
            self.tell(text)
            self._screen.stop_listening()

    # What the states call

    def quit(self, reason: str) -> None:
        """The person wants to leave; what they typed behind that is not done."""
        self.drop_lines()
        if self._ending is not None and not self._ending.last_words:
            self._ending = None  # the stream has ended behind it, or broken
        self._end(reason, self.render(Notice("Goodbye.")))

    def hand_over(self) -> Deferred[Refused | None]:
        """
        Let another connection take the place of this one; answer when everything that came is done.

        Then it is told here, and hung up. The session goes on there. The answer is what has to be
        told there, if so much came that not all of it is done.
        """
        self._handed_over = Deferred()
        if self.is_over:
            self._handed_over.callback(None)
        else:
            self._screen.stop_listening()
            if self._pace is not None:
                self._pace.hurry()
            self.hold_answers(False)
        return self._handed_over

    def disown(self, why: Refused) -> None:
        """
        End at once, and say why: the session is not this server's any more.

        Nothing that has come is done, nothing more is taken, and nobody has left.
        """
        if self.is_over:
            return
        self.drop_lines()
        self.is_over = True
        self._pace = None
        self._flow.end()
        self._give_up_paste()
        self._hang_up(self.error(why))

    # What the pace calls

    def flooded(self, why: Refused) -> None:
        """Lines have had to wait for too long: end, with this as the last word."""
        self._cut_off(why)

    # What is done before

    @abstractmethod
    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read, or no longer."""

    @abstractmethod
    def drop_lines(self) -> None:
        """Forget the lines that wait."""

    @abstractmethod
    def _go_on(self) -> None:
        """Take the lines that wait; when there are no more, and none will come, end."""

    @abstractmethod
    def _give_up_paste(self) -> None:
        """Tell that a paste is not sent which has no end."""

    # The end

    def _end(self, reason: str, last_words: bytes = b"", is_break: bool = False) -> None:
        """End once everything that came is done; the first who says so says for what reason."""
        if self._ending is None:
            self._ending = _HowItEnds(reason, is_break, last_words)
        self._go_on()

    def _cut_off(self, why: Refused) -> None:
        """End now, whatever is to come yet and however it was to end."""
        ending = self._ending or _HowItEnds("", False, b"")
        self._ending = ending if ending.last_words else ending._replace(last_words=self.error(why))
        self.drop_lines()
        self._go_on()

    def _failed(self, failure: Failure) -> None:
        """Something of ours is wrong: it is for the operator, not for the person. End at once."""
        self.logger.failure("What was asked for has failed", failure, session=self.reader.session)
        self.reader.stop()
        self.drop_lines()
        self._screen.abort()
        self._end("")

    def _end_if_due(self) -> None:
        """No line waits: end if that is wanted, and the log has answered to all that it was given."""
        if self._handed_over is not None:
            if not self._screen.has_lines:
                self._retire(self._handed_over)
        elif self._ending is not None and not self._flow.uncommitted:
            self._leave(self._ending)

    def _retire(self, handed_over: Deferred[Refused | None]) -> None:
        """Everything is done: leave the session to the other connection."""
        self.is_over = True
        self._flow.end()
        self._give_up_paste()
        self.tell("Taken up from another connection.")
        self._hang_up()
        unsaid = self._pace.unsaid if self._pace is not None else None
        self._pace = None
        handed_over.callback(unsaid)

    def _leave(self, ending: _HowItEnds) -> None:
        """Everything is done: be gone for the others, and show the person the rest."""
        assert self._state is not None
        self.is_over = True
        self._pace = None
        self._flow.end()
        error = None if ending.last_words else self._state.last_error()
        if ending.is_break:
            self._state.break_off()
        else:
            self._state.leave(ending.reason)
        if error:
            self._hang_up(self.error(Refused(f"Not sent: {error.removeprefix('Not sent: ')}", "not-sent")))
        else:
            self._hang_up(ending.last_words)
        self._forget()

    def _hang_up(self, last_words: bytes = b"") -> None:
        """Close the connection when everything was shown; not much later, if that is not read."""
        deadline = self.chat.clock.callLater(LONGEST_FAREWELL, self._screen.abort)

        def close() -> None:
            if deadline.active():
                deadline.cancel()
            self.reader.let_go()  # how far everything was read is measured before the last words
            self.reader.tell(last_words)
            self.reader.stop()
            self._screen.close()

        self.reader.go()
        self.reader.when_caught_up(close)

    def _forget(self) -> None:
        """
        Refer to nothing that refers to this, if nobody is connected, and never had a nickname.

        They can be many, and would stay until Python looks for cycles among all that there is.
        """
        if self.is_over and self._screen is NOWHERE and self._state is not None and self._state.is_nameless:
            self._state = None
            self.reader.end()

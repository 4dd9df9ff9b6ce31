"""
One connection's dialogue with the server, independent of the wire: a door gives it lines and a screen.

What can be done depends on the state: without a nickname (nameless.py) or with one (present.py).
What is here holds for both: the lines take effect in the order in which they came, nothing that
came is lost when the connection ends, and neither input nor output can grow without bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.python.failure import Failure

from tcpchat import costs
from tcpchat.costs import Step
from tcpchat.flow import Wait
from tcpchat.json_requests import BadRequest, understand
from tcpchat.limits import LONGEST_LINE, MOST_UNCOMMITTED
from tcpchat.lines import EndOfFile
from tcpchat.pace import Pace
from tcpchat.pastes import Pasting
from tcpchat.pending import Delayed, Pending
from tcpchat.questions import Missing
from tcpchat.reader import Reader
from tcpchat.requests import Asked, NotUnderstood, Paste, Quit, Refused
from tcpchat.screen import Screen
from tcpchat.service import Chat

T = TypeVar("T")

# It is no password.
QUIT = "/quit"

DELAYED = "That is much at once: it goes on bit by bit, nothing is lost. /paste says many lines as one."


class Dialogue(Pending):
    """
    What is said over one connection, line after line.

    It is one object, as there are many, without others that would refer to it and be referred to.
    """

    __slots__ = ("_going_on",)

    def __init__(self, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        super().__init__(Reader(screen, self, chat.catching_up), chat, screen, address)
        self.reader.session = chat.sightings.new_connection()
        self._pace = chat.pacing.pace(self, self._flow, address)
        self._going_on = False

    @property
    def is_crowded(self) -> bool:
        """Do so many lines wait that nobody can have typed them?"""
        return Wait.LINES in self._flow.reasons

    @property
    def is_settled(self) -> bool:
        """Is everything done that was received, and shown what there is to show?"""
        done = not (self._waiting or self._lines or self._flow.uncommitted or self._flow.reasons)
        return self.is_over or (done and self.reader.is_live)

    # What the door calls

    def received(self, line: str | bytes | Refused | EndOfFile) -> None:
        """
        The person sent a line, as text or in their encoding.

        Or one that the door had to refuse, or word that there will be no more.
        """
        if self.is_over or self._has_given_out or (self._ending and self._ending.last_words):
            return
        self._lines.append(line)
        self._go_on()
        if self._lines and (self._lines.number >= MOST_UNCOMMITTED or _is_large(line)):
            self._flow.wait(Wait.LINES, True)

    # What the server calls

    def change_pace(self) -> Pace | None:
        """
        Have what comes from now on wait as the limits say that hold now, with nothing used up.

        Returns the pace before, of which a line may wait still. Whoever is about to go keeps theirs.
        """
        before = self._pace
        if self.is_over or self.is_ending or self._handed_over is not None:
            return None
        self._pace = self.chat.pacing.pace(self, self._flow, self.address)
        if before is not None and self._pace is not None:
            self._pace.last = before.last
        return before

    # What the reader calls

    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read, or no longer."""
        # Who is taken up from elsewhere may never read them.
        self._flow.wait(Wait.ANSWERS, hold and self._handed_over is None)
        self._go_on()

    # What the pace calls

    def carry_on(self, step: Step | None) -> None:
        """Carry out a line that has waited, unless that is dropped, and go on with those behind it."""
        self._delayed = None
        if step is not None:
            self._going_on = True
            self._attempt(self._do, step)
            self._going_on = False
        self._flow.wait(Wait.BUDGET, False)
        self._go_on()

    def delayed(self) -> None:
        """Tell a person why what they typed is not answered; programs have docs/json.md."""
        if not self.speaks_json:
            self.tell(DELAYED)

    # What an upgrade asks for

    def rest(self, rests: bool) -> None:
        """Have everything wait that has come and will, as another process is to go on; or no longer."""
        self._flow.wait(Wait.UPGRADE, rests)
        self._go_on()

    # The order of things

    def _go_on(self) -> None:
        """Take the lines that wait; when there are no more, and none will come, end."""
        if self._going_on:
            return  # an effect was there at once
        self._going_on = True
        while self._lines and not (self._waiting or self.is_over or self._flow.stops):
            self._attempt(self._take, self._lines.take())
        if self._pasting and self._is_at_end:
            self._attempt(self._finish_paste, self._pasting)
        self._going_on = False
        if self._lines or self._waiting or self.is_over:
            return
        if self._flow.reasons:
            if Wait.BUDGET in self._flow.reasons:
                return
            self._flow.wait(Wait.LINES, False)
            if self._lines or self._waiting or self.is_over or Wait.BUDGET in self._flow.reasons:
                return  # more has come at once, or the end
        if self._handed_over is not None or self._ending is not None:
            self._end_if_due()

    @property
    def _is_at_end(self) -> bool:
        """Has everything come that will, to the end of the stream?"""
        waits = self._lines or self._waiting or Wait.BUDGET in self._flow.reasons
        over = waits or self._handed_over is not None
        return not over and self._ending is not None and not self._ending.is_break

    def _attempt(self, step: Callable[[T], None], argument: T) -> None:
        """Do something that may be refused, or fail by a fault of ours."""
        try:
            step(argument)
        except Refused as refusal:
            # Its traceback, and that of what it came from, hold frames that hold it: nothing of a connection
            # is to be left once it is gone.
            refusal.__context__ = None
            ref = refusal.ref if isinstance(refusal, BadRequest) else ""
            self._refuse(refusal.with_traceback(None), ref)
        except Exception:
            self._failed(Failure())

    def _take(self, line: str | bytes | Refused | EndOfFile) -> None:
        if isinstance(line, EndOfFile):
            self._take_end_of_file()
            return
        size = costs.size(line)
        came, asking = line, self._asking
        if isinstance(line, bytes):
            line = self.decode(line)  # now: the line before may have set in what
        if asking is not None:
            step: Step = self._complete(asking, line)
        else:
            step = line if self._pasting else self._understand(line)
        if isinstance(step, Refused) and self.reader.is_gone and not self._pasting:
            return  # nobody would be told: who has sent garbage and hung up is not kept for it
        if self._pace is None or self._pace.lets(step, self._cost(step), size):
            self._do(step)
        else:
            self._delayed = Delayed(came, asking)

    def _take_end_of_file(self) -> None:
        if self._pasting:
            self._attempt(self._finish_paste, self._pasting)
        self.quit("")

    def _complete(self, asking: Missing, line: str | Refused) -> Asked | Refused:
        """Return what is asked for with a password that was missing."""
        self._asking = None
        self._screen.hide_input(False)
        if isinstance(line, Refused):
            return line
        if not line:
            return NotUnderstood("That is no password, and nothing is done.")
        return Asked(Quit("") if line.strip() == QUIT else asking.completed(line))

    def _understand(self, line: str | Refused) -> Asked | Refused:
        assert self._state is not None
        if isinstance(line, Refused):
            return line
        try:
            if line.startswith("{") and (self.speaks_json or self._state.is_nameless):
                self.speaks_json = True  # no nickname begins like this
                return understand(line)
            return Asked(self._state.understand(line))
        except Refused as refusal:
            # Its traceback refers to whoever holds it: all that would stay until Python looks for cycles.
            refusal.__cause__ = refusal.__context__ = None
            return refusal.with_traceback(None)

    def _do(self, step: Step) -> None:
        """Carry out a line that may be."""
        if not (isinstance(step, Asked) and step.request is None):  # by that alone nobody is there
            self._heard = self.chat.clock.seconds()
        if self.reader.is_holding:
            self.reader.go()
        if self._pasting:
            assert not isinstance(step, Asked)
            self._pasting.add(step)
            if self._pasting.is_over:
                self._finish_paste(self._pasting)
            return
        assert not isinstance(step, str)
        if isinstance(step, Refused):
            # Raised here, it would refer to itself, and to all of this.
            self._refuse(step, step.ref if isinstance(step, BadRequest) else "")
            return
        if isinstance(step.request, Paste):
            self._pasting = Pasting()
            self.tell("Paste your lines, and then a line with a single dot.")
            return
        try:
            self._carry_out(step)
        except Refused as refusal:
            self._fail(refusal, step)

    def _finish_paste(self, pasting: Pasting) -> None:
        self._pasting = None
        self._carry_out(Asked(pasting.request()))

    def _give_up_paste(self) -> None:
        if self._pasting:
            self._refuse(Refused("Not sent: that paste was not finished.", "not-sent"), "")


def _is_large(line: str | bytes | Refused | EndOfFile) -> bool:
    """Is it as long as only a line of JSON may be? Many of them would take much memory where they wait."""
    return isinstance(line, str | bytes) and len(line) > LONGEST_LINE

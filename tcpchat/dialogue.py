"""
One connection's dialogue with the server, independent of the wire: a door gives it lines and a screen.

What can be done depends on the state: without a nickname (nameless.py) or with one (present.py).
What is here holds for both: the lines take effect in the order in which they came, nothing that
came is lost when the connection ends, and neither input nor output can grow without bound.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import costs, jsonlines
from tcpchat.answers import Notice
from tcpchat.buckets import Budget
from tcpchat.coroutines import carry_through
from tcpchat.costs import Step
from tcpchat.fifo import Fifo
from tcpchat.flow import FlowControl, Wait
from tcpchat.json_requests import BadRequest, understand
from tcpchat.limits import LONGEST_FAREWELL, MOST_UNCOMMITTED
from tcpchat.lines import EndOfFile
from tcpchat.logs.interface import NotKept
from tcpchat.pace import SPOKEN
from tcpchat.pastes import Pasting
from tcpchat.reader import Reader
from tcpchat.render import View
from tcpchat.requests import (
    Asked,
    Paste,
    Refused,
)
from tcpchat.screen import NOWHERE, Screen
from tcpchat.service import Chat
from tcpchat.state import Kept, Numbers, Outcome, Posting, State
from tcpchat.telling import Telling
from tcpchat.wire import PLAIN

T = TypeVar("T")

DELAYED = "That is much at once: it goes on bit by bit, nothing is lost. /paste says many lines as one."


class _Ending(NamedTuple):
    """How the dialogue is to end: for what reason, by a break or not, and with what as the last word."""

    reason: str
    is_break: bool
    last_words: bytes


class Dialogue(Telling):
    """
    What is said over one connection.

    However it ends, it is over when everything that came before is done; `_end` says how.
    """

    __slots__ = (
        "_ending", "_flow", "_going_on", "_handed_over", "_heard", "_lines", "_pace", "_pasting", "_screen",
        "_state", "_waiting", "address", "chat", "is_over",
    )  # fmt: skip

    logger = Logger()

    def __init__(self, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        super().__init__(Reader(screen, self, chat.catching_up), chat.wall)
        self.reader.session = chat.sightings.new_connection()
        self.chat = chat
        self.address = address
        self.is_over = False
        self._screen = screen
        self._heard = chat.clock.seconds()
        self._state: State | None = None
        self._lines: Fifo[str | bytes | Refused | EndOfFile] = Fifo()
        self._pasting: Pasting | None = None
        self._going_on = False
        self._waiting = False  # for an effect
        self._flow = FlowControl(screen, chat.uncommitted)
        self._ending: _Ending | None = None
        self._pace = chat.pacing.pace(self, self._flow, address)
        self._handed_over: Deferred[Refused | None] | None = None

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
        return self._ending is not None

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
        if self.is_over or (self._ending and self._ending.last_words):
            return
        self._heard = self.chat.clock.seconds()
        self._lines.append(line)
        self._go_on()
        if self._lines.number >= MOST_UNCOMMITTED:
            self._flow.wait(Wait.LINES, True)

    def ended(self) -> None:
        """The person will send nothing more, but may still read."""
        self._end("")

    def lost(self, reason: str) -> None:
        """The connection is gone: for no reason if that was the end of the stream, or it broke."""
        self.reader.stop()
        self._flow.wait(Wait.ANSWERS, False)  # nobody will read them
        if self._state is not None and self._state.is_nameless:
            self._screen = self.reader.screen = NOWHERE
            self._forget()
        self._end(reason, is_break=bool(reason))

    def cut_off(self, text: str) -> None:
        """End the dialogue for a reason that is not the person's wish."""
        self._cut_off(Refused(text))

    def abort(self) -> None:
        """Hang up at once, whatever has not been read."""
        self._screen.abort()

    def finish(self, text: str) -> None:
        """The server ends: tell that, and take no more from the network; what came is still done."""
        if not self.is_over:
            self.tell(text)
            self._screen.stop_listening()

    # What the states call

    def until_kept(self) -> Deferred[None]:
        """Answer when nothing is on its way to the log any more."""
        return self._flow.until_kept()

    @property
    def has_uncommitted(self) -> bool:
        """Is something still on its way to the log?"""
        return self._flow.uncommitted > 0

    def quit(self, reason: str) -> None:
        """The person wants to leave; what they typed behind that is not done."""
        self.drop_lines()
        self._end(reason, self.render(Notice("Goodbye.")))

    def drop_lines(self) -> None:
        """Forget the lines that wait."""
        self._lines.clear()
        if self._pace is not None:
            self._pace.drop()

    def pay_from(self, budget: Budget | None) -> None:
        """Have what comes from now on paid from a session's budget."""
        if self._pace is not None and budget is not None:
            self._pace.budget = budget

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

    def _retire(self, handed_over: Deferred[Refused | None]) -> None:
        self.is_over = True
        self._flow.end()
        if self._pasting:
            self._refuse(Refused("Not sent: that paste was not finished.", "not-sent"), "")
        self.tell("Taken up from another connection.")
        self.hang_up()
        unsaid = self._pace.unsaid if self._pace is not None else None
        self._pace = None
        handed_over.callback(unsaid)

    # What the reader calls

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""
        assert self._state is not None
        view, wire = self._state.view(stream), self.wire
        if wire is PLAIN and not self.speaks_json:  # as nearly always, and it is one for all
            return view
        return view._replace(json=self.speaks_json, wire=wire)

    def hold_answers(self, hold: bool) -> None:
        """Too many answers wait to be read, or no longer."""
        # Who is taken up from elsewhere may never read them.
        self._flow.wait(Wait.ANSWERS, hold and self._handed_over is None)
        self._go_on()

    # What the pace calls

    def carry_on(self, step: Step | None) -> None:
        """Carry out a line that has waited, unless that is dropped, and go on with those behind it."""
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

    def flooded(self, why: Refused) -> None:
        """Lines have had to wait for too long: end, with this as the last word."""
        self._cut_off(why)

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
            if self._lines or self._waiting or self.is_over:
                return  # with that, more lines were taken
        if self._handed_over is not None:
            if not self._screen.has_lines:
                self._retire(self._handed_over)
        elif self._ending is not None and not self._flow.uncommitted:
            self._leave(self._ending)

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
        if isinstance(line, bytes):
            line = self.decode(line)  # now: the line before may have set in what
        step = line if self._pasting else self._understand(line)
        if self._pace is None or self._pace.lets(step, self._cost(step), size):
            self._do(step)

    def _take_end_of_file(self) -> None:
        if self._pasting:
            self._attempt(self._finish_paste, self._pasting)
        self.quit("")

    def _cost(self, step: Step) -> float:
        return costs.tokens(step, self._state is not None and self._state.is_nameless)

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
            return refusal

    def _do(self, step: Step) -> None:
        """Carry out a line that may be."""
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
            raise step
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

    def _carry_out(self, asked: Asked) -> None:
        assert self._state is not None
        effect = self._state.carry_out(asked)
        if self._pace is not None and isinstance(asked.request, SPOKEN):
            self._pace.last = asked.request
        if isinstance(effect, Posting):
            self._flow.sent()
            self.chat.log.post(*effect, partial(self._posted, asked))
        elif effect is None:
            self._succeeded(None, asked)
        elif isinstance(effect, Deferred):
            self._count_until_kept(effect, asked)
        else:
            self._waiting = True
            carry_through(effect, partial(self._took_effect, asked))

    def _took_effect(self, asked: Asked, outcome: Outcome | Failure) -> None:
        try:
            if isinstance(outcome, Failure):
                self._not_done(outcome, asked)
            elif isinstance(outcome, Deferred):
                self._count_until_kept(outcome, asked)
            else:
                self._succeeded(outcome, asked)
        except Exception:
            self._failed(Failure())
        self._waiting = False
        self._go_on()

    def _succeeded(self, seqs: Numbers | None, asked: Asked) -> None:
        if asked.by_program and self.speaks_json:
            self.reader.tell(jsonlines.ok(asked.ref, seqs[0] if seqs else None))

    def _count_until_kept(self, kept: Kept, asked: Asked) -> None:
        """Count what is on its way to the log; tell the person if it does not get there."""
        self._flow.sent()
        kept.addBoth(self._arrived, asked).addErrback(self._failed)

    def _posted(self, asked: Asked, outcome: int | NotKept) -> None:
        try:
            if asked.by_program or isinstance(outcome, NotKept):
                self._arrived(Failure(outcome) if isinstance(outcome, NotKept) else (outcome,), asked)
            else:
                self._flow.committed()
                if self._ending is not None:
                    self._go_on()
        except Exception:
            self._failed(Failure())

    def _arrived(self, outcome: Numbers | Failure, asked: Asked) -> None:
        """Something is in the log, or will never be."""
        try:
            if isinstance(outcome, Failure):
                self._not_done(outcome, asked)
            elif not (asked.ref or self.reader.holds_much):
                self._succeeded(outcome, asked)  # with a reference, the answer comes behind the entry
        finally:
            self._flow.committed()
            if self._ending is not None:
                self._go_on()

    def _not_done(self, failure: Failure, asked: Asked) -> None:
        failure.trap(Refused, NotKept)
        if isinstance(failure.value, Refused):
            self._fail(failure.value, asked)
        else:
            self._refuse(Refused(f"Not sent: {failure.value}.", "not-sent"), asked.ref)

    def _fail(self, refusal: Refused, asked: Asked) -> None:
        """Tell that something was asked for that may not be; it costs as much as what is not understood."""
        if self._pace is not None:
            self._pace.charge(max(0.0, costs.FAILED - self._cost(asked)))
        self._refuse(refusal, asked.ref)

    def _refuse(self, refusal: Refused, ref: str) -> None:
        assert self._state is not None
        self.refuse(refusal, ref)
        self._state.refused(refusal)

    # The end

    def _cut_off(self, why: Refused) -> None:
        """End now, whatever is to come yet and however it was to end."""
        ending = self._ending or _Ending("", False, b"")
        self._ending = ending if ending.last_words else ending._replace(last_words=self.error(why))
        self.drop_lines()
        self._go_on()

    def _end(self, reason: str, last_words: bytes = b"", is_break: bool = False) -> None:
        """End once everything that came is done; the first who says so says for what reason."""
        if self._ending is None:
            self._ending = _Ending(reason, is_break, last_words)
        self._go_on()

    def _leave(self, ending: _Ending) -> None:
        """Everything is done: be gone for the others, and show the person the rest."""
        assert self._state is not None
        self.is_over = True
        self._pace = None
        self._flow.end()
        self._lines.clear()
        error = None if ending.last_words else self._state.last_error()
        if ending.is_break:
            self._state.break_off()
        else:
            self._state.leave(ending.reason)
        if error:
            self.hang_up(self.error(Refused(f"Not sent: {error.removeprefix('Not sent: ')}", "not-sent")))
        else:
            self.hang_up(ending.last_words)
        self._forget()

    def _forget(self) -> None:
        """
        Refer to nothing that refers to this, if nobody is connected, and never had a nickname.

        They can be many, and would stay until Python looks for cycles among all that there is.
        """
        if self.is_over and self._screen is NOWHERE and self._state is not None and self._state.is_nameless:
            self._state = None
            self.reader.end()

    def hang_up(self, last_words: bytes = b"") -> None:
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

    def _failed(self, failure: Failure) -> None:
        """Something of ours is wrong: it is for the operator, not for the person."""
        self.logger.failure("What was asked for has failed", failure, session=self.reader.session)
        self.reader.stop()
        self.drop_lines()
        self._screen.abort()
        self._end("")

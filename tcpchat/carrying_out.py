"""
What somebody asks for over one connection is carried out, and they are told what came of it.

What takes effect later has the lines behind it wait; what is on its way to the log has not.
"""

from __future__ import annotations

from functools import partial

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat import costs, jsonlines
from tcpchat.coroutines import carry_through
from tcpchat.costs import Step
from tcpchat.ending import Ending
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.pace import SPOKEN
from tcpchat.reader import Reader
from tcpchat.render import View
from tcpchat.requests import Asked, Refused
from tcpchat.screen import Screen
from tcpchat.service import Chat
from tcpchat.state import Kept, Numbers, Outcome, Posting, State
from tcpchat.token_buckets import Budget
from tcpchat.wire import PLAIN

NOBODY_KNOWS = "Whether your last line was sent is not known: the log does not answer. Please connect again."

# Of what is not in the log: to those who are there, and to those who would come in.
NOT_SENT = "Not sent: {}."
NOBODY_COMES_IN = "Nobody can come in now, as {}. Try again later."


class CarryingOut(Ending):
    """One connection, over which one thing after the other is asked for. In what order is not known here."""

    __slots__ = ("_waiting",)

    def __init__(self, reader: Reader, chat: Chat, screen: Screen, address: str) -> None:
        """``address`` is where the person connects from, without a port."""
        super().__init__(reader, chat, screen, address)
        self._waiting = False  # for an effect

    def begin(self, state: State) -> None:
        """Be in a state from now on."""
        self._state = state

    # What the states call

    def until_kept(self) -> Deferred[None]:
        """Answer when nothing is on its way to the log any more."""
        return self._flow.until_kept()

    @property
    def has_uncommitted(self) -> bool:
        """Is something still on its way to the log?"""
        return self._flow.uncommitted > 0

    def pay_from(self, budget: Budget | None) -> None:
        """Have what comes from now on paid from a session's budget."""
        if self._pace is not None and budget is not None:
            self._pace.budget = budget

    # What the reader calls

    def view(self, stream: str) -> View:
        """Return how a stream is seen."""
        assert self._state is not None
        view, wire = self._state.view(stream), self.wire
        if wire is PLAIN and not self.speaks_json:  # as nearly always, and it is one for all
            return view
        return view._replace(json=self.speaks_json, wire=wire)

    # Effects

    def _cost(self, step: Step) -> float:
        return costs.tokens(step, self._state is not None and self._state.is_nameless)

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

    def _posted(self, asked: Asked, outcome: int | NotKept | Unknown) -> None:
        try:
            if asked.by_program or not isinstance(outcome, int):
                self._arrived((outcome,) if isinstance(outcome, int) else Failure(outcome), asked)
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
        failure.trap(Refused, NotKept, Unknown)
        if isinstance(failure.value, Unknown):
            self.give_out(Refused(NOBODY_KNOWS, "unknown"), asked.ref)
        elif isinstance(failure.value, Refused):
            self._fail(failure.value, asked)
        else:
            assert self._state is not None
            words = NOBODY_COMES_IN if self._state.is_nameless else NOT_SENT
            self._refuse(Refused(words.format(failure.value), "not-sent"), asked.ref)

    def _fail(self, refusal: Refused, asked: Asked) -> None:
        """Tell that something was asked for that may not be; it costs as much as what is not understood."""
        if self._pace is not None:
            self._pace.charge(max(0.0, costs.FAILED - self._cost(asked)))
        self._refuse(refusal, asked.ref)

    def _refuse(self, refusal: Refused, ref: str) -> None:
        assert self._state is not None
        self.refuse(refusal, ref)
        self._state.refused(refusal)

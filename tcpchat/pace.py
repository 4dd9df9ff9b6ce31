"""
Lines wait until their budget allows them: reading stops meanwhile, nothing is lost, the order is kept.

Nothing here is done for somebody who stays within the budget but to count. There is a timer only for
a connection of which a line waits, and never more than one.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from tcpchat.costs import Step
from tcpchat.echo import echo
from tcpchat.flow import FlowControl, Wait
from tcpchat.limits import LONGEST_OVERDRAFT, UNNOTICED_DELAY, Limits
from tcpchat.networks import Kind, Network, Trusted, network
from tcpchat.requests import Act, Refused, Reply, ReplyTo, Say, Tell
from tcpchat.tally import TALLY
from tcpchat.token_buckets import Bucket, Budget, NetworkBuckets

# What somebody says, and is told of as said.
Spoken = Say | Act | Tell | Reply | ReplyTo
SPOKEN = (Say, Act, Tell, Reply, ReplyTo)


class Owner(Protocol):
    """What a pace needs from whose lines it is for."""

    def carry_on(self, step: Step | None) -> None:
        """Carry out a line that has waited, unless that is dropped, and go on with those behind it."""

    def delayed(self) -> None:
        """Lines have had to wait for so long that it can be noticed; once in a flood."""

    def flooded(self, why: Refused) -> None:
        """Lines have had to wait for too long: end, with this as the last word."""

    def refuse(self, refusal: Refused) -> None:
        """Tell why something was not done."""


class Pacing:
    """What the paces of all connections have in common."""

    def __init__(self, limits: Limits, clock: IReactorTime, trusted: Trusted = ()) -> None:
        self.limits = limits
        self.clock = clock
        self.networks = NetworkBuckets()
        self.waiting: set[Pace] = set()
        self.has_stopped = False
        self._trusted = trusted

    def pace(self, owner: Owner, flow: FlowControl, address: str) -> Pace | None:
        """Return the pace of a connection from an address; None if there are no limits."""
        budget = self.budget()
        if budget is None:
            return None
        whence = network(address, self._trusted)
        return Pace(self, budget, None if whence.is_exempt else whence, owner, flow)

    def budget(self) -> Budget | None:
        """Return what a new session may send; None if there are no limits."""
        of, now = self.limits, self.clock.seconds()
        if of.tokens is None or of.tokens_a_second is None or of.bytes is None or of.bytes_a_second is None:
            return None
        return Budget(Bucket(of.tokens, of.tokens_a_second, now), Bucket(of.bytes, of.bytes_a_second, now))

    def take(self, whence: Network, cost: float, now: float) -> float:
        """Have a network pay; return for how many seconds that has to be waited for."""
        of = self.limits
        rate = (
            of.private_network_tokens_a_second if whence.kind is Kind.PRIVATE else of.network_tokens_a_second
        )
        if of.network_tokens is None or rate is None:
            return 0.0
        return self.networks.take(whence.key, of.network_tokens, rate, cost, now)

    def change(self, limits: Limits, trusted: Trusted) -> None:
        """Other limits hold for the paces and budgets that are asked for from now on."""
        self.limits = limits
        self._trusted = trusted
        self.networks = NetworkBuckets()

    def stop(self) -> None:
        """The server ends: no line waits any more."""
        self.has_stopped = True
        for pace in list(self.waiting):
            pace.hurry()


class Pace:
    """Has the lines of one connection wait for their budget, which a session takes with it."""

    __slots__ = (
        "_flow", "_has_told", "_hurries", "_is_over", "_network", "_owner", "_shared", "_step", "_timer",
        "budget", "last",
    )  # fmt: skip

    def __init__(
        self, shared: Pacing, budget: Budget, network: Network | None, owner: Owner, flow: FlowControl
    ) -> None:
        """``network`` is None for one that is not counted."""
        self.budget = budget
        self.last: Spoken | None = None  # what was said last
        self._shared = shared
        self._network = network
        self._owner = owner
        self._flow = flow
        self._step: Step = ""  # which waits
        self._timer: IDelayedCall | None = None  # while one does
        self._has_told = False  # that lines wait
        self._hurries = False
        self._is_over = False

    def lets(self, step: Step, cost: float, size: int) -> bool:
        """Tell whether a line is to be carried out now: if it has to wait, its owner carries on with it."""
        if self._is_over:
            return False
        now = self._shared.clock.seconds()
        wait = 0.0 if self._network is None else self._shared.take(self._network, cost, now)
        wait = self.budget.take(cost, size, now, wait)
        if not wait:
            return True
        if self._hurries or self._shared.has_stopped:
            return self._may_overdraw(wait)
        minutes = self._shared.limits.minutes_of_flooding
        flood = self.budget.flood(now)
        if minutes is not None and flood >= 60 * minutes:
            self._is_over = True
            TALLY.hit("minutes_of_flooding")
            self._owner.flooded(Refused(f"Flooding. {self._last_line()}", "flooding"))
            return False
        TALLY.hit("tokens")
        self._step = step
        self._timer = self._shared.clock.callLater(wait, self._go_on)
        self._shared.waiting.add(self)
        self._flow.wait(Wait.BUDGET, True)
        if flood < UNNOTICED_DELAY:
            self._has_told = False
        elif not self._has_told:
            self._has_told = True
            self._owner.delayed()
        return False

    def charge(self, cost: float) -> None:
        """Pay for something that has been done: the next line waits for it."""
        if cost:
            self.budget.charge(cost, self._shared.clock.seconds())

    def hurry(self) -> None:
        """Let nothing wait any more; what is far beyond the budget is not done, and told as not sent."""
        self._hurries = True
        if self._timer is not None:
            wait = self._timer.getTime() - self._shared.clock.seconds()
            self._go_on(drops=not self._may_overdraw(wait))

    def let_go(self) -> None:
        """Carry on with the line that waits, if one does: another pace is for those behind it."""
        if self._timer is not None:
            self._go_on()

    def take_back(self) -> Step | None:
        """Return the line that waits, if one does; it does so no longer."""
        step = self._step if self._timer is not None else None
        self.drop()
        return step

    def drop(self) -> None:
        """Forget the line that waits."""
        if self._stop_waiting():
            self._flow.wait(Wait.BUDGET, False)

    def _go_on(self, drops: bool = False) -> None:
        self._stop_waiting()
        self._owner.carry_on(None if drops else self._step)

    def _stop_waiting(self) -> bool:
        timer, self._timer = self._timer, None
        if timer is None:
            return False
        if timer.active():
            timer.cancel()
        self._shared.waiting.discard(self)
        return True

    def _may_overdraw(self, wait: float) -> bool:
        """Tell whether a line is to be carried out that cannot wait; none is behind one that is not."""
        self._is_over = wait > LONGEST_OVERDRAFT
        if self._is_over:
            self._owner.refuse(self._unsaid())
        return not self._is_over

    @property
    def unsaid(self) -> Refused | None:
        """What is to be told of lines that could not wait, if there were too many."""
        return self._unsaid() if self._is_over else None

    def _unsaid(self) -> Refused:
        return Refused(f"Not sent: too much came too fast. {self._last_line()}", "not-sent")

    def _last_line(self) -> str:
        line = self.last.text.rpartition("\n")[2] if self.last else ""
        return f'The last line that was said is: "{echo(line)}"'

"""What is waited for is waited for as long as it takes, and no longer than was said."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.waiting import LOOK, until, until_answered


class WaitingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.is_true = False

    def wait(self, waiting: Coroutine[Deferred[Any], Any, None]) -> Deferred[None]:
        return Deferred.fromCoroutine(waiting)

    def test_what_is_true_already_is_not_waited_for(self) -> None:
        self.successResultOf(self.wait(until(self.clock, lambda: True, 10.0)))

    def test_it_ends_at_the_next_look(self) -> None:
        for look in LOOK, 3.0:
            self.is_true = False
            waiting = self.wait(until(self.clock, lambda: self.is_true, 10.0, look))
            self.clock.advance(look)
            self.is_true = True
            self.assertNoResult(waiting)
            self.clock.advance(look)
            self.successResultOf(waiting)

    def test_it_ends_when_its_time_is_over(self) -> None:
        waiting = self.wait(until(self.clock, lambda: False, 10.0, 1.0))
        self.clock.pump([1.0] * 9)
        self.assertNoResult(waiting)
        self.clock.advance(1.0)
        self.successResultOf(waiting)

    def test_an_answer_is_waited_for_whatever_it_is(self) -> None:
        answer: Deferred[None] = Deferred()
        waiting = self.wait(until_answered(self.clock, answer, 10.0))
        self.clock.advance(1.0)
        self.assertNoResult(waiting)
        answer.callback(None)
        self.clock.advance(LOOK)
        self.successResultOf(waiting)

    def test_one_that_does_not_come_is_not_waited_for_for_ever(self) -> None:
        waiting = self.wait(until_answered(self.clock, Deferred(), 10.0))
        self.clock.advance(10.0)
        self.successResultOf(waiting)

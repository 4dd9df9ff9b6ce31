"""A coroutine is run to its end, whatever it waits for and however that ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.coroutines import carry_through


class Refusal(Exception):
    pass


async def both(first: Deferred[int], second: Deferred[int]) -> tuple[int, int]:
    return await first, await second


async def forgiving(waited: Deferred[int]) -> int | str:
    try:
        return await waited
    except Refusal as refusal:
        return str(refusal)


class CoroutineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.outcomes: list[Any] = []

    def carry_through(self, coroutine: Any) -> None:
        carry_through(coroutine, self.outcomes.append)

    def test_it_waits_for_one_thing_after_the_other(self) -> None:
        first, second = Deferred[int](), Deferred[int]()
        self.carry_through(both(first, second))
        first.callback(1)
        self.assertEqual(self.outcomes, [])
        second.callback(2)
        self.assertEqual(self.outcomes, [(1, 2)])

    def test_what_is_there_already_is_not_waited_for(self) -> None:
        self.carry_through(both(succeed(1), succeed(2)))
        self.assertEqual(self.outcomes, [(1, 2)])

    def test_a_failure_is_one_in_the_coroutine_and_is_dealt_with_there(self) -> None:
        later: Deferred[int] = Deferred()
        for waited in fail(Refusal("no")), later:
            self.carry_through(forgiving(waited))
        later.errback(Refusal("later no"))
        self.assertEqual(self.outcomes, ["no", "later no"])

    def test_what_it_does_not_deal_with_is_how_it_ends(self) -> None:
        first, second = Deferred[int](), Deferred[int]()
        self.carry_through(both(first, second))
        first.errback(Refusal("no"))
        (outcome,) = self.outcomes
        self.assertIsInstance(outcome, Failure)
        self.assertEqual((outcome.type, str(outcome.value)), (Refusal, "no"))
        second.callback(2)  # nobody waits for that any more
        self.assertEqual(len(self.outcomes), 1)

    def test_a_deferred_that_waits_for_another_is_waited_for(self) -> None:
        outer, inner = Deferred[int](), Deferred[int]()
        outer.addCallback(lambda _: inner)
        self.carry_through(forgiving(outer))
        outer.callback(0)
        self.assertEqual(self.outcomes, [])
        inner.callback(7)
        self.assertEqual(self.outcomes, [7])

    @settings(database=None, deadline=None)
    @given(st.lists(st.integers() | st.text(max_size=3), max_size=5), st.data())
    def test_it_ends_as_it_would_for_twisted(self, answers: Sequence[int | str], data: st.DataObject) -> None:
        """An answer that is a text is a failure; some are there before they are waited for."""
        early = data.draw(st.sets(st.integers(0, 4)))
        ends = []
        runs: Sequence[Callable[..., Any]] = (
            carry_through,
            lambda coroutine, done: Deferred.fromCoroutine(coroutine).addBoth(done),
        )
        for run in runs:
            waited: list[Deferred[int]] = [Deferred() for _ in answers]

            async def total(waited: list[Deferred[int]] = waited) -> int:
                return sum([await each for each in waited])

            outcomes: list[Any] = []

            def answer(number: int, waited: list[Deferred[int]] = waited) -> None:
                given = answers[number]
                if isinstance(given, str):
                    waited[number].errback(Refusal(given))
                else:
                    waited[number].callback(given)

            for number in sorted(early & set(range(len(answers)))):
                answer(number)
            run(total(), outcomes.append)
            for number in sorted(set(range(len(answers))) - early):
                answer(number)
            for each in waited:
                each.addErrback(lambda failure: failure.trap(Refusal))
            (end,) = outcomes
            ends.append(str(end.value) if isinstance(end, Failure) else end)
        self.assertEqual(ends[0], ends[1])

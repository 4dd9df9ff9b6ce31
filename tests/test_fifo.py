"""First come, first taken, and nothing is held when nothing waits."""

from __future__ import annotations

import sys
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.fifo import Fifo


class FifoTests(SynchronousTestCase):
    @settings(database=None)
    @given(st.lists(st.sampled_from(["append", "take", "clear"]), max_size=50))
    def test_it_is_a_queue(self, steps: list[str]) -> None:
        fifo: Fifo[int] = Fifo()
        model: deque[int] = deque()
        for number, step in enumerate(steps):
            if step == "append":
                fifo.append(number)
                model.append(number)
            elif step == "clear":
                fifo.clear()
                model.clear()
            elif model:
                self.assertEqual(fifo.take(), model.popleft())
            self.assertEqual((bool(fifo), fifo.number), (bool(model), len(model)))

    def test_there_is_nothing_to_take_from_an_empty_one(self) -> None:
        self.assertRaises(IndexError, Fifo[int]().take)

    def test_it_holds_nothing_when_all_is_taken(self) -> None:
        fifo: Fifo[int] = Fifo()
        for number in range(1000):
            fifo.append(number)
        while fifo:
            fifo.take()
        self.assertLess(sys.getsizeof(fifo), 100)

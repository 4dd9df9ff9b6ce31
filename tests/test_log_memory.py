"""The log in memory keeps what every log promises."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.memory import MemoryLog
from tests.contracts import OneOrderContract, said


class MemoryLogTests(OneOrderContract, SynchronousTestCase):
    def make_log(self) -> MemoryLog:
        self.clock = Clock()
        return MemoryLog(self.clock, self.wall)

    def turn(self) -> None:
        self.assertNotEqual(self.clock.getDelayedCalls(), [], "nothing will ever happen")
        self.clock.advance(0)

    def test_a_closed_log_leaves_no_timer_behind(self) -> None:
        self.log.append("#lobby", said("hello"))
        self.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_is_appended_in_one_turn_of_the_reactor_is_one_commit(self) -> None:
        given: list[int] = []
        self.log.tail("#lobby", 0, lambda entries: given.append(len(entries)))
        for _ in range(3):
            self.log.append("#lobby", said("hello"))
        self.turn()
        self.assertEqual(given, [3])

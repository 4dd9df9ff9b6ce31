"""What is due later, by its name."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.timers import Timers


class TimersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.timers = Timers(self.clock)
        self.called: list[str] = []

    def later(self, name: str, seconds: float) -> None:
        self.timers.later(name, seconds, lambda: self.called.append(name))

    def test_each_is_called_once_when_it_is_due(self) -> None:
        self.later("a", 2)
        self.later("b", 1)
        self.clock.advance(1)
        self.assertEqual(self.called, ["b"])
        self.assertEqual(("a" in self.timers, "b" in self.timers), (True, False))
        self.clock.advance(10)
        self.assertEqual(self.called, ["b", "a"])

    def test_what_is_asked_for_again_waits_from_then_on(self) -> None:
        self.later("a", 2)
        self.clock.advance(1)
        self.later("a", 2)
        self.clock.advance(1)
        self.assertEqual(self.called, [])
        self.clock.advance(1)
        self.assertEqual(self.called, ["a"])

    def test_what_is_cancelled_is_not_called(self) -> None:
        for name in "a", "b", "c":
            self.later(name, 1)
        self.timers.cancel("a", "nobody")
        self.clock.advance(1)
        self.assertEqual(self.called, ["b", "c"])
        self.later("a", 1)
        self.later("b", 1)
        self.timers.cancel_all()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_is_called_may_ask_for_itself_again(self) -> None:
        def again() -> None:
            self.called.append("again")
            self.timers.later("a", 1, again)

        again()
        self.clock.pump([1, 1])
        self.assertEqual(self.called, ["again"] * 3)

"""What calls promise. Those in memory that other tests use keep it too, so that these can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.calls import Calls
from tcpchat.logs.nats_terms import Unclear
from tests.buckets import MemoryBucket, Values
from tests.linked import linked
from tests.nats_servers import servers

T = TypeVar("T")


class Promises:
    """The promises, tried on two nodes, "here" and "there"; the test says how answers are waited for."""

    def __init__(
        self, case: SynchronousTestCase, here: Calls, there: Calls, wait: Callable[[Deferred[Any]], Any]
    ) -> None:
        self.case, self.here, self.there, self.wait = case, here, there, wait

    def hold(self, cut: Callable[[], None]) -> None:
        """Try them; ``cut`` has "here" reach no server any more."""
        self.case.assertTrue(self.here.is_connected)
        self.case.assertIsNone(self.wait(self.here.call("there")))
        for word in "hello", "another":
            self.there.attend(word)
            while self.wait(self.here.call("there")) != word:
                pass
        self.case.assertIsNone(self.wait(self.here.call("nobody")))
        cut()
        self.case.assertFalse(self.here.is_connected)
        self.case.assertRaises(Unclear, self.wait, self.here.call("there"))


class MemoryTests(SynchronousTestCase):
    def test_they_hold_in_memory(self) -> None:
        clock, values = Clock(), Values()
        here, there = MemoryBucket(clock, values, "here"), MemoryBucket(clock, values, "there")

        def wait(answer: Deferred[T]) -> T:
            came: list[T | Failure] = []
            answer.addBoth(came.append)
            clock.pump([0] * 5)
            if isinstance(came[0], Failure):
                came[0].raiseException()
            return came[0]

        Promises(self, here, there, wait).hold(here.cut)


class NatsTests(SynchronousTestCase):
    def test_they_hold_over_nats(self) -> None:
        with servers() as own, linked(own, node="here") as here, linked(own, here.name, "there") as there:

            def cut() -> None:
                own.kill(0)
                here.turning.until(lambda: not here.link.is_connected)

            Promises(self, here.link, there.link, here.turning.result).hold(cut)

"""The thread with an asyncio loop: in order both ways, many calls at once, and no failure unheard."""

from __future__ import annotations

import asyncio
import threading

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_thread import LoopThread
from tests.turning import Turning


class LoopThreadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.turning = Turning()
        self.thread = LoopThread("loop", self.turning.callFromThread, self.turning.callLater)
        self.came: list[object] = []
        self.thread.start()

    def tearDown(self) -> None:
        self.turning.result(self.thread.end())

    def test_what_is_asked_for_is_done_there_in_order_and_told_here_in_order(self) -> None:
        def echo(number: int) -> None:
            self.thread.note(self.came.append, (number, threading.current_thread().name))

        for number in range(1000):
            self.thread.do(echo, number)
        self.turning.until(lambda: len(self.came) == 1000)
        self.assertEqual(self.came, [(number, "loop") for number in range(1000)])

    def test_what_one_turn_brings_is_handed_over_at_once(self) -> None:
        def tell_many() -> None:
            for number in range(1000):
                self.thread.note(self.came.append, number)

        self.thread.do(tell_many)
        self.turning.until(lambda: len(self.came) == 1000)
        self.assertEqual(self.turning.turns, 1)

    def test_what_fails_there_is_told_to_the_operator_and_stops_nothing(self) -> None:
        async def fail() -> None:
            raise ValueError("a task")

        def fail_at_once() -> None:
            raise ValueError("a call")

        self.thread.do(fail_at_once)
        self.thread.do(lambda: self.thread.spawn(fail()))
        self.thread.do(lambda: self.thread.note(self.came.append, "goes on"))
        errors: list[str] = []

        def told() -> bool:
            errors.extend(str(failure.value) for failure in self.flushLoggedErrors(ValueError))
            return len(errors) == 2 and bool(self.came)

        self.turning.until(told)
        self.assertEqual(sorted(errors), ["a call", "a task"])

    def test_its_end_ends_what_was_spawned_and_tells_what_that_said_last(self) -> None:
        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.thread.note(self.came.append, "ended")

        thread = self.thread
        thread.do(lambda: thread.spawn(wait()))
        thread.do(lambda: thread.note(self.came.append, "began"))
        self.turning.until(lambda: self.came)
        self.turning.result(thread.end())
        self.assertEqual(self.came, ["began", "ended"])
        self.setUp()  # for tearDown

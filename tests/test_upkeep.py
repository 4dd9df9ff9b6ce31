"""Every ten seconds it is looked after what there is, whatever went wrong the last time."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.upkeep import UPKEEP, Upkeep


class Broken(Exception):
    """Something is wrong with the log."""


class UpkeepTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.looked: list[float] = []
        self.fails = ""
        self.upkeep = Upkeep(self.clock, self.look, self.forget)

    def look(self) -> None:
        self.looked.append(self.clock.seconds())
        if self.fails == "look":
            raise Broken

    async def forget(self) -> None:
        if self.fails == "forget":
            raise Broken

    def test_the_first_look_is_after_a_while_and_none_is_after_the_end(self) -> None:
        self.upkeep.start()
        self.clock.advance(UPKEEP - 1)
        self.assertEqual(self.looked, [])
        self.clock.pump([1, UPKEEP])
        self.assertEqual(self.looked, [UPKEEP, 2 * UPKEEP])
        self.upkeep.stop()
        self.clock.advance(2 * UPKEEP)
        self.assertEqual((len(self.looked), self.clock.getDelayedCalls()), (2, []))

    def test_what_never_began_can_be_stopped(self) -> None:
        self.upkeep.stop()
        self.upkeep.start()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_fails_is_told_the_operator_and_it_goes_on(self) -> None:
        self.upkeep.start()
        for number, self.fails in enumerate(("look", "forget", ""), 1):
            with capturedLogs() as told:
                self.clock.advance(UPKEEP)
            self.assertEqual(len(self.looked), number)
            self.assertEqual([event["log_failure"].type for event in told], [Broken] if self.fails else [])
            self.assertEqual(len(self.flushLoggedErrors(Broken)), len(told))

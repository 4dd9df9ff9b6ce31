"""Whether the log can be written: what is answered by whom, and when."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.health import FRESH, PATIENCE, Health
from tcpchat.logs.interface import NotKept


class HealthTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.written: list[Deferred[None]] = []
        self.health = Health(self.write, self.clock)

    def write(self) -> Deferred[None]:
        answer: Deferred[None] = Deferred()
        self.written.append(answer)
        return answer

    def test_all_is_well_when_something_is_written(self) -> None:
        verdict = self.health.look()
        self.assertNoResult(verdict)
        self.written[0].callback(None)
        self.assertEqual(self.successResultOf(verdict), "")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_full_disk_is_told(self) -> None:
        verdict = self.health.look()
        self.written[0].errback(NotKept("the log cannot be written"))
        self.assertEqual(self.successResultOf(verdict), "Not written: the log cannot be written.")

    def test_a_disk_that_hangs_is_told_and_not_asked_again(self) -> None:
        verdict = self.health.look()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.successResultOf(verdict), "The log has not answered for 2 s.")
        self.clock.advance(10)
        verdict = self.health.look()
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(verdict), "The log has not answered for 12 s.")
        self.assertEqual(len(self.written), 1)

    def test_once_it_goes_on_all_is_well_again(self) -> None:
        self.successResultOf_late(self.health.look())
        self.written[0].callback(None)
        self.assertEqual(self.successResultOf(self.health.look()), "")

    def successResultOf_late(self, verdict: Deferred[str]) -> None:
        self.clock.advance(PATIENCE)
        self.assertIn("not answered", self.successResultOf(verdict))

    def test_many_who_ask_at_once_make_one_question(self) -> None:
        verdicts = [self.health.look() for _ in range(3)]
        self.written[0].callback(None)
        self.assertEqual([self.successResultOf(verdict) for verdict in verdicts], ["", "", ""])
        self.assertEqual(len(self.written), 1)

    def test_an_answer_holds_for_a_moment_and_no_longer(self) -> None:
        self.health.look()
        self.written[0].callback(None)
        self.clock.advance(FRESH / 2)
        self.assertEqual(self.successResultOf(self.health.look()), "")
        self.clock.advance(FRESH / 2)
        self.assertNoResult(self.health.look())
        self.assertEqual(len(self.written), 2)

    def test_an_answer_that_is_there_at_once_is_given_at_once(self) -> None:
        self.assertEqual(self.successResultOf(Health(lambda: succeed(None), self.clock).look()), "")
        closed = Health(lambda: fail(NotKept("the log is closed")), self.clock)
        self.assertEqual(self.successResultOf(closed.look()), "Not written: the log is closed.")

"""A reference is used once: before the commit, after it, and whoever asks meanwhile."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.asked_before import AskedBefore
from tcpchat.events import Said
from tcpchat.logs.interface import NotKept, Unknown
from tests.visitors import LateLog


class AskedBeforeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = LateLog(self.clock, lambda: 0)
        self.asked = AskedBefore(self.log, "s1")

    def find(self, ref: str) -> Deferred[list[int] | None]:
        return Deferred.fromCoroutine(self.asked.find(ref))

    def say(self, ref: str) -> Deferred[list[int]]:
        self.find(ref)
        return self.asked.remember(ref, self.log.append("#lobby", [Said("s1", "bob", "hello", ref=ref)]))

    def test_a_new_one_is_unknown(self) -> None:
        self.assertIsNone(self.successResultOf(self.find("a")))

    def test_what_is_on_its_way_is_waited_for(self) -> None:
        kept = self.say("a")
        first, second = self.find("a"), self.find("a")
        self.assertNoResult(first)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(kept), [1])
        self.assertEqual([self.successResultOf(each) for each in (first, second)], [[1], [1]])

    def test_what_is_in_the_log_is_known(self) -> None:
        self.say("a")
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(self.find("a")), [1])
        self.assertIsNone(self.successResultOf(self.find("b")))

    def test_another_session_has_its_own(self) -> None:
        self.say("a")
        self.clock.advance(0)
        other = AskedBefore(self.log, "s2")
        self.assertIsNone(self.successResultOf(Deferred.fromCoroutine(other.find("a"))))

    def test_what_failed_can_be_asked_for_again(self) -> None:
        self.log.full = True
        kept, waiting = self.say("a"), self.find("a")
        self.clock.advance(0)
        self.failureResultOf(kept, NotKept)
        self.failureResultOf(waiting, NotKept)
        self.log.full = False
        self.assertIsNone(self.successResultOf(self.find("a")))

    def test_two_who_look_at_once_are_not_both_the_first(self) -> None:
        self.log.late = 0.1
        first, second = self.find("a"), self.find("a")
        self.clock.advance(0.1)
        self.assertIsNone(self.successResultOf(first))
        self.asked.remember("a", self.log.append("#lobby", [Said("s1", "bob", "hello", ref="a")]))
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(second), [1])

    def test_what_another_node_has_said_meanwhile_is_answered_with_its_number(self) -> None:
        self.find("a")
        self.log.append("#lobby", [Said("s1", "bob", "hello", ref="a")])  # as that node's comes over late
        kept = self.asked.remember("a", self.log.append("#lobby", [Said("s1", "bob", "hello", ref="a")]))
        waiting = self.find("a")
        self.clock.advance(0)
        self.assertEqual((self.successResultOf(kept), self.successResultOf(waiting)), ([1], [1]))

    def test_what_cannot_be_looked_up_again_is_not_known(self) -> None:
        self.log.full = True
        kept = self.say("a")
        self.log.find_ref = lambda session, ref: fail(OSError())  # type: ignore[method-assign]
        self.clock.advance(0)
        self.failureResultOf(kept, Unknown)

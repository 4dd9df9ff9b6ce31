"""A server from which nothing comes: when it is asked, and when it is given up."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost, TimeoutError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.limits import LONGEST_IDLE, LONGEST_TRY, LONGEST_UNANSWERED
from tcpchat.client.pulse import Pulse

HOST = "192.0.2.1"


class PulseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.asked = 0
        self.shunned: list[str] = []
        self.are_others_there = False
        self.pulse = Pulse(self.clock, self.ask, self.shun)
        self.connect()

    def connect(self, is_ours: bool = True) -> None:
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", HOST, 8023))
        self.pulse.connected(self.transport, is_ours)

    def ask(self) -> None:
        self.asked += 1
        self.pulse.sent()

    def shun(self, host: str) -> bool:
        self.shunned.append(host)
        return self.are_others_there

    @property
    def is_given_up(self) -> bool:
        return self.transport.disconnected

    def test_one_that_does_not_greet_is_given_up(self) -> None:
        self.clock.advance(LONGEST_TRY - 1)
        self.assertEqual((self.is_given_up, self.shunned), (False, []))
        self.clock.advance(1)
        self.assertEqual((self.is_given_up, self.shunned), (True, [HOST]))

    def test_one_that_is_quiet_is_asked_once_and_lives_if_anything_comes(self) -> None:
        for _ in range(3):
            self.asked = 0
            self.pulse.heard(True)
            self.clock.advance(LONGEST_IDLE - 1)
            self.assertEqual(self.asked, 0)
            self.clock.pump([1, LONGEST_UNANSWERED - 1])
            self.assertEqual((self.asked, self.is_given_up), (1, False))
        self.clock.advance(1)
        self.assertTrue(self.is_given_up)

    def test_from_what_was_sent_first_without_a_word_since_it_has_so_long(self) -> None:
        self.pulse.heard(True)
        for _ in range(3):
            self.pulse.sent()
            self.clock.advance(LONGEST_UNANSWERED / 4)
        self.assertFalse(self.is_given_up)
        self.clock.advance(LONGEST_UNANSWERED / 4)
        self.assertTrue(self.is_given_up)

    def test_why_is_that_there_was_no_answer_and_of_the_next_one_what_it_was(self) -> None:
        broken = Failure(ConnectionLost())
        self.clock.advance(LONGEST_TRY)
        self.assertTrue(self.pulse.lost(broken).check(TimeoutError))
        self.connect()
        self.assertIs(self.pulse.lost(broken), broken)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_another_ones_server_may_be_quiet_for_ever(self) -> None:
        self.pulse.stop()
        self.connect(is_ours=False)
        self.pulse.heard(False)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_whoever_has_said_nothing_yet_is_left_for_another_address_if_there_is_one(self) -> None:
        self.assertFalse(self.pulse.goes_elsewhere())
        self.assertFalse(self.is_given_up)
        self.are_others_there = True
        self.assertTrue(self.pulse.goes_elsewhere())
        self.assertTrue(self.is_given_up)

    def test_whoever_has_said_something_is_not(self) -> None:
        self.are_others_there = True
        self.pulse.heard(False)
        self.assertFalse(self.pulse.goes_elsewhere())
        self.assertEqual((self.is_given_up, self.shunned), (False, []))

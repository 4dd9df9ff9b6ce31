"""What has happened already is logged in the end, however long the log cannot be written."""

from __future__ import annotations

from tcpchat.events import Left
from tcpchat.surely import LOG_AGAIN, Surely
from tests.visitors import ChatCase

GONE = [("#dev", [Left("s1", "anna")]), ("#ops", [Left("s1", "anna")])]


class SurelyTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.surely = Surely(self.log, self.clock)

    def test_it_is_logged_and_then_answered(self) -> None:
        answer = self.surely.log(GONE)
        self.assertNoResult(answer)
        self.settle()
        self.assertEqual(self.successResultOf(answer), [[1], [1]])

    def test_on_a_full_disk_it_is_tried_again_and_again(self) -> None:
        self.log.full = True
        answer = self.surely.log(GONE)
        for _ in range(3):
            self.clock.advance(LOG_AGAIN)
            self.settle()
        self.assertNoResult(answer)
        self.assertEqual(self.log.last("#dev"), 0)
        self.log.full = False
        self.clock.advance(LOG_AGAIN)
        self.settle()
        self.successResultOf(answer)
        self.assertEqual((self.log.last("#dev"), self.log.last("#ops")), (1, 1))

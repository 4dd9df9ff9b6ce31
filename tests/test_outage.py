"""What everybody is told when the log of a cluster cannot be reached, and when it is back."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent

from tcpchat.limits import MOST_HELD_ANSWERS
from tcpchat.outage import GRACE, Outage
from tests.visitors import ChatCase, Visitor

CUT_OFF = "*** The log cannot be reached: nothing can be said for now."
BACK = "*** The log is back."


class OutageTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.visitors: list[Visitor] = []
        self.outage = Outage(self.clock, "nats://n1", lambda: [each.dialogue for each in self.visitors])

    def reached(self, is_reached: bool) -> None:
        """Tell it, and wait for as long as the link has to find another server."""
        self.outage.reached(is_reached)
        self.clock.advance(GRACE)

    def test_a_link_that_finds_another_server_at_once_is_nobodys_concern(self) -> None:
        self.visitors += self.enter("ann")
        with capturedLogs() as events:
            for told in False, True, False, True:
                self.outage.reached(told)
                self.clock.advance(GRACE * 0.9)
        self.assertEqual((self.visitors[0].sees(), events), ([], []))

    def test_everybody_is_told_once_when_it_goes_and_once_when_it_is_back(self) -> None:
        self.visitors += self.enter("ann", "bob")
        self.visitors.append(self.connect())
        self.visitors[-1].sees()
        self.outage.reached(True)
        for told, line in (False, CUT_OFF), (True, BACK):
            for expected in [line], []:
                self.reached(told)
                for visitor in self.visitors:
                    self.assertEqual(visitor.sees(), expected)

    def test_a_program_is_told_as_programs_are(self) -> None:
        (bot,) = self.visitors = [*self.enter("bot")]
        bot.types("/json")
        self.reached(False)
        self.assertEqual(bot.sees(), [f'{{"type":"notice","text":"{CUT_OFF[4:]}"}}'])

    def test_whose_dialogue_is_over_is_told_nothing(self) -> None:
        (ann,) = self.visitors = [*self.enter("ann")]
        ann.types("/quit")
        self.reached(False)
        self.assertEqual(ann.sees(), [])

    def test_for_who_reads_nothing_it_does_not_pile_up(self) -> None:
        (deaf,) = self.visitors = [*self.enter("deaf")]
        deaf.stalls()
        for _ in range(2 * MOST_HELD_ANSWERS // len(CUT_OFF)):
            self.reached(False)
            self.reached(True)
        told = "\r\n".join(deaf.reads())
        self.assertTrue(told.startswith(CUT_OFF))
        self.assertLess(len(told), MOST_HELD_ANSWERS + 1000)

    def test_the_operator_is_told_once_each_and_for_how_long_it_was(self) -> None:
        with capturedLogs() as events:
            self.outage.reached(True)
            for told in False, False, True, True:  # for twice 1.5 seconds
                self.outage.reached(told)
                self.clock.advance(1.5)
        self.assertEqual(
            [formatEvent(event) for event in events],
            ["The log nats://n1 cannot be reached.", "The log nats://n1 is back, after 3.0 s."],
        )

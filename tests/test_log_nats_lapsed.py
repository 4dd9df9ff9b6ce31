"""What nobody could tell in time of something that was added is told when it is known."""

from __future__ import annotations

from collections.abc import Sequence

from tcpchat.events import Event, Joined
from tcpchat.logs.interface import Unknown
from tcpchat.logs.nats_items import NEVER
from tests.test_log_nats_queue import QueueCase


class LapsedTests(QueueCase):
    def lapse(self, parts: Sequence[tuple[str, Sequence[Event]]]) -> list[bool]:
        """Append something whose outcome is unknown; return what is known of it later, once it is."""
        answer = self.one.append(parts)
        self.advance(26)
        why = self.failureResultOf(answer, Unknown).value
        assert isinstance(why, Unknown) and why.known is not None
        known: list[bool] = []
        why.known.addCallback(known.append)
        self.assertEqual(known, [])
        return known

    def test_it_has_landed_after_all(self) -> None:
        self.one.link.drops_acks = self.one.link.is_silent = True
        known = self.lapse([("#lobby", [Joined("s1", "ada")]), ("#b", [Joined("s1", "ada")])])
        self.one.link.drops_acks = self.one.link.is_silent = False
        self.one.link.bring()
        self.advance(30)
        self.assertEqual(known, [True])
        self.assertEqual(len(self.stream.messages), 2)

    def test_it_never_will_though_nobody_says_anything_there(self) -> None:
        self.one.link.arrives_after = 90
        known = self.lapse([("#lobby", [Joined("s1", "ada")]), ("#b", [Joined("s1", "ada")])])
        self.one.link.arrives_after = None
        self.advance(30)
        self.assertEqual(known, [False])
        self.advance(60)
        self.assertEqual([*map(self.one.entries.last, ("#lobby", "#b"))], [0, 0])

    def test_somebody_else_was_first(self) -> None:
        self.one.link.drops_all = True
        known = self.lapse([("#lobby", [Joined("s1", "ada")])])
        self.two.say("hello")
        self.advance(1)
        self.assertEqual(known, [False])
        self.one.link.drops_all = False
        self.one.say("good morning")
        self.advance(30)
        self.assertEqual(self.one.texts(), ["hello", "good morning"])

    def test_it_was_in_one_message_with_what_is_tried_again(self) -> None:
        self.one.link.drops_all = True
        going = self.one.append([("#lobby", [Joined("s2", "bob")])], NEVER)
        known = self.lapse([("#lobby", [Joined("s1", "ada")])])
        self.one.link.drops_all = False
        self.advance(30)
        self.assertEqual(known, [True])
        self.assertEqual(self.successResultOf(going), [[1]])

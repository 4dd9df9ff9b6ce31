"""What is asked for takes effect in its order, and whoever asked is told what came of it."""

from __future__ import annotations

import json

from tests.visitors import ChatCase, LateLog


class EffectTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.late_log = LateLog(self.clock, self.wall)
        self.log = self.late_log
        self.chat = self.make_chat(self.log)
        self.alice, self.bob = self.enter("alice", "bob")

    def test_what_takes_effect_later_has_the_lines_behind_it_wait(self) -> None:
        self.late_log.late = 1
        self.assertEqual(self.bob.types("/seen carl", "hello"), [])
        self.assertEqual(self.alice.sees(), [])
        self.clock.advance(1)
        self.assertEqual(self.bob.sees(), ['!!! Nobody called "carl" was ever here.'])
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_what_is_on_its_way_to_the_log_does_not(self) -> None:
        self.bob.dialogue.received("one")
        self.bob.dialogue.received("two")
        self.bob.dialogue.received("/msg alice three")
        self.assertTrue(self.bob.dialogue.has_uncommitted)
        kept = self.bob.dialogue.until_kept()
        self.assertNoResult(kept)
        self.assertEqual(self.alice.sees(), ["<bob> one", "<bob> two", "[from bob] three"])
        self.successResultOf(kept)
        self.assertFalse(self.bob.dialogue.has_uncommitted)

    def answers(self, *lines: str) -> list[dict[str, object]]:
        answers = [json.loads(line) for line in self.bob.types(*lines)]
        return [answer for answer in answers if answer["type"] in ("ok", "error")]

    def test_a_program_is_told_the_number_of_what_it_said(self) -> None:
        self.bob.types("/json")
        (answer,) = self.answers('{"type":"say","text":"hello"}')
        self.assertEqual(answer["seq"], self.log.last("#lobby"))

    def test_and_under_its_reference_of_what_could_not_be_kept(self) -> None:
        self.bob.types("/json")
        self.log.full = True
        (answer,) = self.answers('{"type":"say","text":"hello","ref":"r1"}')
        self.assertEqual((answer["code"], answer["ref"]), ("not-sent", "r1"))
        self.assertEqual(self.alice.sees(), [])


class OurFaultTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def assert_ended(self, secret: str) -> None:
        (logged,) = self.flushLoggedErrors(AttributeError)
        self.assertTrue(self.bob.screen.aborted)
        self.assertNotIn(secret.encode(), self.bob.screen.shown)
        self.assertIn(secret, str(logged.value))
        self.assertEqual(self.alice.types("still here"), ["*** bob left #lobby."])

    def test_a_fault_of_ours_goes_to_the_log_and_ends_that_connection(self) -> None:
        del self.chat.rooms  # which are asked for with every name of one
        self.bob.types("/who #dev", "hello")
        self.assert_ended("rooms")

    def test_so_does_one_that_comes_later(self) -> None:
        del self.chat.limits  # which is asked for while somebody comes into a room
        self.bob.types("/join #dev", "hello")
        self.assert_ended("limits")

    def test_so_does_one_at_the_end_of_a_paste(self) -> None:
        lobby = self.chat.rooms.lobby
        lobby.room.order.slow = 1
        del lobby.slowness  # which is looked at with every line where it is slow
        for line in "/paste", "one", ".":
            self.bob.dialogue.received(line)
        lobby.room.order.slow = 0
        self.assert_ended("slowness")

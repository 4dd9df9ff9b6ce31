"""A line of which nobody can tell whether it was sent: the person is told so, and connects again."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from tcpchat.carrying_out import NOBODY_KNOWS
from tcpchat.events import Event
from tcpchat.logs.interface import Posted, Unknown
from tests.visitors import ChatCase, FullLog

TOLD = f"!!! {NOBODY_KNOWS}"


class SilentLog(FullLog):
    """A log whose store does not answer, while it is ``full``; what it was given may yet be in it."""

    lands = False

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        if not self.full:
            super().post(stream, event, posted)
            return
        if self.lands:
            self._wait([(stream, [event])])
        self._clock.callLater(20, posted, Unknown("the log does not answer"))

    def _refusal(self) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        self._clock.callLater(20, answer.errback, Unknown("the log does not answer"))
        return answer


class UnknownTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.silent_log = SilentLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.alice, self.bob = self.enter("alice", "bob")

    def test_it_is_told_and_the_connection_ends(self) -> None:
        self.assertEqual(TOLD.count("Please connect again."), 1)
        self.log.full = True
        self.assertEqual(self.bob.types("hello"), [])
        self.clock.advance(20)
        self.assertEqual(self.bob.sees(), [TOLD])
        self.assertTrue(self.bob.screen.closed)
        self.log.full = False
        self.assertEqual(self.alice.types("is anybody here?"), [])
        self.assertFalse(self.alice.screen.closed)

    def test_it_is_told_once_of_several_lines_and_what_comes_behind_is_not_sent(self) -> None:
        self.log.full = True
        self.bob.types("one", "two")
        self.clock.advance(10)
        self.bob.types("three")
        self.clock.advance(10)
        self.assertEqual(self.bob.sees(), [TOLD])
        self.log.full = False
        self.bob.types("four")
        self.clock.advance(10)
        self.assertEqual(self.bob.sees(), [])
        self.assertTrue(self.bob.screen.closed)
        self.assertEqual(self.alice.sees(), [])

    def test_who_comes_back_sees_whether_it_was_sent(self) -> None:
        code = self.bob.code
        self.log.full = self.silent_log.lands = True
        self.bob.types("hello")
        self.clock.advance(20)
        self.log.full = False
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        again = self.connect()
        again.types(f"/resume {code}")
        self.assertEqual(self.alice.sees(), [])

    def test_a_program_is_told_with_its_reference(self) -> None:
        self.bob.types("/json")
        self.log.full = True
        self.bob.types('{"type":"say","text":"hello","ref":"r1"}')
        self.clock.advance(20)
        (told,) = [json.loads(line) for line in self.bob.sees()]
        self.assertEqual(told, {"type": "error", "code": "unknown", "text": NOBODY_KNOWS, "ref": "r1"})
        self.assertTrue(self.bob.screen.closed)

    def test_so_is_who_asks_for_anything_else(self) -> None:
        self.log.full = True
        for visitor, line in (self.alice, "/msg bob hello"), (self.bob, "/join #dev"):
            visitor.types(line)
            self.clock.advance(20)
            self.assertEqual(visitor.sees(), [TOLD])
            self.assertTrue(visitor.screen.closed)

    def test_who_was_coming_in_is_told_and_the_nickname_is_free(self) -> None:
        carl = self.connect()
        self.log.full = True
        carl.types("carl")
        self.clock.advance(20)
        self.assertIn(TOLD, carl.sees())
        self.assertTrue(carl.screen.closed)
        self.log.full = False
        self.clock.advance(20)
        self.enter("carl")

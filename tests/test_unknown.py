"""A line of which nobody can tell whether it was sent: the person is told so, and connects again."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from tcpchat.carrying_out import NOBODY_KNOWS
from tcpchat.events import Banned, Event, Joined, Kicked, Left
from tcpchat.logs.interface import Parts, Posted, Unknown
from tests.moderated import AccountCase
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


class LateLog(FullLog):
    """A log that cannot tell in time what came of what it was given while it is ``full``, but later."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._given: list[tuple[Parts, Deferred[bool]]] = []

    def append_all(self, parts: Parts) -> Deferred[list[list[int]]]:
        if not self.full:
            return super().append_all(parts)
        known: Deferred[bool] = Deferred()
        answer: Deferred[Any] = Deferred()
        self._given.append((parts, known))
        self._clock.callLater(20, answer.errback, Unknown("the log does not answer", known))
        return answer

    def learn(self, is_there: bool) -> None:
        """It answers again, and tells."""
        self.full = False
        given, self._given = self._given, []
        for parts, known in given:
            if is_there:
                super().append_all(parts)
                self._clock.callLater(0, known.callback, True)
            else:
                known.callback(False)


class KnownLaterTests(AccountCase):
    """Anna, who is an operator, and eve are in #own; from then on the log cannot tell what becomes of it."""

    def setUp(self) -> None:
        super().setUp()
        self.log = self.late = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.anna = self.log_in("anna", is_operator=True)
        (self.eve,) = self.enter("eve")
        self.code = self.eve.code
        for visitor in self.anna, self.eve:
            visitor.types("/join #own")
        self.late.full = True

    def learn(self, is_there: bool) -> None:
        """Time passes, and then it is known what came of all that was asked for."""
        self.clock.advance(20)
        self.settle()
        self.late.learn(is_there)
        self.settle()

    def test_whoever_came_in_after_all_is_said_to_have_left(self) -> None:
        self.connect().types("dora")
        self.learn(True)
        self.assertEqual([it.nick for it in self.events("#lobby", Joined, Left)][-2:], ["dora", "dora"])
        self.assertNotIn("dora", [it.nick for it in self.room("#lobby").members.values()])

    def test_of_whoever_never_came_in_nothing_is_said(self) -> None:
        self.connect().types("dora")
        self.learn(False)
        self.clock.advance(60)
        self.settle()
        self.assertNotIn("dora", [it.nick for it in self.events("#lobby", Joined, Left)])

    def test_whoever_goes_into_a_room_and_is_cut_off_is_not_left_in_it(self) -> None:
        self.eve.types("/join #isle")
        self.learn(True)
        self.assertEqual(len(self.events("#isle", Left)), 1)
        self.assertEqual([it.nick for it in self.room("#lobby").members.values()], ["anna", "eve"])

    def test_a_new_nickname_is_theirs_if_the_log_says_so(self) -> None:
        for is_there, nick in (False, "eve"), (True, "evelyn"):
            self.late.full = True
            self.eve.types("/nick evelyn")
            self.learn(is_there)
            self.assertEqual([it.nick for it in self.chat.people], ["anna", nick])
            self.assertEqual([it.nick for it in self.room("#own").members.values()], ["anna", nick])
            other = "evelyn" if nick == "eve" else "eve"
            (carl,) = self.enter("carl")
            self.assertEqual(carl.types(f"/nick {other}"), [f"*** carl is now known as {other}."])
            self.assertIn("is taken", carl.types(f"/nick {nick}")[0])
            carl.types("/quit")
            self.clock.advance(20)
            self.eve, _ = self.come_back(self.code)

    def test_a_ban_holds_until_it_is_known_that_the_log_does_not_say_so(self) -> None:
        for is_there in False, True:
            self.late.full = True
            self.anna.types("/ban eve")
            self.clock.advance(20)
            self.settle()
            self.assertEqual(len(self.chat.sanctions.list("#own")), 1)
            self.late.learn(is_there)
            self.settle()
            self.assertEqual(len(self.chat.sanctions.list("#own")), int(is_there))
            self.assertEqual(len(self.events("#own", Banned)), int(is_there))
            self.anna = self.log_in("anna")

    def test_what_is_logged_in_the_end_in_any_case_is_logged_once(self) -> None:
        for is_there in True, False:
            self.late.full = True
            self.chat.log_surely([("#own", [Kicked("s", "anna", "eve", "s2")])])
            self.learn(is_there)
        self.assertEqual(len(self.events("#own", Kicked)), 2)

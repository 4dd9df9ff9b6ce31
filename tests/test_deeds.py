"""A deed is in the log with what belongs to it and the note of it, or undone."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat.control import Running
from tcpchat.deeds import TOOL, noted
from tcpchat.events import Noted, Unbanned
from tcpchat.logs.interface import NotKept
from tcpchat.names import is_reserved, nickname
from tests.visitors import ChatCase


class NotedTests(ChatCase):
    def note(self, undone: list[bool]) -> Deferred[str]:
        """Note a deed that a room is told of."""
        parts = [("#own", [Unbanned("", TOOL, "eve")])]
        answer = Deferred.fromCoroutine(
            noted(Running(self.chat), "unbanned eve", lambda: undone.append(True), parts)
        )
        self.settle()
        return answer

    def test_what_is_noted_is_in_the_log(self) -> None:
        undone: list[bool] = []
        self.assertEqual(self.successResultOf(self.note(undone)), "unbanned eve")
        self.assertEqual(undone, [])
        for stream, event in ("#own", Unbanned("", TOOL, "eve")), ("#audit", Noted("", TOOL, "unbanned eve")):
            (entry,) = self.successResultOf(self.log.read(stream, 0, 10))
            self.assertEqual(entry.event, event)

    def test_what_cannot_be_noted_is_undone(self) -> None:
        undone: list[bool] = []
        self.log.full = True
        self.failureResultOf(self.note(undone), NotKept)
        self.assertEqual(undone, [True])
        for stream in "#own", "#audit":
            self.assertEqual(self.successResultOf(self.log.read(stream, 0, 10)), [])

    def test_nobody_can_be_called_as_the_tool_is(self) -> None:
        self.assertTrue(is_reserved(nickname(TOOL)))

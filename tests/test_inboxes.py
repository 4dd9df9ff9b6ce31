"""Private messages have a feed for each session, opened when it is needed and closed at its end."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Told, inbox
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.inboxes import Inboxes
from tcpchat.logs.memory import MemoryLog


class InboxesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 0, "epoch")
        self.heard: list[tuple[str, list[int], int]] = []
        self.inboxes = Inboxes(self.log, lambda: 0, DirectCrowd, self.hear)

    def hear(self, session: str, entries: list[Entry]) -> None:
        """Note what came, and up to where it was shown then."""
        self.heard.append((session, [entry.seq for entry in entries], self.inboxes.feed(session).shown))

    def tell(self, session: str) -> None:
        self.log.append(inbox(session), [Told("s2", "bert", "anna", "psst")])
        self.clock.pump([0] * 3)

    def test_each_session_has_one_which_begins_behind_what_is_there(self) -> None:
        self.tell("s1")
        feed = self.inboxes.feed("s1")
        self.assertIs(self.inboxes.feed("s1"), feed)
        self.assertEqual((feed.stream, feed.shown, list(self.inboxes)), (inbox("s1"), 1, [feed]))

    def test_what_comes_is_heard_before_it_is_shown(self) -> None:
        feed = self.inboxes.feed("s1")
        self.tell("s1")
        self.assertEqual((self.heard, feed.shown), ([("s1", [1], 0)], 1))

    def test_of_a_session_that_is_over_nothing_is_heard(self) -> None:
        self.inboxes.feed("s1")
        self.inboxes.close("s1")
        self.inboxes.close("s2")  # who had none
        self.tell("s1")
        self.assertEqual((self.heard, list(self.inboxes)), ([], []))

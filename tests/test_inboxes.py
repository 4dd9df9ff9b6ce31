"""Private messages have a feed for each session, opened when it is needed and closed at its end."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Invited, Told, inbox
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.feed import Feed
from tcpchat.inboxes import Inboxes
from tcpchat.logs.memory import MemoryLog


class Owner:
    """Somebody who is there."""

    def __init__(self, inboxes: Inboxes, id: str, is_here: bool = True) -> None:
        self.is_here = is_here
        self.heard: list[tuple[str, int]] = []
        self.followed: list[str] = []
        self._inboxes = inboxes
        self._id = id

    def heard_from(self, event: Told) -> None:
        """Note what came, and up to where it was shown then."""
        self.heard.append((event.text, self._inboxes.feed(self._id).shown))

    def follow_inbox(self, feed: Feed) -> None:
        self.followed.append(feed.stream)


class InboxesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 0, "epoch")
        self.people: dict[str, Owner] = {}
        self.inboxes = Inboxes(self.log, lambda: 0, DirectCrowd, self.people.get)
        self.anna = self.people["s1"] = Owner(self.inboxes, "s1")

    def happens(self, session: str, *events: Told | Invited) -> None:
        self.log.append(inbox(session), events)
        self.clock.pump([0] * 3)

    def tell(self, session: str) -> None:
        self.happens(session, Told("s2", "bert", "anna", "psst"))

    def test_each_session_has_one_which_begins_behind_what_is_there(self) -> None:
        self.tell("s1")
        feed = self.inboxes.feed("s1")
        self.assertIs(self.inboxes.feed("s1"), feed)
        self.assertEqual((feed.stream, feed.shown, list(self.inboxes)), (inbox("s1"), 1, [feed]))

    def test_what_comes_is_heard_before_it_is_shown(self) -> None:
        feed = self.inboxes.feed("s1")
        self.tell("s1")
        self.assertEqual((self.anna.heard, feed.shown), ([("psst", 0)], 1))

    def test_ones_own_copy_and_what_nobody_says_are_not_heard(self) -> None:
        self.inboxes.feed("s1")
        self.happens("s1", Told("s1", "anna", "bert", "psst"), Invited("s2", "bert", "anna", "s1", "#own"))
        self.assertEqual(self.anna.heard, [])

    def test_of_a_session_that_is_over_nothing_is_heard(self) -> None:
        self.inboxes.feed("s1")
        self.inboxes.close("s1")
        self.inboxes.close("s2")  # who had none
        self.tell("s1")
        self.assertEqual((self.anna.heard, list(self.inboxes)), ([], []))

    def test_nobody_hears_it_who_is_gone_before_their_inbox(self) -> None:
        feed = self.inboxes.feed("s1")
        del self.people["s1"]
        self.tell("s1")
        self.assertEqual((self.anna.heard, feed.shown), ([], 1))

    def test_who_is_here_is_shown_it_from_now_on(self) -> None:
        self.inboxes.show("s1")
        self.assertEqual((self.anna.followed, [feed.stream for feed in self.inboxes]), (["@s1"], ["@s1"]))

    def test_of_who_is_on_another_node_or_nowhere_no_feed_is_opened(self) -> None:
        self.anna.is_here = False
        self.inboxes.show("s1")
        self.inboxes.show("s3")
        self.assertEqual((self.anna.followed, list(self.inboxes)), ([], []))

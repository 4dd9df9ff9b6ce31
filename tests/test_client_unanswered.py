"""What was asked for is sent in order, again after a break, and never for a session that it is not of."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.limits import MOST_ON_THE_WAY
from tcpchat.client.unanswered import Unanswered


class UnansweredTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked = Unanswered()

    def due(self) -> list[str]:
        return [it["ref"] for it in self.asked.due()]

    def test_each_is_sent_once_and_again_after_a_break(self) -> None:
        first, second = (self.asked.ask("say", {"text": text}) for text in "ab")
        self.assertEqual(list(self.asked.due()), [
            {"type": "say", "ref": first, "text": "a"}, {"type": "say", "ref": second, "text": "b"},
        ])  # fmt: skip
        self.assertEqual(self.due(), [])
        self.asked.send_again()
        self.assertEqual(self.due(), [first, second])

    def test_so_many_are_on_the_way(self) -> None:
        refs = [self.asked.ask("say", {}) for _ in range(MOST_ON_THE_WAY + 1)]
        self.assertEqual(self.due(), refs[:-1])
        del self.asked[refs[0]]
        self.assertEqual(self.due(), refs[-1:])

    def test_something_may_be_asked_first(self) -> None:
        ref = self.asked.ask("say", {})
        self.asked.ask_first("mine", "join", {"room": "#dev"})
        self.assertEqual(self.due(), ["mine", ref])

    def test_a_login_is_alone_on_the_way(self) -> None:
        before, login, behind = (self.asked.ask(kind, {}) for kind in ("say", "login", "say"))
        self.assertEqual(self.due(), [before])
        del self.asked[before]
        self.assertEqual(self.due(), [login])
        self.assertEqual(self.due(), [])
        del self.asked[login]
        self.assertEqual(self.due(), [behind])

    def test_a_login_that_has_taken_effect_needs_no_answer(self) -> None:
        self.assertEqual((self.asked.logged_in(), self.asked.settle()), ({}, ""))
        ref = self.asked.ask("login", {"nick": "anna"})
        self.assertEqual(self.asked.settle(), "")
        self.assertEqual(self.asked.logged_in()["nick"], "anna")
        self.assertEqual(self.asked.settle(), ref)
        self.assertEqual(self.asked, {})
        self.asked.ask("say", {})
        self.assertEqual(self.asked.logged_in(), {})

    def test_with_a_session_is_lost_what_may_not_be_done_twice(self) -> None:
        said, again = self.asked.ask("say", {"text": "hi"}), self.asked.ask("who", {})
        list(self.asked.due())
        later = self.asked.ask("say", {"text": "later"})
        self.assertEqual(list(self.asked.lose()), [(said, {"type": "say", "ref": said, "text": "hi"})])
        self.assertEqual(list(self.asked), [again, later])

    def test_what_was_to_be_said_is_known(self) -> None:
        self.asked.ask("say", {"text": "a"})
        self.asked.ask("search", {"text": "b"})
        self.asked.ask("quit", {})
        self.assertEqual(self.asked.said(), ["a"])

    def test_the_longest_on_the_way_is_known(self) -> None:
        self.assertEqual(self.asked.longest(), "")
        _, long = (self.asked.ask("say", {"text": text}) for text in ("a", "long"))
        self.assertEqual(self.asked.longest(), "")
        self.due()
        self.assertEqual(self.asked.longest(), long)

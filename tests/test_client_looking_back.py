"""What was asked for of the past is headed, kept together, and said to be nothing if it is nothing."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.happenings import Answer, Entry, Offline, Online
from tcpchat.client.looking_back import LookingBack, Past
from tcpchat.client.wording import Line


def said(seq: int, text: str = "hi") -> Line:
    return Line("<bob> ", text, "bob", "#dev", seq, 1.0, True)


class LookingBackTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.back = LookingBack()

    def ask(self, kind: str, *lines: Line, **fields: Any) -> Past | None:
        self.back.asked("1", kind, fields)
        for line in lines:
            self.assertTrue(self.back.take(line))
        return self.back.done("1")

    def test_lines_are_headed_as_for_people(self) -> None:
        asked: list[tuple[str, dict[str, Any], str]] = [
            ("history", {"room": "#dev"}, "The last 3 lines of #dev"),
            ("history", {"room": "#dev", "before": 7}, "Earlier, 3 lines of #dev"),
            ("more", {}, "Earlier, 3 lines of #dev"),
            ("search", {"text": "hi"}, "3 lines found"),
            ("more", {}, "Earlier, 3 lines found"),
        ]
        for kind, fields, heading in asked:
            lines = [said(1), said(2, "two\nlines")]
            self.assertEqual(self.ask(kind, *lines, **fields), Past(heading, lines))

    def test_those_around_one_have_numbers(self) -> None:
        past = self.ask("context", said(8), said(9), number=9)
        self.assertEqual(past, Past("Around 9 in #dev", [
            said(8)._replace(is_numbered=True), said(9)._replace(is_numbered=True)
        ]))  # fmt: skip

    def test_nothing_is_told_too(self) -> None:
        asked: list[tuple[str, dict[str, Any], str]] = [
            ("history", {"room": "dev"}, "There are no lines in #dev yet."),
            ("history", {"room": "#dev", "before": 7}, "There is nothing earlier."),
            ("search", {"text": "hi"}, "Nothing was found."),
            ("context", {"number": 9}, "Nothing was found."),
            ("more", {}, "There is nothing earlier."),
        ]
        for kind, fields, told in asked:
            self.assertEqual(self.ask(kind, **fields), Past(told, []))

    def test_what_was_told_otherwise_is_not_nothing(self) -> None:
        self.back.asked("1", "more", {})
        self.back.happened(Answer({"type": "rooms", "rooms": []}))
        self.assertIsNone(self.back.done("1"))
        self.assertEqual(self.ask("more"), Past("There is nothing earlier.", []))

    def test_what_was_told_before_it_was_asked_for_is_no_answer(self) -> None:
        self.back.happened(Answer({"type": "rooms", "rooms": []}))
        self.assertEqual(self.ask("search"), Past("Nothing was found.", []))

    def test_what_was_not_asked_for_is_not_kept(self) -> None:
        self.assertFalse(self.back.take(said(1)))
        self.back.asked("1", "join", {"room": "#dev"})
        self.back.asked("2", "say", {"text": "hi"})
        self.assertFalse(self.back.take(said(1)))
        self.assertIsNone(self.back.done("1"))
        self.assertIsNone(self.back.done("2"))

    def test_what_everybody_is_shown_who_comes_in_is_no_answer(self) -> None:
        live = Entry({"type": "hidden", "room": "dev", "seq": 9})
        for ends in lambda: self.back.happened(live), lambda: self.back.done("0"):
            self.back.happened(Online("anna", "#dev", (), 0))
            self.back.asked("1", "search", {})
            self.assertFalse(self.back.take(said(1)))
            self.back.happened(Entry({"type": "message", "replay": True}))
            ends()
            self.assertTrue(self.back.take(said(2)))
            self.assertEqual(self.back.done("1"), Past("1 line found", [said(2)]))

    def test_after_a_break_it_comes_again(self) -> None:
        self.back.asked("1", "search", {})
        self.back.take(said(1))
        self.back.happened(Offline("It is broken", 1.0))
        self.back.take(said(1))
        self.assertEqual(self.back.done("1"), Past("1 line found", [said(1)]))

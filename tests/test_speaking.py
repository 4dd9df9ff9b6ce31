"""Who may say something in a room now."""

from __future__ import annotations

from tcpchat import speaking
from tcpchat.events import Acted, Edited, Event, Replied, Said, TopicSet
from tcpchat.requests import Refused
from tcpchat.session import Session
from tests.moderated import OwnRoomCase


class SpeakingTests(OwnRoomCase):
    def refusal(self) -> str:
        """Return why eve may not say anything, or nothing if she may."""
        session = self.chat.people.session(self.eve.dialogue.reader.session)
        assert isinstance(session, Session)
        feed = self.chat.rooms.find("#own")
        me = session.id
        said: list[Event] = [
            Said(me, "eve", "x"), Acted(me, "eve", "x"), Replied(me, "eve", "x", 1, "y"),
            Edited(me, "eve", "x", 1), TopicSet(me, "eve", "x"),
        ]  # fmt: skip
        codes = set()
        for event in said:
            try:
                speaking.check(session, feed, event)
                codes.add("")
            except Refused as refusal:
                codes.add(refusal.code)
        (code,) = codes
        return code

    def test_who_is_in_the_room_may(self) -> None:
        self.assertEqual(self.refusal(), "")

    def test_who_is_muted_may_not_say_anything_in_any_way(self) -> None:
        self.anna.types("/mute eve")
        self.assertEqual(self.refusal(), "muted")
        self.anna.types("/unmute eve")
        self.assertEqual(self.refusal(), "")

    def test_nor_as_a_reason_for_leaving(self) -> None:
        self.anna.types("/mute eve")
        self.eve.types("/quit you will all be sorry")
        self.assertEqual(self.anna.sees()[-2:], ["*** eve left #lobby.", "*** eve left #own."])

    def test_who_is_muted_elsewhere_or_no_more_says_why_they_leave(self) -> None:
        self.anna.types("/mute eve", "/unmute eve", "/mute mallory")
        self.carl.types("/quit tired")
        self.eve.types("/quit tired, too")
        left = [
            "*** carl left #lobby: tired.",
            "*** eve left #lobby: tired, too.",
            "*** eve left #own: tired, too.",
        ]
        self.assertEqual([line for line in self.anna.sees() if "left" in line], left)

    def test_nor_who_is_out(self) -> None:
        self.anna.types("/mute eve", "/kick eve")
        self.assertEqual(self.refusal(), "not-member")

    def test_in_a_slow_room_a_line_that_is_refused_for_a_mute_does_not_count(self) -> None:
        self.anna.types("/slow 10", "/mute eve")
        self.assertEqual(self.eve.types("x")[-1], "!!! You are muted in #own.")
        self.anna.types("/unmute eve")
        self.eve.types("y")
        self.assertEqual(self.anna.sees()[-1], "<eve> y")
        self.assertRegex(self.eve.types("z")[-1], "^!!! #own is slow")

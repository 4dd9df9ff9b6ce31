"""The room of the audit trail: people come and go there, and say nothing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.audit_room import AuditRoom
from tcpchat.events import Acted, Edited, Entry, Event, Joined, Left, Noted, Removed, Replied, Said, TopicSet
from tcpchat.requests import Refused
from tcpchat.room import AUDIT


class AuditRoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.room = AuditRoom()
        self.room.apply(Entry(1, 0, Joined("s1", "anna")))

    def test_nobody_says_or_changes_anything_there(self) -> None:
        events: list[Event] = [
            Said("s1", "anna", "hello"), Acted("s1", "anna", "waves"), TopicSet("s1", "anna", "cats"),
            Replied("s1", "anna", "no", 1, "bob: yes"), Edited("s1", "anna", "no", 1),
            Removed("s1", "anna", 1), Noted("s1", "anna", "did nothing"),
        ]  # fmt: skip
        for event in events:
            refusal = self.assertRaises(Refused, self.room.check, event)
            self.assertEqual((str(refusal), refusal.code), ("Nobody says anything in #audit.", "forbidden"))

    def test_people_come_and_go_as_anywhere(self) -> None:
        self.room.check(Joined("s2", "bob"))
        self.room.check(Left("s1", "anna"))
        self.assertRaises(Refused, self.room.check, Joined("s1", "anna"))
        self.assertRaises(Refused, self.room.check, Left("s2", "bob"))

    def test_it_is_what_its_log_says(self) -> None:
        self.assertEqual((self.room.name, list(self.room.members)), (AUDIT, ["s1"]))
        self.room.apply(Entry(2, 0, Left("s1", "anna")))
        self.assertEqual(self.room.members, {})

"""What the server says of what happened: PROTOCOL.md's words, and no event without any."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Event,
    Gone,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Muted,
    Noted,
    Opped,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Told,
    TopicSet,
    Unbanned,
    Unhidden,
    Unlocked,
    Unmuted,
)
from tcpchat.sentences import sentence

SENTENCES: list[tuple[Event, str]] = [
    (TopicSet("s1", "anna", "cats"), "anna set the topic of #own: cats"),
    (Renamed("s1", "bob", "rob", ("#own",), "r1"), "bob is now known as rob."),
    (Edited("s1", "bob", "NEW TEXT", 1234), "bob edited 1234: NEW TEXT"),
    (Removed("s1", "bob", 1234), "bob removed 1234."),
    (Noted("s1", "anna", "banned eve from #own: spam"), "anna banned eve from #own: spam"),
    (Announced("s1", "anna", "back at ten", "r1"), "Announcement from anna: back at ten"),
    (Opped("s1", "anna", "anna", "s1"), "anna is an operator of #own now."),
    (Opped("s1", "anna", "carl", "s2"), "carl is an operator of #own now, by anna."),
    (Deopped("s1", "anna", "anna", "s1"), "anna is no longer an operator of #own."),
    (Deopped("s1", "anna", "carl", "s2"), "carl is no longer an operator of #own, by anna."),
    (Kicked("s1", "anna", "eve", "s3", "be nice"), "eve was kicked from #own by anna: be nice."),
    (Kicked("s1", "anna", "eve", "s3"), "eve was kicked from #own by anna."),
    (Banned("s1", "anna", "eve", (), None, "spam"), "eve was banned from #own by anna: spam."),
    (Banned("s1", "anna", "eve", (), 7200, "spam"), "eve was banned from #own by anna for 2h: spam."),
    (Unbanned("s1", "anna", "eve"), "eve was unbanned from #own by anna."),
    (Muted("s1", "anna", "eve", 60), "eve was muted in #own by anna for 1m."),
    (Muted("s1", "anna", "eve"), "eve was muted in #own by anna."),
    (Unmuted("s1", "anna", "eve"), "eve was unmuted in #own by anna."),
    (Invited("s1", "anna", "carl", "s2"), "carl was invited to #own by anna."),
    (Slowed("s1", "anna", 90), "#own was slowed by anna: one line in 1m30s each."),
    (Slowed("s1", "anna", 0), "#own is no longer slowed, by anna."),
    (Locked("s1", "anna", "$argon2id$"), "#own was locked by anna."),
    (Unlocked("s1", "anna"), "#own was unlocked by anna."),
    (Hidden("s1", "anna"), "#own was hidden by anna: /rooms leaves it out."),
    (Unhidden("s1", "anna"), "#own is listed again, by anna."),
]

# What is told in another way, or not at all.
OTHERS = Said, Acted, Replied, Told, Joined, Left, Gone


class SentenceTests(SynchronousTestCase):
    def test_each_kind_of_event_has_its_words(self) -> None:
        for event, said in SENTENCES:
            self.assertEqual(sentence(event, "#own"), said)
        self.assertEqual({type(event) for event, _ in SENTENCES} | set(OTHERS), set(Event.__args__))

    def test_what_has_no_room_in_it_names_it_elsewhere(self) -> None:
        self.assertEqual(sentence(Edited("s1", "bob", "x", 12), "#own", True), "bob edited 12 in #own: x")
        self.assertEqual(sentence(Removed("s1", "bob", 12), "#own", True), "bob removed 12 in #own.")

    def test_what_is_told_in_another_way_has_none(self) -> None:
        others: list[Event] = [
            Said("s1", "bob", "x"), Joined("s1", "bob"), Left("s1", "bob"), Gone("s1", "bob"),
        ]  # fmt: skip
        for event in others:
            self.assertIsNone(sentence(event, "#own"))

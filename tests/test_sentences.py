"""What the server says of what happened: PROTOCOL.md's words, and no event without any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.columns import width
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
from tcpchat.limits import LONGEST_QUOTE, WIDEST_QUOTE
from tcpchat.sentences import quote, sentence

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
    (Invited("s1", "anna", "carl", "s2", "#dev"), "anna invites you to #dev: /join #dev"),
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


class QuoteTests(SynchronousTestCase):
    def quoted(self, text: str) -> str:
        return quote(Said("s", "carl", text)).removeprefix("carl: ")

    def test_it_is_who_said_it_and_what(self) -> None:
        for event, quoted in (
            (Said("s", "carl", "at ten"), "carl: at ten"),
            (Acted("s", "carl", "waves"), "* carl waves"),
            (Edited("s", "carl", "at ten", 12), "carl: at ten"),
            (Replied("s", "carl", "at ten", 12, "bob: when?"), "carl: at ten"),
            (Said("s", "carl", "    if x:\n        y"), "carl: if x: y"),
        ):
            self.assertEqual(quote(event), quoted)

    def test_what_just_fits_is_whole_and_one_column_more_is_cut_at_a_word(self) -> None:
        fits = f"one two {'x' * (WIDEST_QUOTE - 8)}"
        self.assertEqual(self.quoted(fits), fits)
        self.assertEqual(self.quoted(f"{fits}y"), "one two…")
        self.assertEqual(self.quoted(f"{fits} y"), f"{fits}…")

    def test_one_long_word_is_cut_where_it_has_to_be(self) -> None:
        self.assertEqual(self.quoted("x" * 100), "x" * WIDEST_QUOTE + "…")
        self.assertEqual(self.quoted("漢" * 100), "漢" * (WIDEST_QUOTE // 2) + "…")

    def test_marks_belong_to_their_letter_and_have_an_end(self) -> None:
        marked = "e\u0323\u0331\u0330\u0325"  # 9 bytes, one column
        self.assertEqual(self.quoted(marked * 40), marked * (LONGEST_QUOTE // 9) + "…")
        self.assertEqual(self.quoted("\N{MAN}" + "\N{ZERO WIDTH JOINER}\N{MAN}" * 60), "…")

    @given(st.text(st.sampled_from("ab  漢é\u0301\n😀"), max_size=200))
    def test_it_is_a_beginning_and_has_an_end(self, text: str) -> None:
        quoted = self.quoted(text)
        self.assertTrue(" ".join(text.split()).startswith(quoted.removesuffix("…")))
        self.assertLessEqual(width(quoted), WIDEST_QUOTE + 1)
        self.assertLessEqual(len(quoted.encode()), LONGEST_QUOTE + len("…".encode()))

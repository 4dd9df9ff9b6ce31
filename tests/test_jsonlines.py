"""What programs read: every object of PROTOCOL.md section 6, key by key."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import jsonlines
from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Entry,
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
    Unhidden,
    Unlocked,
    inbox,
)
from tcpchat.gate import GATE
from tcpchat.jsonlines import Page
from tcpchat.render import View

# Saturday, 21 November 2026, 10:02:03.123 UTC.
MORNING = 1_795_255_323_123
TIME = "2026-11-21T10:02:03.123Z"

TEXTS = st.text(st.characters(codec="utf-8"))
SESSIONS = st.sampled_from("abc")
NICKS = st.sampled_from(["ann", "bob", "B\u00d6B", "no nickname", ""])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Said, SESSIONS, NICKS, TEXTS, ref=TEXTS),
    st.builds(Acted, SESSIONS, NICKS, TEXTS),
    st.builds(Joined, SESSIONS, NICKS),
    st.builds(Left, SESSIONS, NICKS, TEXTS),
    st.builds(Renamed, SESSIONS, NICKS, NICKS, st.lists(TEXTS).map(tuple), TEXTS),
    st.builds(TopicSet, SESSIONS, NICKS, TEXTS),
    st.builds(Told, SESSIONS, NICKS, NICKS, TEXTS),
    st.builds(Replied, SESSIONS, NICKS, TEXTS, st.just(7), TEXTS, ref=TEXTS),
    st.builds(Edited, SESSIONS, NICKS, TEXTS, st.just(7), ref=TEXTS),
    st.builds(Removed, SESSIONS, NICKS, st.just(7), ref=TEXTS),
)
VIEWS = st.builds(
    View,
    current=st.booleans(),
    echo=st.booleans(),
    joins=st.sampled_from(["all", "folded", "none"]),
    stamped=st.booleans(),
    numbered=st.booleans(),
    ignored=st.frozensets(st.sampled_from(["ann", "bob", "@a", "@b"])),
    json=st.just(True),
)
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b\ufeff]")
STREAMS = st.sampled_from(["#lobby", "#dev", "@a"])


def decoded(data: bytes) -> list[dict[str, Any]]:
    """Return the objects that some whole lines hold."""
    *lines, rest = data.split(b"\n")
    assert not rest, "half a line"
    return [msgspec.json.decode(line) for line in lines]


def entry(event: Event, stream: str = "#lobby", seq: int = 17, replay: bool = False, **view: Any) -> Any:
    (shown,) = decoded(Page([Entry(seq, MORNING, event)], stream, View(json=True, **view), replay).shared)
    return shown


class ModerationTests(SynchronousTestCase):
    def test_what_operators_do_in_a_room(self) -> None:
        by = "s1", "anna"
        for event, fields in (
            (Opped(*by, "bob", "b1"), {"type": "opped", "nick": "bob"}),
            (Deopped(*by, "bob", "b1"), {"type": "deopped", "nick": "bob"}),
            (Kicked(*by, "eve", "s2", "spam"), {"type": "kicked", "nick": "eve", "reason": "spam"}),
            (Slowed(*by, 10), {"type": "slowed", "seconds": 10}),
            (Locked(*by), {"type": "locked", "password": False}),
            (Locked(*by, "$argon2id$"), {"type": "locked", "password": True}),
            (Unlocked(*by), {"type": "unlocked"}),
            (Hidden(*by), {"type": "hidden"}),
            (Unhidden(*by), {"type": "unhidden"}),
            (Invited(*by, "carl", "s3"), {"type": "invited", "nick": "carl"}),
        ):
            everywhere = {"room": "lobby", "seq": 17, "time": TIME, "by": "anna"}
            self.assertEqual(entry(event), everywhere | fields)

    def test_an_invitation_in_one_s_inbox_says_where_to(self) -> None:
        self.assertEqual(
            entry(Invited("s1", "anna", "carl", "s3", "#own"), "@s3"),
            {
                "type": "invited", "room": "@", "seq": 17, "time": TIME, "by": "anna", "nick": "carl",
                "into": "own",
            },
        )  # fmt: skip


class EntryTests(SynchronousTestCase):
    def test_every_kind_of_entry(self) -> None:
        for event, fields in (
            (Said("b", "bob", "hello"), {"type": "message", "from": "bob", "text": "hello"}),
            (Acted("b", "bob", "waves"), {"type": "action", "from": "bob", "text": "waves"}),
            (Joined("e", "eve"), {"type": "joined", "nick": "eve"}),
            (
                Left("e", "eve", "connection lost"),
                {"type": "left", "nick": "eve", "reason": "connection lost"},
            ),
            (Left("e", "eve"), {"type": "left", "nick": "eve", "reason": ""}),
            (Renamed("b", "bob", "rob", ("#lobby",), "r1"), {"type": "renamed", "old": "bob", "new": "rob"}),
            (TopicSet("b", "rob", "cats"), {"type": "topic", "by": "rob", "text": "cats"}),
            (
                Replied("b", "bob", "me", 7, "eve: who?"),
                {"type": "message", "from": "bob", "text": "me", "re": 7, "quote": "eve: who?"},
            ),
            (Edited("b", "bob", "hi", 7), {"type": "edited", "from": "bob", "about": 7, "text": "hi"}),
            (Removed("b", "bob", 7), {"type": "removed", "by": "bob", "about": 7}),
            (Noted("b", "bob", "banned eve"), {"type": "audit", "by": "bob", "text": "banned eve"}),
            (Announced("b", "bob", "tea", "1"), {"type": "announced", "from": "bob", "text": "tea"}),
            (
                Kicked("b", "bob", "eve", "e", "spam"),
                {"type": "kicked", "by": "bob", "nick": "eve", "reason": "spam"},
            ),
            (
                Banned("b", "bob", "eve", ("e",), 60, "spam"),
                {"type": "banned", "by": "bob", "nick": "eve", "seconds": 60, "reason": "spam"},
            ),
            (
                Muted("b", "bob", "eve"),
                {"type": "muted", "by": "bob", "nick": "eve", "seconds": None, "reason": ""},
            ),
            (Slowed("b", "bob", 60), {"type": "slowed", "by": "bob", "seconds": 60}),
            (Invited("b", "bob", "eve", "e"), {"type": "invited", "by": "bob", "nick": "eve"}),
            (Locked("b", "bob", "a key"), {"type": "locked", "by": "bob", "password": True}),
            (Unlocked("b", "bob"), {"type": "unlocked", "by": "bob"}),
            (Hidden("b", "bob"), {"type": "hidden", "by": "bob"}),
        ):
            self.assertEqual(entry(event), {"room": "lobby", "seq": 17, "time": TIME} | fields)

    def test_a_private_message_is_in_one_s_own_inbox(self) -> None:
        told = {"type": "private", "room": "@", "time": TIME, "from": "bob", "to": "alice", "text": "psst"}
        for stream in inbox("a"), inbox("b"):
            self.assertEqual(entry(Told("b", "bob", "alice", "psst"), stream, 4), told | {"seq": 4})

    def test_a_paste_is_one_entry_with_line_feeds(self) -> None:
        self.assertEqual(entry(Said("b", "bob", "a\n  b\n\nc"))["text"], "a\n  b\n\nc")

    def test_what_one_does_not_want_to_see_is_hidden_and_counts(self) -> None:
        hidden = {"type": "hidden", "room": "lobby", "seq": 17}
        for ignored in "bob", "@b":
            for event in (
                Said("b", "BoB", "x"), Acted("b", "bob", "x"), Edited("b", "bob", "x", 7),
                Replied("b", "bob", "x", 7, "eve: y"),
            ):  # fmt: skip
                self.assertEqual(entry(event, ignored=frozenset({ignored})), hidden)
            told = entry(Told("b", "bob", "alice", "x"), inbox("a"), ignored=frozenset({ignored}))
            self.assertEqual(told, hidden | {"room": "@"})
        for presence in Joined("b", "bob"), Left("b", "bob", "bye"):
            self.assertEqual(entry(presence, joins="none"), hidden)

    def test_what_is_gone_is_hidden_and_counts(self) -> None:
        self.assertEqual(entry(Gone("b", "bob")), {"type": "hidden", "room": "lobby", "seq": 17})

    def test_nothing_else_is_hidden(self) -> None:
        ignored = frozenset({"bob", "@b"})
        for event in (
            Joined("b", "bob"), Left("b", "bob"), Renamed("b", "bob", "rob", (), "r"),
            TopicSet("b", "bob", "x"), Said("c", "bobby", "x"),
        ):  # fmt: skip
            self.assertNotEqual(entry(event, ignored=ignored, joins="folded")["type"], "hidden")
        self.assertNotEqual(entry(Said("b", "bob", "x"), joins="none")["type"], "hidden")

    def test_an_entry_of_the_past_is_marked(self) -> None:
        for event in Said("b", "bob", "hello"), Joined("e", "eve"):
            self.assertEqual(entry(event, replay=True), entry(event) | {"replay": True})
        self.assertIs(entry(Said("b", "bob", "x"), replay=True, ignored=frozenset({"bob"}))["replay"], True)

    def test_everybody_with_a_view_is_shown_the_same_one_s_own_too(self) -> None:
        page = Page(
            [Entry(1, MORNING, Said("a", "ann", "x")), Entry(2, MORNING, Joined("b", "bob"))], "#dev", View()
        )
        for session in "a", "b", "c":
            self.assertEqual(page.own(session, {1, 2}), page.shared)
            self.assertNotIn(session, page.apart)
        self.assertEqual(len(decoded(page.shared)), 2)

    def test_behind_what_one_has_asked_for_under_a_reference_stands_the_answer(self) -> None:
        asked: list[Event] = [
            Said("a", "ann", "x", ref="1"), Acted("a", "ann", "x", ref="2"),
            TopicSet("a", "ann", "x", ref="3"), Said("a", "ann", "x"),
            Said("b", "bob", "x", ref="1"), Joined("a", "ann", ref="4"),
            Replied("a", "ann", "x", 1, "q", ref="5"), Edited("a", "ann", "x", 1, ref="6"),
            Removed("a", "ann", 1, ref="7"),
        ]  # fmt: skip
        entries = [Entry(seq, MORNING, event) for seq, event in enumerate(asked, 5)]
        page = Page(entries, "#dev", View())
        self.assertEqual(set(page.apart), {"a", "b"})
        for session, answered in (
            ("a", {5: "1", 6: "2", 7: "3", 11: "5", 12: "6", 13: "7"}),
            ("b", {9: "1"}),
            ("c", {}),
        ):
            expected = []
            for line in decoded(page.shared):
                expected.append(line)
                if line["seq"] in answered:
                    expected.append({"type": "ok", "ref": answered[line["seq"]], "seq": line["seq"]})
            self.assertEqual(decoded(page.own(session)), expected)
        self.assertEqual(Page(entries, "#dev", View(), replay=True).apart, set())


class OtherTests(SynchronousTestCase):
    def test_a_gap_lies_between_two_entries(self) -> None:
        self.assertEqual(
            decoded(jsonlines.gap("#lobby", 17, 4021)),
            [{"type": "gap", "room": "lobby", "after": 17, "before": 4021}],
        )
        self.assertEqual(decoded(jsonlines.gap("@a", 0, 2))[0]["room"], "@")

    def test_ok_has_a_ref_and_a_seq_if_there_are_any(self) -> None:
        self.assertEqual(decoded(jsonlines.ok("a1", 19)), [{"type": "ok", "ref": "a1", "seq": 19}])
        self.assertEqual(decoded(jsonlines.ok("a1", None)), [{"type": "ok", "ref": "a1"}])
        self.assertEqual(decoded(jsonlines.ok("", 19)), [{"type": "ok", "seq": 19}])
        self.assertEqual(decoded(jsonlines.ok("", None)), [{"type": "ok"}])

    def test_an_error_has_a_code_a_text_and_perhaps_a_ref(self) -> None:
        error = {"type": "error", "code": "nick-taken", "text": '"bob" is taken.'}
        self.assertEqual(decoded(jsonlines.error("nick-taken", '"bob" is taken.', "")), [error])
        self.assertEqual(
            decoded(jsonlines.error("nick-taken", '"bob" is taken.', "a1")), [error | {"ref": "a1"}]
        )

    def test_a_room_has_no_sign_and_one_s_own_inbox_no_name(self) -> None:
        for stream, room in (("#lobby", "lobby"), ("#5", "5"), ("@s1", "@"), ("@", "@"), ("##a", "#a")):
            self.assertEqual(jsonlines.room(stream), room)

    def test_a_time_is_one_of_rfc_3339(self) -> None:
        for milliseconds, written in (
            (MORNING, TIME), (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"),
            (MORNING + 877, "2026-11-21T10:02:04.000Z"),
        ):  # fmt: skip
            self.assertEqual(jsonlines.time(milliseconds), written)

    @settings(database=None)
    @given(st.integers(0, 4_102_444_800_000))
    def test_no_millisecond_of_it_is_lost(self, milliseconds: int) -> None:
        whole, _, fraction = jsonlines.time(milliseconds).removesuffix("Z").partition(".")
        again = jsonlines.time(milliseconds - milliseconds % 1000)
        self.assertEqual((int(fraction), f"{whole}.000Z"), (milliseconds % 1000, again))


class HarmlessTests(SynchronousTestCase):
    """What an older version let into the log, or a mistake of ours into a sentence."""

    def setUp(self) -> None:
        self.before = GATE.sanitizer_escape_total

    def stopped(self) -> int:
        return GATE.sanitizer_escape_total - self.before

    def test_no_text_has_a_control_in_it_escaped_or_not(self) -> None:
        for text, shown in (
            ("\x1b[2J", "\ufffd[2J"), ("a\x7fb", "a\ufffdb"), ("\u009b2J", "\ufffd2J"), ("\r", "\ufffd"),
            ("\\\x1b\\", "\\\ufffd\\"), ("\u202e\u2028", "\ufffd\ufffd"), ("\t\b\f", "\ufffd" * 3),
        ):  # fmt: skip
            for event in Said("b", "bob", text), Acted("b", "bob", text), TopicSet("b", "bob", text):
                self.assertEqual(entry(event)["text"], shown)
            self.assertEqual(entry(Said("b", text, "x"))["from"], shown)
            self.assertEqual(decoded(jsonlines.line({"type": "x", text: [text, {"a": text}, 1, None]})),
                             [{"type": "x", shown: [shown, {"a": shown}, 1, None]}])  # fmt: skip
        self.assertEqual(self.stopped(), 10 * 7)

    def test_only_a_message_has_several_lines(self) -> None:
        self.assertEqual(entry(Said("b", "bob", "one\ntwo"))["text"], "one\ntwo")
        self.assertEqual(self.stopped(), 0)
        self.assertEqual(entry(Acted("b", "bob", "one\ntwo"))["text"], "one\ufffdtwo")
        self.assertEqual(entry(Said("b", "b\nob", "x"))["from"], "b\ufffdob")
        self.assertEqual(self.stopped(), 2)

    def test_what_people_write_is_as_it_was(self) -> None:
        for text in (
            "", '"', "\\", "\\n", "\\u001b", '\\\\"\\', "caf\u00e9", "\U0001f468\u200d\U0001f469",
            "\u05d0\u200f!", "/", "\U0001fae9", "\ufffd",
        ):  # fmt: skip
            self.assertEqual(entry(Said("b", "bob", text))["text"], text)
            self.assertEqual(entry(Acted("b", "bob", text))["text"], text)
        self.assertEqual(self.stopped(), 0)

    @settings(deadline=None, database=None)
    @given(EVENTS, STREAMS, VIEWS)
    def test_no_text_of_an_object_does_anything_where_it_is_shown(
        self, event: Event, stream: str, view: View
    ) -> None:
        shown = Page([Entry(1, MORNING, event)], stream, view).shared
        self.assertTrue(shown.endswith(b"}\n"))
        texts = [text for text in decoded(shown)[0].values() if isinstance(text, str)]
        for text in shown[:-1].decode(), *texts:
            said = text.replace("\n", "") if isinstance(event, Said) else text
            self.assertIsNone(CONTROL.search(said), ascii(text))


class PageLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=20), st.integers(0, 10**6), STREAMS, VIEWS, st.booleans())
    def test_whatever_happened_and_however_it_is_seen_no_number_is_left_out(
        self, events: list[Event], after: int, stream: str, view: View, replay: bool
    ) -> None:
        entries = [Entry(seq, MORNING, event) for seq, event in enumerate(events, after + 1)]
        page = Page(entries, stream, view, replay)
        shown = decoded(page.shared)
        self.assertEqual([line["seq"] for line in shown], [entry.seq for entry in entries])
        self.assertEqual({line["room"] for line in shown} - {jsonlines.room(stream)}, set())
        self.assertEqual({line.get("replay", False) for line in shown} - {replay}, set())
        for session in "a", "b":
            own = decoded(page.own(session))
            self.assertEqual([line for line in own if line["type"] != "ok"], shown)
            self.assertTrue(session in page.apart or own == shown)

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=10), STREAMS, VIEWS)
    def test_how_entries_are_put_together_does_not_matter(
        self, events: list[Event], stream: str, view: View
    ) -> None:
        entries = [Entry(seq, MORNING, event) for seq, event in enumerate(events, 1)]
        parts = [Page([entry], stream, view).shared for entry in entries]
        self.assertEqual(b"".join(parts), Page(entries, stream, view).shared)

    @settings(deadline=None, database=None)
    @given(EVENTS, STREAMS, VIEWS)
    def test_no_session_and_no_ref_is_told(self, event: Event, stream: str, view: View) -> None:
        (shown,) = decoded(Page([Entry(1, MORNING, event)], stream, view).shared)
        self.assertEqual(shown.keys() & {"session", "ref", "id", "rooms"}, set())

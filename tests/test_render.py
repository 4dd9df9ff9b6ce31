"""Every form of a line that people are shown, word for word."""

import re
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import comings, render
from tcpchat.colors import color
from tcpchat.events import (
    Acted,
    Edited,
    Entry,
    Event,
    Gone,
    Joined,
    Left,
    Removed,
    Renamed,
    Replied,
    Said,
    Told,
    TopicSet,
    inbox,
    lines_said,
)
from tcpchat.gate import GATE
from tcpchat.names import nickname
from tcpchat.render import Page, View
from tcpchat.text import clean
from tcpchat.wire import Wire

PARIS = ZoneInfo("Europe/Paris")

SAID = Said("b", "bob", "hello")
ACTED = Acted("b", "bob", "waves")
REPLIED = Replied("b", "bob", "me too", 1234, "carl: hungry")
EDITED = Edited("b", "bob", "hello", 1234)
TOLD = Told("b", "bob", "alice", "psst")
PRESENCE: list[Event] = [Joined("b", "bob"), Left("b", "bob"), Left("b", "bob", "connection lost")]


def at(moment: str) -> int:
    """Return an ISO time in UTC as the log holds it."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1000


NOON = at("2026-11-21 12:00:59")
NOW = at("2026-11-21 20:00")


def show(
    entries: list[Entry], stream: str, view: View, viewer: str, now: int, seen: Container[int] = ()
) -> bytes:
    return Page(entries, stream, view, now).own(viewer, seen)


def line(event: Event, stream: str = "#dev", viewer: str = "a", **view: Any) -> str:
    """Return how a viewer sees an event that happened at noon."""
    return show([Entry(1, NOON, event)], stream, View(**view), viewer, NOW).decode()


class EntryTests(SynchronousTestCase):
    def test_what_is_said_in_the_current_room(self) -> None:
        self.assertEqual(line(SAID), "<bob> hello\r\n")
        self.assertEqual(line(ACTED), "* bob waves\r\n")

    def test_what_is_said_in_another_room_stands_behind_its_name(self) -> None:
        self.assertEqual(line(SAID, current=False), "#dev <bob> hello\r\n")
        self.assertEqual(line(ACTED, current=False), "#dev * bob waves\r\n")

    def test_a_private_message_is_from_somebody_and_its_copy_to_somebody(self) -> None:
        for current in True, False:
            self.assertEqual(line(TOLD, inbox("a"), "a", current=current), "[from bob] psst\r\n")
            self.assertEqual(line(TOLD, inbox("b"), "b", current=current), "[to alice] psst\r\n")

    def test_an_answer_stands_behind_what_it_answers(self) -> None:
        self.assertEqual(line(REPLIED), "<bob> (re 1234 carl: hungry) me too\r\n")
        self.assertEqual(line(REPLIED, current=False), "#dev <bob> (re 1234 carl: hungry) me too\r\n")
        self.assertEqual(line(Replied("b", "bob", "me", 1234, "")), "<bob> (re 1234) me\r\n")

    def test_what_is_corrected_and_taken_back_is_told_by_its_number(self) -> None:
        self.assertEqual(line(EDITED), "*** bob edited 1234: hello\r\n")
        self.assertEqual(line(EDITED, current=False), "*** bob edited 1234 in #dev: hello\r\n")
        self.assertEqual(line(Removed("b", "bob", 1234)), "*** bob removed 1234.\r\n")
        self.assertEqual(line(Removed("b", "bob", 1234), current=False), "*** bob removed 1234 in #dev.\r\n")
        self.assertEqual(line(Gone("b", "bob"), numbered=True, stamped=True), "")

    def test_every_kind_of_line_stands_behind_its_number_if_one_likes(self) -> None:
        for event in (
            SAID,
            ACTED,
            REPLIED,
            EDITED,
            Removed("b", "bob", 2),
            *PRESENCE,
            TopicSet("b", "bob", "x"),
        ):
            for current in True, False:
                plain = line(event, current=current)
                self.assertEqual(line(event, current=current, numbered=True), f"1 {plain}")
                self.assertEqual(
                    line(event, current=current, numbered=True, stamped=True), f"[12:00] 1 {plain}"
                )
        self.assertEqual(line(Said("b", "bob", "x\ny"), numbered=True), "1 <bob> x\r\n1 <bob> y\r\n")

    def test_what_happens_in_a_room_is_told_with_its_name_current_or_not(self) -> None:
        told: dict[Event, str] = {
            Joined("b", "bob"): "*** bob joined #dev.\r\n",
            Left("b", "bob"): "*** bob left #dev.\r\n",
            Left("b", "bob", "connection lost"): "*** bob left #dev: connection lost.\r\n",
            TopicSet("b", "bob", "cats, dogs"): "*** bob set the topic of #dev: cats, dogs\r\n",
            Renamed("b", "bob", "rob", ("#dev",), "r1"): "*** bob is now known as rob.\r\n",
        }
        for event, expected in told.items():
            self.assertEqual(line(event), expected)
            self.assertEqual(line(event, current=False), expected)

    def test_one_s_own_messages_are_left_out_unless_asked_for(self) -> None:
        self.assertEqual(line(SAID, viewer="b"), "")
        self.assertEqual(line(ACTED, viewer="b"), "")
        self.assertEqual(line(REPLIED, viewer="b"), "")
        self.assertNotEqual(line(REPLIED, viewer="b", echo=True), "")
        self.assertEqual(line(SAID, viewer="b", echo=True), "<bob> hello\r\n")
        self.assertEqual(line(ACTED, viewer="b", echo=True, current=False), "#dev * bob waves\r\n")

    def test_what_one_has_corrected_oneself_is_shown(self) -> None:
        self.assertEqual(line(EDITED, viewer="b"), line(EDITED))
        self.assertEqual(line(Removed("b", "bob", 1234), viewer="b"), "*** bob removed 1234.\r\n")

    def test_one_is_oneself_by_session_and_not_by_nickname(self) -> None:
        self.assertEqual(line(Said("a", "bob", "x"), viewer="bob"), "<bob> x\r\n")

    def test_one_s_own_coming_and_going_is_left_out_and_renaming_is_not(self) -> None:
        for event in PRESENCE:
            self.assertEqual(line(event, viewer="b", echo=True), "")
        self.assertEqual(
            line(Renamed("b", "bob", "rob", ("#dev",), "r1"), viewer="b"), "*** bob is now known as rob.\r\n"
        )
        self.assertEqual(line(TopicSet("b", "bob", "x"), viewer="b"), "*** bob set the topic of #dev: x\r\n")

    def test_who_wants_no_joins_sees_none_and_who_wants_them_folded_none_of_these(self) -> None:
        for joins in "none", "folded":
            for event in PRESENCE:
                self.assertEqual(line(event, joins=joins), "")
            self.assertEqual(line(SAID, joins=joins), "<bob> hello\r\n")

    def test_who_is_ignored_is_not_heard(self) -> None:
        ignored = frozenset({"bob"})
        for event in SAID, ACTED, REPLIED, EDITED, Said("b", "BoB", "x"), Said("b", "\uff22ob", "x"):
            self.assertEqual(line(event, ignored=ignored), "")
        self.assertEqual(line(TOLD, inbox("a"), ignored=ignored), "")
        self.assertEqual(line(Said("c", "bobby", "x"), ignored=ignored), "<bobby> x\r\n")

    def test_who_is_ignored_is_still_seen_to_come_and_go(self) -> None:
        self.assertEqual(line(Joined("b", "bob"), ignored=frozenset({"bob"})), "*** bob joined #dev.\r\n")
        told = line(Told("a", "ann", "bob", "x"), inbox("a"), "a", ignored=frozenset({"ann", "bob"}))
        self.assertEqual(told, "[to bob] x\r\n")

    def test_entries_can_be_hidden_by_their_numbers(self) -> None:
        entries = [Entry(seq, NOON, Said("b", "bob", str(seq))) for seq in range(1, 5)]
        self.assertEqual(show(entries, "#dev", View(), "a", NOW, {2, 3}), b"<bob> 1\r\n<bob> 4\r\n")

    def test_who_is_ignored_is_known_by_nickname_or_inbox_as_far_as_it_is_one(self) -> None:
        self.assertEqual(line(SAID, ignored=frozenset({inbox("b")})), "")
        self.assertEqual(line(Said("b", "BOB", "x"), ignored=frozenset({"bob"})), "")
        self.assertEqual(line(Said("b", "b b", "x"), ignored=frozenset({"bob"})), "<b b> x\r\n")

    def test_all_see_the_same_but_those_who_did_it(self) -> None:
        page = Page([Entry(1, NOON, SAID), Entry(2, NOON, Said("a", "ann", "x"))], "#dev", View(), NOW)
        self.assertEqual(page.shared, b"<bob> hello\r\n<ann> x\r\n")
        self.assertEqual(page.apart, {"a", "b"})

    def test_who_is_called_hears_the_bell_at_the_end_of_the_line(self) -> None:
        entries = [
            Entry(seq, NOON, event)
            for seq, event in enumerate((SAID, Said("c", "carl", "a\nb"), Said("a", "ann", "x")), 1)
        ]
        page = Page(entries, "#dev", View(), NOW)
        self.assertEqual(page.own("a", (), {1, 2, 3}), b"<bob> hello\a\r\n<carl> a\r\n<carl> b\a\r\n")
        self.assertNotIn(b"\a", page.own("a", (), {7}) + page.shared)

    def test_the_bell_is_a_byte_in_every_encoding_and_behind_the_last_part_of_a_broken_line(self) -> None:
        entries = [Entry(1, NOON, Said("b", "bob", "x" * 30))]
        page = Page(entries, "#dev", View(wire=Wire("cp437", 20)), NOW)
        *begun, end = page.own("a", (), {1}).split(b"\r\n")[:-1]
        self.assertTrue(begun and end.endswith(b"\a"))
        self.assertNotIn(b"\a", b"".join(begun))

    def test_in_color_nicknames_are_and_nothing_else(self) -> None:
        for event, stream, viewer in (
            (SAID, "#dev", "a"), (ACTED, "#dev", "a"), (REPLIED, "#dev", "a"), (TOLD, inbox("a"), "a"),
            (TOLD, inbox("b"), "b"), (Said("b", "bob", "a\nb"), "#dev", "a"), (EDITED, "#dev", "a"),
            (Joined("b", "bob"), "#dev", "a"),
        ):  # fmt: skip
            for more in {"current": False, "stamped": True}, {"wire": Wire("latin-1", 40)}:
                plain = line(event, stream, viewer, **more)
                colored = line(event, stream, viewer, color=True, **more)
                nick = "alice" if "[to " in plain else "bob"
                pattern = rf"\x1b\[{color(nick)}m(<bob>|\* bob| bob\]| alice\])\x1b\[0m"
                self.assertEqual(re.sub(pattern, r"\1", colored), plain)
                self.assertEqual("\x1b" in colored, not isinstance(event, Edited | Joined), event)
        self.assertEqual(line(Left("b", "bob"), joins="none", color=True), "")

    def test_nobody_else_s_bell_passes(self) -> None:
        stopped = GATE.sanitizer_escape_total
        self.assertEqual(line(Said("b", "bob", "x\a")), "<bob> x\ufffd\r\n")
        self.assertEqual(GATE.sanitizer_escape_total, stopped + 1)

    def test_nothing_is_nothing(self) -> None:
        self.assertEqual(show([], "#dev", View(), "a", NOW), b"")
        self.assertEqual(comings.missed([], None, "#dev", View(), "a", NOW), b"")


class TimeTests(SynchronousTestCase):
    def replayed(self, then: str, now: str = "2026-11-21 20:00", event: Event = SAID, **view: Any) -> str:
        return comings.missed([Entry(1, at(then), event)], None, "#dev", View(**view), "b", at(now)).decode()

    def test_a_replayed_line_stands_behind_its_time_one_s_own_too(self) -> None:
        self.assertEqual(self.replayed("2026-11-21 10:02"), "[10:02] <bob> hello\r\n")
        self.assertEqual(self.replayed("2026-11-21 10:02", event=ACTED), "[10:02] * bob waves\r\n")
        self.assertEqual(self.replayed("2026-11-21 10:02", current=False), "[10:02] #dev <bob> hello\r\n")

    def test_an_earlier_day_is_named(self) -> None:
        self.assertEqual(self.replayed("2026-11-20 10:02"), "[2026-11-20 10:02] <bob> hello\r\n")
        self.assertEqual(self.replayed("2025-11-21 10:02"), "[2025-11-21 10:02] <bob> hello\r\n")

    def test_a_day_ends_at_midnight(self) -> None:
        self.assertEqual(self.replayed("2026-11-21 00:00"), "[00:00] <bob> hello\r\n")
        self.assertEqual(self.replayed("2026-11-20 23:59:59"), "[2026-11-20 23:59] <bob> hello\r\n")
        self.assertEqual(
            self.replayed("2026-11-21 23:59", "2026-11-22 00:00"), "[2026-11-21 23:59] <bob> hello\r\n"
        )

    def test_the_time_and_the_day_are_those_of_the_zone(self) -> None:
        late, later = "2026-11-21 23:30", "2026-11-22 00:10"
        self.assertEqual(self.replayed(late, later, zone=PARIS), "[00:30] <bob> hello\r\n")
        self.assertEqual(self.replayed(late, later), "[2026-11-21 23:30] <bob> hello\r\n")
        # Summer time.
        self.assertEqual(self.replayed("2026-07-01 10:00", zone=PARIS), "[2026-07-01 12:00] <bob> hello\r\n")

    def test_a_time_that_has_not_come_yet_is_marked_as_a_rough_one(self) -> None:
        entries = [Entry(1, NOON, SAID), Entry(2, NOON + 1, SAID)]
        shown = show(entries, "#dev", View(stamped=True), "a", NOON)
        self.assertEqual(shown, b"[12:00] <bob> hello\r\n[~12:00] <bob> hello\r\n")

    def test_no_time_goes_back_unmarked_when_summer_time_ends(self) -> None:
        night = at("2026-10-25 00:59")  # an hour and a minute before there is only 03:00 in Paris
        for minutes, shown in ((0, "02:59"), (1, "~02:00"), (60, "~02:59"), (61, "03:00")):
            entries = [Entry(1, night + minutes * 60_000, SAID)]
            for now in night + 7_200_000, night - 60_000:
                mark = "~" if now < night else ""
                seen = show(entries, "#dev", View(stamped=True, zone=PARIS), "a", now).decode()
                self.assertEqual(seen, f"[{mark or shown[:-5]}{shown[-5:]}] <bob> hello\r\n")

    def test_live_lines_have_a_time_if_asked_for(self) -> None:
        self.assertEqual(line(SAID, stamped=True), "[12:00] <bob> hello\r\n")
        self.assertEqual(
            line(Joined("b", "bob"), stamped=True, zone=PARIS), "[13:00] *** bob joined #dev.\r\n"
        )
        self.assertEqual(line(TOLD, inbox("a"), stamped=True), "[12:00] [from bob] psst\r\n")


class NumberTests(SynchronousTestCase):
    def numbered(self, event: Event, seq: int = 1234, stream: str = "#dev", **view: Any) -> str:
        return show([Entry(seq, NOON, event)], stream, View(numbered=True, **view), "a", NOW).decode()

    def test_every_entry_stands_behind_its_number(self) -> None:
        for event, line in (
            (SAID, "1234 <bob> hello"), (ACTED, "1234 * bob waves"),
            (Joined("b", "bob"), "1234 *** bob joined #dev."), (Left("b", "bob"), "1234 *** bob left #dev."),
            (Renamed("b", "bob", "rob", ("#dev",), "r1"), "1234 *** bob is now known as rob."),
            (TopicSet("b", "bob", "x"), "1234 *** bob set the topic of #dev: x"),
        ):  # fmt: skip
            self.assertEqual(self.numbered(event), f"{line}\r\n")
        self.assertEqual(self.numbered(TOLD, 4, inbox("a")), "4 [from bob] psst\r\n")

    def test_the_time_stands_before_the_number_and_the_room_behind_it(self) -> None:
        self.assertEqual(self.numbered(SAID, stamped=True), "[12:00] 1234 <bob> hello\r\n")
        self.assertEqual(
            self.numbered(SAID, stamped=True, current=False), "[12:00] 1234 #dev <bob> hello\r\n"
        )
        missed = comings.missed([Entry(7, NOON, SAID)], None, "#dev", View(numbered=True), "b", NOW)
        self.assertEqual(missed, b"[12:00] 7 <bob> hello\r\n")

    def test_what_is_not_shown_has_no_number_either(self) -> None:
        self.assertEqual(self.numbered(SAID, ignored=frozenset({"bob"})), "")
        self.assertEqual(self.numbered(Joined("b", "bob"), joins="none"), "")
        self.assertEqual(self.numbered(Said("a", "ann", "my own")), "")


class PasteTests(SynchronousTestCase):
    PASTED = Said("b", "bob", "def f():\n    return 1\n\nf()")
    LINES = ("<bob> def f():", "<bob>     return 1", "<bob> ", "<bob> f()")

    def shown(self, front: str = "", viewer: str = "a", **view: Any) -> None:
        expected = "".join(f"{front}{line}\r\n" for line in self.LINES)
        self.assertEqual(line(self.PASTED, viewer=viewer, **view), expected)

    def test_each_line_stands_behind_all_that_stands_before_the_first(self) -> None:
        self.shown()
        self.shown("#dev ", current=False)
        self.shown("[12:00] ", stamped=True)
        self.shown("1 ", numbered=True)
        self.shown("[12:00] 1 #dev ", stamped=True, numbered=True, current=False)

    def test_none_of_it_is_shown_to_whoever_did_it_or_does_not_hear_it(self) -> None:
        self.assertEqual(line(self.PASTED, viewer="b"), "")
        self.assertEqual(line(self.PASTED, ignored=frozenset({"bob"})), "")
        self.shown(viewer="b", echo=True)

    def test_a_text_that_looks_like_what_stands_before_it_is_no_part_of_it(self) -> None:
        for text in "<bob> \n<bob> ", "<bob> x\n<bob> x", "\nbob", " \n ":
            shown = line(Said("b", "bob", text))
            self.assertEqual(shown, "".join(f"<bob> {part}\r\n" for part in text.split("\n")))


class SentenceTests(SynchronousTestCase):
    def test_a_notice_and_an_error_begin_with_three_signs(self) -> None:
        self.assertEqual(render.notice("caf\u00e9"), b"*** caf\xc3\xa9\r\n")
        self.assertEqual(render.notices(["a", "b"]), b"*** a\r\n*** b\r\n")
        self.assertEqual(render.notices([]), b"")
        self.assertEqual(render.error("No."), b"!!! No.\r\n")

    def test_one_is_singular(self) -> None:
        self.assertEqual(
            [render.count(n, "line", "lines") for n in range(3)], ["0 lines", "1 line", "2 lines"]
        )
        self.assertEqual(render.people(1, "#lobby"), "1 person is in #lobby")
        self.assertEqual(render.people(2, "#lobby"), "2 people are in #lobby")
        self.assertEqual(render.people(0, "#lobby"), "0 people are in #lobby")

    def test_more_names_than_are_told_may_be_given(self) -> None:
        self.assertEqual(render.names(list("abcdefghijkl"), 12), "a, b, c, d, e, f, g, h, i, j and 2 others")


# What no line of a chat may hold but its own end.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

NAMES = st.sampled_from(["bob", "Zo\u00eb", "b-_9", "\u05d3\u05d5\u05d3", "\u6771\u4eac"])
TEXTS = (
    st.sampled_from(["*** eve left #dev.", "<eve> hi", "!!! no", "[from eve] x", "\r\n*** x", "\u2028<a> b"])
    | st.text(st.sampled_from(" *<>!#[]\r\n\t\x1b\x85\u202e\u0301\u0338a"))
    | st.text(st.characters())
).map(clean)
# Each event, and how its line begins in the current room, in another one, and in an inbox.
BEGINNINGS: st.SearchStrategy[tuple[Event, str, str]] = st.one_of(
    st.builds(lambda nick, text: (Said("b", nick, text), f"<{nick}> ", f"#dev <{nick}> "), NAMES, TEXTS),
    st.builds(lambda nick, text: (Acted("b", nick, text), f"* {nick} ", f"#dev * {nick} "), NAMES, TEXTS),
    st.builds(lambda nick: (Joined("b", nick), *[f"*** {nick} joined "] * 2), NAMES),
    st.builds(lambda nick, text: (Left("b", nick, text), *[f"*** {nick} left "] * 2), NAMES, TEXTS),
    st.builds(lambda nick, text: (TopicSet("b", nick, text), *[f"*** {nick} set "] * 2), NAMES, TEXTS),
    st.builds(
        lambda nick, new: (
            Renamed("b", nick, new, ("#dev",), "r1"), *[f"*** {nick} is now known as {new}."] * 2
        ),
        NAMES, NAMES,
    ),
    st.builds(lambda nick, text: (Told("b", nick, "a", text), *[f"[from {nick}] "] * 2), NAMES, TEXTS),
)  # fmt: skip


class WireTests(SynchronousTestCase):
    """Other terminals than one of UTF-8 whose width is not known."""

    def test_a_line_is_in_the_encoding_of_the_view(self) -> None:
        entries = [Entry(1, NOON, Said("b", "bob", "caf\u00e9 \u65e5"))]
        self.assertEqual(show(entries, "#dev", View(wire=Wire("latin_1")), "a", NOW), b"<bob> caf\xe9 ?\r\n")

    def test_a_line_that_is_too_wide_hangs_from_what_stands_in_front_of_it(self) -> None:
        entries = [Entry(1, NOON, Said("b", "bob", "the quick brown fox"))]
        view = View(current=False, stamped=True, wire=Wire(width=30))
        shown = show(entries, "#dev", view, "a", NOW)
        self.assertEqual(shown, b"[12:00] #dev <bob> the quick\r\n    brown fox\r\n")
        self.assertEqual(shown.count(b"\n"), 2)
        self.assertEqual(render.count_lines(shown), 1)

    def test_each_line_of_a_paste_hangs_from_its_own(self) -> None:
        view = View(wire=Wire("latin_1", 20))
        shown = show([Entry(1, NOON, Said("b", "bob", "one two three\n  \u00e9"))], "#dev", view, "a", NOW)
        self.assertEqual(shown, b"<bob> one two three\r\n<bob>   \xe9\r\n")
        self.assertEqual(render.count_lines(shown), 2)

    def test_so_are_notices_and_errors(self) -> None:
        wire = Wire("latin_1", 20)
        self.assertEqual(render.notice("caf\u00e9", wire), b"*** caf\xe9\r\n")
        self.assertEqual(
            render.error("x" * 10 + " yy " + "z" * 10, wire), b"!!! xxxxxxxxxx yy\r\n    zzzzzzzzzz\r\n"
        )
        self.assertEqual(render.no_longer_kept(12, wire), b"*** 12 lines are no\r\n    longer kept.\r\n")
        self.assertEqual(render.notices(["a", "\u00e9"], wire), b"*** a\r\n*** \xe9\r\n")

    def test_who_is_not_heard_is_not_shown_there_either(self) -> None:
        view = View(ignored=frozenset({"bob"}), wire=Wire(width=20))
        self.assertEqual(show([Entry(1, NOON, SAID)], "#dev", view, "a", NOW), b"")


class LineLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(BEGINNINGS, st.booleans())
    def test_no_text_makes_a_line_pass_for_one_of_another_kind(
        self, event_and_beginnings: tuple[Event, str, str], current: bool
    ) -> None:
        event, here, elsewhere = event_and_beginnings
        beginning = here if current else elsewhere
        stream = inbox("a") if isinstance(event, Told) else "#dev"
        shown = line(event, stream, current=current)
        self.assertTrue(shown.startswith(beginning), ascii(shown))
        self.assertIsNone(CONTROL.search(shown.removesuffix("\r\n")), ascii(shown))
        self.assertTrue(shown.endswith("\r\n"))
        self.assertEqual(line(event, stream, current=current, stamped=True), f"[12:00] {shown}")

    @settings(deadline=None, database=None)
    @given(st.lists(BEGINNINGS))
    def test_every_entry_is_exactly_one_line(self, events: list[tuple[Event, str, str]]) -> None:
        entries = [Entry(seq, NOON, event) for seq, (event, _, _) in enumerate(events, 1)]
        shown = show(entries, "#dev", View(), "a", NOW)
        self.assertEqual(shown.count(b"\r\n"), len(entries))
        self.assertEqual(shown.count(b"\n"), len(entries))
        self.assertEqual(b"".join(show([entry], "#dev", View(), "a", NOW) for entry in entries), shown)

    @settings(deadline=None, database=None)
    @given(NAMES, st.lists(TEXTS, min_size=1, max_size=6), st.booleans())
    def test_every_line_of_a_paste_is_one_of_whoever_pasted_it(
        self, nick: str, texts: list[str], stamped: bool
    ) -> None:
        event = Said("b", nick, "\n".join(texts))
        shown = line(event, stamped=stamped, numbered=True)
        self.assertEqual(shown.count("\n"), lines_said(event))
        for each in shown.removesuffix("\r\n").split("\r\n"):
            self.assertTrue(each.startswith(f"{'[12:00] ' if stamped else ''}1 <{nick}> "), ascii(each))
            self.assertIsNone(CONTROL.search(each), ascii(each))

    @settings(deadline=None, database=None)
    @given(NAMES)
    def test_a_nickname_never_begins_like_another_kind(self, nick: str) -> None:
        self.assertTrue(nickname(nick).display[0].isalpha())

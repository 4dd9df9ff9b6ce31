"""Who came and went, in one line, and what somebody missed."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import comings
from tcpchat.comings import Comings, Fold
from tcpchat.events import Entry, Event, Joined, Left, Said, Told, TopicSet, inbox
from tcpchat.render import View
from tcpchat.wire import Wire

# Saturday, 21 November 2026, 12:00:59 UTC; and eight hours later.
NOON = 1_795_262_459_000
NOW = 1_795_291_200_000

SAID = Said("b", "bob", "hello")
TOLD = Told("b", "bob", "alice", "psst")


def came(*nicks: str) -> list[Event]:
    return [Joined(nick, nick) for nick in nicks]


def went(*nicks: str) -> list[Event]:
    return [Left(nick, nick, "any reason") for nick in nicks]


class MissedTests(SynchronousTestCase):
    def missed(
        self, *events: Event, presence: Sequence[Event] = (), viewer: str = "a", **view: Any
    ) -> list[str]:
        """Return how somebody is shown what happened from noon on, a minute apart."""
        entries = [Entry(seq, NOON + seq * 60_000, event) for seq, event in enumerate(events, 1)]
        who = Comings(viewer)
        for seq, event in enumerate(presence, len(events) + 1):
            who.add(Entry(seq, NOON + seq * 60_000, event))
        shown = comings.missed(entries, who, "#dev", View(**view), viewer, NOW).decode()
        *lines, rest = shown.split("\r\n")
        self.assertEqual(rest, "")
        return lines

    def test_everything_stands_behind_its_time_one_s_own_lines_too(self) -> None:
        self.assertEqual(
            self.missed(SAID, TopicSet("b", "bob", "x"), Said("a", "ann", "mine")),
            ["[12:01] <bob> hello", "[12:02] *** bob set the topic of #dev: x", "[12:03] <ann> mine"],
        )
        self.assertEqual(self.missed(SAID, current=False), ["[12:01] #dev <bob> hello"])

    def test_who_came_and_went_is_one_line_behind_it_at_the_last_of_their_times(self) -> None:
        self.assertEqual(
            self.missed(SAID, presence=[*came("c", "d"), *went("e")]),
            ["[12:01] <bob> hello", "[12:04] *** c, d joined, e left #dev."],
        )
        self.assertEqual(self.missed(presence=came("c")), ["[12:01] *** c joined #dev."])

    def test_of_many_ten_are_named_and_the_others_counted(self) -> None:
        nicks = [f"n{n}" for n in range(1000)]
        named = ", ".join(nicks[:10])
        self.assertEqual(
            self.missed(presence=[*came(*nicks), *went(*nicks[:11]), *came("a")])[0].partition(" *** ")[2],
            f"{named} and 990 others joined, {named} and 1 other left #dev.",
        )
        self.assertEqual(self.missed(presence=came(*nicks[:10])), [f"[12:10] *** {named} joined #dev."])

    def test_one_s_own_coming_and_going_is_no_part_of_it(self) -> None:
        self.assertEqual(
            self.missed(presence=[*came("c"), *went("a"), *came("a")]), ["[12:01] *** c joined #dev."]
        )
        self.assertEqual(self.missed(presence=came("a")), [])

    def test_who_wants_no_joins_is_told_none_and_who_wants_them_folded_is(self) -> None:
        self.assertEqual(self.missed(SAID, presence=came("c"), joins="none"), ["[12:01] <bob> hello"])
        self.assertEqual(self.missed(presence=came("c"), joins="folded"), ["[12:01] *** c joined #dev."])

    def test_who_is_ignored_is_not_heard_of_the_past_either(self) -> None:
        self.assertEqual(
            self.missed(SAID, Said("c", "carl", "hi"), ignored=frozenset({"bob"})), ["[12:02] <carl> hi"]
        )

    def test_it_is_in_the_encoding_and_the_width_of_who_missed_it(self) -> None:
        who = Comings("a")
        who.add(Entry(2, NOON, Joined("z", "Zo\u00eb")))
        view = View(wire=Wire("latin_1", 20))
        shown = comings.missed([Entry(1, NOON, Said("b", "bob", "caf\u00e9"))], who, "#dev", view, "a", NOW)
        self.assertEqual(shown, b"[12:00] <bob> caf\xe9\r\n[12:00] *** Zo\xeb\r\n    joined #dev.\r\n")

    def test_a_private_message_is_missed_as_it_would_have_been_shown(self) -> None:
        shown = comings.missed([Entry(1, NOON, TOLD)], None, inbox("a"), View(current=False), "a", NOW)
        self.assertEqual(shown, b"[12:00] [from bob] psst\r\n")


def fold(*events: Event) -> Fold:
    return Fold([Entry(seq, NOON, event) for seq, event in enumerate(events, 1)], "#dev")


class FoldTests(SynchronousTestCase):
    def test_who_came_and_went_is_one_line(self) -> None:
        self.assertEqual(
            fold(*came("a"), *went("c"), *came("b")).shared, b"*** a, b joined, c left #dev.\r\n"
        )
        self.assertEqual(fold(*came("a")).shared, b"*** a joined #dev.\r\n")
        self.assertEqual(fold(*went("a", "b")).shared, b"*** a, b left #dev.\r\n")

    def test_who_came_and_went_at_once_did_both(self) -> None:
        self.assertEqual(fold(*came("a"), *went("a")).shared, b"*** a joined, a left #dev.\r\n")

    def test_of_many_ten_are_named(self) -> None:
        joined = fold(*came(*"abcdefghijk"), *went(*"ABCDEFGHIJKLM")).shared
        self.assertEqual(
            joined,
            b"*** a, b, c, d, e, f, g, h, i, j and 1 other joined,"
            b" A, B, C, D, E, F, G, H, I, J and 3 others left #dev.\r\n",
        )
        self.assertEqual(
            fold(*came(*"abcdefghijk")).own("a"), b"*** b, c, d, e, f, g, h, i, j, k joined #dev.\r\n"
        )

    def test_who_came_in_the_middle_is_shown_what_came_after(self) -> None:
        folded = fold(*came("a"), *went("z"), *came("b", "c"), *went("y"))
        self.assertEqual(folded.own("b"), b"*** c joined, y left #dev.\r\n")
        self.assertEqual(folded.own("c"), b"*** y left #dev.\r\n")
        self.assertEqual(folded.own("y"), b"")
        self.assertEqual(folded.own("elsewhere"), folded.shared)

    def test_nobody_is_no_line(self) -> None:
        self.assertEqual(fold().shared, b"")
        self.assertEqual(fold(*came("a")).own("a"), b"")

    def test_it_is_in_the_encoding_and_the_width_of_who_is_shown_it(self) -> None:
        folded = fold(*came("Zo\u00eb", "a" * 10))
        narrow = folded.over(Wire("latin_1", 20))
        self.assertEqual(narrow.shared, b"*** Zo\xeb, aaaaaaaaaa\r\n    joined #dev.\r\n")
        self.assertEqual(narrow.own("Zo\u00eb"), b"*** aaaaaaaaaa\r\n    joined #dev.\r\n")
        self.assertEqual(narrow.apart, folded.apart)
        self.assertEqual(folded.shared, "*** Zo\u00eb, aaaaaaaaaa joined #dev.\r\n".encode())

    def test_other_events_are_no_part_of_it(self) -> None:
        self.assertEqual(fold(SAID, *came("a"), TopicSet("b", "bob", "x")).shared, b"*** a joined #dev.\r\n")

    @settings(deadline=None, database=None)
    @given(st.lists(st.sampled_from([*came(*"abcd"), *went(*"abcd")])))
    def test_for_whoever_came_or_went_it_is_the_line_of_what_came_after(self, events: list[Event]) -> None:
        folded = fold(*events)
        for viewer in "abcd":
            mine = [place for place, event in enumerate(events, 1) if event.session == viewer]
            self.assertEqual(viewer in folded.apart, bool(mine))
            after = events[mine[-1] :] if mine else events
            self.assertEqual(folded.own(viewer), fold(*after).shared)

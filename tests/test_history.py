"""Page by page: /history, /search, /who, /more; and that nobody looks where they may not."""

from __future__ import annotations

import functools
import json
import operator
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat.answers import NAMED_PER_PAGE
from tcpchat.events import Joined, Left
from tcpchat.limits import MOST_HISTORY
from tests.visitors import ChatCase, Visitor

LIVE = "*** Live now."
NOTHING_EARLIER = "*** There is nothing earlier."


def texts(lines: list[str]) -> list[str]:
    return [line.partition("> ")[2] for line in lines if "> " in line]


class HistoryTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def say(self, number: int, who: Visitor | None = None) -> None:
        (who or self.alice).types(*(f"line {n}" for n in range(number)))
        self.bob.sees()

    def pages(self, *first: str) -> list[list[str]]:
        """Return what a question and then /more shows, up to the beginning."""
        pages = [self.bob.types(*first)]
        while pages[-1] != [NOTHING_EARLIER]:
            pages.append(self.bob.types("/more"))
            self.assertLess(len(pages), 50)
        return [texts(page) for page in pages[:-1]]

    def test_as_many_as_a_newcomer_sees(self) -> None:
        self.say(20)
        self.assertEqual(
            self.bob.types("/history"),
            ["*** The last 10 lines of #lobby:", *(f"[10:02] <alice> line {n}" for n in range(10, 20)), LIVE],
        )

    def test_as_many_as_are_asked_for_and_at_most_500(self) -> None:
        self.say(600)
        for asked, shown in ("1", 1), ("17", 17), ("500", 500), ("501", 500), ("999999999", 500):
            lines = self.bob.types(f"/history {asked}")
            self.assertEqual(texts(lines), [f"line {n}" for n in range(600 - shown, 600)])

    def test_what_is_no_number_of_lines(self) -> None:
        for asked in "0", "-1", "1 2", "#a #b", "9999999999", "\u0664":
            self.assertRegex(self.bob.types(f"/history {asked}")[0], "^!!! ", asked)

    def test_another_room_by_name(self) -> None:
        self.bob.types("/join #dev", "in dev", "/join #lobby")
        self.assertEqual(self.bob.types("/history 5 #dev")[1:2], ["[10:02] #dev <bob> in dev"])
        self.assertEqual(self.bob.types("/history #dev 5")[1:2], ["[10:02] #dev <bob> in dev"])

    def test_not_a_room_that_one_is_not_in(self) -> None:
        self.alice.types("/join #own", "secret")
        self.assertEqual(self.bob.types("/history #own"), ["!!! You are not in #own. /join #own"])
        self.assertRegex(self.bob.types("/history #nowhere")[0], "^!!! There is no room #nowhere")

    def test_where_nothing_was_said(self) -> None:
        self.assertEqual(self.bob.types("/history"), ["*** There are no lines in #lobby yet."])

    def test_more_goes_to_the_beginning_and_leaves_nothing_out(self) -> None:
        self.say(47)
        pages = self.pages("/history 10")
        self.assertEqual([len(page) for page in pages], [10, 10, 10, 10, 7])
        self.assertEqual(
            functools.reduce(operator.iadd, reversed(pages), []), [f"line {n}" for n in range(47)]
        )

    def test_more_tells_how_many(self) -> None:
        self.say(3)
        self.bob.types("/history 2")
        self.assertEqual(
            self.bob.types("/more"), ["*** Earlier, 1 line of #lobby:", "[10:02] <alice> line 0", LIVE]
        )

    def test_what_is_said_meanwhile_does_not_move_the_pages(self) -> None:
        self.say(20)
        self.bob.types("/history 5")
        self.alice.types(*(["later"] * 7))
        self.bob.sees()
        self.assertEqual(texts(self.bob.types("/more")), [f"line {n}" for n in range(10, 15)])

    def test_more_of_nothing(self) -> None:
        self.assertEqual(
            self.bob.types("/more"), ["!!! There is nothing to be shown more of. /history or /search first."]
        )

    def test_not_of_a_room_that_one_has_left(self) -> None:
        self.alice.types("/join #own", *map(str, range(20)))
        self.bob.types("/join #own", "/history 5", "/leave")
        self.assertEqual(texts(self.bob.types("/more")), [])

    def test_a_paste_is_so_many_lines_and_is_not_cut(self) -> None:
        self.say(3)
        self.alice.types("/paste", "a", "b", "c", ".", "last")
        self.bob.sees()
        self.assertEqual(texts(self.bob.types("/history 1")), ["last"])
        self.assertEqual(texts(self.bob.types("/history 3")), ["last"])
        self.assertEqual(texts(self.bob.types("/history 4")), ["a", "b", "c", "last"])
        self.assertEqual(self.bob.types("/history 5")[0], "*** The last 5 lines of #lobby:")
        self.assertEqual(texts(self.bob.types("/more")), ["line 0", "line 1"])

    def test_a_paste_of_more_lines_than_asked_for_is_shown_whole(self) -> None:
        self.alice.types("/paste", "a", "b", "c", ".")
        self.bob.sees()
        self.assertEqual(
            self.bob.types("/history 1"),
            ["*** The last 3 lines of #lobby:", *(f"[10:02] <alice> {x}" for x in "abc"), LIVE],
        )

    def test_pages_with_pastes_leave_nothing_out(self) -> None:
        for n in range(10):
            self.alice.types(f"{n}a", "/paste", f"{n}b", f"{n}c", f"{n}d", ".")
        self.bob.sees()
        for size in range(1, 9):
            pages = self.pages(f"/history {size}")
            self.assertEqual(
                functools.reduce(operator.iadd, reversed(pages), []),
                [f"{n}{x}" for n in range(10) for x in "abcd"],
                size,
            )

    def test_ignored_people_do_not_count(self) -> None:
        (carl,) = self.enter("carl")
        for n in range(30):
            self.alice.types(f"alice {n}")
            carl.types(f"carl {n}")
        self.bob.types("/ignore alice")
        pages = self.pages("/history 7")
        self.assertEqual([len(page) for page in pages], [7, 7, 7, 7, 2])
        self.assertEqual(
            functools.reduce(operator.iadd, reversed(pages), []), [f"carl {n}" for n in range(30)]
        )

    def test_behind_any_number_of_ignored_lines_there_are_others(self) -> None:
        (carl,) = self.enter("carl")
        carl.types("long ago")
        self.alice.types(*["spam"] * (MOST_HISTORY + 1))
        self.bob.types("/ignore alice")
        self.assertEqual(functools.reduce(operator.iadd, self.pages("/history 5"), []), ["long ago"])

    def test_a_forgotten_beginning_is_the_end_of_it(self) -> None:
        self.say(20)
        self.log.forget("#lobby", self.log.last("#lobby") - 12)
        pages = self.pages("/history 5")
        self.assertEqual(
            functools.reduce(operator.iadd, reversed(pages), []), [f"line {n}" for n in range(8, 20)]
        )

    def test_when_all_is_forgotten_there_is_nothing(self) -> None:
        self.say(5)
        self.bob.types("/history 2")
        self.log.forget("#lobby", self.log.last("#lobby"))
        self.assertEqual(self.bob.types("/more"), [NOTHING_EARLIER])
        self.assertEqual(self.bob.types("/history"), ["*** There are no lines in #lobby yet."])

    def test_in_no_room(self) -> None:
        self.bob.types("/leave")
        for question in "/history", "/search x":
            self.assertEqual(self.bob.types(question), ["!!! You are in no room. /join #lobby"])

    def test_a_stalled_reader_reads_all_of_it_later(self) -> None:
        self.say(500)
        self.bob.stalls(after=100)
        self.bob.dialogue.received("/history 500")
        self.settle()
        self.alice.types("now")
        shown = self.bob.reads()
        self.assertEqual(texts(shown), [*(f"line {n}" for n in range(500)), "now"])


class PeopleTests(ChatCase):
    """Who is in a room that has more people than a page."""

    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.log.append("#lobby", [Joined(f"x{n}", f"x{n}") for n in range(2 * NAMED_PER_PAGE)])
        self.clock.advance(1)
        self.bob.sees()

    def names(self, page: list[str]) -> list[str]:
        return re.findall(r"(?:: |, |and )(\w+)", " ".join(page))

    def test_they_are_named_in_pages_each_of_them_once_in_the_order_of_their_coming(self) -> None:
        number = 2 * NAMED_PER_PAGE + 1
        first, second, third = self.bob.types("/who"), self.bob.types("/more"), self.bob.types("/more")
        self.assertTrue(first[0].startswith(f"*** {number} people are in #lobby: bob, x0, x1, "))
        self.assertEqual(first[-1], f"*** {number - NAMED_PER_PAGE} more: /more")
        self.assertEqual(second[-1], "*** 1 more: /more")
        self.assertEqual(third, [f"*** and x{number - 2}."])
        self.assertEqual(
            self.names(first[:-1]) + self.names(second[:-1]) + self.names(third),
            ["bob", *(f"x{n}" for n in range(number - 1))],
        )
        self.assertEqual(self.bob.types("/more"), ["*** There is nobody else."])

    def test_who_comes_and_goes_meanwhile_does_not_move_the_pages(self) -> None:
        self.bob.types("/who")
        self.log.append("#lobby", [Left("x0", "x0"), Left("x1", "x1"), Joined("y", "y")])
        self.clock.advance(1)
        self.bob.sees()
        self.assertEqual(self.names(self.bob.types("/more"))[0], f"x{NAMED_PER_PAGE - 1}")
        self.assertEqual(self.bob.types("/more"), [f"*** and x{2 * NAMED_PER_PAGE - 1}, y."])

    def test_a_room_can_be_looked_at_from_outside(self) -> None:
        first = self.bob.types("/who")
        carl = self.connect()
        carl.types("carl", "/leave")
        self.clock.advance(1)
        self.assertEqual(carl.sees()[-1:], carl.sees())
        self.assertEqual(self.names(carl.types("/who #lobby"))[:5], self.names(first)[:5])

    def test_a_program_is_told_all_at_once(self) -> None:
        self.bob.types("/json")
        who, _ok = map(json.loads, self.bob.types('{"type":"who","ref":"a"}'))
        self.assertEqual(len(who["people"]), 2 * NAMED_PER_PAGE + 1)

    def test_a_small_room_leaves_alone_what_more_goes_on_with(self) -> None:
        self.bob.types("/join #dev", "one", "two", "/history 1")
        self.assertEqual(self.bob.types("/who"), ["*** 1 person is in #dev: bob."])
        self.assertEqual(texts(self.bob.types("/more")), ["one"])

    def test_who_looks_at_lines_after_that_sees_more_of_those(self) -> None:
        self.bob.types("one", "two", "/who", "/history 1")
        self.assertEqual(texts(self.bob.types("/more")), ["one"])


class SearchTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.bob.types("/join #dev", "/join #lobby")
        self.alice.types("The build failed", "/me failed to build", "all is well", "naïve café", "/join #dev")
        self.clock.advance(0.01)
        self.alice.types("dev build", "/join #own", "own build")
        self.clock.advance(0.01)
        self.bob.types("my build")
        self.bob.sees()

    def find(self, words: str) -> list[str]:
        return [line.removeprefix("[10:02] ") for line in self.bob.types(f"/search {words}")]

    def test_words_in_all_rooms_that_one_is_in(self) -> None:
        self.assertEqual(
            self.find("build"),
            [
                "*** 4 lines found:",
                "<alice> The build failed",
                "* alice failed to build",
                "#dev <alice> dev build",
                "<bob> my build",
                LIVE,
            ],
        )

    def test_every_word_has_to_be_there_in_any_order(self) -> None:
        self.assertEqual(
            self.find("FAILED build")[1:-1], ["<alice> The build failed", "* alice failed to build"]
        )

    def test_a_phrase_is_in_order(self) -> None:
        self.assertEqual(self.find('"build failed"')[1:-1], ["<alice> The build failed"])
        self.assertEqual(self.find('"build failed')[1:-1], ["<alice> The build failed"])

    def test_accents_do_not_matter(self) -> None:
        self.assertEqual(self.find("cafe naive")[1:-1], ["<alice> naïve café"])

    def test_from_somebody(self) -> None:
        self.assertEqual(self.find("build from:BOB")[1:-1], ["<bob> my build"])
        self.assertEqual(self.find("from:bob")[1:-1], ["<bob> my build"])
        self.assertRegex(self.find("build from:a/b")[0], '^!!! "a/b" is not a nickname')

    def test_in_a_room(self) -> None:
        for room in "#dev", "dev":
            self.assertEqual(self.find(f"build in:{room}")[1:-1], ["#dev <alice> dev build"])

    def test_not_in_a_room_that_one_is_not_in(self) -> None:
        self.assertEqual(self.find("build in:#own"), ["!!! You are not in #own. /join #own"])
        self.assertRegex(self.find("build in:#nowhere")[0], "^!!! There is no room")
        self.assertEqual(self.find("own"), ["*** Nothing was found."])

    def test_private_messages_are_not_searched(self) -> None:
        self.alice.types("/msg bob hidden build")
        self.bob.sees()
        self.assertEqual(self.find("hidden"), ["*** Nothing was found."])

    def test_nothing_that_is_typed_is_an_error_of_ours(self) -> None:
        for words in (
            '"', '""', '" "', "*", "build*", "build AND", "NOT", "NEAR(build failed)", "a:b", "t:x",
            "-build", "^build", "(build", "build)", "{a b}: c", "build OR", "'; DROP TABLE entries; --",
            "\\", "%", "from:", "in:", "from:bob from:alice", "+", "a+b", "\x00", "😀", "build " * 300,
            '"build" "failed"', "NEAR/2",
        ):  # fmt: skip
            shown = self.find(words)
            self.assertRegex(shown[0], r"^(\*\*\* (Nothing was found|\d+ lines? found)|!!! )", words)
        self.assertFalse(self.bob.screen.aborted)

    def test_signs_of_a_query_are_blanks(self) -> None:
        self.assertEqual(self.find("(build) -failed* ^the")[1:-1], ["<alice> The build failed"])

    def test_pages(self) -> None:
        self.alice.types("/join #lobby", *(f"word {n}" for n in range(120)))
        self.bob.sees()
        pages = [texts(self.bob.types("/search word"))]
        while texts(more := self.bob.types("/more")):
            pages.append(texts(more))
        self.assertEqual(more, [NOTHING_EARLIER])
        self.assertEqual([len(page) for page in pages], [50, 50, 20])
        self.assertEqual(
            functools.reduce(operator.iadd, reversed(pages), []), [f"word {n}" for n in range(120)]
        )

    def test_pages_of_several_rooms(self) -> None:
        for n in range(60):
            for room, x in ("#lobby", "a"), ("#dev", "b"):
                self.alice.types(f"/join {room}", f"word {n}{x}")
                self.clock.advance(0.01)
        self.bob.sees()
        pages = [texts(self.bob.types("/search word"))]
        while texts(more := self.bob.types("/more")):
            pages.append(texts(more))
        self.assertEqual(
            functools.reduce(operator.iadd, reversed(pages), []),
            [f"word {n}{x}" for n in range(60) for x in "ab"],
        )

    def test_not_more_of_a_room_that_one_has_left(self) -> None:
        self.alice.types("/join #dev", *(f"word {n}" for n in range(120)))
        self.bob.types("/join #dev", "/search word", "/leave #dev")
        shown = self.bob.types("/more")
        self.assertEqual(texts(shown), [])
        self.assertEqual(shown, [NOTHING_EARLIER])

    def test_what_only_ignored_people_said_is_not_found(self) -> None:
        self.bob.types("/ignore alice")
        self.assertEqual(self.find("build")[1:-1], ["<bob> my build"])

    def test_behind_any_number_of_ignored_lines_there_are_others(self) -> None:
        self.alice.types("/join #lobby", *["build"] * 60)
        self.bob.types("/ignore alice")
        self.assertEqual(self.find("build")[1:-1], ["<bob> my build"])

    def test_what_is_forgotten_is_not_found(self) -> None:
        self.log.forget("#lobby", self.log.last("#lobby"))
        self.assertEqual(self.find("build")[1:-1], ["#dev <alice> dev build"])


WORDS = st.sampled_from(["secret", "psst", "open", "x"])
REQUESTS = st.one_of(
    st.sampled_from(
        [
            "/history", "/history 500", "/history #own", "/history #dev", "/more", "/leave", "/leave #own",
            "/join #dev", "/join #lobby", "/json", "/hold", "/go", "/topic", "/rooms", "/who #own",
            "/whois bob", "/set echo on", "/set timestamps on", "/ignore bob", "/unignore bob", "/seen bob",
            "/nick bob", "/as alice", "/reply psst",
            '{"type":"history","room":"@"}', '{"type":"history","room":"@s1"}',
            '{"type":"search","text":"psst","room":"@"}', '{"type":"history","room":"own","before":9}',
            '{"type":"join","room":"@s1"}', "/join @s1", "/history @s1", "/search in:@s1 psst",
            "back", "quit", "break",
        ]
    ),
    st.builds("/search {}".format, WORDS),
    st.builds("/search {} in:#own".format, WORDS),
    st.builds("/msg {} psst".format, st.sampled_from(["alice", "bob", "carl"])),
    st.just("open"),
)  # fmt: skip


class NobodyElseTests(ChatCase):
    """Whatever three people ask for: what is private, and what was said in another room, is not theirs."""

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 2), REQUESTS), min_size=20, max_size=40))
    def test_what_is_private_is_on_the_screens_of_the_two(self, steps: list[tuple[int, str]]) -> None:
        self.setUp()
        # Eve's room is #own, which nobody else joins; what is said there begins with "secret".
        (eve,) = self.enter("eve")
        eve.types("/join #own", "secret talk", "/topic hidden")
        people = list(self.enter("alice", "bob", "carl"))
        codes = [person.code for person in people]
        people[0].types("/json")
        screens = [[person.screen] for person in people]
        meant: dict[str, set[int]] = {}
        for number, (who, line) in enumerate(steps):
            person = people[who]
            if line in ("back", "quit", "break"):
                if line == "break":
                    person.breaks_off()
                elif line == "quit":
                    person.types("/quit")
                if line != "back" or not person.dialogue.is_over:
                    person, _ = self.come_back(codes[who])
                people[who] = person
                screens[who].append(person.screen)
            elif line.startswith(("/msg", "/reply")):
                word = f"private{number}"
                before = self.inboxes()
                person.types(f"{line} {word}")
                got = {name for name, last in self.inboxes().items() if last != before.get(name)}
                meant[word] = {n for n, each in enumerate(people) if self.inbox_of(each) in got}
            else:
                person.types(line)
            eve.types(f"secret {number}")
        for n, of_one in enumerate(screens):
            shown = b"".join(screen.shown for screen in of_one).decode()
            self.assertNotRegex(shown, r"secret (talk|\d)")
            for word, whose in meant.items():
                if n not in whose:
                    self.assertNotRegex(shown, rf"{word}\b")
        self.assertNotRegex(eve.screen.shown.decode(), r"private\d")

    def inboxes(self) -> dict[str, int]:
        streams = self.successResultOf(self.log.streams())
        return {name: last for name, last in streams.items() if name.startswith("@")}

    def inbox_of(self, visitor: Visitor) -> str:
        return f"@{visitor.dialogue.reader.session}"


class ManyRoomsTests(ChatCase):
    """The list of rooms, when it has more than a page."""

    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        for n in range(MOST_HISTORY):
            self.bob.types(f"/join #r{n}")

    def test_they_come_in_pages(self) -> None:
        first, second = self.bob.types("/rooms"), self.bob.types("/more")
        self.assertEqual(len(first), MOST_HISTORY + 1)
        self.assertEqual(first[-1], "*** 1 more: /more")
        self.assertEqual(len({*first[:-1], *second}), MOST_HISTORY + 1)
        self.assertEqual(self.bob.types("/more"), ["*** There are no more rooms."])

    def test_what_fits_on_a_page_leaves_more_as_it_was(self) -> None:
        self.bob.types("/leave", "/leave", "/join #lobby", "one", "two", "/history 1")
        self.assertEqual(len(self.bob.types("/rooms")), MOST_HISTORY - 1)
        self.assertEqual(
            self.bob.types("/more"), ["*** Earlier, 1 line of #lobby:", "[10:02] <bob> one", LIVE]
        )

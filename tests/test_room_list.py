"""The list of rooms, word for word for people and key by key for programs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Joined, Locked, TopicSet
from tcpchat.limits import MOST_HISTORY
from tcpchat.room import LOBBY, Room
from tcpchat.room_list import Rooms, rooms
from tcpchat.text import clean
from tests.answered import as_json, lines


def room(name: str, *nicks: str, topic: str = "") -> Room:
    """Return a room; the sessions in it are called as their nicknames in capitals."""
    room = Room(name)
    for seq, nick in enumerate(nicks, 1):
        room.apply(Entry(seq, 0, Joined(nick.upper(), nick)))
    if topic:
        room.apply(Entry(len(nicks) + 1, 0, TopicSet("S", "bob", topic)))
    return room


class RoomsTests(SynchronousTestCase):
    def test_every_room_with_somebody_in_it_is_a_line_the_fullest_first(self) -> None:
        known = [
            room("#b", "x", topic="bees"), room(LOBBY, "x", "y"), room("#a", "x"),
            room("#empty", topic="old"), room("#dev", "x", "y", "z", topic="TOPIC"),
        ]  # fmt: skip
        self.assertEqual(
            lines(rooms(known)),
            ["#dev: 3 people: TOPIC", "#lobby: 2 people", "#a: 1 person", "#b: 1 person: bees"],
        )

    def test_a_locked_one_says_so(self) -> None:
        locked = room("#own", "x", topic="TOPIC")
        locked.apply(Entry(3, 0, Locked("s1", "x")))
        self.assertEqual(lines(rooms([locked])), ["#own: 1 person: TOPIC (locked)"])
        self.assertEqual(
            as_json(rooms([locked]))["rooms"],
            [{"room": "own", "people": 1, "topic": "TOPIC", "locked": True}],
        )

    def test_the_lobby_is_there_even_if_nobody_is_in_it(self) -> None:
        self.assertEqual(lines(rooms([room(LOBBY), room("#a")])), ["#lobby: 0 people"])

    def test_a_program_is_told_of_each_by_name(self) -> None:
        self.assertEqual(
            as_json(rooms([room(LOBBY), room("#dev", "x", topic="TOPIC")])),
            {
                "type": "rooms",
                "rooms": [
                    {"room": "dev", "people": 1, "topic": "TOPIC"},
                    {"room": "lobby", "people": 0, "topic": ""},
                ],
            },
        )


class ManyRoomsTests(SynchronousTestCase):
    def pages(self, known: list[Room]) -> list[Rooms]:
        """Return the pages, up to the last."""
        pages = [rooms(known)]
        while pages[-1].more:
            pages.append(rooms(known, pages[-1].rooms[-1].place))
        return pages

    def test_as_many_as_a_page_holds_are_one_and_one_more_is_on_the_next(self) -> None:
        known = [room(f"#{n:03}", "x") for n in range(MOST_HISTORY - 1)] + [room(LOBBY)]
        self.assertEqual(len(self.pages(known)), 1)
        first, second = self.pages([*known, room("#more", "x")])
        self.assertEqual(len(first.rooms), MOST_HISTORY)
        self.assertEqual(lines(first)[-1], "1 more: /more")
        self.assertEqual(lines(second), ["#lobby: 0 people"])
        self.assertEqual(as_json(first)["more"], 1)
        self.assertNotIn("more", as_json(second))

    def test_a_page_of_long_topics_is_shorter_and_none_is_left_out(self) -> None:
        known = [room(f"#{n:03}", "x", topic="\u20ac" * 100) for n in range(300)] + [room(LOBBY)]
        pages = self.pages(known)
        self.assertTrue(all(len(page.json()) < 65536 for page in pages))
        self.assertEqual(
            [about.room for page in pages for about in page.rooms], [*(f"#{n:03}" for n in range(300)), LOBBY]
        )

    @settings(deadline=None, database=None)
    @given(st.lists(st.text(st.characters()).map(lambda text: clean(text).strip())))
    def test_whatever_they_are_about_each_is_one_line_of_clean_text(self, topics: list[str]) -> None:
        known = [room(f"#{n:03}", "x", topic=topic) for n, topic in enumerate(topics)]
        shown = lines(rooms(known))
        self.assertEqual(len(shown), len(topics))
        for line in shown:
            self.assertEqual(clean(line), line)
            self.assertNotIn("\n", line)

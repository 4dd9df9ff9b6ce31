"""The past, a piece at a time: what was said, what was found, what was missed."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Event, Joined, Left, Renamed, Said, Told, TopicSet, inbox
from tcpchat.feed import Feed
from tcpchat.limits import LARGEST_CHUNK
from tcpchat.logs.memory import MemoryLog
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.replays import ENOUGH, Missed, Part, Past, Replay, Results, fresh
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed


class Bob:
    """Who is shown a replay; in #lobby at the moment."""

    session = person = "bob"

    def __init__(self, view: View = View()) -> None:  # noqa: B008 (it cannot change)
        self._view = view

    def view(self, stream: str) -> View:
        return self._view._replace(current=stream == "#lobby")


class ReplayCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 1)
        self.bob = Bob()
        self.lobby, self.dev = (
            RoomFeed(Room(name), self.clock, lambda: 1, 10) for name in ("#lobby", "#dev")
        )
        self.inbox = Feed(inbox("bob"), lambda: 1)

    def happen(self, stream: str, *events: Event) -> None:
        self.log.append(stream, events)
        self.clock.advance(0)

    def say(self, stream: str, *texts: str) -> None:
        self.happen(stream, *(Said("alice", "alice", text) for text in texts))

    def piece(self, replay: Replay) -> list[str]:
        data: bytes = self.successResultOf(replay.read(self.log, self.bob))
        self.assertLessEqual(len(data), LARGEST_CHUNK)
        return [line.removeprefix("[00:00] ") for line in data.decode().splitlines()]

    def all(self, replay: Replay) -> list[str]:
        lines = []
        while not replay.is_over:
            lines += self.piece(replay)
        return lines

    def end(self, feed: Feed) -> Place:
        last = self.log.last(feed.stream)
        return Place(last, last)

    def missed(self, *parts: tuple[Feed, int], counts: bool = True) -> Missed:
        return Missed([Part(feed, Place(after, after), self.end(feed)) for feed, after in parts], counts)


class PastTests(ReplayCase):
    def test_what_people_said_between_two_entries_and_nothing_else(self) -> None:
        self.say("#lobby", "one", "two")
        self.happen("#lobby", Joined("carl", "carl"))
        self.say("#lobby", "three", "four")
        self.assertEqual(
            self.all(Past(self.lobby, 1, 4, b"end\r\n")), ["<alice> two", "<alice> three", "end"]
        )

    def test_ones_own_lines_are_there_too(self) -> None:
        self.happen("#lobby", Said("bob", "bob", "mine"))
        self.assertEqual(self.all(Past(self.lobby, 0, 1)), ["<bob> mine"])

    def test_it_comes_in_pieces(self) -> None:
        self.say("#lobby", *(str(n) for n in range(1000)))
        past = Past(self.lobby, 0, 1000, b"end\r\n")
        first = self.piece(past)
        self.assertLess(len(first), 1000)
        self.assertEqual(first + self.all(past), [*(f"<alice> {n}" for n in range(1000)), "end"])

    def test_an_exact_number_of_pieces_ends(self) -> None:
        for number in 63, 64, 65, 128:
            self.setUp()
            self.say("#lobby", *(str(n) for n in range(number)))
            self.assertEqual(len(self.all(Past(self.lobby, 0, number, b"end\r\n"))), number + 1)

    def test_nothing_is_the_end(self) -> None:
        self.assertEqual(self.all(Past(self.lobby, 0, 0, b"end\r\n")), ["end"])

    def test_it_is_of_no_importance_to_where_one_is(self) -> None:
        self.assertEqual(Past(self.lobby, 0, 5).places(), {})


class ResultsTests(ReplayCase):
    def test_single_entries_of_several_streams_in_the_order_given(self) -> None:
        self.say("#lobby", "a", "b")
        self.say("#dev", "c")
        found = [(self.lobby, 2), (self.dev, 1), (self.lobby, 1)]
        self.assertEqual(
            self.all(Results(found, b"end\r\n")), ["<alice> b", "#dev <alice> c", "<alice> a", "end"]
        )

    def test_what_is_no_longer_kept_is_left_out(self) -> None:
        self.say("#lobby", "a", "b")
        self.log.forget("#lobby", 1)
        self.assertEqual(self.all(Results([(self.lobby, 1), (self.lobby, 2)])), ["<alice> b"])

    def test_no_results_are_over(self) -> None:
        self.assertTrue(Results([]).is_over)

    def test_many_come_in_pieces(self) -> None:
        self.say("#lobby", *("x" * 4000 for _ in range(20)))
        results = Results([(self.lobby, seq) for seq in range(1, 21)])
        first = self.piece(results)
        self.assertLess(len(first) * 4000, ENOUGH + 5000)
        self.assertEqual(len(first + self.all(results)), 20)


class MissedTests(ReplayCase):
    def test_it_is_counted_first(self) -> None:
        self.say("#lobby", "one", "two", "three")
        self.say("#dev", "four")
        self.assertEqual(
            self.all(self.missed((self.dev, 0), (self.lobby, 1))),
            [
                "*** While you were away: 3 lines.",
                "#dev <alice> four",
                "<alice> two",
                "<alice> three",
                "*** Live now.",
            ],
        )

    def test_when_nothing_is_shown_nothing_is_told(self) -> None:
        self.happen("#lobby", Joined("bob", "bob"))
        self.assertEqual(self.all(self.missed((self.lobby, 0))), [])
        self.assertTrue(self.missed().is_over)

    def test_who_came_and_went_is_told_behind_the_rest_without_oneself(self) -> None:
        self.happen("#lobby", Joined("carl", "carl"), Joined("bob", "bob"))
        self.say("#lobby", "one")
        self.happen("#lobby", Left("carl", "carl", "reason"))
        self.assertEqual(
            self.all(self.missed((self.lobby, 0)))[1:-1],
            ["<alice> one", "*** carl joined, carl left #lobby."],
        )

    def test_nobody_is_told_of_where_that_is_set_so(self) -> None:
        self.bob = Bob(View(joins="none"))
        self.happen("#lobby", Joined("carl", "carl"))
        self.assertEqual(self.all(self.missed((self.lobby, 0))), [])

    def test_a_renaming_in_several_rooms_is_told_and_counted_once(self) -> None:
        renamed = Renamed("alice", "alice", new="anna", rooms=("#dev", "#lobby"), id="r1")
        self.happen("#dev", renamed)
        self.happen("#lobby", renamed)
        self.assertEqual(
            self.all(self.missed((self.dev, 0), (self.lobby, 0))),
            ["*** While you were away: 1 line.", "*** alice is now known as anna.", "*** Live now."],
        )

    def test_a_program_is_told_every_entry_and_no_words(self) -> None:
        self.bob = Bob(View(json=True))
        self.happen("#lobby", Joined("bob", "bob"), Said("bob", "bob", "mine"), Left("bob", "bob"))
        lines = self.all(self.missed((self.lobby, 0), counts=False))
        self.assertEqual(
            [('"replay":true' in line, f'"seq":{n}' in line) for n, line in enumerate(lines, 1)],
            [(True, True)] * 3,
        )

    def test_what_came_and_went_can_begin_before_the_rest(self) -> None:
        self.happen("#lobby", Joined("carl", "carl"), Said("alice", "alice", "shown"), Joined("dora", "dora"))
        replay = Missed([Part(self.lobby, Place(2, 0), Place(3, 3))], True)
        self.assertEqual(self.all(replay)[1:-1], ["*** carl, dora joined #lobby."])

    def test_entries_behind_its_end_are_left_to_those_who_show_what_is_new(self) -> None:
        self.say("#lobby", "one")
        replay = self.missed((self.lobby, 0))
        self.say("#lobby", "two")
        self.assertEqual(self.all(replay)[1:-1], ["<alice> one"])

    def test_what_the_room_knows_is_told_as_if_it_were_read(self) -> None:
        self.log.tail("#lobby", 0, self.lobby.deliver)
        for n in range(100):
            self.happen("#lobby", Joined(f"x{n}", f"x{n}"), Said("alice", "alice", str(n)))
            if n % 10 == 0:
                self.happen("#lobby", TopicSet("alice", "alice", text=f"topic {n}"))
        self.happen("#lobby", Left("bob", "bob"), *(Left(f"x{n}", f"x{n}") for n in range(50)))
        here = self.end(self.lobby)
        for after in Place(0, 0), Place(33, 20), Place(20, 33), Place(150, 0):
            changes = self.lobby.room.lately.between(after, here, "bob")
            assert changes is not None
            for view in View(), View(joins="none"), View(ignored=frozenset(["alice"])):
                self.bob = Bob(view)
                self.assertEqual(
                    self.all(Missed([Part(self.lobby, after, here, changes)], True)),
                    self.all(Missed([Part(self.lobby, after, here)], True)),
                )

    def test_the_place_goes_on_with_what_was_shown(self) -> None:
        self.say("#dev", *(str(n) for n in range(100)))
        self.say("#lobby", *(str(n) for n in range(100)))
        replay = self.missed((self.dev, 10), (self.lobby, 20))
        begin = {"#dev": Place(10, 10), "#lobby": Place(20, 20)}
        shown: dict[str, int] = {"#dev": 10, "#lobby": 20}
        while not replay.is_over:
            places = {stream: place.seq for stream, place in replay.places().items()}
            self.assertEqual(places, {stream: shown[stream] for stream in places})
            self.assertEqual(places.keys() | {s for s, n in shown.items() if n == 100}, begin.keys())
            for line in self.piece(replay):
                if "alice" in line:
                    shown["#dev" if line.startswith("#dev") else "#lobby"] += 1
        self.assertEqual((replay.places(), shown), ({}, {"#dev": 100, "#lobby": 100}))

    def test_private_messages_have_no_room(self) -> None:
        self.happen(
            inbox("bob"),
            Told("alice", "alice", to="bob", text="psst"),
            Told("bob", "bob", to="alice", text="yes"),
        )
        self.assertEqual(
            self.all(self.missed((self.inbox, 0)))[1:-1], ["[from alice] psst", "[to alice] yes"]
        )

    def test_what_is_forgotten_meanwhile_is_told(self) -> None:
        self.say("#lobby", *(str(n) for n in range(300)))
        replay = self.missed((self.lobby, 0))
        self.log.forget("#lobby", 200)
        self.assertIn("*** 200 lines are no longer kept.", self.all(replay))


class FreshTests(ReplayCase):
    """What is read while an entry is taken back is read again."""

    def test_until_nothing_was_taken_back_meanwhile(self) -> None:
        answers: list[Deferred[list[Entry]]] = []

        def read() -> Deferred[list[Entry]]:
            answers.append(Deferred())
            return answers[-1]

        found = fresh(self.lobby, read)
        for again in range(1, 3):
            self.lobby.removals += 1
            answers[-1].callback([Entry(1, 1, Said("a", "alice", "old"))])
            self.assertEqual(len(answers), again + 1)
            self.assertNoResult(found)
        answers[-1].callback([])
        self.assertEqual((self.successResultOf(found), len(answers)), ([], 3))

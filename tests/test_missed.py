"""What was missed: it is counted, told once, and goes on where it was shown."""

from __future__ import annotations

from tcpchat.events import Joined, Left, Renamed, Said, Told, TopicSet, inbox
from tcpchat.feed import Feed
from tcpchat.missed import Missed, Paging
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.replays import Part
from tests.handing import over
from tests.replaying import Bob, ReplayCase


class MissedTests(ReplayCase):
    def end(self, feed: Feed) -> Place:
        last = self.log.last(feed.stream)
        return Place(last, last)

    def missed(self, *parts: tuple[Feed, int], counts: bool = True) -> Missed:
        return Missed([Part(feed, Place(after, after), self.end(feed)) for feed, after in parts], counts)

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

    def test_another_process_goes_on_wherever_the_first_one_was(self) -> None:
        self.happen("#lobby", Joined("carl", "carl"))
        self.say("#dev", *(f"{n} {'x' * 500}" for n in range(60)))
        self.say("#lobby", *(str(n) for n in range(20)))
        self.happen("#lobby", Left("carl", "carl", ""))
        for counts in True, False:
            whole = self.all(self.missed((self.dev, 0), (self.lobby, 0), counts=counts))
            for pieces in range(len(whole)):
                replay = self.missed((self.dev, 0), (self.lobby, 0), counts=counts)
                shown = []
                for _ in range(pieces):
                    if not replay.is_over:
                        shown += self.piece(replay)
                it = over(replay.hand_on())
                feeds = {"#dev": self.dev, "#lobby": self.lobby}
                parts = [Part(feeds[p.stream], Place(*p.after), Place(*p.upto)) for p in it.parts]
                again = Missed(parts, it.counts, lines=it.lines, renamings=it.renamings)
                if not replay.is_over:
                    shown += self.all(again)
                self.assertEqual(shown, whole, pieces)

    def test_a_page_goes_on_in_another_process_with_what_is_left_of_it(self) -> None:
        self.say("#lobby", *(f"{n} {'x' * 300}" for n in range(100)))
        left: list[int] = []
        page = Paging(80, lambda parts, lines: left.append(lines))
        replay = Missed([Part(self.lobby, Place(0, 0), self.end(self.lobby))], True, page)
        shown: list[str] = []
        while len(shown) < 10:
            shown += self.piece(replay)
        it = over(replay.hand_on())
        assert it.page is not None and it.lines is not None
        (part,) = it.parts
        rest = [Part(self.lobby, Place(*part.after), Place(*part.upto))]
        shown += self.all(Missed(rest, it.counts, page._replace(most=it.page), lines=it.lines))
        self.assertEqual(shown[0], "*** While you were away: 100 lines.")
        self.assertEqual(shown[-2:], ["*** 20 more: /more", "*** Live now."])
        self.assertEqual([line.split()[1] for line in shown[1:-2]], [str(n) for n in range(80)])
        self.assertEqual(left, [20])

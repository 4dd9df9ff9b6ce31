"""A feed makes once what many are shown alike, and says at once who did not take all of it."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Acted, Entry, Event, Renamed, Said, Told
from tcpchat.feed import Feed, are_spoken
from tcpchat.following import Followed
from tcpchat.logs.memory import MemoryLog
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.screen import Screen
from tests.visitors import FakeScreen

HERE = View()
CALLED = View(bell="bert")


class Somebody:
    """Who reads it live, and notes what they are told of their screen."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.fake = FakeScreen()
        self.screen: Screen = self.fake
        self.told: list[tuple[bytes, int | Exception]] = []

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        if taken != len(data):
            self.told.append((data, taken))

    def follows_several(self) -> bool:
        return False

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        return set()

    def has_new(self, feed: Followed, upto: Place) -> bool:
        return True


class FeedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 0, "epoch")
        self.feed = Feed("#lobby", lambda: 0)
        self.log.tail("#lobby", 0, self.feed.deliver)
        self.anna, self.bert = Somebody("s1"), Somebody("s2")
        self.feed.enter(self.anna, HERE)
        self.feed.enter(self.bert, HERE)

    def happen(self, *events: Event) -> None:
        self.log.append("#lobby", events)
        self.clock.pump([0] * 3)

    def test_what_is_said_is_shown_to_everybody_but_who_said_it(self) -> None:
        self.happen(Said("s1", "anna", "hello"))
        self.assertEqual((self.anna.fake.shown, self.bert.fake.shown), (b"", b"<anna> hello\r\n"))
        self.assertEqual(self.feed.here(HERE), Place(1, 1))

    def test_who_does_not_take_all_is_told_how_much_they_took(self) -> None:
        self.bert.fake.room = 5
        self.happen(Said("s1", "anna", "hello"))
        self.assertEqual(self.bert.told, [(b"<anna> hello\r\n", 5)])

    def test_who_has_left_is_shown_nothing_more_and_may_leave_again(self) -> None:
        self.feed.leave(self.bert, HERE)
        self.feed.leave(self.bert, HERE)
        self.happen(Said("s1", "anna", "hello"))
        self.assertEqual(self.bert.fake.shown, b"")

    def test_who_is_mentioned_hears_the_bell_and_nobody_else(self) -> None:
        carl, dora = Somebody("s3"), Somebody("s4")
        self.feed.leave(self.bert, HERE)
        self.feed.enter(self.bert, CALLED)
        self.feed.enter(carl, View(bell="carl"))
        self.feed.enter(dora, View(bell="dora", echo=True))
        self.happen(Said("s1", "anna", "bert: lunch?"), Acted("s1", "anna", "waits for Dora and bert"))
        plain = b"<anna> bert: lunch?\r\n* anna waits for Dora and bert\r\n"
        self.assertEqual(carl.fake.shown, plain)
        self.assertEqual(self.bert.fake.shown, plain.replace(b"\r\n", b"\a\r\n"))
        self.assertEqual(dora.fake.shown, plain.replace(b"bert\r\n", b"bert\a\r\n"))

    def test_nobody_calls_themselves(self) -> None:
        self.feed.leave(self.bert, HERE)
        self.feed.enter(self.bert, CALLED._replace(echo=True))
        self.happen(Said("s2", "bert", "I am bert"))
        self.assertEqual(self.bert.fake.shown, b"<bert> I am bert\r\n")

    def test_who_is_there_no_more_or_wants_no_bell_any_more_is_not_called(self) -> None:
        self.feed.leave(self.bert, HERE)
        self.feed.enter(self.bert, CALLED)
        self.feed.leave(self.bert, CALLED)
        self.feed.enter(self.bert, HERE)
        self.happen(Said("s1", "anna", "bert"))
        self.assertEqual(self.bert.fake.shown, b"<anna> bert\r\n")

    def test_a_program_hears_no_bell(self) -> None:
        self.feed.leave(self.bert, HERE)
        self.feed.enter(self.bert, CALLED._replace(json=True))
        self.happen(Said("s1", "anna", "bert"))
        self.assertNotIn(b"\a", self.bert.fake.shown)
        self.assertNotIn(b"u0007", self.bert.fake.shown)
        late = self.feed.render(self.entries(), CALLED._replace(json=True), self.bert)
        self.assertNotIn(b"\a", late)

    def test_who_is_behind_hears_it_too_and_nobody_hears_another_s(self) -> None:
        self.happen(Said("s1", "anna", "bert"))
        for _ in range(2):
            self.assertEqual(self.feed.render(self.entries(), HERE, self.bert), b"<anna> bert\r\n")
            self.assertEqual(self.feed.render(self.entries(), CALLED, self.bert), b"<anna> bert\a\r\n")

    def test_private_messages_to_somebody_call_them_and_those_from_them_do_not(self) -> None:
        inbox = Feed("@s2", lambda: 0)
        inbox.enter(self.bert, CALLED)
        told = Told("s1", "anna", "bert", "hi"), Told("s2", "bert", "anna", "hi")
        inbox.deliver([Entry(seq, 0, event) for seq, event in enumerate(told, 1)])
        self.assertEqual(self.bert.fake.shown, b"[from anna] hi\a\r\n[to anna] hi\r\n")

    def test_those_who_want_a_bell_share_a_page_with_the_others(self) -> None:
        many = [Somebody(f"x{n}") for n in range(20)]
        for n, reader in enumerate(many):
            self.feed.enter(reader, View(bell=f"nick{n}"))
        self.assertEqual(len(self.feed._live), 1)

    def entries(self) -> list[Entry]:
        return self.successResultOf(self.log.read("#lobby", 0, 10))

    def test_one_who_is_there_again_is_not_put_out_by_the_end_of_who_they_were(self) -> None:
        again = Somebody("s2")
        self.feed.enter(again, HERE)
        self.feed.leave(self.bert, HERE)
        self.happen(Said("s1", "anna", "hello"))
        self.assertEqual(again.fake.shown, b"<anna> hello\r\n")

    def read(self, after: int) -> list[Entry]:
        answer = self.feed.read(self.log, after)
        self.clock.pump([0] * 3)
        return self.successResultOf(answer)

    def test_many_who_are_behind_at_one_place_cost_one_look_into_the_log(self) -> None:
        self.happen(*(Said("s1", "anna", str(number)) for number in range(3)))
        first = self.read(1)
        self.assertEqual([entry.seq for entry in first], [2, 3])
        self.assertIs(self.read(1), first)
        self.assertEqual([entry.seq for entry in self.read(2)], [3])

    def test_what_reached_to_the_end_is_looked_up_again_once_there_is_more(self) -> None:
        self.happen(Said("s1", "anna", "one"))
        self.assertEqual([entry.seq for entry in self.read(0)], [1])
        self.happen(Said("s1", "anna", "two"))
        self.assertEqual([entry.seq for entry in self.read(0)], [1, 2])

    def test_who_is_behind_is_not_shown_their_own_lines_either(self) -> None:
        entries = [Entry(1, 0, Said("s1", "anna", "hello")), Entry(2, 0, Said("s2", "bert", "hi"))]
        self.assertEqual(self.feed.render(entries, HERE, self.anna), b"<bert> hi\r\n")
        self.assertEqual(self.feed.render(entries, HERE, self.bert), b"<anna> hello\r\n")
        self.assertEqual(self.feed.render([], HERE, self.bert), b"")

    def test_only_what_people_say_counts_as_spoken(self) -> None:
        said, renamed = Said("s1", "anna", "hello"), Renamed("s1", "anna", "ann", ("#lobby",), "1")
        self.assertTrue(are_spoken([Entry(1, 0, said)]))
        self.assertFalse(are_spoken([Entry(1, 0, said), Entry(2, 0, renamed)]))

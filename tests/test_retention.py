"""Forgetting by age and by number: rooms stay what they are, numbers go on, nothing is hidden silently."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Said
from tcpchat.limits import KEEP_ALL, NO_LIMITS, Retention
from tcpchat.logs.memory import MemoryLog
from tcpchat.retention import DAY, Forgetting
from tcpchat.room import LOBBY
from tcpchat.rooms import Rooms
from tcpchat.upkeep import UPKEEP
from tests.visitors import ChatCase, FullLog, Visitor


class ForgettingCase(SynchronousTestCase):
    """Streams of a log, and what is forgotten of them."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.now = 100 * DAY
        self.log = FullLog(self.clock, lambda: self.now)

    def say(self, stream: str, number: int = 1) -> None:
        self.log.append(stream, [Said("s1", "bob", str(n)) for n in range(number)])
        self.clock.advance(0)

    def forgetting(self, retention: Retention) -> Forgetting:
        rooms = Rooms(self.log, self.clock, lambda: self.now, NO_LIMITS, 10, False)
        return Forgetting(self.log, rooms, self.clock, lambda: self.now, retention)

    def forget(self, days: float | None = None, entries: int | None = None) -> None:
        self.run_through(self.forgetting(Retention(days, entries)))

    def run_through(self, forgetting: Forgetting) -> None:
        done = Deferred.fromCoroutine(forgetting.run())
        self.clock.pump([0] * 10)  # a turn for each stream, and for each answer
        self.successResultOf(done)

    def kept(self, stream: str) -> list[int]:
        return [entry.seq for entry in self.successResultOf(self.log.read(stream, 0, 1000))]


class ForgettingTests(ForgettingCase):
    def test_without_a_rule_everything_is_kept(self) -> None:
        self.say("#lobby", 5)
        self.now += 1000 * DAY
        self.forget()
        self.assertEqual(self.kept("#lobby"), [1, 2, 3, 4, 5])

    def test_by_number_the_last_ones_of_each_room_and_inbox_are_kept(self) -> None:
        for stream, number in ("#lobby", 5), ("#dev", 2), ("#ops", 3), ("@s1", 4):
            self.say(stream, number)
        self.forget(entries=2)
        self.assertEqual(
            [self.kept(stream) for stream in ("#lobby", "#dev", "#ops", "@s1")],
            [[4, 5], [1, 2], [2, 3], [3, 4]],
        )

    def test_by_age_what_is_older_is_forgotten_and_what_is_as_old_is_kept(self) -> None:
        for _ in range(3):
            self.say("#lobby")
            self.say("@s1")
            self.now += DAY
        self.forget(days=2)  # the second was said two days ago
        self.assertEqual((self.kept("#lobby"), self.kept("@s1")), ([2, 3], [2, 3]))
        self.now += 1
        self.forget(days=2)
        self.assertEqual((self.kept("#lobby"), self.kept("@s1")), ([3], [3]))

    def test_a_part_of_a_day_counts(self) -> None:
        self.say("#lobby")
        self.now += DAY // 4 + 1
        self.forget(days=0.5)
        self.assertEqual(self.kept("#lobby"), [1])
        self.forget(days=0.25)
        self.assertEqual(self.kept("#lobby"), [])

    def test_of_both_rules_each_holds(self) -> None:
        self.say("#old", 3)
        self.now += 2 * DAY
        self.say("#old")
        self.say("#busy", 5)
        self.forget(days=1, entries=3)
        self.assertEqual((self.kept("#old"), self.kept("#busy")), ([4], [3, 4, 5]))

    def test_numbers_go_on_also_when_nothing_is_left(self) -> None:
        self.say("#lobby", 3)
        self.now += 2 * DAY
        self.forget(days=1)
        self.assertEqual(self.kept("#lobby"), [])
        self.say("#lobby")
        self.assertEqual(self.kept("#lobby"), [4])

    def test_on_a_full_disk_it_is_tried_again_the_next_time(self) -> None:
        self.say("#lobby", 3)
        forgetting = self.forgetting(Retention(entries=1))
        for self.log.full, kept in (True, [1, 2, 3]), (False, [3]):
            self.run_through(forgetting)
            self.assertEqual(self.kept("#lobby"), kept)

    def test_it_is_not_done_twice_at_once(self) -> None:
        self.say("#lobby", 3)
        forgetting = self.forgetting(Retention(entries=1))
        first = Deferred.fromCoroutine(forgetting.run())
        second = Deferred.fromCoroutine(forgetting.run())
        self.successResultOf(second)  # has left it to the first
        self.assertNoResult(first)
        self.assertEqual(self.kept("#lobby"), [1, 2, 3])
        self.clock.pump([0] * 3)
        self.successResultOf(first)
        self.assertEqual(self.kept("#lobby"), [3])

    def test_the_others_have_a_turn_between_two_streams(self) -> None:
        for stream in "#lobby", "#dev":
            self.say(stream, 3)
        done = Deferred.fromCoroutine(self.forgetting(Retention(entries=1)).run())
        seen: list[list[int]] = []
        self.clock.callLater(0, lambda: seen.extend([self.kept("#lobby"), self.kept("#dev")]))
        self.clock.pump([0] * 3)
        self.successResultOf(done)
        self.assertEqual(seen, [[3], [1, 2, 3]])
        self.assertEqual(self.kept("#dev"), [3])


class AnyRuleTests(SynchronousTestCase):
    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(st.integers(0, 5), max_size=12),
        st.none() | st.integers(1, 30),
        st.none() | st.integers(1, 15),
        st.integers(0, 10),
    )
    def test_what_is_kept_is_exactly_what_is_young_and_among_the_last(
        self, ages: list[int], days: int | None, entries: int | None, later: int
    ) -> None:
        clock, now = Clock(), 0
        log = MemoryLog(clock, lambda: now)
        times = []
        for age in ages:
            now += age * DAY
            times.append(now)
            log.append("#dev", [Said("s1", "bob", "hi")])
            clock.advance(0)
        now += later * DAY
        rooms = Rooms(log, clock, lambda: now, NO_LIMITS, 10, False)
        forgetting = Forgetting(log, rooms, clock, lambda: now, Retention(days, entries))
        done = Deferred.fromCoroutine(forgetting.run())
        clock.pump([0] * 2)
        self.successResultOf(done)
        wanted = [
            seq
            for seq, time in enumerate(times, 1)
            if (days is None or time >= now - days * DAY) and (entries is None or seq > len(times) - entries)
        ]
        self.assertEqual([entry.seq for entry in self.successResultOf(log.read("#dev", 0, 99))], wanted)


class ShortMemoryCase(ChatCase):
    """A chat that forgets at its upkeep."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def upkeep(self) -> None:
        """Wait until it was looked what need be kept no longer."""
        self.clock.pump([0.5] * round(UPKEEP / 0.5 + 1))
        self.settle()

    def numbers(self, stream: str = LOBBY) -> list[int]:
        return [entry.seq for entry in self.successResultOf(self.log.read(stream, 0, 1000))]

    def newcomer(self, nick: str) -> tuple[Visitor, list[str]]:
        """Somebody comes in; return what is shown behind where they are and their code."""
        visitor = self.connect()
        return visitor, visitor.types(nick)[4:]


class ByNumberTests(ShortMemoryCase):
    retention = Retention(entries=2)

    def test_it_is_done_from_time_to_time(self) -> None:
        self.alice.types(*"12345")
        self.upkeep()
        self.assertEqual(self.numbers(), [6, 7])
        self.alice.types("6")
        self.upkeep()
        self.assertEqual(self.numbers(), [7, 8])

    def test_newcomers_are_shown_what_is_kept_and_nothing_else(self) -> None:
        self.alice.types(*"12345")
        self.upkeep()
        past = ["*** The last 2 lines of #lobby:", "[10:02] <alice> 4", "[10:02] <alice> 5", "*** Live now."]
        self.assertEqual(self.newcomer("carl")[1], past)

    def test_nobody_finds_what_is_forgotten(self) -> None:
        self.alice.types("secret", "2", "3")
        self.upkeep()
        self.bob.sees()
        for line in "/history", "/search secret":
            self.assertNotIn("> secret", "".join(self.bob.types(line)))

    def test_who_was_away_is_told_how_much_is_no_longer_kept(self) -> None:
        self.bob.breaks_off()
        self.alice.types(*"12345")
        self.upkeep()
        bob, shown = self.come_back(self.bob.code)
        self.assertEqual(
            shown,
            [
                "*** You are bob, in #lobby with alice.",
                "*** 3 lines are no longer kept.",
                "*** While you were away: 2 lines.",
                "[10:02] <alice> 4",
                "[10:02] <alice> 5",
                "*** Live now.",
            ],
        )
        self.alice.types("6")
        self.assertEqual(bob.sees(), ["<alice> 6"])

    def test_of_private_messages_it_is_told_too(self) -> None:
        self.bob.breaks_off()
        self.alice.types(*(f"/msg bob {n}" for n in range(5)))
        self.upkeep()
        shown = self.come_back(self.bob.code)[1]
        self.assertEqual(
            shown[1:],
            [
                "*** 3 lines are no longer kept.",
                "*** While you were away: 2 lines.",
                "[10:02] [from alice] 3",
                "[10:02] [from alice] 4",
                "*** Live now.",
            ],
        )

    def test_a_program_is_told_between_which_numbers(self) -> None:
        self.bob.types("/json")
        self.bob.breaks_off()
        self.alice.types(*"12345")
        self.upkeep()
        bob = self.connect()
        bob.types("/json")
        shown = bob.types(f"/resume {self.bob.code}")
        gaps = [line for line in shown if '"gap"' in line]
        self.assertEqual(gaps, ['{"type":"gap","room":"lobby","after":2,"before":6}'])

    def test_who_stalled_is_told_in_its_place(self) -> None:
        self.bob.stalls(after=5)
        self.alice.types("1")  # is half on its way
        self.alice.types(*"2345")
        self.upkeep()
        self.assertEqual(
            self.bob.reads(),
            ["<alice> 1", "*** 2 lines are no longer kept.", "<alice> 4", "<alice> 5"],
        )


class ByAgeTests(ShortMemoryCase):
    retention = Retention(days=1)

    def a_day_passes(self) -> None:
        self.clock.advance(DAY / 1000 + 1)
        self.upkeep()

    def test_whose_entries_are_all_forgotten_is_still_in_the_room(self) -> None:
        self.alice.types("/topic tests", "hello")
        self.a_day_passes()
        self.assertEqual(self.numbers(), [])
        self.bob.sees()
        self.assertEqual(self.bob.types("/who"), ["*** 2 people are in #lobby: alice, bob."])
        self.alice.types("still here")
        self.assertEqual(self.bob.sees(), ["<alice> still here"])
        self.assertEqual(self.numbers(), [5])

    def test_newcomers_are_shown_no_past(self) -> None:
        self.alice.types("hello")
        self.a_day_passes()
        self.assertEqual(self.newcomer("carl")[1], [])

    def test_members_and_topic_and_numbers_outlive_a_restart_when_everything_was_forgotten(self) -> None:
        for end in self.crash, lambda: self.restart(self.alice, self.bob):
            self.setUp()
            self.alice.types("/topic tests", "/nick anna", "/join #dev")
            self.a_day_passes()
            self.assertEqual((self.numbers(), self.numbers("#dev")), ([], []))
            end()
            (alice, shown), (bob, _) = self.come_back(self.alice.code), self.come_back(self.bob.code)
            self.assertEqual(shown[0], "*** You are anna, in #dev.")
            self.assertEqual(bob.types("/topic"), ["*** The topic of #lobby is: tests"])
            self.assertEqual(bob.types("/who"), ["*** 2 people are in #lobby: anna, bob."])
            alice.types("/join #lobby", "hello")
            self.assertEqual((self.numbers(), bob.sees()), ([5], ["<anna> hello"]))

    def test_who_came_after_the_last_time_a_room_was_kept_is_in_it_too(self) -> None:
        self.a_day_passes()
        self.enter("carl")  # is not forgotten yet, and so not kept apart
        self.crash()
        _, shown = self.come_back(self.alice.code)
        self.assertEqual(shown[0], "*** You are alice, in #lobby with bob, carl.")

    def test_who_was_shown_all_that_is_forgotten_is_not_told_of_it(self) -> None:
        self.a_day_passes()
        self.crash()
        self.assertEqual(self.come_back(self.alice.code)[1], ["*** You are alice, in #lobby with bob."])

    def test_nor_is_who_is_shown_folded_who_comes_and_goes(self) -> None:
        self.bob.types("/set joins folded")
        self.enter("carl")
        self.a_day_passes()
        self.assertEqual(self.bob.sees(), ["*** carl joined #lobby."])
        self.bob.breaks_off()
        self.assertEqual(self.come_back(self.bob.code)[1], ["*** You are bob, in #lobby with alice, carl."])

    def test_nothing_is_forgotten_on_a_full_disk_and_everything_when_there_is_room(self) -> None:
        self.alice.types("hello")
        self.log.full = True
        self.a_day_passes()
        self.assertEqual(self.numbers(), [1, 2, 3])
        self.log.full = False
        self.upkeep()
        self.assertEqual(self.numbers(), [])


class KeepAllTests(ShortMemoryCase):
    retention = KEEP_ALL

    def test_everything_is_kept(self) -> None:
        self.alice.types(*"12345")
        self.clock.advance(1000 * DAY / 1000)
        self.upkeep()
        self.assertEqual(self.numbers(), list(range(1, 8)))

"""What waits to be published, and what came of it: each line once, and its outcome within 25 seconds."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Event, Joined, Left, Said
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.nats_flights import BEHIND, MOST_TRIES, TRIED_FOR
from tcpchat.logs.nats_items import LONGEST, NEVER, Append, Flight, Line, Special, streams_of
from tcpchat.logs.nats_launching import LARGEST_SHARE, MANY, MOST_ENTRIES, MOST_IN_FLIGHT
from tcpchat.logs.nats_messages import Commit, decode
from tcpchat.logs.nats_queue import GRACE, MOST_PARTS, Queue
from tcpchat.logs.nats_turns import LONGEST as LONGEST_WAIT
from tests.jetstream import Stream, StreamLink

NOON = 1_790_000_000_000

# Seconds within which everybody is told (RELIABILITY.md, P5).
TOLD_WITHIN = 25.0


class Entries:
    """What a replica knows: here it is what came."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {}
        self.is_broken = False

    def last(self, stream: str) -> int:
        return len(self.entries.get(stream, ()))

    def time(self, stream: str) -> int:
        return self.entries[stream][-1].time if stream in self.entries else 0

    def level(self, stream: str) -> None:
        return None

    def has_ref(self, session: str, ref: str) -> bool:
        if self.is_broken:
            raise sqlite3.OperationalError("disk I/O error")
        return any(
            (entry.event.session, entry.event.ref) == (session, ref)
            for entries in self.entries.values()
            for entry in entries
        )


class Node:
    """A queue with its link; what comes is applied at once, unless it is slow."""

    def __init__(self, stream: Stream, clock: Clock, name: str) -> None:
        self.clock = clock
        self.name = name
        self.fenced = False
        self.is_slow = False
        self.held: list[Commit] = []
        self.entries = Entries()
        self.link = StreamLink(stream, clock)
        names = "NAME", name, f"{name}."
        self.queue = Queue(self.link, clock, names, self.entries, 0, lambda: self.fenced)
        self.told_early: list[str] = []
        self.queue.holding.tell = self.told_early.extend
        self.link.take = self._take
        self.link.name, self.link.wanted = name, self.queue.wanted
        self.told: list[tuple[str, object, float]] = []

    def _take(self, commit: Commit, at: int) -> None:
        self.queue.came(commit, at)
        self.held.append(commit)
        if not self.is_slow:
            self.apply()

    def apply(self) -> None:
        """Apply what has come."""
        held, self.held = self.held, []
        for commit in held:
            self.entries.entries.setdefault(commit.stream, []).extend(commit.entries)
            for _ in self.queue.applied(commit):
                pass

    def say(
        self,
        text: str,
        stream: str = "#lobby",
        session: str = "s1",
        ref: str = "",
        kept: Deferred[None] | None = None,
    ) -> None:
        """Have somebody say something."""
        began = self.clock.seconds()
        event = Said(session, "ada", text, ref=ref)

        def note(outcome: int | NotKept | Unknown) -> None:
            what = outcome if isinstance(outcome, int) else type(outcome)
            self.told.append((text, what, self.clock.seconds() - began))

        line = Line(stream, event, NOON, began + LONGEST, note)
        line.kept = kept
        self.queue.add(line, (stream,))

    def append(
        self, parts: Sequence[tuple[str, Sequence[Event]]], until: float = 0
    ) -> Deferred[list[list[int]]]:
        """Append to several streams."""
        answer: Deferred[list[list[int]]] = Deferred()
        until = until or self.clock.seconds() + LONGEST
        self.queue.add(Append(parts, NOON, until, answer, False), streams_of(parts))
        return answer

    def texts(self, stream: str = "#lobby") -> list[str]:
        """Return what is in a stream, as far as it has come."""
        entries = self.entries.entries.get(stream, [])
        return [entry.event.text for entry in entries if isinstance(entry.event, Said)]

    def outcomes(self) -> list[tuple[str, object]]:
        return [(text, what) for text, what, _ in self.told]


class Broken(Special):
    """Something of which no message can be made: the replica's disk has failed, say."""

    def complete(self, commit: Commit) -> Commit:
        raise ZeroDivisionError


class QueueCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.stream = Stream()
        self.one = Node(self.stream, self.clock, "n1")
        self.two = Node(self.stream, self.clock, "n2")

    def advance(self, seconds: float) -> None:
        """Move the clock, in steps in which everything happens that is due."""
        for _ in range(round(seconds / 0.25)):
            self.clock.pump([0] * 10)
            self.clock.advance(0.25)
        self.clock.pump([0] * 10)

    def commits(self) -> list[Commit]:
        return [decode(stored.payload) for stored in self.stream.messages]


class GatheringTests(QueueCase):
    def test_what_is_said_in_one_turn_is_one_message(self) -> None:
        for text in "abc":
            self.one.say(text)
        self.advance(0.25)
        self.assertEqual([len(commit.entries) for commit in self.commits()], [3])
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2), ("c", 3)])

    def test_what_is_said_while_a_message_is_on_its_way_is_the_next_one(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(1)
        self.one.link.drops_all = False
        for text in "bcd":
            self.one.say(text)
        self.advance(2)
        self.assertEqual(self.commits(), [])
        self.advance(3)
        self.assertEqual([len(commit.entries) for commit in self.commits()], [1, 3])

    def test_where_much_waits_it_is_published_before_what_has_come_is_shown_else_a_moment_later(self) -> None:
        for number, published in (MANY - 1, 1), (MANY, 2):
            self.setUp()
            self.one.link.is_slow = True
            self.one.say("a")
            self.clock.pump([0] * 3)
            for _ in range(number):
                self.one.say("more")
            self.clock.pump([0] * 3)
            self.one.link.is_slow = False
            self.one.link.bring()
            self.one.queue.launch()
            self.assertEqual(len(self.one.link.tries), published)
            self.advance(1)
            self.assertEqual([len(commit.entries) for commit in self.commits()], [1, number])

    def test_behind_the_fence_much_is_not_published_either(self) -> None:
        for _ in range(MANY):
            self.one.say("a")
        self.one.fenced = True
        self.one.queue.launch()
        self.assertEqual(self.one.link.tries, [])

    def test_a_message_holds_so_many_entries_and_so_much_text(self) -> None:
        for _ in range(MOST_ENTRIES + 1):
            self.one.say("", "#many")
        for _ in range(3):
            self.one.say("x" * (LARGEST_SHARE // 2 - 200), "#long")
        self.advance(1)
        held = [len(commit.entries) for commit in self.commits() if commit.stream == "#long"]
        self.assertEqual(held, [2, 1])
        many = [len(commit.entries) for commit in self.commits() if commit.stream == "#many"]
        self.assertEqual(sum(many), MOST_ENTRIES + 1)
        self.assertLessEqual(max(many), MOST_ENTRIES)

    def test_so_many_rooms_have_a_message_on_its_way_at_once(self) -> None:
        self.one.link.drops_acks = self.one.link.is_silent = True
        for n in range(MOST_IN_FLIGHT + 10):
            self.one.say("hello", f"#{n}")
        self.advance(1)
        self.assertEqual(len(self.stream.messages), MOST_IN_FLIGHT)
        self.one.link.is_silent = False
        self.one.link.bring()
        self.advance(1)
        self.assertEqual(len(self.stream.messages), MOST_IN_FLIGHT + 10)

    def test_too_many_streams_at_once_are_refused(self) -> None:
        answer = self.one.append([(f"#{n}", [Joined("s", "ada")]) for n in range(MOST_PARTS + 1)])
        self.failureResultOf(answer, NotKept)

    def test_a_message_that_would_be_too_large_is_refused_alone(self) -> None:
        answer = self.one.append([("#lobby", [Said("s", "ada", "x" * 1_200_000)])])
        self.one.say("next")
        self.advance(1)
        self.failureResultOf(answer, NotKept)
        self.assertEqual(self.one.outcomes(), [("next", 1)])

    def test_what_cannot_be_encoded_is_refused_alone(self) -> None:
        self.one.say("before", ref="r1")
        self.one.say("\ud800")
        self.one.say("after", ref="r2")
        self.advance(1)
        self.assertEqual(self.one.outcomes(), [("\ud800", NotKept), ("before", 1), ("after", 2)])
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(self.one.texts(), ["before", "after"])

    def test_what_cannot_be_completed_is_refused_and_other_rooms_go_on(self) -> None:
        answer: Deferred[list[int]] = Deferred()
        self.one.queue.add(Broken([("#lobby", ())], NOON, LONGEST, answer), ("#lobby",))
        self.one.say("elsewhere", "#dev")
        self.advance(1)
        self.failureResultOf(answer, NotKept)
        self.assertEqual(self.one.outcomes(), [("elsewhere", 1)])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_what_is_for_several_streams_waits_for_its_turn_in_each(self) -> None:
        self.one.say("a", "#a")
        both = self.one.append([("#a", [Joined("s", "ada")]), ("#b", [Joined("s", "ada")])])
        self.one.say("b", "#b")
        self.one.say("c", "#a")
        self.advance(1)
        self.assertEqual(self.successResultOf(both), [[2], [1]])
        self.assertEqual(sorted(self.one.outcomes()), [("a", 1), ("b", 2), ("c", 3)])


class GarbageTests(QueueCase):
    def test_nothing_that_is_over_waits_for_the_garbage_collector(self) -> None:
        def left() -> int:
            return sum(type(it) in (Line, Append, Flight) for it in gc.get_objects())

        gc.collect()
        before = left()
        gc.disable()
        self.addCleanup(gc.enable)
        self.one.say("a")
        self.two.say("b")
        both = self.one.append([("#a", [Joined("s", "ada")]), ("#b", [Joined("s", "ada")])])
        self.advance(1)
        self.assertEqual(self.successResultOf(both), [[1], [1]])
        self.one.link.refuses = True
        self.one.say("c")
        self.advance(1)
        self.assertEqual(left(), before)


class TurnTests(QueueCase):
    """Two nodes whose people talk in one room without a pause."""

    def talk(self, seconds: float, *nodes: Node) -> list[str]:
        """Have somebody on each node say a line when the last one is there; return whose came, in order."""
        before = len(self.stream.messages)
        said = {node: len(node.told) for node in nodes}
        for _ in range(round(seconds / 0.001)):
            for node in nodes:
                if len(node.told) == said[node]:
                    said[node] += 1
                    node.say(f"{node.name} {said[node]}")
            self.clock.advance(0.001)
        return [decode(stored.payload).node for stored in self.stream.messages[before:]]

    def test_they_take_turns(self) -> None:
        order = self.talk(1.0, self.one, self.two)
        self.assertGreater(len(order), 100)
        self.assertLessEqual(longest_run(order), 2)

    def test_one_that_is_always_late_is_let_in(self) -> None:
        self.two.link.delay = 0.02
        order = self.talk(2.0, self.one, self.two)
        self.assertGreater(order.count("n2"), 20)
        self.assertLessEqual(longest_run(order), 20)

    def test_whoever_is_alone_again_waits_for_nobody(self) -> None:
        self.talk(1.0, self.one, self.two)
        self.talk(1.0, self.one)
        other = TurnTests()
        other.setUp()
        self.assertEqual(len(self.talk(1.0, self.one)), len(other.talk(1.0, other.one)))

    def test_what_needs_several_rooms_does_not_wait_for_a_turn(self) -> None:
        self.two.queue.wanted("n1", "#lobby")
        both = self.two.append([(room, [Joined("s", "ada")]) for room in ("#lobby", "#other")])
        self.clock.pump([0] * 5)
        self.assertEqual(self.successResultOf(both), [[1], [1]])

    def test_who_wants_a_turn_and_does_not_take_it_delays_nobody_for_long(self) -> None:
        self.one.queue.wanted("n2", "#lobby")
        self.one.say("a")
        self.clock.pump([0] * 5)
        self.clock.advance(LONGEST_WAIT / 2)
        self.one.say("b")
        self.clock.pump([0] * 5)
        self.assertEqual(self.one.told, [])
        self.advance(1)
        self.assertEqual([len(commit.entries) for commit in self.commits()], [2])
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2)])


def longest_run(order: Sequence[str]) -> int:
    """Return how often somebody had a turn without a break."""
    return max(len([*group]) for _, group in groupby(order))


class OutcomeTests(QueueCase):
    def test_a_lost_acknowledgement_does_no_harm(self) -> None:
        self.one.link.drops_acks = True
        for text in "ab":
            self.one.say(text)
            self.advance(5)
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2)])
        self.assertEqual(self.one.texts(), ["a", "b"])

    def test_a_message_that_is_lost_is_tried_again(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(3)
        self.one.link.drops_all = False
        self.advance(3)
        self.assertEqual(self.one.outcomes(), [("a", 1)])
        self.assertEqual(len(self.one.link.tries), 2)

    def test_it_is_tried_five_times_in_20_seconds_at_most_and_told_within_25(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(60)
        self.assertLessEqual(len(self.one.link.tries), MOST_TRIES)
        self.assertLess(self.one.link.tries[-1], TRIED_FOR)
        ((_, outcome, after),) = self.one.told
        self.assertIs(outcome, Unknown)
        self.assertLess(after, TOLD_WITHIN)

    def test_who_waits_behind_one_whose_outcome_is_unknown_is_refused_or_heard(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(10)
        self.one.say("b")
        self.advance(13)
        self.one.link.drops_all = False
        self.advance(10)
        self.assertEqual(self.one.outcomes(), [("a", Unknown), ("b", 1)])
        self.assertLess(max(after for *_, after in self.one.told), TOLD_WITHIN)

    def test_nothing_that_was_never_published_is_unknown(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(1)
        self.one.say("b")
        self.advance(40)
        self.assertEqual(self.one.outcomes(), [("a", Unknown), ("b", NotKept)])
        self.assertEqual(self.one.texts(), [])

    def test_what_lands_long_after_its_outcome_was_unknown_is_in_nobodys_way(self) -> None:
        self.one.link.arrives_after = 30
        self.one.say("late")
        self.advance(26)
        self.assertEqual(self.one.outcomes(), [("late", Unknown)])
        self.advance(10)
        self.one.link.arrives_after = None
        self.one.say("next")
        self.advance(10)
        self.assertEqual(self.one.texts(), ["late", "next"])
        self.assertEqual(self.one.outcomes()[1:], [("next", 2)])

    def test_what_arrives_behind_the_next_line_lands_no_more(self) -> None:
        self.one.link.arrives_after = 30
        self.one.say("late")
        self.advance(26)
        self.one.link.arrives_after = None
        self.one.say("next")
        self.advance(20)
        self.assertEqual(self.one.texts(), ["next"])
        self.assertEqual(self.one.outcomes(), [("late", Unknown), ("next", 1)])

    def test_what_landed_and_is_not_brought_is_unknown(self) -> None:
        self.one.link.is_silent = True
        self.one.say("a")
        self.advance(30)
        ((_, outcome, after),) = self.one.told
        self.assertIs(outcome, Unknown)
        self.assertLess(after, TOLD_WITHIN)
        self.one.link.is_silent = False
        self.one.link.bring()
        self.assertEqual(self.one.texts(), ["a"])

    def test_what_landed_and_was_erased_before_it_was_brought_is_not_said_again(self) -> None:
        self.one.link.is_silent = self.one.link.drops_acks = True
        self.one.say("a")
        left = self.one.append([("#lobby", [Left("s2", "bob")])], NEVER)
        self.advance(1)
        self.stream.erased = {1}
        self.two.say("a is gone")
        self.advance(1)
        self.one.link.is_silent = self.one.link.drops_acks = False
        self.one.link.bring()
        self.advance(10)
        self.assertEqual(self.one.outcomes(), [("a", Unknown)])
        self.assertEqual(self.two.texts(), ["a", "a is gone"])
        self.successResultOf(left)

    def test_what_the_server_refuses_is_told_at_once(self) -> None:
        self.one.link.refuses = True
        self.one.say("a")
        self.advance(0.25)
        self.assertEqual(self.one.outcomes(), [("a", NotKept)])
        self.one.link.refuses = False
        self.one.say("b")
        self.advance(0.25)
        self.assertEqual(self.one.outcomes()[1:], [("b", 1)])

    def test_what_is_refused_after_a_try_that_may_have_landed_is_not_told_to_be_refused(self) -> None:
        self.one.link.arrives_after = 12
        self.one.say("a")
        self.advance(3)
        self.one.link.refuses = True
        self.advance(20)
        self.assertEqual(self.one.outcomes(), [("a", 1)])

    def test_what_is_asked_about_and_then_brought_has_landed(self) -> None:
        self.one.link.drops_acks = self.one.link.is_slow = True
        self.one.say("a")
        both = self.one.append([("#a", [Joined("s", "ada")]), ("#b", [Joined("s", "ada")])])
        self.advance(6)
        self.one.link.drops_acks = self.one.link.is_slow = False
        self.one.link.bring()
        self.one.say("b")
        self.advance(5)
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2)])
        self.assertEqual(self.one.texts(), ["a", "b"])
        self.assertEqual(self.successResultOf(both), [[1], [1]])
        self.assertEqual(self.one.entries.last("#a"), 1)

    def test_what_a_new_leader_has_not_read_yet_may_have_landed(self) -> None:
        self.one.say("a")
        self.advance(1)
        self.one.link.drops_acks = self.one.link.is_silent = True
        self.one.say("b")
        self.advance(1)
        self.stream.behind = 2
        self.advance(4)
        self.one.link.is_silent = False
        self.advance(BEHIND + 2)  # however long that takes
        self.assertEqual(len(self.stream.messages), 2)
        self.stream.behind = 0
        self.one.link.bring()
        self.one.link.drops_acks = False
        self.one.say("c")
        self.advance(5)
        self.assertEqual(self.one.texts(), ["a", "b", "c"])
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2), ("c", 3)])

    def test_a_room_that_somebody_has_emptied_goes_on(self) -> None:
        self.one.say("a")
        self.advance(1)
        self.stream.emptied = 1
        self.one.say("b")
        self.advance(2)
        self.assertEqual(self.one.outcomes(), [("a", 1), ("b", 2)])

    def test_who_loses_the_race_is_numbered_anew(self) -> None:
        self.one.say("one")
        self.two.say("two")
        self.advance(1)
        self.assertEqual(sorted([*self.one.outcomes(), *self.two.outcomes()]), [("one", 1), ("two", 2)])
        self.assertEqual(self.one.texts(), self.two.texts())

    def test_who_sees_that_somebody_else_was_first_waits_for_no_answer(self) -> None:
        self.two.link.drops_all = True
        self.two.say("two")
        self.advance(0.25)
        self.two.link.drops_all = False
        self.one.say("one")
        self.advance(0.25)
        self.assertEqual(self.one.outcomes() + self.two.outcomes(), [("one", 1), ("two", 2)])
        self.assertEqual(self.two.texts(), ["one", "two"])

    def test_that_somebody_went_is_tried_until_it_is_known(self) -> None:
        self.one.link.drops_all = True
        answer = self.one.append([("#lobby", [Left("s1", "ada")])], NEVER)
        self.advance(100)
        self.assertNoResult(answer)
        self.one.link.drops_all = False
        self.advance(10)
        self.assertEqual(self.successResultOf(answer), [[1]])
        self.assertTrue(self.one.queue.is_empty)

    def test_a_reference_is_used_once(self) -> None:
        for _ in range(2):
            self.one.say("a", ref="r")
            self.one.say("again", "#other", ref="r")
            self.advance(1)
        outcomes = self.one.outcomes()
        self.assertEqual(outcomes.count(("a", 1)), 1)
        self.assertEqual([what for _, what in outcomes].count(NotKept), 3)

    def test_a_reference_that_another_node_has_used_is_used_up_as_soon_as_that_has_come(self) -> None:
        self.two.is_slow = True
        self.one.say("first", ref="r")
        self.two.say("second", ref="r")
        self.advance(1)
        self.two.apply()
        self.advance(1)
        self.two.say("third", ref="r")
        self.advance(1)
        self.assertEqual(self.two.outcomes(), [("second", NotKept), ("third", NotKept)])
        self.assertEqual(self.two.texts(), ["first"])

    def test_a_reference_whose_line_was_refused_is_free_again(self) -> None:
        self.one.link.refuses = True
        self.one.say("a", ref="r")
        self.advance(1)
        self.one.link.refuses = False
        self.one.say("b", ref="r")
        self.advance(1)
        self.assertEqual(self.one.outcomes(), [("a", NotKept), ("b", 1)])


class ForeignTroubleTests(QueueCase):
    """What goes wrong beside the stream."""

    def test_who_waits_for_records_alone_is_told_that_the_line_is_there(self) -> None:
        self.one.say("hello", kept=Deferred())
        self.advance(30)
        ((_, outcome, after),) = self.one.told
        self.assertEqual(outcome, 1)
        self.assertLess(after, TOLD_WITHIN)

    def test_what_cannot_be_looked_up_is_refused_and_what_waits_with_it_is_not(self) -> None:
        self.one.say("a")
        self.one.say("b", ref="r1")
        self.one.entries.is_broken = True
        self.advance(5)
        self.assertEqual(sorted(self.one.outcomes(), key=str), [("a", 1), ("b", NotKept)])
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.OperationalError)), 1)


class CutOffTests(QueueCase):
    def cut(self, node: Node) -> None:
        node.link.is_connected = False
        node.link.is_silent = True
        node.queue.connected(False)

    def heal(self, node: Node) -> None:
        node.link.is_connected = True
        node.link.is_silent = False
        node.queue.connected(True)
        node.link.bring()

    def test_lines_are_refused_soon_after_the_connection_is_lost(self) -> None:
        self.cut(self.one)
        self.one.say("a")
        self.advance(5)
        ((_, outcome, after),) = self.one.told
        self.assertIs(outcome, NotKept)
        self.assertLess(after, 5)
        self.assertTrue(self.one.queue.is_refusing)
        self.assertEqual(self.one.link.tries, [])

    def test_a_short_break_is_not_noticed(self) -> None:
        self.cut(self.one)
        self.one.say("a")
        self.advance(GRACE - 1)
        self.heal(self.one)
        self.advance(5)
        self.assertEqual(self.one.outcomes(), [("a", 1)])

    def test_what_was_on_its_way_when_the_connection_broke_is_told_when_it_is_back(self) -> None:
        self.one.link.drops_acks = True
        self.one.link.is_silent = True
        self.one.say("landed")
        self.advance(1)
        self.one.link.drops_all = True
        self.one.say("lost", "#other")
        self.advance(1)
        self.cut(self.one)
        self.advance(10)
        self.assertEqual(self.one.outcomes(), [])
        self.one.link.drops_all = self.one.link.drops_acks = False
        self.heal(self.one)
        self.advance(8)
        self.assertEqual(sorted(self.one.outcomes()), [("landed", 1), ("lost", 1)])

    def test_the_others_go_on_and_nothing_is_there_twice(self) -> None:
        self.one.say("one")
        self.advance(1)
        self.cut(self.one)
        self.two.say("two")
        self.advance(10)
        self.heal(self.one)
        self.one.say("three")
        self.advance(5)
        self.assertEqual(self.one.texts(), ["one", "two", "three"])
        self.assertEqual(self.two.texts(), self.one.texts())


class FenceTests(QueueCase):
    def test_nothing_is_published_behind_the_fence_and_what_waits_is_refused(self) -> None:
        self.one.say("a")
        self.one.fenced = True
        self.advance(1)
        self.assertEqual(self.one.outcomes(), [("a", NotKept)])
        self.assertEqual(self.one.link.tries, [])
        self.assertTrue(self.one.queue.is_refusing)

    def test_what_was_tried_before_the_fence_is_not_tried_again_behind_it(self) -> None:
        self.one.link.drops_all = True
        self.one.say("a")
        self.advance(1)
        self.one.fenced = True
        self.advance(30)
        self.assertEqual(self.one.outcomes(), [("a", Unknown)])
        self.assertEqual(len(self.one.link.tries), 1)

    def test_whoever_lost_the_lease_says_nothing_later_that_waited_or_was_tried(self) -> None:
        self.one.link.drops_all = True
        self.one.say("tried")
        self.advance(0.1)
        self.one.say("waits")
        self.one.queue.give_up()
        self.assertEqual(self.one.outcomes(), [("waits", NotKept), ("tried", Unknown)])
        self.one.link.drops_all = False
        self.two.say("other", session="s2")
        self.one.say("new")
        self.advance(30)
        self.assertEqual(sorted(self.two.texts()), ["new", "other"])

    def test_a_going_waits_behind_the_fence_and_is_said_once(self) -> None:
        left = Left("s1", "ada")
        self.one.fenced = True
        mine = self.one.append([("#a", [left])], NEVER)
        self.advance(1)
        self.two.append([("#a", [left])])
        self.advance(1)
        self.one.fenced = False
        self.advance(5)
        self.assertEqual(self.successResultOf(mine), [[1]])
        self.assertEqual(self.one.entries.last("#a"), 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "both", "acks", "lost", "cut", "silent", "heal", "wait"]),
        st.integers(0, 1),
        st.sampled_from(["#a", "#b"]),
    ),
    max_size=40,
)


class LawTests(QueueCase):
    @settings(deadline=None, max_examples=300)
    @given(STEPS)
    def test_whatever_fails_each_line_is_there_once_if_that_was_told_and_not_if_not(
        self, steps: list[tuple[str, int, str]]
    ) -> None:
        QueueCase.setUp(self)
        nodes = self.one, self.two
        asked: dict[tuple[int, str], float] = {}
        for number, (step, which, stream) in enumerate(steps):
            node, link = nodes[which], nodes[which].link
            match step:
                case "say":
                    asked[which, f"{stream} {number}"] = self.clock.seconds()
                    node.say(f"{stream} {number}", stream)
                case "both":
                    node.append([(it, [Joined(f"{number}", "ada")]) for it in ("#a", "#b")]).addErrback(
                        lambda it: it.trap(NotKept, Unknown) and None
                    )
                case "acks":
                    link.drops_acks = True
                case "lost":
                    link.drops_all = True
                case "silent":
                    link.is_silent = True
                case "cut":
                    link.is_connected, link.is_silent = False, True
                    node.queue.connected(False)
                case "heal":
                    self.heal(node)
                case _:
                    self.advance(1.5)
        self.advance(1)
        for node in nodes:
            self.heal(node)
        self.advance(30)
        for stream in "#a", "#b":
            entries = self.one.entries.entries.get(stream, [])
            self.assertEqual(self.two.entries.entries.get(stream, []), entries)
            self.assertEqual([entry.seq for entry in entries], list(range(1, len(entries) + 1)))
            self.assertEqual(sorted({*self.one.texts(stream)}), sorted(self.one.texts(stream)))
        there = {
            entry.event.text: entry.seq
            for entries in self.one.entries.entries.values()
            for entry in entries
            if isinstance(entry.event, Said)
        }
        told = [(which, *it) for which, node in enumerate(nodes) for it in node.told]
        self.assertEqual(sorted((which, text) for which, text, *_ in told), sorted(asked))
        for _, text, outcome, after in told:
            self.assertLess(after, TOLD_WITHIN)
            if outcome is NotKept:
                self.assertNotIn(text, there)
            elif outcome is not Unknown:
                self.assertEqual(there.get(text), outcome)

    def heal(self, node: Node) -> None:
        link = node.link
        link.drops_acks = link.drops_all = link.is_silent = False
        if not link.is_connected:
            link.is_connected = True
            node.queue.connected(True)
        link.bring()

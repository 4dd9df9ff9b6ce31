"""The log on NATS keeps what every log promises; and what several nodes, and broken ones, may rely on."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Edited, Entry, Event, Gone, Joined, Kicked, Left, Removed, Said
from tcpchat.logs.interface import CannotOpen, NotKept
from tcpchat.logs.nats import NatsLog
from tcpchat.logs.sqlite import SQLiteLog
from tcpchat.records import ROOM, SHOWN, KeptRoom, encode
from tests.contracts import NOON, LogContract, said, texts
from tests.nats_servers import a_name, one_server, servers
from tests.nodes import Nodes
from tests.test_log_sqlite import at_largest, folder

NODES = "n1", "n2"


class NatsLogTests(LogContract, SynchronousTestCase):
    """The contract."""

    def setUp(self) -> None:
        self.folder = folder(self)
        super().setUp()

    def make_log(self) -> NatsLog:
        self.nodes = Nodes(one_server().urls, a_name(), self.folder, self.wall)
        return self.nodes.open()

    def turn(self) -> None:
        self.nodes.turns.next()


class ClusterCase(SynchronousTestCase):
    """Two nodes on one stream."""

    def setUp(self) -> None:
        self.time = NOON
        self.nodes = Nodes(one_server().urls, a_name(), folder(self), lambda: self.time)
        self.addCleanup(self.nodes.close_all)
        self.turns = self.nodes.turns
        self.one, self.two = map(self.nodes.open, NODES)

    def append(self, log: NatsLog, stream: str, *lines: str) -> list[int]:
        return self.turns.wait(log.append(stream, said(*lines)))

    def read(self, log: NatsLog, stream: str) -> list[Entry]:
        return self.turns.wait(log.read(stream, 0, 10_000))

    def level(self, *streams: str) -> None:
        """Wait until both have the same entries, which are numbered without a hole."""
        for stream in streams:
            self.turns.until(lambda: self.one.last(stream) == self.two.last(stream))  # noqa: B023
            entries = self.read(self.one, stream)
            self.assertEqual(entries, self.read(self.two, stream))
            first = self.one.kept_after(stream) + 1
            self.assertEqual([entry.seq for entry in entries], list(range(first, self.one.last(stream) + 1)))

    def reopen(self, log: NatsLog, without_replica: bool = False) -> NatsLog:
        """Close a node's log, and open it again."""
        node = log.node
        self.nodes.close(log)
        if without_replica:
            for ending in "", "-wal", "-shm":
                if os.path.exists(self.nodes.path(node) + ending):
                    os.remove(self.nodes.path(node) + ending)
        return self.nodes.open(node)


class SharingTests(ClusterCase):
    def test_both_have_what_either_appends_in_one_order(self) -> None:
        given: list[Entry] = []
        self.two.tail("#lobby", 0, given.extend)
        self.append(self.one, "#lobby", "one")
        self.turns.until(lambda: self.two.last("#lobby") == 1)
        self.append(self.two, "#lobby", "two")
        self.append(self.one, "#other", "elsewhere")
        self.level("#lobby", "#other")
        self.assertEqual(texts(given), ["one", "two"])
        self.assertEqual(self.one.epoch, self.two.epoch)

    def test_whoever_appends_to_a_room_at_once_each_line_is_there_once(self) -> None:
        for seed in range(5):
            self.append_at_once(seed)

    def append_at_once(self, seed: int) -> None:
        chance = random.Random(seed)
        streams = [f"#{seed}a", f"#{seed}b", f"#{seed}c"]
        told: dict[str, list[tuple[int, str]]] = {stream: [] for stream in streams}
        waiting: list[Deferred[None]] = []
        for n in range(120):
            log = chance.choice([self.one, self.two])
            some = chance.sample(streams, chance.choice([1, 1, 1, 2, 3]))
            text = f"{seed} {n}"

            def note(seqs: list[list[int]], some: list[str] = some, text: str = text) -> None:
                for stream, (seq,) in zip(some, seqs, strict=True):
                    told[stream].append((seq, text))

            waiting.append(log.append_all([(it, said(text)) for it in some]).addCallback(note))
            if chance.random() < 0.2:
                self.turns.next()
        for answer in waiting:
            self.turns.wait(answer)
        self.level(*streams)
        for stream in streams:
            entries = self.read(self.one, stream)
            said_there = [(entry.seq, entry.event.text) for entry in entries if isinstance(entry.event, Said)]
            self.assertEqual(sorted(told[stream]), said_there)

    def test_one_senders_lines_stay_in_their_order_however_many_lose_the_race(self) -> None:
        answers = []
        for n in range(150):
            for log in self.one, self.two:
                answers.append(log.append("#lobby", [Said(log.node, log.node, str(n))]))
            self.turns.run(0.001 if n % 10 == 0 else 0)
        for answer in answers:
            self.turns.wait(answer)
        self.level("#lobby")
        for node in NODES:
            mine = [entry.event for entry in self.read(self.one, "#lobby") if entry.event.session == node]
            self.assertEqual(
                [event.text for event in mine if isinstance(event, Said)], [str(n) for n in range(150)]
            )

    def test_times_do_not_go_back_when_another_nodes_clock_is_behind(self) -> None:
        self.append(self.one, "#lobby", "one")
        self.turns.until(lambda: self.two.last("#lobby") == 1)
        self.time -= 60_000
        self.append(self.two, "#lobby", "two")
        self.level("#lobby")
        self.assertEqual([entry.time for entry in self.read(self.one, "#lobby")], [NOON, NOON])

    def test_a_reference_that_both_use_at_once_counts_once_in_a_room(self) -> None:
        event = Said("s1", "ada", "hello", ref="r")
        outcomes: list[object] = []
        for log in self.one, self.two:
            log.append("#lobby", [event]).addBoth(lambda it: outcomes.append(getattr(it, "type", it)))
        self.turns.until(lambda: len(outcomes) == 2)
        self.assertIn([1], outcomes)
        self.assertIn(NotKept, outcomes)
        self.level("#lobby")

    def test_a_reference_that_both_use_at_once_in_two_rooms_is_found_where_it_was_first(self) -> None:
        answers = [
            log.append(stream, [Said("s1", "ada", "hello", ref="r")])
            for log, stream in ((self.one, "#a"), (self.two, "#b"))
        ]
        for answer in answers:
            self.turns.wait(answer)
        self.level("#a", "#b")
        found = [self.turns.wait(log.find_ref("s1", "r")) for log in (self.one, self.two)]
        self.assertEqual(found[0], found[1])
        self.assertIsNotNone(found[0])

    def test_records_are_known_to_both_and_told_to_the_other_one_alone(self) -> None:
        told: list[tuple[str, bytes | None]] = []
        self.one.watch("kind", lambda key, value: told.append(("me", value)))
        self.two.watch("kind", lambda key, value: told.append((key, value)))
        self.one.keep("kind", "key #1", b"value")
        self.turns.until(lambda: bool(told))
        self.assertEqual(self.turns.wait(self.two.record("kind", "key #1")), b"value")
        self.one.keep("kind", "key #1", None)
        self.turns.until(lambda: len(told) == 2)
        self.assertEqual(told, [("key #1", b"value"), ("key #1", None)])

    def test_each_node_has_its_own_places_and_snapshots_of_rooms(self) -> None:
        for log in self.one, self.two:
            log.keep(SHOWN, "#lobby", log.node.encode())
            log.keep(ROOM, "#lobby", log.node.encode())
            self.append(log, "#lobby", "hello")
        self.turns.until(lambda: self.one.records_of("n2", SHOWN) == {"#lobby": b"n2"})
        for log in self.one, self.two:
            for kind in SHOWN, ROOM:
                self.assertEqual(self.turns.wait(log.records(kind)), {"#lobby": log.node.encode()})

    def test_what_is_answered_behind_a_record_finds_it_durable(self) -> None:
        for n in range(20):
            self.one.keep("kind", str(n), b"value")
        self.append(self.one, "#lobby", "hello")
        self.assertTrue(self.one.shared.is_kept)


class ArrivingTests(ClusterCase):
    def test_of_a_stream_that_nobody_follows_it_is_told_before_it_can_be_read(self) -> None:
        given: list[Entry] = []
        lasts: list[int] = []

        def follow(stream: str) -> None:
            lasts.append(self.two.last(stream))
            self.two.tail(stream, self.two.last(stream), given.extend)

        self.two.arrived = follow
        self.append(self.one, "#sea", "one")
        self.append(self.one, "#sea", "two")
        self.turns.until(lambda: len(given) == 2)
        self.assertEqual((lasts, [entry.seq for entry in given]), ([0], [1, 2]))

    def test_who_fails_at_being_told_is_no_harm(self) -> None:
        told: list[str] = []

        def fail(stream: str) -> None:
            told.append(stream)
            raise ValueError

        self.two.arrived = fail
        self.append(self.one, "#sea", "one")
        self.level("#sea")
        self.assertEqual((told, len(self.flushLoggedErrors(ValueError))), (["#sea"], 1))

    def test_what_another_node_has_forgotten_is_told_before_it_is_gone(self) -> None:
        told: list[tuple[str, int]] = []
        self.one.forgetting = lambda stream: told.append(("own", 0))
        self.two.forgetting = lambda stream: told.append((stream, self.two.kept_after(stream)))
        self.append(self.one, "#sea", *"abc")
        self.turns.wait(self.one.forget("#sea", 2))
        self.turns.until(lambda: self.two.kept_after("#sea") == 2)
        self.assertEqual(told, [("#sea", 0)])

    def test_a_room_is_as_it_was_for_who_never_had_what_is_forgotten(self) -> None:
        kept = {3: encode(KeptRoom(3, "fish", [])), 9: encode(KeptRoom(9, "newer", []))}
        self.append(self.one, "#sea", *"abc")
        self.append(self.one, "#isle", *"abc")
        for stream, seq in ("#sea", 3), ("#isle", 3):
            self.one.keep(ROOM, stream, kept[seq])
        self.two.keep(ROOM, "#isle", kept[9])
        self.turns.wait(self.one.forget("#sea", 2))
        self.turns.wait(self.one.forget("#isle", 2))
        self.turns.until(lambda: self.two.kept_after("#isle") == 2)
        self.assertEqual(self.turns.wait(self.two.record(ROOM, "#sea")), kept[3])
        self.assertEqual(self.turns.wait(self.two.record(ROOM, "#isle")), kept[9])


class ReplicaTests(ClusterCase):
    def test_a_replica_goes_on_where_it_was(self) -> None:
        self.append(self.one, "#lobby", *"abc")
        self.level("#lobby")
        self.nodes.close(self.two)
        self.append(self.one, "#lobby", *"def")
        self.two = self.nodes.open("n2")
        self.level("#lobby")
        self.assertEqual(self.append(self.two, "#lobby", "g"), [7])
        self.level("#lobby")

    def test_a_replica_is_made_anew_from_the_stream(self) -> None:
        streams = ["#lobby", "#Ünïcode. room>*", "@s1"]
        for n in range(30):
            self.append(self.one, streams[n % 3], f"line {n}", "and more")
        self.two = self.reopen(self.two, without_replica=True)
        self.level(*streams)
        self.assertEqual(self.turns.wait(self.one.streams()), self.turns.wait(self.two.streams()))

    def test_a_node_keeps_its_name_with_its_replica(self) -> None:
        log = NatsLog(self.turns, one_server().urls, self.nodes.name, self.nodes.path("x"), lambda: NOON)
        self.turns.wait(log.open())
        name = log.node
        self.assertNotEqual(name, "")
        self.turns.wait(log.close())
        again = NatsLog(self.turns, one_server().urls, self.nodes.name, self.nodes.path("x"), lambda: NOON)
        self.assertEqual(again.node, name)
        self.turns.wait(again.close())

    def test_what_was_applied_before_a_crash_is_not_applied_twice(self) -> None:
        self.append(self.one, "#lobby", *"abc")
        self.turns.wait(self.one.remove("#lobby", 2, Removed("s1", "ada", 2)))
        self.append(self.one, "#lobby", "d")
        self.level("#lobby")
        before = self.read(self.two, "#lobby")
        self.nodes.close(self.two)
        store = SQLiteLog(self.nodes.path("n2"), lambda: NOON, self.turns.callFromThread)
        store.keep("replica", "cursor", b"0")
        self.turns.wait(store.close())
        self.two = self.nodes.open("n2")
        self.assertEqual(self.read(self.two, "#lobby"), before)
        self.assertEqual(self.append(self.two, "#lobby", "e"), [6])
        self.level("#lobby")

    def test_a_replica_whose_disk_is_full_goes_on_when_there_is_room(self) -> None:
        self.append(self.one, "#lobby", "before")
        self.level("#lobby")
        wal = min(os.path.getsize(self.nodes.path(node) + "-wal") for node in NODES)
        with at_largest(wal):
            answer = self.one.append("#lobby", said(*"abc"))
            self.turns.until(lambda: self.is_stuck(self.one) and self.is_stuck(self.two))
            with self.assertRaises(NotKept):
                self.append(self.one, "#lobby", "not now")
        self.assertEqual(self.turns.wait(answer), [2, 3, 4])
        self.turns.until(lambda: not (self.is_stuck(self.one) or self.is_stuck(self.two)))
        self.turns.wait(self.two.find_spoken("#lobby", 9, 9))  # as the file has it
        self.assertEqual(self.append(self.two, "#lobby", "again"), [5])
        self.level("#lobby")

    def is_stuck(self, log: NatsLog) -> bool:
        assert log._parts is not None
        return log._parts.applying.is_stuck

    def test_a_replica_of_another_stream_is_made_anew(self) -> None:
        self.append(self.one, "#lobby", "hello")
        self.nodes.close(self.two)
        name, self.nodes.name = self.nodes.name, a_name()
        os.rename(self.nodes.path("n2").replace(self.nodes.name, name), self.nodes.path("n2"))
        with capturedLogs() as events:
            other = self.nodes.open("n2")
        (told,) = [text for event in events if "replica" in (text := formatEvent(event) or "")]
        self.assertEqual(
            told,
            f"The replica {self.nodes.path('n2')} is of another log (epoch {self.one.epoch}): it is made anew"
            f" from this one (epoch {other.epoch}). The node is called n2 here, too.",
        )
        self.assertEqual(self.read(other, "#lobby"), [])
        self.assertNotEqual(other.epoch, self.one.epoch)

    def test_a_log_of_its_own_is_not_taken_for_a_replica(self) -> None:
        path = self.nodes.path("own")
        self.turns.wait(SQLiteLog(path, lambda: NOON, self.turns.callFromThread).close())
        size = os.path.getsize(path)
        with self.assertRaises(CannotOpen):
            self.nodes.make("own")
        self.assertEqual(os.path.getsize(path), size)


class GoneTests(ClusterCase):
    """What is taken back, and what is forgotten."""

    def stored(self) -> bytes:
        """Return all that the stream holds."""
        held = b""
        at = 0
        last = self.one.cursor
        while at < last:
            at += 1
            if stored := self.turns.wait(self.one.link.read(at)):
                held += stored.payload
        return held

    def remove(self, log: NatsLog, stream: str, about: int) -> list[int]:
        return self.turns.wait(log.remove(stream, about, Removed("s1", "ada", about)))

    def until_erased(self, *words: bytes) -> None:
        for _ in range(100):
            held = self.stored()
            if not any(word in held for word in words):
                return
            self.turns.run(0.05)
        self.fail(f"{words} are still in the stream")

    def test_what_is_taken_back_goes_from_the_stream(self) -> None:
        self.append(self.one, "#lobby", "before", "whale", "after")
        self.turns.wait(self.one.append("#lobby", [Edited("s1", "ada", "dolphin", 2)]))
        self.assertIn(b"whale", self.stored())
        self.assertEqual(self.remove(self.one, "#lobby", 2), [5])
        self.until_erased(b"whale", b"dolphin")
        self.append(self.one, "#lobby", "next")
        self.level("#lobby")
        events = [entry.event for entry in self.read(self.two, "#lobby")]
        gone: Sequence[Event] = [Gone("s1", "ada")]
        self.assertEqual([events[1], events[3]], [*gone, *gone])

    def test_a_replica_that_is_made_later_has_the_rest_of_what_was_erased(self) -> None:
        self.append(self.one, "#lobby", *"abcdef")
        self.append(self.one, "#lobby", *"ghi")
        for about in 2, 8, 4:
            self.remove(self.one, "#lobby", about)
            self.until_erased(
                *[b'"text":"%c"' % "abcdefghi"[n - 1].encode() for n in (2, 8, 4) if n == about]
            )
        self.append(self.one, "#lobby", "last")
        self.two = self.reopen(self.two, without_replica=True)
        self.level("#lobby")
        self.assertEqual(texts(self.read(self.two, "#lobby")), [*"acefgi", "last"])
        self.assertEqual(self.append(self.two, "#lobby", "more"), [14])

    def test_what_one_node_did_not_erase_the_next_start_does(self) -> None:
        self.append(self.one, "#lobby", "whale")
        answer = self.one.remove("#lobby", 1, Removed("s1", "ada", 1))
        assert self.one._parts is not None
        self.one._parts.erasing.close()
        self.turns.wait(answer)
        self.one = self.reopen(self.one)
        self.until_erased(b"whale")
        self.level("#lobby")

    def test_both_forget_and_number_on(self) -> None:
        for line in "abcdef":
            self.append(self.one, "#lobby", line)
        self.turns.wait(self.one.forget("#lobby", 4))
        self.turns.until(lambda: self.two.kept_after("#lobby") == 4)
        self.level("#lobby")
        self.assertEqual(self.append(self.two, "#lobby", "g"), [7])
        self.level("#lobby")
        self.turns.until(lambda: b'"text":"a"' not in self.stored())

    def test_a_replica_that_is_made_later_knows_what_is_forgotten(self) -> None:
        for line in "abcdef":
            self.append(self.one, "#lobby", line)
        self.append(self.one, "#gone", *"abc")
        self.turns.wait(self.one.forget("#lobby", 4))
        self.turns.wait(self.one.forget("#gone", 3))
        self.turns.until(lambda: self.stored().count(b'"text"') == 2)
        self.two = self.reopen(self.two, without_replica=True)
        self.level("#lobby", "#gone")
        self.assertEqual([self.two.kept_after(stream) for stream in ("#lobby", "#gone")], [4, 3])
        self.assertEqual(self.append(self.two, "#gone", "next"), [4])
        self.level("#gone")

    def test_who_was_away_while_something_was_forgotten_has_a_gap(self) -> None:
        self.append(self.one, "#lobby", "first")
        self.level("#lobby")
        self.nodes.close(self.two)
        for line in "abcdef":
            self.append(self.one, "#lobby", line)
        self.turns.wait(self.one.forget("#lobby", 5))
        self.turns.until(lambda: b'"text":"d"' not in self.stored())
        self.two = self.nodes.open("n2")
        self.level("#lobby")
        self.assertEqual(self.two.kept_after("#lobby"), 5)


class TakenOutTests(ClusterCase):
    """Whoever was taken out of a room by another node says nothing more there."""

    def test_a_line_that_was_on_its_way_is_not_behind_the_going_of_who_said_it(self) -> None:
        for round in range(10):
            for event in Left("s1", "ada", "connection lost"), Kicked("s2", "bob", "ada", "s1"):
                stream = f"#{type(event).__name__}{round}"
                self.append(self.one, stream, "here")
                self.level(stream)
                outcomes: list[object] = []
                out = self.one.append(stream, [event])
                mine = self.two.append(stream, said("mine"))
                mine.addBoth(lambda it: getattr(it, "type", it)).addCallback(outcomes.append)
                self.turns.wait(self.two.append(stream, [Said("s3", "eve", "hers")]))
                self.turns.wait(out)
                self.turns.until(lambda: bool(outcomes))  # noqa: B023
                self.level(stream)
                events = [entry.event for entry in self.read(self.one, stream)]
                behind = events[events.index(event) :]
                self.assertNotIn("mine", [it.text for it in behind if isinstance(it, Said)])
                there = [entry.seq for entry in self.read(self.one, stream) if entry.event == said("mine")[0]]
                self.assertEqual(outcomes, [there] if there else [NotKept])

    def test_that_somebody_has_left_is_said_once(self) -> None:
        left = Left("s1", "ada", "connection lost")
        self.turns.wait(self.one.append_all([(it, [Joined("s1", "ada")]) for it in ("#a", "#b")]))
        self.level("#a", "#b")
        answers = [log.append_all([("#a", [left]), ("#b", [left])]) for log in (self.one, self.two)]
        for answer in answers:
            self.turns.wait(answer)
        self.level("#a", "#b")
        for stream in "#a", "#b":
            self.assertEqual([type(entry.event) for entry in self.read(self.one, stream)], [Joined, Left])

    def test_who_is_fenced_appends_nothing(self) -> None:
        self.two.is_fenced = lambda: True
        posted: list[object] = []
        self.two.post("#lobby", Said("s1", "ada", "hello"), lambda it: posted.append(type(it)))
        self.assertEqual(posted, [NotKept])
        with self.assertRaises(NotKept):
            self.append(self.two, "#lobby", "hello")
        self.two.is_fenced = lambda: False
        self.assertEqual(self.append(self.two, "#lobby", "hello"), [1])

    def test_what_was_said_before_the_fence_and_not_published_is_refused(self) -> None:
        posted: list[object] = []
        self.two.post("#lobby", Said("s1", "ada", "hello"), lambda it: posted.append(type(it)))
        self.two.is_fenced = lambda: True
        self.turns.until(lambda: bool(posted))
        self.assertEqual(posted, [NotKept])
        self.two.is_fenced = lambda: False
        self.assertEqual(self.append(self.one, "#lobby", "first"), [1])


class OutageTests(SynchronousTestCase):
    """No server of NATS is to be reached for a while."""

    def test_lines_are_refused_within_five_seconds_and_then_kept_again_by_itself(self) -> None:
        with servers() as nats:
            nodes = Nodes(nats.urls, a_name(), folder(self), lambda: NOON)
            log = nodes.open()
            self.assertEqual(nodes.turns.wait(log.append("#lobby", said("before"))), [1])
            nats.stop(0)
            began = nodes.turns.seconds()
            outcomes: list[object] = []
            in_flight = log.append("#lobby", said("on its way"))
            in_flight.addBoth(lambda it: outcomes.append(getattr(it, "type", it)))
            posted: list[object] = []
            log.post("#other", Said("s1", "ada", "too"), lambda it: None)
            nodes.turns.until(lambda: not log.link.is_connected)
            log.post("#new", Said("s1", "ada", "not sent"), lambda it: posted.append(type(it)))
            nodes.turns.until(lambda: bool(posted))
            self.assertEqual(posted, [NotKept])
            self.assertLess(nodes.turns.seconds() - began, 5)
            with self.assertRaises(NotKept):
                nodes.turns.wait(log.append("#lobby", said("nor this")))
            self.assertEqual(outcomes, [])
            nats.go_on(0)
            nodes.turns.until(lambda: bool(outcomes))
            self.assertLess(nodes.turns.seconds() - began, 25)
            self.assertEqual(outcomes, [[2]])
            self.assertEqual(nodes.turns.wait(log.append("#lobby", said("after"))), [3])
            self.assertEqual(log.last("#new"), 0)
            nodes.close_all()

"""Records on NATS: kept in the order of the calls, each until it is durable, and known to all nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_keys import bucket_key
from tcpchat.logs.nats_records import IN_FLIGHT, LONG_PAUSE, PAUSE, NatsRecords
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear
from tcpchat.records import ACCOUNT, SESSION, SHOWN
from tests.linked import linked
from tests.nats_servers import a_name, one_server, servers


class Put(NamedTuple):
    """Something that is on its way to the bucket."""

    key: str
    value: bytes | None
    revision: int | None
    answer: Deferred[int]


class BucketByHand:
    """A bucket that does what is put when the test says so, and tells of it when the test says so."""

    def __init__(self) -> None:
        self.puts: list[Put] = []
        self.take: Callable[[list[Change]], None] = lambda changes: None
        self.loaded: Deferred[None] = Deferred()
        self.revision = 0

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        self.puts.append(Put(key, value, revision, Deferred()))
        return self.puts[-1].answer

    def watch(self, take: Callable[[list[Change]], None]) -> Deferred[None]:
        self.take = take
        return self.loaded

    def does(self, number: int = 1) -> None:
        """Do what came first."""
        for _ in range(number):
            self.revision += 1
            self.puts.pop(0).answer.callback(self.revision)

    def fails(self, error: Exception) -> None:
        """Fail at what came first."""
        self.puts.pop(0).answer.errback(error)

    def tells(self, key: str, value: bytes | None, node: str, revision: int = 0) -> None:
        """Tell of a change."""
        self.revision = revision or self.revision + 1
        self.take([Change(key, value, self.revision, node)])

    def waiting(self) -> list[tuple[str, bytes | None]]:
        """Return what is on its way."""
        return [(put.key, put.value) for put in self.puts]


class RecordsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.bucket = BucketByHand()
        self.records = NatsRecords(self.bucket, "n1", self.clock.callLater)
        self.opened = self.records.open()

    def open(self) -> None:
        self.bucket.loaded.callback(None)
        self.successResultOf(self.opened)


class KeepingTests(RecordsCase):
    def test_what_is_kept_can_be_read_at_once_and_is_durable_when_the_bucket_has_it(self) -> None:
        self.records.keep(SESSION, "s1", b"1")
        self.assertEqual(self.records.record(SESSION, "s1"), b"1")
        self.assertEqual(self.records.records(SESSION), {"s1": b"1"})
        self.assertFalse(self.records.is_kept)
        kept = self.records.kept()
        self.assertNoResult(kept)
        self.assertEqual(self.bucket.waiting(), [("session.s1", b"1")])
        self.bucket.does()
        self.successResultOf(kept)
        self.assertTrue(self.records.is_kept)
        self.assertEqual(self.records.record(SESSION, "s1"), b"1")
        self.successResultOf(self.records.kept())

    def test_what_is_removed_is_not_there_before_and_after(self) -> None:
        self.records.keep(SESSION, "s1", b"1")
        self.bucket.does()
        self.records.keep(SESSION, "s1", None)
        for _ in range(2):
            self.assertIsNone(self.records.record(SESSION, "s1"))
            self.assertEqual(self.records.records(SESSION), {})
            for _ in self.bucket.puts[:]:
                self.bucket.does()

    def test_of_several_values_of_one_key_the_bucket_is_given_the_first_and_the_last(self) -> None:
        for value in (b"1", b"2", b"3"):
            self.records.keep(SESSION, "s1", value)
        kept = self.records.kept()
        self.assertEqual(self.bucket.waiting(), [("session.s1", b"1")])
        self.assertEqual(self.records.record(SESSION, "s1"), b"3")
        self.bucket.does()
        self.assertNoResult(kept)
        self.assertEqual(self.records.record(SESSION, "s1"), b"3")
        self.assertEqual(self.bucket.waiting(), [("session.s1", b"3")])
        self.bucket.does()
        self.successResultOf(kept)

    def test_only_so_many_are_on_their_way_at_once(self) -> None:
        for number in range(IN_FLIGHT + 10):
            self.records.keep(SESSION, f"s{number}", b"")
        self.assertEqual(len(self.bucket.puts), IN_FLIGHT)
        self.bucket.does(3)
        self.assertEqual(len(self.bucket.puts), IN_FLIGHT)

    def test_a_gate_waits_for_what_came_before_it_and_for_nothing_else(self) -> None:
        self.records.keep(SESSION, "s1", b"")
        first = self.records.kept()
        self.records.keep(SESSION, "s2", b"")
        self.records.keep(ACCOUNT, "a1", b"")
        second = self.records.kept()
        self.bucket.puts.append(self.bucket.puts.pop(0))
        self.bucket.does(2)  # s2 and a1
        self.assertNoResult(first)
        self.records.keep(SESSION, "s3", b"")
        self.bucket.does()  # s1
        self.successResultOf(first)
        self.successResultOf(second)
        closed = self.records.close()
        self.assertNoResult(closed)
        self.bucket.does()
        self.successResultOf(closed)


class FailingTests(RecordsCase):
    def test_what_is_unclear_is_tried_again_after_a_moment(self) -> None:
        self.records.keep(SESSION, "s1", b"1")
        kept = self.records.kept()
        for _ in range(3):
            self.bucket.fails(Unclear())
            self.assertEqual(self.bucket.waiting(), [])
            self.assertEqual(self.records.record(SESSION, "s1"), b"1")
            self.clock.advance(PAUSE)
            self.assertEqual(self.bucket.waiting(), [("session.s1", b"1")])
        self.assertNoResult(kept)
        self.bucket.does()
        self.successResultOf(kept)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_while_the_bucket_does_not_answer_nothing_else_is_sent(self) -> None:
        for number in range(1000):
            self.records.keep(SESSION, f"s{number}", b"")
        for _ in range(IN_FLIGHT):
            self.bucket.fails(Unclear())
        self.records.keep(SESSION, "more", b"")
        self.assertEqual(self.bucket.waiting(), [])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(PAUSE)
        self.assertEqual(len(self.bucket.puts), IN_FLIGHT)

    def test_a_newer_value_takes_the_place_of_one_that_failed(self) -> None:
        for order in ("before", "after"):
            self.setUp()
            self.records.keep(SESSION, "s1", b"old")
            first = self.records.kept()
            if order == "before":
                self.records.keep(SESSION, "s1", b"new")
            self.bucket.fails(Unclear())
            if order == "after":
                self.records.keep(SESSION, "s1", b"new")
            second = self.records.kept()
            self.clock.advance(PAUSE)
            self.assertEqual(self.bucket.waiting(), [("session.s1", b"new")])
            self.assertNoResult(first)
            self.bucket.does()
            self.successResultOf(first)
            self.successResultOf(second)
            self.assertTrue(self.records.is_kept)

    def test_what_is_refused_is_tried_again_later_and_keeps_nothing_else_waiting(self) -> None:
        self.records.keep(SESSION, "large", b"x")
        self.bucket.fails(Refusing("too large"))
        self.records.keep(SESSION, "s2", b"")
        self.assertEqual(self.bucket.waiting(), [("session.s2", b"")])
        self.bucket.does()
        self.assertFalse(self.records.is_kept)
        self.clock.advance(LONG_PAUSE)
        self.bucket.does()
        self.assertTrue(self.records.is_kept)

    def test_what_another_node_has_kept_since_is_not_overwritten_by_a_late_try(self) -> None:
        self.open()
        for theirs in (b"theirs", None):
            self.records.keep(SESSION, "s1", b"ours")
            self.bucket.fails(Unclear())
            kept = self.records.kept()
            self.bucket.tells("session.s1", theirs, "n2")
            self.clock.advance(PAUSE)
            self.assertEqual(self.bucket.waiting(), [])
            self.successResultOf(kept)
            self.assertEqual(self.records.record(SESSION, "s1"), theirs)

    def test_what_turns_out_to_have_been_done_is_put_again_and_harms_nothing(self) -> None:
        self.open()
        self.records.keep(SESSION, "s1", b"ours")
        self.bucket.fails(Unclear())
        self.bucket.tells("session.s1", b"ours", "n1")
        self.clock.advance(PAUSE)
        self.bucket.does()
        self.assertTrue(self.records.is_kept)
        self.assertEqual(self.records.record(SESSION, "s1"), b"ours")


class WatchingTests(RecordsCase):
    def setUp(self) -> None:
        super().setUp()
        self.told: list[tuple[str, bytes | None]] = []
        self.records.watch(SESSION, lambda key, value: self.told.append((key, value)))

    def test_what_is_there_is_known_and_not_told(self) -> None:
        self.bucket.tells("session.s1", b"1", "n2")
        self.open()
        self.assertEqual((self.told, self.records.records(SESSION)), ([], {"s1": b"1"}))

    def test_what_another_node_keeps_is_told_and_what_this_one_keeps_is_not(self) -> None:
        self.open()
        self.bucket.tells("session.s1", b"1", "n2")
        self.bucket.tells("account.a1", b"1", "n2")
        self.bucket.tells("session.s2", b"2", "n1")
        self.bucket.tells("session.s1", None, "n2")
        self.assertEqual(self.told, [("s1", b"1"), ("s1", None)])
        self.assertEqual(self.records.records(SESSION), {"s2": b"2"})

    def test_what_another_node_kept_before_this_one_did_is_not_told(self) -> None:
        self.open()
        self.records.keep(SESSION, "s1", b"ours")
        self.bucket.tells("session.s1", b"theirs", "n2")
        self.bucket.does()
        self.assertEqual((self.told, self.records.record(SESSION, "s1")), ([], b"ours"))

    def test_what_another_node_kept_after_it_is_told_once_that_is_known(self) -> None:
        self.open()
        for theirs in (b"theirs", None):
            self.told.clear()
            self.records.keep(SESSION, "s1", b"ours")
            revision = self.bucket.revision + 1
            self.bucket.tells("session.s1", b"ours", "n1")
            self.bucket.tells("session.s1", theirs, "n2")
            self.assertEqual(self.told, [])
            self.bucket.puts.pop(0).answer.callback(revision)
            self.assertEqual((self.told, self.records.record(SESSION, "s1")), ([("s1", theirs)], theirs))

    def test_what_another_node_kept_while_this_one_could_not_is_told_when_that_is_given_up(self) -> None:
        self.open()
        self.records.keep(SESSION, "s1", b"ours")
        self.bucket.fails(Unclear())
        self.bucket.tells("session.s1", b"theirs", "n2")
        self.assertEqual(self.told, [])
        self.clock.advance(PAUSE)
        self.assertEqual(self.told, [("s1", b"theirs")])

    def test_who_fails_at_being_told_keeps_nobody_else_from_it(self) -> None:
        def fail(key: str, value: bytes | None) -> None:
            raise ValueError

        self.records.watch(SESSION, fail)
        self.records.watch(SESSION, lambda key, value: self.told.append(("again", value)))
        self.open()
        self.bucket.tells("session.s1", b"1", "n2")
        self.assertEqual(self.told, [("s1", b"1"), ("again", b"1")])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_a_late_acknowledgement_does_not_bring_back_what_was_removed_since(self) -> None:
        self.open()
        self.records.keep(SESSION, "s1", b"ours")
        self.bucket.tells("session.s1", b"ours", "n1", 1)
        self.bucket.tells("session.s1", None, "n2", 2)
        self.bucket.puts.pop(0).answer.callback(1)
        self.assertIsNone(self.records.record(SESSION, "s1"))

    def test_nothing_is_left_of_what_was_removed(self) -> None:
        self.open()
        for number in range(3):
            self.records.keep(SESSION, "ours", b"1")
            self.bucket.does()
            self.records.keep(SESSION, "ours", None)
            if number % 2:
                self.bucket.does()
                self.bucket.tells("session.ours", None, "n1", self.bucket.revision)
            else:
                self.bucket.tells("session.ours", None, "n1")
                self.bucket.puts.pop(0).answer.callback(self.bucket.revision)
            self.bucket.tells("session.theirs", b"1", "n2")
            self.bucket.tells("session.theirs", None, "n2")
        for key in ("ours", "theirs"):
            self.assertIsNone(self.records.find(SESSION, key))

    def test_a_follower_is_given_what_is_there_and_every_change_as_the_bucket_tells_it(self) -> None:
        self.open()
        self.bucket.tells("claim.nick.61", b"1", "n2", 5)
        changes: list[Change] = []
        self.records.follow("claim", changes.append)
        self.bucket.tells("claim.nick.61", None, "n1", 6)
        self.assertEqual(
            changes, [Change("claim.nick.61", b"1", 5, "n2"), Change("claim.nick.61", None, 6, "n1")]
        )

    def test_the_place_that_was_shown_is_each_nodes_own(self) -> None:
        self.open()
        self.records.keep(SHOWN, "#lobby", b"1")
        self.assertEqual(self.bucket.waiting(), [("shown.n1.=23lobby", b"1")])
        self.bucket.tells(bucket_key("n2", SHOWN, "#lobby"), b"2", "n2")
        self.assertEqual(self.records.record(SHOWN, "#lobby"), b"1")
        self.assertEqual(self.records.records(SHOWN), {"#lobby": b"1"})
        self.assertEqual(self.records.records_of("n2", SHOWN), {"#lobby": b"2"})


class ComparingTests(RecordsCase):
    def test_a_record_is_compared_and_set_and_known_at_once(self) -> None:
        self.open()
        self.bucket.tells("session.s1", b"theirs", "n2", 7)
        known = self.records.find(SESSION, "s1")
        self.assertEqual(known, Change("session.s1", b"theirs", 7, "n2"))
        put = self.records.put(SESSION, "s1", b"ours", 7)
        self.assertEqual(self.bucket.puts[0][:3], ("session.s1", b"ours", 7))
        self.bucket.does()
        self.assertEqual(self.successResultOf(put), 8)
        self.assertEqual(self.records.find(SESSION, "s1"), Change("session.s1", b"ours", 8, "n1"))

    def test_whoever_loses_is_told_so_and_changes_nothing(self) -> None:
        self.open()
        put = self.records.put(SESSION, "s1", b"ours", 0)
        self.bucket.fails(Lost())
        self.assertIsInstance(self.failureResultOf(put).value, Lost)
        self.assertIsNone(self.records.find(SESSION, "s1"))


class RealTests(SynchronousTestCase):
    def test_two_nodes_know_what_the_other_keeps(self) -> None:
        name = a_name()
        with linked(one_server(), name, "a") as one, linked(one_server(), name, "b") as other:
            ours = NatsRecords(one.link, "a", one.turning.callLater)
            theirs = NatsRecords(other.link, "b", other.turning.callLater)
            one.turning.result(ours.open())
            ours.keep(SESSION, "grün #1", b"1")
            ours.keep(SHOWN, "#lobby", b"17")
            one.turning.result(ours.kept())
            other.turning.result(theirs.open())
            self.assertEqual(theirs.records(SESSION), {"grün #1": b"1"})
            self.assertEqual((theirs.records(SHOWN), theirs.records_of("a", SHOWN)), ({}, {"#lobby": b"17"}))
            told: list[tuple[str, bytes | None]] = []
            theirs.watch(SESSION, lambda key, value: told.append((key, value)))
            ours.keep(SESSION, "grün #1", None)
            other.turning.until(lambda: told)
            self.assertEqual((told, theirs.records(SESSION)), ([("grün #1", None)], {}))

    def test_everything_is_kept_over_a_death_of_the_server(self) -> None:
        with servers() as own, linked(own, node="a") as one:
            ours = NatsRecords(one.link, "a", one.turning.callLater)
            one.turning.result(ours.open())
            for round in range(2):
                own.kill(0)
                for number in range(200):
                    ours.keep(SESSION, f"s{number}", b"%d" % round)
                own.start(0)
                one.turning.result(ours.kept())
            with linked(own, one.name) as other:
                theirs = NatsRecords(other.link, "b", other.turning.callLater)
                other.turning.result(theirs.open())
                self.assertEqual(theirs.records(SESSION), {f"s{number}": b"1" for number in range(200)})

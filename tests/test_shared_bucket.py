"""What a bucket promises. The one in memory that other tests use keeps it too, so that can be trusted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_terms import Change, Lost, Unclear
from tcpchat.shared_bucket import Bucket
from tests.buckets import MemoryBucket, Values

T = TypeVar("T")

if TYPE_CHECKING:
    Case = SynchronousTestCase
else:
    Case = ABC


class BucketContract(Case):
    """For each kind of bucket: ``bucket`` and ``other`` are two nodes' links to the same one."""

    bucket: Bucket
    other: Bucket

    @abstractmethod
    def wait(self, answer: Deferred[T]) -> T:
        """Wait for an answer."""

    @abstractmethod
    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""

    def put(self, value: bytes | None, revision: int | None = None) -> int:
        return self.wait(self.bucket.put("kind.key", value, revision))

    def test_a_value_is_put_where_there_is_none_and_found(self) -> None:
        revision = self.put(b"one", 0)
        found = self.wait(self.other.get("kind.key"))
        self.assertEqual(found, Change("kind.key", b"one", revision, "east"))
        self.assertIsNone(self.wait(self.other.get("kind.none")))

    def test_only_the_last_revision_can_be_replaced(self) -> None:
        first = self.put(b"one", 0)
        second = self.put(b"two", first)
        for revision in 0, first, second + 1:
            with self.assertRaises(Lost):
                self.wait(self.other.put("kind.key", b"three", revision))
        found = self.wait(self.bucket.get("kind.key"))
        self.assertEqual(found and found.value, b"two")
        self.put(b"three")
        found = self.wait(self.bucket.get("kind.key"))
        self.assertEqual(found and found.value, b"three")

    def test_both_are_connected(self) -> None:
        self.assertEqual((self.bucket.is_connected, self.other.is_connected), (True, True))

    def test_what_was_removed_is_as_free_as_what_never_was(self) -> None:
        first = self.put(b"one", 0)
        second = self.put(None, first)
        self.assertIsNone(self.wait(self.bucket.get("kind.key")))
        self.assertGreater(self.put(b"two", 0), second)

    def test_of_two_who_put_at_once_one_is_first(self) -> None:
        outcomes: list[object] = []
        for bucket in self.bucket, self.other:
            bucket.put("kind.key", b"mine", 0).addBoth(outcomes.append)
        self.until(lambda: len(outcomes) == 2)
        self.assertEqual(len([it for it in outcomes if isinstance(it, int)]), 1)

    def test_everybody_is_told_of_changes_of_a_kind_in_order(self) -> None:
        self.put(b"one", 0)
        told: list[Change] = []
        self.until(lambda: self.wait(self.other.get("kind.key")) is not None)
        self.other.follow("kind", told.append)
        self.until(lambda: [change.value for change in told] == [b"one"])
        self.wait(self.bucket.put("other.key", b"x", 0))
        second = self.put(b"two")
        self.until(lambda: told[-1].value == b"two")
        third = self.put(None)
        self.until(lambda: told[-1].value is None)
        self.assertEqual([change.revision for change in told[1:]], [second, third])

    def test_one_is_told_of_ones_own_changes_too(self) -> None:
        told: list[Change] = []
        self.bucket.follow("kind", told.append)
        revision = self.put(b"one", 0)
        self.until(lambda: bool(told))
        self.assertEqual(told, [Change("kind.key", b"one", revision, "east")])


class MemoryBucketTests(BucketContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.values = Values()
        self.bucket = self.link = MemoryBucket(self.clock, self.values, "east")
        self.other = self.others = MemoryBucket(self.clock, self.values, "west")

    def wait(self, answer: Deferred[T]) -> T:
        self.clock.pump([0] * 5)
        got: list[T] = []
        answer.addCallback(got.append)
        if not got:
            self.failureResultOf(answer).raiseException()
        return got[0]

    def until(self, true: Callable[[], bool]) -> None:
        self.clock.pump([0] * 5)
        self.assertTrue(true())

    def test_nothing_gets_through_a_link_that_is_cut_until_it_heals(self) -> None:
        told: list[bytes | None] = []
        self.other.follow("kind", lambda change: told.append(change.value))
        self.others.cut()
        self.assertFalse(self.other.is_connected)
        answer = self.other.put("kind.key", b"lost", 0)
        self.put(b"one")
        self.failureResultOf(answer, Unclear)
        self.put(b"two")
        self.assertEqual(told, [])
        self.others.heal()
        self.clock.advance(0)
        self.assertEqual(told, [b"two"])

    def test_an_answer_can_get_lost(self) -> None:
        self.link.loses_answers = True
        with self.assertRaises(Unclear):
            self.put(b"one", 0)
        self.assertEqual(self.values.value("kind.key"), b"one")

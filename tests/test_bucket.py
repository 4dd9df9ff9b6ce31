"""What a bucket promises, tried with the one in memory that other tests use: so that can be trusted."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.bucket import Bucket
from tcpchat.logs.nats_terms import Change, Lost, Unclear
from tests.buckets import MemoryBucket, Values


class BucketTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.values = Values()
        self.link = MemoryBucket(self.clock, self.values, "east")
        self.other = MemoryBucket(self.clock, self.values, "west")
        self.bucket: Bucket = self.link

    def put(self, value: bytes | None, revision: int | None = None) -> int:
        answer = self.bucket.put("kind.key", value, revision)
        self.clock.pump([0] * 3)
        return self.successResultOf(answer)

    def test_a_value_is_put_where_there_is_none_and_found(self) -> None:
        revision = self.put(b"one", 0)
        found = self.bucket.get("kind.key")
        self.clock.pump([0] * 3)
        self.assertEqual(self.successResultOf(found), Change("kind.key", b"one", revision, "east"))

    def test_only_the_last_revision_can_be_replaced(self) -> None:
        first = self.put(b"one", 0)
        second = self.put(b"two", first)
        for revision in 0, first, second + 1:
            answer = self.bucket.put("kind.key", b"three", revision)
            self.clock.pump([0] * 3)
            self.failureResultOf(answer, Lost)
        self.assertEqual(self.values.value("kind.key"), b"two")
        self.put(b"three")
        self.assertEqual(self.values.value("kind.key"), b"three")

    def test_what_was_removed_is_as_free_as_what_never_was(self) -> None:
        first = self.put(b"one", 0)
        second = self.put(None, first)
        found = self.bucket.get("kind.key")
        self.clock.pump([0] * 3)
        self.assertIsNone(self.successResultOf(found))
        self.assertGreater(self.put(b"two", 0), second)

    def test_everybody_is_told_of_changes_of_a_kind_once_and_in_order(self) -> None:
        self.put(b"one", 0)
        told: list[bytes | None] = []
        self.other.follow("kind", lambda change: told.append(change.value))
        self.assertEqual(told, [b"one"])
        self.put(b"two")
        self.bucket.put("other.key", b"x", 0)
        self.put(None)
        self.assertEqual(told, [b"one", b"two", None])

    def test_nothing_gets_through_a_link_that_is_cut_until_it_heals(self) -> None:
        told: list[bytes | None] = []
        self.other.follow("kind", lambda change: told.append(change.value))
        self.other.cut()
        answer = self.other.put("kind.key", b"lost", 0)
        self.put(b"one")
        self.failureResultOf(answer, Unclear)
        self.put(b"two")
        self.assertEqual(told, [])
        self.other.heal()
        self.clock.advance(0)
        self.assertEqual(told, [b"two"])

    def test_an_answer_can_get_lost(self) -> None:
        self.link.loses_answers = True
        answer = self.bucket.put("kind.key", b"one", 0)
        self.clock.pump([0] * 3)
        self.failureResultOf(answer, Unclear)
        self.assertEqual(self.values.value("kind.key"), b"one")

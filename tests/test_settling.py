"""What is held here comes to be what the bucket says, whatever gets lost on the way."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import claimed
from tcpchat.claimed import Claim
from tcpchat.logs.nats_terms import Lost, Unclear
from tcpchat.names import Key, nickname
from tcpchat.settling import AGAIN, AT_ONCE, MOST_RACES, HeldElsewhere, Settling, Shared
from tests.buckets import MemoryBucket, Values

KEY: Key = nickname("anna").keys[0]
NAME = claimed.bucket_key(KEY)
EASTS = Claim("p1", "anna", ("east",), "192.0.2.1")
WESTS = Claim("p2", "anna", ("west",), "198.51.100.7")


class RacingBucket(MemoryBucket):
    """One in which somebody else is always first."""

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        self.puts += 1
        answer: Deferred[int] = Deferred()
        answer.errback(Lost())
        return answer


class SettlingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.values = Values()
        self.shown: list[tuple[Key, Claim | None]] = []
        self.dead: set[str] = set()
        self.bucket = MemoryBucket(self.clock, self.values, "east")
        self.settling = self.make(self.bucket)

    def make(self, bucket: MemoryBucket) -> Settling:
        shared = Shared(bucket, "east", lambda node: node not in self.dead, lambda: False)
        return Settling(shared, self.clock, lambda key, claim: self.shown.append((key, claim)))

    def settle(self, heir: str = "") -> Deferred[None]:
        settling = Deferred.fromCoroutine(self.settling.settle(KEY, heir))
        self.clock.pump([0] * 20)
        return settling

    def says(self) -> Claim | None:
        value = self.values.value(NAME)
        return None if value is None else claimed.decode(value)

    def other_has(self, claim: Claim | None) -> None:
        """Another node has put this."""
        self.values.put(NAME, None if claim is None else claimed.encode(claim), None, "west")

    def test_what_is_held_is_put_once(self) -> None:
        self.settling.own[KEY] = EASTS
        for _ in range(3):
            self.successResultOf(self.settle())
        self.assertEqual((self.says(), self.bucket.puts), (EASTS, 1))
        self.assertEqual({claim for _, claim in self.shown}, {None})

    def test_what_is_held_no_longer_is_removed(self) -> None:
        self.settling.own[KEY] = EASTS
        self.settle()
        del self.settling.own[KEY]
        self.successResultOf(self.settle())
        self.assertIsNone(self.says())

    def test_what_somebody_else_has_cannot_be_had_and_is_shown(self) -> None:
        self.other_has(WESTS)
        self.settling.own[KEY] = EASTS
        self.failureResultOf(self.settle(), HeldElsewhere)
        self.assertEqual(self.says(), WESTS)
        self.assertEqual(self.shown[-1], (KEY, WESTS))

    def test_it_can_once_their_node_is_dead_and_buried(self) -> None:
        self.other_has(WESTS)
        self.clock.advance(0)
        self.dead = {"west"}
        self.settling.clean(self.dead)
        self.clock.pump([0] * 20)
        self.assertIsNone(self.says())
        self.settling.own[KEY] = EASTS
        self.successResultOf(self.settle())
        self.assertEqual((self.says(), self.settling.nodes), (EASTS, {"east"}))

    def test_one_who_knows_of_it_too_late_loses_the_race_and_asks(self) -> None:
        self.settling.own[KEY] = EASTS
        self.bucket.is_cut = True  # so it is not told of what the other one puts
        self.other_has(WESTS)
        self.clock.advance(0)
        self.bucket.is_cut = False
        self.failureResultOf(self.settle(), HeldElsewhere)
        self.assertEqual(self.shown[-1], (KEY, WESTS))

    def test_of_what_was_freed_before_it_is_asked_the_race_is_run_again(self) -> None:
        self.other_has(WESTS)
        self.clock.advance(0)
        self.bucket.is_cut = True
        self.other_has(None)
        self.clock.advance(0)
        self.bucket.is_cut = False
        self.settling.own[KEY] = Claim("p2", "anna", ("east",), "198.51.100.7")
        self.successResultOf(self.settle())
        self.assertEqual(self.says(), self.settling.own[KEY])

    def test_nobody_races_for_ever(self) -> None:
        bucket = RacingBucket(self.clock, self.values, "east")
        self.settling = self.make(bucket)
        self.settling.own[KEY] = EASTS
        settling = Deferred.fromCoroutine(self.settling.settle(KEY))
        self.clock.pump([0] * 100)
        self.failureResultOf(settling, Unclear)
        self.assertEqual(bucket.puts, MOST_RACES)

    def test_what_has_to_be_is_tried_until_it_is(self) -> None:
        self.settling.own[KEY] = EASTS
        self.bucket.cut()
        self.settling.settle_surely(KEY)
        self.clock.pump([AGAIN] * 5)
        self.assertIsNone(self.says())
        self.bucket.heal()
        self.clock.pump([AGAIN] * 3)
        self.assertEqual(self.says(), EASTS)

    def test_but_not_after_the_end(self) -> None:
        self.settling.own[KEY] = EASTS
        self.bucket.cut()
        self.settling.settle_surely(KEY)
        self.clock.advance(0)
        self.settling.stop()
        self.bucket.heal()
        self.clock.pump([AGAIN] * 3)
        self.assertEqual((self.says(), self.clock.getDelayedCalls()), (None, []))

    def test_what_is_no_claim_is_told_the_operator(self) -> None:
        self.settling.own[KEY] = EASTS
        self.bucket.is_cut = True
        self.values.put(NAME, b"?", None, "other")
        self.clock.advance(0)
        self.bucket.is_cut = False
        self.settling.settle_surely(KEY)
        self.clock.pump([0] * 5)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_nothing_is_left_of_what_is_gone(self) -> None:
        self.settling.own[KEY] = EASTS
        self.settle()
        del self.settling.own[KEY]
        self.settle()
        self.settling.clean(())
        self.assertEqual((self.settling._known, self.settling._locks), ({}, {}))

    def test_what_many_have_is_freed_a_few_at_a_time_while_their_node_stays_dead(self) -> None:
        number = AT_ONCE + 5
        for n in range(number):
            key = nickname(f"anna{n}").keys[0]
            self.values.put(claimed.bucket_key(key), claimed.encode(WESTS), None, "west")
        self.clock.advance(0)
        self.dead = {"west"}
        self.settling.clean({"west"})
        self.assertEqual(self.bucket.puts, AT_ONCE)
        self.dead = set()  # it has been started anew, and has the same people
        self.clock.pump([0] * 20)
        self.assertEqual(len(self.values.keys(claimed.CLAIM)), number - AT_ONCE)

    def test_what_is_as_it_should_be_is_not_looked_at_again(self) -> None:
        self.settling.own[KEY] = EASTS
        self.settle()
        self.other_has(EASTS)  # with another revision, say
        self.clock.pump([0] * 5)
        self.assertEqual(self.settling._suspect, set())
        self.settling.forget()
        self.settling.clean(())
        self.clock.pump([0] * 20)
        self.assertIsNone(self.says())
        self.assertEqual(self.settling.nodes, set())

    def test_what_is_being_settled_is_not_cleaned(self) -> None:
        self.settling.own[KEY] = EASTS
        Deferred.fromCoroutine(self.settling.settle(KEY))
        self.settling.clean(())
        self.clock.pump([0] * 20)
        self.assertEqual((self.says(), self.bucket.puts), (EASTS, 1))

"""The bucket over a link: compare-and-set, and a watch that misses nothing."""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_bucket import LONG, Bucket, BucketFollower
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_link import Change, Lost
from tcpchat.logs.nats_publishing import Publishing
from tcpchat.logs.nats_thread import LoopThread
from tests.linked import linked, purge, put_surely
from tests.nats_servers import one_server, servers


class BucketTests(SynchronousTestCase):
    def test_what_is_put_is_there_until_it_is_removed(self) -> None:
        with linked(one_server(), node="ann 1") as one:
            first = one.put("k", b"first")
            self.assertEqual(one.turning.result(one.link.get("k")), Change("k", b"first", first, "ann 1"))
            second = one.put("k", b"")
            self.assertEqual(one.turning.result(one.link.get("k")), Change("k", b"", second, "ann 1"))
            one.put("k", None)
            for key in ("k", "never"):
                self.assertIsNone(one.turning.result(one.link.get(key)))

    def test_compare_and_set_loses_against_whoever_was_first(self) -> None:
        with linked(one_server()) as one:
            first = one.put("k", b"1", 0)
            with self.assertRaises(Lost):
                one.put("k", b"2", 0)
            second = one.put("k", b"2", first)
            for value in (b"3", None):
                with self.assertRaises(Lost):
                    one.put("k", value, first)
            one.put("k", None, second)
            self.assertIsNone(one.turning.result(one.link.get("k")))

    def test_a_key_that_was_removed_is_as_free_as_one_that_never_was(self) -> None:
        with linked(one_server()) as one:
            for _ in range(2):
                one.put("k", b"mine", 0)
                one.put("k", None)
            asked = [one.link.put("k", b"%d" % number, 0) for number in range(5)]
            won = []
            for answer in asked:
                try:
                    won.append(one.turning.result(answer))
                except Lost:
                    pass
            self.assertEqual(len(won), 1)

    def test_a_watch_is_given_what_is_there_and_then_every_change(self) -> None:
        with linked(one_server(), node="a") as one, linked(one_server(), one.name, node="b") as other:
            one.put("x.1", b"old")
            one.put("x.1", b"one")
            one.put("gone", b"?")
            one.put("gone", None)
            other.watch()
            self.assertEqual(other.values(), {"x.1": b"one", "gone": None})
            self.assertEqual({change.node for change in other.seen}, {"a"})
            other.put("y", b"two")
            one.put("x.1", None)
            other.turning.until(lambda: other.values() == {"x.1": None, "gone": None, "y": b"two"})
            revisions = [change.revision for change in other.seen]
            self.assertEqual(revisions, sorted(revisions))
            self.assertEqual({c.node for c in other.seen if c.key == "y"}, {"b"})

    def test_an_empty_bucket_is_known_at_once(self) -> None:
        with linked(one_server()) as one:
            began = time.monotonic()
            one.watch()
            self.assertEqual(one.seen, [])
            self.assertLess(time.monotonic() - began, 0.4)

    def test_a_watch_misses_and_doubles_nothing_when_the_server_dies_and_comes_back(self) -> None:
        with servers() as own, linked(own) as one, linked(own, one.name) as other:
            other.watch()
            for round in range(3):
                one.put("all", b"%d" % round)
                one.put(f"k{round}", b"there")
                own.kill(0)
                one.turning.until(lambda: not one.link.is_connected)
                other.turning.until(lambda: not other.link.is_connected)
                own.start(0)
                one.turning.until(lambda: one.link.is_connected)
                put_surely(one, f"k{round}", None)
            other.waits_for_values({"all": b"2", "k0": None, "k1": None, "k2": None})
            told = [(change.key, change.revision) for change in other.seen]
            self.assertEqual(len(told), len(set(told)))

    def test_a_watch_that_was_off_for_very_long_looks_at_all_keys_again(self) -> None:
        with linked(one_server()) as one:
            thread = LoopThread("watching", one.turning.callFromThread, one.turning.callLater)
            one.put("stays", b"1")
            one.put("goes", b"2")
            thread.start()
            connecting = Connecting(one_server().urls, "t", lambda is_connected: None, lambda *told: None)
            bucket = Bucket(connecting, Publishing(connecting, thread.spawn, one.name, ""), thread, one.name)
            reached: list[None] = []
            follower = BucketFollower(
                connecting, thread, bucket, one.seen.extend, lambda: reached.append(None)
            )
            thread.do(lambda: (thread.spawn(connecting.run()), thread.spawn(follower.run())))
            one.turning.until(lambda: reached)
            # The connection breaks, the marker of what was removed meanwhile is gone, too.
            one.put("new", b"3")
            one.turning.until(lambda: len(one.seen) == 3)
            thread.do(setattr, follower, "_heard", -LONG)
            thread.do(lambda: connecting.current.break_off() if connecting.current else None)
            purge(one_server(), f"KV_{one.name}", f"$KV.{one.name}.goes")
            one.turning.until(lambda: one.values() == {"stays": b"1", "goes": None, "new": b"3"})
            one.turning.result(thread.end())

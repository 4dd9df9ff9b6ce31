"""The link to NATS, against real servers: what is certain is told so, and nothing is missed or doubled."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import nats
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_bucket import LONG, Bucket, BucketFollower
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_link import Change, Facts, Link, Lost, Message, Refusing, Stored, Unclear
from tcpchat.logs.nats_publishing import Publishing
from tcpchat.logs.nats_stream import wanted
from tcpchat.logs.nats_thread import LoopThread
from tests.nats_servers import NatsServers, a_name, one_server, servers, three_servers
from tests.turning import Turning

_ids = count(1)


def message(subject: str, text: str, expected: int, id: str = "") -> Message:
    """Return a message with an id that no other has, or with this one."""
    return Message(subject, text.encode(), expected, id or f"id{next(_ids)}")


def ask(at: NatsServers, question: Callable[[JetStreamContext], Awaitable[object]]) -> None:
    """Do something over a connection of one's own, as an operator with NATS's tools."""

    async def ask() -> None:
        client = await nats.connect(at.urls)
        await question(client.jetstream())
        await client.close()

    asyncio.run(ask())


def make(at: NatsServers, config: StreamConfig) -> None:
    """Make a stream."""
    ask(at, lambda jetstream: jetstream.add_stream(config))


def purge(at: NatsServers, stream: str, subject: str) -> None:
    """Take a subject's messages away."""
    ask(at, lambda jetstream: jetstream.purge_stream(stream, subject=subject))


def try_put(one: Linked, key: str, value: bytes | None) -> bool:
    """Put into the bucket if that is possible now."""
    try:
        one.put(key, value)
    except Unclear:
        one.turning.pass_by(0.1)
        return False
    return True


class Linked:
    """A link that is open, and what it has told."""

    def __init__(self, urls: Sequence[str], name: str, node: str = "n", monitoring: Sequence[str] = ()) -> None:
        self.turning = Turning()
        self.changes: list[tuple[float, bool]] = []
        self.name = name
        self.stored: list[Stored] = []
        self.seen: list[Change] = []
        self.link = Link(self.turning, urls, name, self._changed, node, monitoring)

    def _changed(self, is_connected: bool) -> None:
        self.changes.append((time.monotonic(), is_connected))

    def open(self) -> Facts:
        """Open the link."""
        return self.turning.result(self.link.open())

    def close(self) -> None:
        """Close it."""
        self.turning.result(self.link.close())

    def subject(self, token: str = "a") -> str:
        """Return a subject of the stream."""
        return f"{self.name}.log.{token}"

    def publish(self, *messages: Message, timeout: float = 4.0) -> int:
        """Publish, and wait for what comes of it."""
        return self.turning.result(self.link.publish(messages, timeout))

    def says(self, text: str, expected: int, id: str = "") -> int:
        """Publish one message."""
        return self.publish(message(self.subject(), text, expected, id))

    def says_surely(self, text: str, expected: int) -> int:
        """Publish one message, as often as it takes."""
        one = message(self.subject(), text, expected)
        end = time.monotonic() + 30
        while True:
            try:
                return self.publish(one)
            except Unclear:
                assert time.monotonic() < end
                self.turning.pass_by(0.1)

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> int:
        """Put into the bucket, and wait for what comes of it."""
        return self.turning.result(self.link.put(key, value, revision))

    def texts(self) -> list[str]:
        """Return what `Link.follow` has given."""
        return [one.payload.decode() for one in self.stored]

    def values(self) -> dict[str, bytes | None]:
        """Return what `Link.watch` has given last of each key."""
        return {change.key: change.value for change in self.seen}

    def follow(self, after: int = 0) -> None:
        """Follow the stream."""
        self.link.follow(after, self.stored.extend)

    def watch(self) -> None:
        """Watch the bucket, and wait until all that is there has come."""
        self.turning.result(self.link.watch(self.seen.extend))

    def waits_for(self, *texts: str) -> None:
        """Wait until all that was published has come."""
        self.turning.until(lambda: len(self.stored) >= len(texts))
        assert self.texts() == list(texts), self.texts()


@contextmanager
def linked(at: NatsServers, name: str = "", node: str = "n") -> Iterator[Linked]:
    """Have a link that is open."""
    one = Linked(at.urls, name or a_name(), node, at.monitoring)
    try:
        one.open()
        yield one
    finally:
        one.close()


class PublishingTests(SynchronousTestCase):
    def test_a_message_is_answered_with_its_sequence(self) -> None:
        with linked(one_server()) as one:
            self.assertEqual(one.says("first", 0), 1)
            self.assertEqual(one.says("second", 1), 2)
            self.assertEqual(one.publish(message(one.subject("b"), "elsewhere", 0)), 3)

    def test_whoever_expects_another_last_message_has_lost_and_nothing_is_added(self) -> None:
        with linked(one_server()) as one:
            one.says("first", 0)
            for expected in (0, 2):
                with self.assertRaises(Lost):
                    one.says("late", expected)
            self.assertEqual(one.says("second", 1), 2)

    def test_an_id_lands_once_and_is_answered_with_the_same_sequence(self) -> None:
        with linked(one_server()) as one:
            self.assertEqual(one.says("once", 0, "the id"), 1)
            one.says("another", 1)
            self.assertEqual(one.says("once", 2, "the id"), 1)
            one.follow()
            one.waits_for("once", "another")

    def test_what_is_too_large_for_the_servers_is_refused(self) -> None:
        with linked(one_server()) as one:
            with self.assertRaises(Refusing):
                one.says("x" * 2_000_000, 0)
            self.assertEqual(one.says("small", 0), 1)

    def test_a_try_that_is_repeated_does_not_lose_against_itself(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("first", 0)
            late = message(one.subject(), "late", 1)
            own.stop(0)
            with self.assertRaises(Unclear):
                one.publish(late, timeout=0.5)
            own.go_on(0)
            self.assertEqual(one.publish(late), 2)
            one.says("after it", 2)
            self.assertEqual(one.publish(late), 2)
            one.follow()
            one.waits_for("first", "late", "after it")


class BatchTests(SynchronousTestCase):
    def test_a_batch_is_added_as_a_whole_and_answered_with_its_last_sequence(self) -> None:
        with linked(one_server()) as one:
            one.says("before", 0)
            seq = one.publish(message(one.subject("a"), "1", 1), message(one.subject("b"), "2", 0))
            self.assertEqual(seq, 3)
            one.follow()
            one.waits_for("before", "1", "2")

    def test_of_a_batch_of_which_one_has_lost_nothing_is_added(self) -> None:
        with linked(one_server()) as one:
            one.says("before", 0)
            for expected in ((0, 0), (1, 5)):
                pair = zip("ab", expected, strict=True)
                with self.assertRaises(Lost):
                    one.publish(*[message(one.subject(token), token, seq) for token, seq in pair])
            self.assertEqual(one.says("after", 1), 2)
            one.follow()
            one.waits_for("before", "after")

    def test_a_batch_that_is_repeated_lands_once(self) -> None:
        with linked(one_server()) as one:
            batch = [message(one.subject("a"), "1", 0), message(one.subject("b"), "2", 0)]
            self.assertEqual(one.publish(*batch), 2)
            self.assertEqual(one.publish(*batch), 2)
            one.follow()
            one.waits_for("1", "2")


class FollowingTests(SynchronousTestCase):
    def test_everything_comes_once_in_order_with_its_sequence_and_subject(self) -> None:
        with linked(one_server()) as one:
            one.says("1", 0)
            one.publish(message(one.subject("b"), "2", 0))
            one.follow()
            one.waits_for("1", "2")
            one.says("3", 1)
            one.waits_for("1", "2", "3")
            subjects = [one.subject("a"), one.subject("b"), one.subject("a")]
            self.assertEqual([(seq, subject) for seq, subject, _ in one.stored], list(enumerate(subjects, 1)))

    def test_it_begins_after_a_sequence(self) -> None:
        with linked(one_server()) as one:
            for number in range(3):
                one.says(str(number), number)
            one.follow(2)
            one.waits_for("2")
            one.says("3", 3)
            one.waits_for("2", "3")

    def test_it_is_told_once_that_all_that_was_there_has_come(self) -> None:
        for there in (0, 3):
            with linked(one_server()) as one:
                for number in range(there):
                    one.says(str(number), number)
                came: list[int] = []
                one.link.follow(0, one.stored.extend, lambda one=one, came=came: came.append(len(one.stored)))
                one.turning.until(lambda came=came: came)
                one.says("more", there)
                one.turning.until(lambda one=one, there=there: len(one.stored) > there)
                self.assertEqual(came, [there])

    def test_it_is_told_so_also_when_the_last_message_was_erased(self) -> None:
        with linked(one_server()) as one:
            one.says("kept", 0)
            one.says("erased", 1)
            one.turning.result(one.link.erase(2))
            came: list[int] = []
            one.link.follow(0, one.stored.extend, lambda: came.append(len(one.stored)))
            one.turning.until(lambda: came)
            self.assertEqual(came, [1])

    def test_many_come_in_few_turns_of_the_reactor(self) -> None:
        with linked(one_server()) as one:
            tries = [one.link.publish([message(one.subject(f"r{i}"), str(i), 0)], 10) for i in range(2000)]
            for one_try in tries:
                one.turning.result(one_try)
            turns = one.turning.turns
            one.follow()
            one.turning.until(lambda: len(one.stored) == 2000)
            self.assertEqual([seq for seq, _, _ in one.stored], list(range(1, 2001)))
            self.assertLess(one.turning.turns - turns, 500)

    def test_a_reader_that_is_slow_to_take_what_comes_is_waited_for(self) -> None:
        with linked(one_server()) as one:
            size, number = 500_000, 60  # far more than JetStream sends without being told to go on
            tries = [
                one.link.publish([message(one.subject(f"r{i}"), "x" * size, 0)], 20) for i in range(number)
            ]
            for one_try in tries:
                one.turning.result(one_try)
            one.follow()
            one.turning.until(lambda: one.stored)
            time.sleep(3)  # the reactor is busy: it makes no calls
            one.turning.until(lambda: len(one.stored) >= number)
            self.assertEqual([seq for seq, _, _ in one.stored], list(range(1, number + 1)))

    def test_nothing_is_missed_or_doubled_when_the_server_dies_and_comes_back(self) -> None:
        with servers() as own, linked(own) as one:
            one.follow()
            said = []
            for round in range(3):
                for number in range(20):
                    said.append(f"{round} {number}")
                    one.says_surely(said[-1], len(said) - 1)
                own.kill(0)
                one.turning.until(lambda: not one.link.is_connected)
                own.start(0)
            one.turning.until(lambda: one.link.is_connected)
            one.says_surely("last", len(said))
            one.waits_for(*said, "last")

    def test_nothing_is_missed_or_doubled_when_the_server_was_stopped_for_a_while(self) -> None:
        with servers() as own, linked(own) as one, linked(own, one.name) as other:
            one.follow()
            other.follow()
            one.says("before", 0)
            one.waits_for("before")
            own.stop(0)
            one.turning.until(lambda: not one.link.is_connected)
            own.go_on(0)
            other.turning.until(lambda: other.link.is_connected)
            other.says_surely("after", 1)
            for each in (one, other):
                each.waits_for("before", "after")

    def test_a_stream_that_was_made_anew_is_not_followed(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("old", 0)
            one.follow()
            one.waits_for("old")
            own.kill(0)
            shutil.rmtree(own.all[0].folder / "jetstream")
            own.start(0)
            with linked(own, one.name) as other:
                other.says("new", 0)
                one.turning.until(lambda: len(one.changes) >= 4)
                one.turning.pass_by(1)
                self.assertEqual((one.texts(), one.link.is_connected), (["old"], False))
                with self.assertRaises(Unclear):
                    one.says("lost", 1)


class ReadingTests(SynchronousTestCase):
    def test_the_last_message_of_a_subject_and_each_by_its_sequence_can_be_read(self) -> None:
        with linked(one_server()) as one:
            one.says("first", 0)
            one.says("second", 1)
            one.publish(message(one.subject("b"), "", 0))
            subject = one.subject()
            for asked, found in (
                (one.link.last(subject), Stored(2, subject, b"second")),
                (one.link.last(one.subject("b")), Stored(3, one.subject("b"), b"")),
                (one.link.last(one.subject("c")), None),
                (one.link.read(1), Stored(1, subject, b"first")),
                (one.link.read(4), None),
            ):
                self.assertEqual(one.turning.result(asked), found)

    def test_what_is_erased_is_in_no_file_any_more_and_may_be_erased_again(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("kept", 0)
            one.says("the secret", 1)
            one.says("kept too", 2)
            for _ in range(2):
                one.turning.result(one.link.erase(2))
            self.assertIsNone(one.turning.result(one.link.read(2)))
            one.follow()
            one.waits_for("kept", "kept too")
            self.assertEqual(one.says("expected as ever", 3), 4)
            own.kill(0)
            files = [path for path in own.all[0].folder.rglob("*") if path.is_file()]
            self.assertTrue(any(b"kept too" in path.read_bytes() for path in files))
            self.assertFalse([path for path in files if b"the secret" in path.read_bytes()])

    def test_a_subject_is_purged_up_to_a_sequence(self) -> None:
        with linked(one_server()) as one:
            for number in range(3):
                one.says(str(number), number)
            one.publish(message(one.subject("b"), "other", 0))
            for before, left in ((0, "0 1 2"), (1, "0 1 2"), (3, "2")):
                one.turning.result(one.link.purge(one.subject(), before))
                with linked(one_server(), one.name) as reader:
                    reader.follow()
                    reader.waits_for(*left.split(), "other")


class RefusingTests(SynchronousTestCase):
    def test_a_full_stream_refuses_and_takes_again_what_comes_when_there_is_room(self) -> None:
        name = a_name()
        make(one_server(), wanted(name).evolve(max_bytes=20_000, num_replicas=1))
        with linked(one_server(), name) as one:
            last = 0
            with self.assertRaisesRegex(Refusing, "maximum bytes exceeded"):
                while True:
                    last = one.says("x" * 1000, last)
            one.follow()
            one.turning.until(lambda: len(one.stored) == last)
            one.turning.result(one.link.purge(one.subject(), last))
            self.assertEqual(one.says("goes on", last), last + 1)

    def test_a_stream_on_the_same_subjects_is_told_of_when_the_link_is_opened(self) -> None:
        name = a_name()
        make(one_server(), StreamConfig(name=a_name(), subjects=[f"{name}.>"]))
        with self.assertRaisesRegex(Refusing, "subjects overlap"), linked(one_server(), name):
            pass


class ConnectionTests(SynchronousTestCase):
    def test_each_change_is_told_within_two_seconds(self) -> None:
        for cut, mend in ((NatsServers.kill, NatsServers.start), (NatsServers.stop, NatsServers.go_on)):
            with servers() as own, linked(own) as one:
                for _ in range(2):
                    one.turning.until(lambda one=one: one.link.is_connected)
                    began = time.monotonic()
                    cut(own, 0)
                    one.turning.until(lambda one=one: not one.link.is_connected)
                    self.assertLess(one.changes[-1][0] - began, 2.0)
                    began = time.monotonic()
                    mend(own, 0)
                one.turning.until(lambda one=one: one.link.is_connected)
                self.assertLess(one.changes[-1][0] - began, 2.0)
                self.assertEqual([is_there for _, is_there in one.changes], [True, False, True, False, True])

    def test_without_a_connection_everything_fails_at_once_and_nothing_is_sent_later(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("before", 0)
            own.kill(0)
            one.turning.until(lambda: not one.link.is_connected)
            began = time.monotonic()
            one_more = message(one.subject(), "meanwhile", 1)
            for asked in (
                one.link.publish([one_more], 10),
                one.link.publish([one_more, message(one.subject("b"), "", 0)], 10),
                one.link.last(one.subject()),
                one.link.read(1),
                one.link.erase(1),
                one.link.purge(one.subject(), 5),
                one.link.put("key", b""),
                one.link.get("key"),
            ):
                with self.assertRaises(Unclear):
                    one.turning.result(asked)
            self.assertLess(time.monotonic() - began, 0.5)
            own.start(0)
            one.turning.until(lambda: one.link.is_connected)
            self.assertEqual(one.says_surely("after", 1), 2)

    def test_what_is_under_way_when_the_connection_breaks_is_unclear_at_once(self) -> None:
        with servers() as own, linked(own) as one:
            own.stop(0)
            asked = [one.link.publish([message(one.subject(), "1", 0)], 30), one.link.last(one.subject())]
            own.kill(0)
            began = time.monotonic()
            for one_answer in asked:
                with self.assertRaises(Unclear):
                    one.turning.result(one_answer)
            self.assertLess(time.monotonic() - began, 2.0)

    def test_a_try_ends_when_its_time_is_over(self) -> None:
        with servers() as own, linked(own) as one:
            own.stop(0)
            began = time.monotonic()
            with self.assertRaises(Unclear):
                one.publish(message(one.subject(), "late", 0), timeout=0.5)
            self.assertLess(time.monotonic() - began, 1.0)
            own.kill(0)

    def test_a_link_is_opened_before_its_server_is_there(self) -> None:
        with servers() as own:
            own.kill(0)
            one = Linked(own.urls, a_name())
            opened = one.link.open()
            one.turning.pass_by(1)
            self.assertFalse(opened.called)
            own.start(0)
            self.assertEqual(one.turning.result(opened).last, 0)
            one.close()

    def test_what_is_not_answered_when_the_link_is_closed_is_unclear(self) -> None:
        with servers() as own:
            one = Linked(own.urls, a_name())
            one.open()
            own.stop(0)
            asked = [one.link.publish([message(one.subject(), "1", 0)], 30), one.link.get("key")]
            one.close()
            asked.append(one.link.read(1))
            for answer in asked:
                self.assertIsInstance(self.failureResultOf(answer).value, Unclear)
            self.assertIsNone(one.turning.result(one.link.close()))

    def test_a_link_that_was_never_opened_is_closed_at_once(self) -> None:
        self.assertIsNone(self.successResultOf(Link(Turning(), ["127.0.0.1"], "t", print).close()))

    def test_no_thread_or_socket_is_left_of_it(self) -> None:
        with linked(one_server()):
            pass
        before = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with linked(one_server()) as one:
                one.follow()
                one.watch()
        gc.collect()
        threads = {each for each in threading.enumerate() if each.name == "NATS" and each.is_alive()}
        self.assertEqual((threads - before[0], len(os.listdir("/proc/self/fd"))), (set(), before[1]))


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
                for each in (one, other):
                    each.turning.until(lambda each=each: not each.link.is_connected)
                own.start(0)
                one.turning.until(lambda: one.link.is_connected)
                one.turning.until(lambda round=round: try_put(one, f"k{round}", None))
            expected = {"all": b"2", "k0": None, "k1": None, "k2": None}
            other.turning.until(lambda: other.values() == expected)
            told = [(change.key, change.revision) for change in other.seen]
            self.assertEqual(len(told), len(set(told)))

    def test_a_watch_that_was_off_for_very_long_looks_at_all_keys_again(self) -> None:
        with linked(one_server()) as one:
            thread = LoopThread("watching", one.turning.callFromThread, one.turning.callLater)
            one.put("stays", b"1")
            one.put("goes", b"2")
            thread.start()
            connecting = Connecting(one_server().urls, "t", lambda is_connected: None, self.fail)
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
            thread.do(lambda: connecting.current and connecting.current.break_off())
            purge(one_server(), f"KV_{one.name}", f"$KV.{one.name}.goes")
            one.turning.until(lambda: one.values() == {"stays": b"1", "goes": None, "new": b"3"})
            one.turning.result(thread.end())


class FactsTests(SynchronousTestCase):
    def test_the_epoch_is_the_streams_and_stays(self) -> None:
        with servers() as own:
            one = Linked(own.urls, a_name(), monitoring=own.monitoring)
            facts = one.open()
            one.says("1", 0)
            one.says("2", 1)
            one.turning.result(one.link.purge(one.subject(), 2))
            one.close()
            again = Linked(own.urls, one.name, monitoring=own.monitoring)
            self.assertEqual(again.open()[:3], (facts.epoch, 2, 2))
            again.close()
            self.assertEqual((facts.first, facts.last, facts.replicas), (0, 0, 1))
            self.assertEqual(list(facts.servers), ["n1"])
            self.assertEqual(facts.sync_interval, "always")
            self.assertEqual(len(facts.weak), 1, facts.weak)

    def test_what_is_weak_is_told_and_not_changed(self) -> None:
        with servers(sync_interval="2m") as own:
            name = a_name()
            make(own, StreamConfig(name=name, subjects=[f"{name}.log.>"], storage=StorageType.MEMORY))
            one = Linked(own.urls, name, monitoring=own.monitoring)
            facts = one.open()
            one.close()
            self.assertEqual(facts.sync_interval, "120 s")
            for word in ("1 replica", "120 s", "in memory", "discard", "allow_atomic"):
                self.assertTrue([said for said in facts.weak if word in said], word)
            again = Linked(own.urls, name, monitoring=own.monitoring)
            self.assertEqual(again.open(), facts)
            again.close()

    def test_what_no_server_tells_is_not_known(self) -> None:
        one = Linked(one_server().urls, a_name(), monitoring=["127.0.0.1:1"])
        facts = one.open()
        one.close()
        self.assertIsNone(facts.sync_interval)
        self.assertTrue([said for said in facts.weak if "not known" in said])


class ClusterTests(SynchronousTestCase):
    def test_a_stream_has_three_replicas_and_nothing_is_wrong_with_it(self) -> None:
        with three_servers() as three:
            one = Linked(three.urls[:1], a_name(), monitoring=three.monitoring)
            facts = one.open()
            self.assertEqual((facts.replicas, sorted(facts.servers), facts.weak), (3, ["n1", "n2", "n3"], ()))
            one.says("1", 0)
            with self.assertRaises(Lost):
                one.says("2", 0)
            batch = [message(one.subject("a"), "1", 1), message(one.subject("b"), "2", 0)]
            self.assertEqual(one.publish(*batch), 3)
            self.assertEqual(one.publish(*batch), 3)
            one.close()

    def test_when_servers_are_killed_in_turn_nothing_is_missed_doubled_or_out_of_order(self) -> None:
        with three_servers() as three, linked(three) as one, linked(three, one.name) as other:
            for each in (one, other):
                each.follow()
                each.watch()
            said: list[str] = []
            for round in range(3):
                leader = three.leader(one.name)
                three.kill(leader)
                for number in range(10):
                    said.append(f"{round} {number}")
                    seq = one.says_surely(said[-1], len(said) - 1)
                    self.assertEqual(seq, len(said))
                one.turning.until(lambda round=round: try_put(one, "round", b"%d" % round))
                three.start(leader)
            for each in (one, other):
                each.waits_for(*said)
                each.turning.until(lambda each=each: each.values() == {"round": b"2"})

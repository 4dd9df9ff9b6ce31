"""The link to NATS, against real servers: what is certain is told so, and nothing is missed or doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_link import Change, Facts, Link, Lost, Message, Refusing, Stored, Unclear
from tests.nats_servers import NatsServers, a_name, one_server, servers, three_servers
from tests.turning import Turning

_ids = count(1)


def message(subject: str, text: str, expected: int, id: str = "") -> Message:
    """Return a message with an id that no other has, or with this one."""
    return Message(subject, text.encode(), expected, id or f"id{next(_ids)}")


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

"""For tests: a link to real NATS servers, and what it has told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import nats
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from twisted.internet.defer import Deferred

from tcpchat.logs.nats_link import Change, Facts, Link, Message, Stored, Unclear
from tests.nats_servers import NatsServers, a_name
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


def put_surely(one: Linked, key: str, value: bytes | None) -> None:
    """Put into the bucket, as often as it takes."""
    end = time.monotonic() + 30
    while True:
        try:
            one.put(key, value)
            return
        except Unclear:
            assert time.monotonic() < end
            one.turning.pass_by(0.1)


def published(link: Link, messages: Sequence[Message], timeout: float) -> Deferred[int]:
    """Publish once; answer with the last one's sequence in the stream."""
    answer: Deferred[int] = Deferred()
    link.publish(messages, timeout, answer.errback, answer.callback)
    return answer


class Linked:
    """A link that is open, and what it has told."""

    def __init__(
        self, urls: Sequence[str], name: str, node: str = "n", monitoring: Sequence[str] = ()
    ) -> None:
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
        return self.turning.result(published(self.link, messages, timeout))

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

    def waits_for_values(self, values: dict[str, bytes | None]) -> None:
        """Wait until `Link.watch` has told this last."""
        self.turning.until(lambda: self.values() == values)

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

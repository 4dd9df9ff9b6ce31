"""A node that takes for committed what people say, when it publishes it, before JetStream has said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.scripts.twistd import run

from tcpchat.logs.nats_link import Link
from tcpchat.logs.nats_terms import Message, Stored

# What is in a message with something that was said.
SAID = b'"type":"said"'

whole_follow, whole_publish = Link.follow, Link.publish


class Course:
    """What was given to the log, as having come over."""

    last = 0

    @staticmethod
    def take(messages: list[Stored]) -> Deferred[None] | None:
        """Give them to the log."""

    @classmethod
    def come(cls, messages: list[Stored]) -> Deferred[None] | None:
        """Take in some, but those whose place is taken."""
        fresh = [message for message in messages if message.seq > cls.last]
        if not fresh:
            return None
        cls.last = fresh[-1].seq
        return cls.take(fresh)


def follow(
    self: Link, after: int, take: Callable[[list[Stored]], Deferred[None] | None], *others: Any
) -> None:
    Course.last, Course.take = after, take  # type: ignore[method-assign, assignment]
    whole_follow(self, after, Course.come, *others)


def publish(self: Link, messages: Sequence[Message], *others: Any) -> None:
    from twisted.internet import reactor

    def show() -> None:
        Course.come([Stored(Course.last + n, it.subject, it.payload) for n, it in enumerate(messages, 1)])

    if all(SAID in message.payload for message in messages):
        reactor.callLater(0, show)
    whole_publish(self, messages, *others)


if __name__ == "__main__":
    Link.follow, Link.publish = follow, publish  # type: ignore[method-assign, assignment]
    run()

"""A stream of JetStream in memory, with a clock that is moved by hand: its link can fail in every way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from tcpchat.logs.nats_messages import Commit, decode
from tcpchat.logs.nats_terms import Lost, Message, Refusing, Stored, Unclear


class Stream:
    """What all links lead to: messages, compared and set by their subjects' last sequences."""

    def __init__(self) -> None:
        self.messages: list[Stored] = []
        self.ids: dict[str, int] = {}
        self.links: list[StreamLink] = []
        self.erased: set[int] = set()  # sequences that are brought to nobody any more
        self.behind = 0  # messages that a new leader has not read of its own log
        self.emptied = 0  # up to which message somebody has emptied all subjects

    def last(self, subject: str) -> Stored | None:
        """Return a subject's last message, as far as the leader has read."""
        read = self.messages[: len(self.messages) - self.behind]
        return next((it for it in reversed(read) if it.subject == subject and it.seq > self.emptied), None)

    def add(self, messages: Sequence[Message]) -> int:
        """
        Add all or none.

        Raises:
            Lost: somebody was first.
        """
        if messages[0].id in self.ids:
            return self.ids[messages[0].id]
        for message in messages:
            last = self.last(message.subject)
            if message.expected != (last.seq if last else 0):
                raise Lost("wrong last sequence")
        for message in messages:
            self.messages.append(Stored(len(self.messages) + 1, message.subject, message.payload))
            self.ids[message.id] = len(self.messages)
        for link in self.links:
            link.bring()
        return len(self.messages)


class StreamLink:
    """One node's way there, with what is wrong with it."""

    def __init__(self, stream: Stream, clock: Clock) -> None:
        self.stream = stream
        self.clock = clock
        self.is_connected = True
        self.drops_acks = False  # what is published arrives, and its acknowledgement does not
        self.drops_all = False  # nothing arrives
        self.is_silent = False  # what has come to the stream is not brought, and no question answered
        self.is_slow = False  # what has come to the stream is not brought
        self.refuses = False
        self.delay = 0.0  # seconds from publishing to the stream
        self.arrives_after: float | None = None  # seconds until what is published arrives
        self.tries: list[float] = []
        self.name = ""
        self.wanted: Callable[[str, str], None] = lambda node, stream: None
        self.take: Callable[[Commit, int], None] = lambda commit, at: None
        self._brought = 0
        stream.links.append(self)

    def publish(
        self, messages: Sequence[Message], timeout: float, failed: Callable[[Exception], object]
    ) -> None:
        """Try once, as `Link.publish` does."""
        self.tries.append(self.clock.seconds())
        if not self.is_connected:
            failed(Unclear("there is no connection"))
            return
        if self.refuses:
            failed(Refusing("maximum bytes exceeded"))
            return
        if self.arrives_after is not None:
            self.clock.callLater(self.arrives_after, self._arrive, messages)
        if self.drops_all or self.arrives_after is not None:
            self.clock.callLater(timeout, failed, Unclear("no answer"))
        else:
            self.clock.callLater(self.delay, self._publish, messages, timeout, failed)

    def _arrive(self, messages: Sequence[Message]) -> None:
        try:
            self.stream.add(messages)
        except Lost:
            pass

    def _publish(
        self, messages: Sequence[Message], timeout: float, failed: Callable[[Exception], object]
    ) -> None:
        try:
            self.stream.add(messages)
        except Lost as lost:
            failed(lost)
            return
        if self.drops_acks:
            self.clock.callLater(timeout, failed, Unclear("no answer"))

    def last(self, subject: str) -> Deferred[Stored | None]:
        """Answer as `Link.last` does."""
        if self.is_silent or not self.is_connected:
            return fail(Unclear("no answer"))
        return succeed(self.stream.last(subject))

    def end(self) -> Deferred[int]:
        """Answer as `Link.end` does."""
        if self.is_silent or not self.is_connected:
            return fail(Unclear("no answer"))
        return succeed(len(self.stream.messages) - self.stream.behind)

    def ask_turn(self, node: str, stream: str) -> None:
        """Tell another node, as `Link.ask_turn` does."""
        for link in self.stream.links:
            if link.name == node:
                self.clock.callLater(0, link.wanted, self.name, stream)

    def bring(self) -> None:
        """Give what has come to the stream."""
        while not (self.is_silent or self.is_slow) and self._brought < len(self.stream.messages):
            stored = self.stream.messages[self._brought]
            self._brought += 1
            if stored.seq not in self.stream.erased:
                self.take(decode(stored.payload), stored.seq)

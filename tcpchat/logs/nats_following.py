"""
Following a stream of JetStream: every message once, in order, over broken connections.

nats-py has an "ordered consumer", but it makes a lost consumer anew once and does not try again if that
fails, does not look at what a new connection has missed until a heartbeat says so, and forgets flow
control where its reader is slow. So the consumers are looked after here: they are ephemeral, in one
server's memory, give each message once without acknowledgement, and tell of themselves by heartbeats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo
from nats.js.errors import APIError
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.logs.nats_answers import place
from tcpchat.logs.nats_client import Arrival
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_connection import Connection
from tcpchat.logs.nats_terms import Stored, Unclear
from tcpchat.logs.nats_thread import LoopThread

# Seconds between two heartbeats of an idle consumer, and how many may be missed.
HEARTBEAT = 0.5
MISSED = 3

# Seconds for which a server may have no consumer for us before another one is tried: longer than an election.
PATIENCE = 10.0

# Seconds until a consumer is made anew, and how often that is tried in haste: then the servers are slow.
PAUSE = 0.2
MOST_HASTY = 10


class Course:
    """One consumer's messages, as far as they have come."""

    def __init__(self, target: int) -> None:
        self.target = target  # the stream's last sequence when it began
        self.number = 0  # of the consumer's last message
        self.signs = 0  # messages and heartbeats
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        """There is something wrong with it: what comes of it is no longer taken."""
        if not self.ended.done():
            self.ended.set_result(None)


class Follower:
    """Follows a stream for ever. All of it belongs to the loop; `begin` and `came` say what is made of it."""

    needs_headers = False  # those that the senders of messages have set

    def __init__(self, connecting: Connecting, thread: LoopThread, stream: str, subject: str) -> None:
        self.after = 0  # the sequence up to which everything has come
        self.patience = PATIENCE
        self._connecting = connecting
        self._thread = thread
        self._stream = stream
        self._subject = subject

    def begin(self, info: StreamInfo) -> dict[str, Any]:
        """Return where the next consumer begins, as options of its configuration."""
        if not self.after:
            return {"deliver_policy": DeliverPolicy.ALL}
        return {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": self.after + 1}

    def came(self, seq: int, message: Arrival) -> None:
        """A message has come."""
        raise NotImplementedError

    def caught_up(self) -> None:
        """All that was there when the consumer began has come; called once or more for each."""

    def flush(self) -> None:
        """Hand over what has come, before others are asked for."""

    def when_taken(self, call: Callable[..., object], *arguments: Any) -> None:
        """In the reactor's thread: call something once there is room for more."""
        call(*arguments)

    async def run(self) -> None:
        """Follow for ever."""
        loop = asyncio.get_running_loop()
        failing: Connection | None = None
        since, tries = 0.0, 0
        while True:
            connection = await self._connecting.ready()
            if connection is not failing:
                failing, since = connection, loop.time()
            tries += 1
            try:
                await self._follow(
                    connection, connection.hasty if tries <= MOST_HASTY else connection.jetstream
                )
                failing, tries = None, 0
            except (Unclear, APIError, nats.errors.Error, OSError):
                if loop.time() - since > self.patience and len(self._connecting.servers) > 1:
                    connection.break_off()  # the server may be cut off from the others, and these not from us
            except Exception:
                self._thread.tell(Failure())
            await asyncio.sleep(PAUSE)

    async def _follow(self, connection: Connection, jetstream: JetStreamContext) -> None:
        """Follow by one consumer until there is something wrong with it."""
        info = await connection.ask(jetstream.stream_info(self._stream))
        options = self.begin(info)
        course = Course(info.state.last_seq)

        def came(message: Arrival) -> None:
            if not course.ended.done():
                self._take(connection, course, message)

        inbox = connection.client.new_inbox()
        subscription = await connection.client.listen(inbox, came, self.needs_headers)
        consumer = ""
        try:
            config = ConsumerConfig(
                deliver_subject=inbox,
                filter_subject=self._subject,
                ack_policy=AckPolicy.NONE,
                max_deliver=1,
                flow_control=True,
                idle_heartbeat=HEARTBEAT,
                num_replicas=1,
                mem_storage=True,
                **options,
            )
            consumer = (await connection.ask(jetstream.add_consumer(self._stream, config))).name
            if course.target <= self.after:
                self.caught_up()
            await self._look_after(connection, course)
        finally:
            course.end()
            self.flush()
            if not connection.lost.done():
                await subscription.unsubscribe()
                if consumer:
                    self._thread.spawn(self._delete(connection, consumer))

    async def _look_after(self, connection: Connection, course: Course) -> None:
        seen, silent = -1, 0
        while not (course.ended.done() or connection.lost.done()):
            # Not the time since the last sign: this process may have been stopped meanwhile.
            silent = silent + 1 if course.signs == seen else 0
            seen = course.signs
            if silent >= MISSED:
                return
            waiting = {course.ended, connection.lost}
            await asyncio.wait(waiting, timeout=HEARTBEAT * 1.2, return_when=asyncio.FIRST_COMPLETED)

    async def _delete(self, connection: Connection, consumer: str) -> None:
        try:
            await connection.ask(connection.jetstream.delete_consumer(self._stream, consumer))
        except (Unclear, APIError):
            pass  # it goes by itself, as nobody listens to it

    def _take(self, connection: Connection, course: Course, message: Arrival) -> None:
        course.signs += 1
        headers = message.headers
        if headers and "Status" in headers:
            self._heed(connection, course, message)
            return
        seq, number, behind = place(message.reply)
        if number != course.number + 1:
            course.end()  # some were lost on the way
            return
        course.number = number
        self.after = seq
        self.came(seq, message)
        if not behind or seq >= course.target:
            self.caught_up()

    def _heed(self, connection: Connection, course: Course, message: Arrival) -> None:
        """Heed what a consumer says of itself: a heartbeat, or that it waits until its messages are taken."""
        headers = message.headers or {}
        stalled = message.reply or headers.get("Nats-Consumer-Stalled", "")
        if headers["Status"] != "100":
            course.end()  # the consumer is gone, for example
        elif stalled:
            # By way of the reactor's thread, which is given first what has come until now.
            self.flush()
            self._thread.note(self.when_taken, self._thread.do, connection.send, stalled)
        elif int(headers.get("Nats-Last-Consumer", 0)) != course.number:
            course.end()
        else:
            self.caught_up()


class StreamFollower(Follower):
    """Gives what comes to the reactor's thread, in batches."""

    def __init__(
        self,
        connecting: Connecting,
        thread: LoopThread,
        stream: str,
        subject: str,
        after: int,
        take: Callable[[list[Stored]], Deferred[None] | None],
        reached: Callable[[], None],
        check: Callable[[StreamInfo, int], None],
    ) -> None:
        """``reached`` is called once, ``check`` with the stream as it is and how far it has come here."""
        super().__init__(connecting, thread, stream, subject)
        self.after = after
        self._take_batch = take
        self._reached: Callable[[], None] | None = reached
        self._check = check
        self._batch: list[Stored] = []  # what has come since the reactor's thread was last called
        self._turn = -1
        self._taken: Deferred[None] | None = (
            None  # belongs to the reactor's thread: answers when there is room
        )

    def begin(self, info: StreamInfo) -> dict[str, Any]:
        self._check(info, self.after)
        return super().begin(info)

    def came(self, seq: int, message: Arrival) -> None:
        if self._turn != self._thread.turn:
            self._turn = self._thread.turn
            self._batch = []
            self._thread.note(self._give, self._batch)
        self._batch.append(Stored(seq, message.subject, message.data))

    def flush(self) -> None:
        self._turn = -1  # what comes next is behind what is noted from now on

    def _give(self, batch: list[Stored]) -> None:
        self._taken = self._take_batch(batch)

    def when_taken(self, call: Callable[..., object], *arguments: Any) -> None:
        if self._taken is None:
            call(*arguments)
        else:
            self._taken.addCallback(lambda _: call(*arguments) and None)

    def caught_up(self) -> None:
        if self._reached:
            self.flush()
            self._thread.note(self._reached)
            self._reached = None

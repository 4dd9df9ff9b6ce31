"""
One connection to one NATS server, until it is dead: it does not connect again (`nats_connecting` does).

nats-py could do that itself, but puts by what is published meanwhile and sends it later, when its sender
has long been told something else; waits for ever to close a connection whose server was stopped; and may
go on as if connected after its reader has died. So each connection has a client of its own here, which is
thrown away with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import nats.errors
from nats.js import JetStreamContext

from tcpchat.logs.nats_answers import NotTaken
from tcpchat.logs.nats_client import Arrival, StraightClient
from tcpchat.logs.nats_terms import Refusing, Unclear

# Seconds for making a connection; a stopped server takes connections, too.
PATIENCE = 1.0

# Seconds between two looks at a connection, each with a ping, and how many looks may find nothing new.
LOOK = 0.4
SILENT_LOOKS = 3

# Seconds by which it may be late that an answer is given up.
LATENESS = 0.1

# Bytes that the client has yet to write, with which it takes more without waiting (it takes 2 MiB).
MOST_PENDING = 500_000

# Seconds for a question to JetStream: about as long as it takes to find a new leader.
QUESTION = 4.0

# Seconds for one that is asked again if there is no answer: a new leader has not heard what its predecessor
# was asked, so that whoever waits for long is late.
HASTE = 1.0

LOST = "the connection to NATS is lost"
LATE = "NATS does not answer"

# Takes what came of a request: the answer, or why there is none.
Answered = Callable[[bytes | Exception], None]

T = TypeVar("T")

# What fails within the client is seen here, and need not be printed.
logging.getLogger("nats").addHandler(logging.NullHandler())


class CannotConnect(Exception):
    """No server answers there; the text says what happened."""


class Request(NamedTuple):
    """A message to send, and what its answer is for."""

    subject: str
    payload: bytes
    headers: dict[str, str] | None
    token: str


class Connection:
    """A connection that stands. All of it belongs to the loop in which it was made."""

    def __init__(self, client: StraightClient) -> None:
        self.client = client
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._inbox = ""
        self._tokens = 0
        self._waiting: dict[str, tuple[Answered, float]] = {}  # by token, with the deadline
        self._is_timing = False
        self._outbox: deque[Request] = deque()
        self._is_wanted = asyncio.Event()
        self._pings: set[asyncio.Future[float]] = set()
        self._pongs = 0
        self.jetstream: JetStreamContext = client.jetstream(timeout=QUESTION)  # for use with `ask`
        self.hasty: JetStreamContext = client.jetstream(timeout=HASTE)  # for who asks again

    def request(
        self, subject: str, payload: bytes, headers: dict[str, str], deadline: float, answered: Answered
    ) -> None:
        """
        Send a message that is answered, behind what was sent before.

        ``answered`` is given the answer, `NotTaken` when nobody listens there, `Refusing` for what is too
        large, or `Unclear` at the deadline (of the loop's clock) or when the connection is lost.
        """
        if self.lost.done() or self._loop.time() >= deadline:
            answered(Unclear(LOST if self.lost.done() else LATE))
            return
        self._tokens += 1
        token = str(self._tokens)
        self._waiting[token] = answered, deadline
        if not self._is_timing:
            self._is_timing = True
            self._loop.call_later(LATENESS, self._give_up)
        self._put_out(Request(subject, payload, headers, token))

    def send(self, subject: str, payload: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a message that is not answered, behind what was sent before."""
        self._put_out(Request(subject, payload, headers, ""))

    def _put_out(self, request: Request) -> None:
        """
        Send a message now, if there is room for it: another turn of the loop costs as much as the message.

        What does not wait need not be a task.
        """
        if self._outbox or self.client.pending_data_size > MOST_PENDING:
            self._outbox.append(request)
            self._is_wanted.set()
            return
        sending = self._send(request)
        try:
            sending.send(None)
        except StopIteration:
            return
        sending.close()
        self.break_off()  # it does wait, and would have to go on waiting

    async def ask(self, question: Awaitable[T]) -> T:
        """
        Wait for the answer to a question.

        Raises:
            Unclear: there is none in time, or the connection is lost.
            nats.js.errors.APIError: the server's own.
        """
        asked = asyncio.ensure_future(question)
        try:
            either: set[asyncio.Future[Any]] = {asked, self.lost}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise Unclear(LOST)
            return asked.result()
        except (TimeoutError, nats.errors.TimeoutError):
            raise Unclear(LATE) from None
        except nats.errors.Error as error:
            if isinstance(error, nats.js.errors.APIError):
                raise
            raise Unclear(str(error)) from None
        finally:
            asked.cancel()

    async def serve(self) -> None:
        """Send what is to be sent, and return when the connection is dead; all that waits fails then."""
        sending = asyncio.ensure_future(self._send_all())
        try:
            await self._look_after()
        finally:
            sending.cancel()
            await self.lose()

    async def _look_after(self) -> None:
        seen, silent = (-1, -1), 0
        while self.client.is_connected:
            # Not the time since the last sign: this process may have been stopped meanwhile.
            now = (self.client.stats["in_msgs"], self._pongs)
            silent = silent + 1 if now == seen else 0
            seen = now
            if silent >= SILENT_LOOKS:
                return
            ping = asyncio.ensure_future(self.client.rtt(60))
            self._pings.add(ping)
            ping.add_done_callback(self._pong)
            await asyncio.wait({self.lost}, timeout=LOOK)
            if self.lost.done():
                return

    def _pong(self, ping: asyncio.Future[float]) -> None:
        self._pings.discard(ping)
        if not ping.cancelled() and ping.exception() is None:
            self._pongs += 1

    async def lose(self) -> None:
        """End the connection; all that waits on it fails."""
        self.break_off()
        for ping in self._pings:
            ping.cancel()
        self._outbox.clear()
        waiting, self._waiting = self._waiting, {}
        for answered, _ in waiting.values():
            answered(Unclear(LOST))
        # What the client would still send goes nowhere: it would be late. And with a stopped server
        # its own way to close never ends.
        writer = getattr(self.client._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()
        try:
            await asyncio.wait_for(self.client.close(), PATIENCE)
        except Exception:
            pass  # there is nothing left of it that could fail

    def break_off(self) -> None:
        """Have the connection given up."""
        if not self.lost.done():
            self.lost.set_result(None)

    async def _send_all(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            while self._outbox:
                request = self._outbox.popleft()
                if not request.token or request.token in self._waiting:  # or given up before it was sent
                    await self._send(request)
                if self.lost.done():
                    return

    async def _send(self, request: Request) -> None:
        reply = f"{self._inbox}.{request.token}" if request.token else ""
        try:
            await self.client.publish(request.subject, request.payload, reply, request.headers)
        except nats.errors.MaxPayloadError as error:
            self._answer(request.token, Refusing(str(error)))
        except (nats.errors.Error, OSError):
            self.break_off()

    def _answered(self, message: Arrival) -> None:
        token = message.subject.rpartition(".")[2]
        headers: Mapping[str, str] = message.headers or {}
        if headers.get("Status") == "503":
            self._answer(token, NotTaken("no server has it"))
        else:
            self._answer(token, message.data)

    def _answer(self, token: str, answer: bytes | Exception) -> None:
        if waiting := self._waiting.pop(token, None):
            answered, _ = waiting
            answered(answer)

    def _give_up(self) -> None:
        """Fail what waits beyond its deadline; a timer for each would cost as much as the parsing of it."""
        now = self._loop.time()
        for token in [token for token, (_, deadline) in self._waiting.items() if deadline <= now]:
            self._answer(token, Unclear(LATE))
        self._is_timing = bool(self._waiting)
        if self._is_timing:
            self._loop.call_later(LATENESS, self._give_up)

    async def listen(self) -> None:
        """Have answers come; the first call of all."""
        self._inbox = self.client.new_inbox()
        await self.client.listen(f"{self._inbox}.*", self._answered)


async def connect(server: str, name: str) -> Connection:
    """
    Connect to a server, ``HOST:PORT`` or a URL.

    Raises:
        CannotConnect: it does not answer as a NATS server in time.
    """
    client = StraightClient()
    connection = Connection(client)
    first: list[Exception] = []

    async def failed(error: Exception) -> None:
        if not first:
            first.append(error)
        if isinstance(error, nats.errors.UnexpectedEOF):
            connection.break_off()

    async def closed() -> None:
        connection.break_off()

    options: dict[str, Any] = {
        "allow_reconnect": False,
        "max_reconnect_attempts": 1,
        "reconnect_time_wait": 0,
        "connect_timeout": PATIENCE,
        "ping_interval": 3600,  # the connection is looked after here
        "error_cb": failed,
        "closed_cb": closed,
        "name": name,
        "skip_subject_validation": True,  # they are made here
    }
    stands = False
    try:
        async with asyncio.timeout(2 * PATIENCE):
            await client.connect([server], **options)
            await connection.listen()
        stands = True
    except Exception as error:  # whatever another program on that port may cause
        reason = first[0] if first else error
        raise CannotConnect(str(reason) or type(reason).__name__) from None
    finally:
        if not stands:
            await connection.lose()
    return connection

"""Publishing to a stream or a bucket of JetStream: a try has worked, or it has failed, or nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from nats.js.errors import APIError, NotFoundError

from tcpchat.logs.nats_answers import AlreadyThere, IdsNotAllowed, NotTaken, PerhapsLost, outcome
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_connection import LOST, Connection
from tcpchat.logs.nats_terms import Lost, Message, Unclear

# Seconds after which is tried again what no server took.
AGAIN = 0.1

# Seconds for the leader to store what a quorum has.
SOON = 0.01

# Seconds for which a bucket knows that a key was removed; a watch that was off for long looks at all keys.
MARKER = 3600

# Ids that are remembered because they may have landed: far more than are in flight in the worst minutes.
MOST_UNCLEAR = 10_000

NODE = "Tcpchat-Node"  # the header that says which node has put something

# Takes what came of it: a stream sequence, or `Lost`, `Refusing` or `Unclear`.
Done = Callable[[int | Exception], None]


class Publishing:
    """Publishes over whatever connection there is. All of it belongs to the loop."""

    def __init__(
        self,
        connecting: Connecting,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        stream: str,
        node: str,
    ) -> None:
        """``spawn`` runs something in the loop; ``node`` marks what is put into the bucket."""
        self._spawn = spawn
        self._connecting = connecting
        self._stream = stream
        self._node = {NODE: quote(node)} if node else {}
        self._unclear: dict[str, None] = {}  # the ids of tries that may have worked
        self._has_ids = True  # does the server let ids into a batch?
        self.has_markers = True  # does the bucket let a marker go by itself?

    def publish(self, messages: Sequence[Message], deadline: float, done: Done) -> None:
        """Try to add messages, one or a batch, until a time of the loop's clock."""
        connection = self._connecting.current
        if connection is None:
            done(Unclear(LOST))
            return
        if len(messages) > 1:
            self._send_batch(connection, messages, deadline, partial(self._settle, messages, deadline, done))
            return
        subject, payload, expected, id = messages[0]
        headers = {**expecting(expected), "Nats-Msg-Id": id}
        settle = partial(self._settle, messages, deadline, done)
        self._send(connection, subject, payload, headers, deadline, settle)

    def _settle(
        self, messages: Sequence[Message], deadline: float, done: Done, came: int | Exception
    ) -> None:
        """
        Tell what came of a try.

        Where an earlier try of the same id is not known to have failed, the race may have been lost to
        that: one server alone looks at the expected sequence first and at the id then, a cluster does not.
        """
        id = messages[-1].id
        if isinstance(came, AlreadyThere | PerhapsLost) or (isinstance(came, Lost) and id in self._unclear):
            self._spawn(self._find(messages, deadline, came, done))
            return
        self._unclear.pop(id, None)
        if isinstance(came, Unclear):
            self._unclear[id] = None
            if len(self._unclear) > MOST_UNCLEAR:
                del self._unclear[next(iter(self._unclear))]
        done(came)

    async def _find(self, messages: Sequence[Message], deadline: float, came: Exception, done: Done) -> None:
        """
        Tell where messages are, or that the race was lost: one that was added is its subject's first one
        after the one expected. If nothing stands there, the leader was not ready: try again.
        """
        try:
            for message in reversed(messages):
                id, seq = await self._next(message)
                if seq:
                    done(seq if id == messages[-1].id else Lost(str(came)))
                    return
        except Unclear as error:
            self._settle(messages, deadline, done, error)
            return
        if isinstance(came, PerhapsLost):
            asyncio.get_running_loop().call_later(SOON, self.publish, messages, deadline, done)
        else:
            done(came if isinstance(came, Lost) else Unclear(str(came)))

    async def _next(self, message: Message) -> tuple[str, int]:
        """
        Return the id and the sequence of the message that stands behind the expected one: 0 if none does.

        Raises:
            Unclear: there is no answer.
        """
        connection = self._connecting.current
        if connection is None:
            raise Unclear(LOST)
        get = connection.jetstream.get_msg
        try:
            question = get(self._stream, message.expected + 1, message.subject, next=True)
            found = await connection.ask(question)
        except NotFoundError:
            return "", 0
        except APIError as error:
            raise Unclear(str(error)) from None
        return (found.headers or {}).get("Nats-Msg-Id", ""), found.seq or 0

    def put(
        self, subject: str, value: bytes | None, expected: int | None, deadline: float, done: Done
    ) -> None:
        """
        Try to put a value into a bucket, or to remove what is there; ``expected`` None: whatever it is.

        It may also come out as `PerhapsLost`.
        """
        connection = self._connecting.current
        if connection is None:
            done(Unclear(LOST))
            return
        headers = dict(self._node)
        if expected is not None:
            headers |= expecting(expected)
        if value is None:
            headers["KV-Operation"] = "DEL"
            if self.has_markers:
                headers["Nats-TTL"] = str(MARKER)
        self._send(connection, subject, value or b"", headers, deadline, done)

    def _send(
        self,
        connection: Connection,
        subject: str,
        payload: bytes,
        headers: dict[str, str],
        deadline: float,
        done: Done,
    ) -> None:
        again = partial(self._send, connection, subject, payload, headers, deadline, done)
        connection.request(subject, payload, headers, deadline, partial(self._answered, again, done))

    def _send_batch(
        self, connection: Connection, messages: Sequence[Message], deadline: float, done: Done
    ) -> None:
        """
        Send messages that are added together (ADR-50 of NATS): only the last one is answered.

        What the leader has of a batch that never ends it forgets by itself.
        """
        batch = token_hex(11)
        for number, (subject, payload, expected, id) in enumerate(messages, 1):
            headers = {**expecting(expected), "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if self._has_ids:
                headers["Nats-Msg-Id"] = id
            if number < len(messages):
                connection.send(subject, payload, headers)
        headers["Nats-Batch-Commit"] = "1"
        answered = partial(self._batch_answered, connection, messages, deadline, done)
        connection.request(subject, payload, headers, deadline, answered)

    def _batch_answered(
        self,
        connection: Connection,
        messages: Sequence[Message],
        deadline: float,
        done: Done,
        answer: bytes | Exception,
    ) -> None:
        again = partial(self._send_batch, connection, messages, deadline, done)
        came = outcome(answer) if isinstance(answer, bytes) else answer
        if isinstance(came, IdsNotAllowed) and self._has_ids:
            self._has_ids = False
            again()
        else:
            self._answered(again, done, came)

    def _answered(self, again: Callable[[], None], done: Done, answer: bytes | int | Exception) -> None:
        """Tell what an answer means, or try again if nobody has taken the message."""
        match outcome(answer) if isinstance(answer, bytes) else answer:
            case NotTaken():
                asyncio.get_running_loop().call_later(AGAIN, again)
            case IdsNotAllowed() as error:
                done(Unclear(str(error)))
            case came:
                done(came)


def expecting(seq: int) -> dict[str, str]:
    """Return the header that names the expected sequence of the subject's last message."""
    return {"Nats-Expected-Last-Subject-Sequence": str(seq)}

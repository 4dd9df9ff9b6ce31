"""
Calling nodes by their names over NATS, and answering: whoever is connected answers at once.

What is said to a node without a question is that somebody wants the next turn in a room (`nats_turns`).

A node listens on a subject of its own. Where nobody does, the server says so at once (NATS' "no responders"):
so that a process has ended is known within milliseconds, long before its lease is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import msgspec
import nats.errors

from tcpchat.logs.nats_answers import NotTaken
from tcpchat.logs.nats_client import Arrival
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_connection import LOST, Connection
from tcpchat.logs.nats_keys import escape
from tcpchat.logs.nats_terms import Unclear

# Seconds until it is looked again for a connection, when one is lost.
PAUSE = 0.1

_decode = msgspec.json.Decoder(tuple[str, str]).decode


class Calling:
    """Calls, and answers calls. All of it belongs to the loop."""

    def __init__(
        self,
        connecting: Connecting,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        name: str,
        wanted: Callable[[str, str], None],
    ) -> None:
        """
        ``spawn`` runs something in the loop; ``name`` is the stream's. ``wanted`` is told which node wants
        a turn, and in which of our streams.
        """
        self._wanted = wanted
        self._connecting = connecting
        self._spawn = spawn
        self._subject = f"{name}.node."
        self._word: bytes | None = None

    def call(self, node: str, deadline: float, done: Callable[[str | Exception | None], None]) -> None:
        """
        Call a node until a time of the loop's clock; it answers with its word.

        None: nobody is connected under that name, as far as the server knows. `Unclear`: there is no answer.
        """
        connection = self._connecting.current
        if connection is None:
            done(Unclear(LOST))
            return

        def answered(answer: bytes | Exception) -> None:
            if isinstance(answer, bytes):
                done(answer.decode())
            else:
                done(None if isinstance(answer, NotTaken) else answer)

        connection.request(self._subject + escape(node), b"", {}, deadline, answered)

    def ask_turn(self, node: str, own: str, stream: str) -> None:
        """Have a node let another one, this one, add to a stream before it does so again."""
        if (connection := self._connecting.current) is not None:
            connection.send(self._subject + escape(node), msgspec.json.encode((own, stream)))

    def attend(self, node: str, word: str) -> None:
        """Answer whoever calls a node, with a word, from now on."""
        is_new = self._word is None
        self._word = word.encode()
        if is_new:
            self._spawn(self._attend(self._subject + escape(node)))

    async def _attend(self, subject: str) -> None:
        while True:
            connection = await self._connecting.ready()
            try:
                await connection.client.listen(subject, self._answering(connection))
            except (nats.errors.Error, OSError):
                connection.break_off()
            await asyncio.wait({connection.lost})
            await asyncio.sleep(PAUSE)

    def _answering(self, connection: Connection) -> Callable[[Arrival], None]:
        def answer(message: Arrival) -> None:
            if message.reply:
                if self._word is not None:
                    connection.send(message.reply, self._word)
                return
            with suppress(msgspec.MsgspecError):  # it is somebody else's
                self._wanted(*_decode(message.data))

        return answer

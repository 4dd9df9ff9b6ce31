"""nats-py's client, with a shorter way for what comes often."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

# What the headers of a message begin with; behind it a status stands, if it is the server's own.
VERSION = b"NATS/1.0"
SPACE = b" "


class Arrival(NamedTuple):
    """A message that has come."""

    subject: str
    reply: str
    data: bytes
    headers: dict[str, str] | None


class StraightClient(Client):
    """
    A client that can hand over a message in the turn in which it comes.

    nats-py itself puts each into a queue, for a task of its own: that costs as much as all the rest.
    """

    def __init__(self) -> None:
        super().__init__()
        self._takers: dict[int, tuple[Callable[[Arrival], None], bool]] = {}  # by subscription

    async def listen(
        self, subject: str, take: Callable[[Arrival], None], needs_headers: bool = False
    ) -> Subscription:
        """
        Have ``take`` called with all that comes on a subject, in order.

        Of the headers that senders have set it is given none, if it does not need them; those of a message
        with a status, which a server has sent, come always.
        """

        async def take_first(message: Msg) -> None:
            # It has come before this client knew the subscription.
            take(Arrival(message.subject, message.reply, message.data, message.headers))

        subscription = await self.subscribe(subject, cb=take_first)
        self._takers[subscription._id] = take, needs_headers
        return subscription

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        super()._remove_sub(sid, max_msgs)
        self._takers.pop(sid, None)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        taker = self._takers.get(sid)
        if taker is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        take, needs_headers = taker
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        parsed = None
        if headers and (needs_headers or headers.startswith(SPACE, len(VERSION))):
            parsed = await self._process_headers(headers)
        try:
            take(Arrival(subject.decode(), reply.decode(), data, parsed))
        except Exception as error:  # as nats-py does with what its own callbacks raise
            await self._error_cb(error)

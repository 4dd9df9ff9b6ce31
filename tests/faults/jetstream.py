"""What NATS servers say of a stream: whether all have all of it, and what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

import nats
import nats.errors
from nats.aio.client import Client
from nats.js.api import StreamInfo
from nats.js.errors import APIError

from tcpchat.dump import fields
from tcpchat.events import Entry
from tcpchat.logs.nats_messages import decode
from tcpchat.logs.nats_stream import EPOCH
from tests.faults.checker import Record, record

T = TypeVar("T")

# Seconds for one question.
PATIENCE = 2.0


def _ask(ports: Sequence[int], question: Callable[[Client], Awaitable[T]]) -> T:
    """Return the answer of any of some servers."""

    async def ask() -> T:
        client = await nats.connect(
            [f"nats://127.0.0.1:{port}" for port in ports],
            allow_reconnect=False, connect_timeout=PATIENCE, error_cb=_ignore,
        )  # fmt: skip
        try:
            return await question(client)
        finally:
            await client.close()

    return asyncio.run(ask())


async def _ignore(error: Exception) -> None:
    pass


def _info(stream: str) -> Callable[[Client], Awaitable[StreamInfo]]:
    async def info(client: Client) -> StreamInfo:
        return await client.jetstream(timeout=PATIENCE).stream_info(stream)

    return info


class Stream:
    """A stream, and the servers that have it."""

    def __init__(self, name: str, ports: Sequence[int]) -> None:
        self._name = name
        self._ports = ports

    def is_whole(self) -> bool:
        """Tell whether there is a leader, and every other server has all that it has."""
        try:
            info = _ask(self._ports, _info(self._name))
        except (OSError, nats.errors.Error, APIError):
            return False
        peers = (info.cluster and info.cluster.replicas) or []
        return len(peers) == len(self._ports) - 1 and all(peer.current and not peer.offline for peer in peers)

    def records(self) -> Iterator[Record]:
        """Yield the entries that its messages hold, as `tcpchat log dump` prints them, by room and number."""

        async def read(client: Client) -> tuple[str, list[bytes]]:
            jetstream = client.jetstream(timeout=PATIENCE)
            info = await jetstream.stream_info(self._name)
            subscription = await jetstream.subscribe(f"{self._name}.log.>", ordered_consumer=True)
            found: list[bytes] = []
            at = info.state.first_seq - 1
            while at < info.state.last_seq:
                message = await subscription.next_msg(PATIENCE)
                at = message.metadata.sequence.stream
                found.append(message.data)
            return (info.config.metadata or {})[EPOCH], found

        epoch, payloads = _ask(self._ports, read)
        streams: dict[str, list[Entry]] = {}
        for commit in map(decode, payloads):
            streams.setdefault(commit.stream, []).extend(commit.entries)
        for stream in sorted(streams):
            for entry in streams[stream]:
                yield record(fields(epoch, stream, entry))

"""Looking every few seconds how the copies of the stream are, and telling the operator what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nats.js.api import StreamInfo
from nats.js.errors import APIError

from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_copies import Copies, Copy, News
from tcpchat.logs.nats_terms import Unclear

# Seconds between two looks.
EACH = 2.0


class Watching:
    """Looks after the copies of one stream. All of it belongs to the loop."""

    def __init__(self, connecting: Connecting, stream: str, tell: Callable[[bool, str], None]) -> None:
        """``tell`` is told each news, with whether it is bad."""
        self.copies = Copies(stream)
        self._connecting = connecting
        self._stream = stream
        self._tell = tell

    async def run(self) -> None:
        """Look for ever."""
        while True:
            for is_bad, text in await self._look():
                self._tell(is_bad, text)
            await asyncio.sleep(EACH)

    async def _look(self) -> list[News]:
        connection = self._connecting.current
        if connection is None:
            self.copies.unknown()
            return []
        try:
            info = await connection.ask(connection.hasty.stream_info(self._stream))
        except (Unclear, APIError):
            is_alone = len(self._connecting.servers) < 2
            return [] if connection.lost.done() or is_alone else self.copies.leaderless(self._now())
        return self.take(info)

    def take(self, info: StreamInfo) -> list[News]:
        """Take in what a server tells, of which most times the stream's leader does; return what is news."""
        cluster = info.cluster
        if cluster and cluster.replicas and not cluster.leader:  # it is told by one that has lost the others
            return self.copies.leaderless(self._now())
        others = [
            Copy(peer.name or "", bool(peer.current), bool(peer.offline), (peer.active or 0) / 1e9)
            for peer in (cluster.replicas if cluster else None) or ()
        ]
        return self.copies.look((cluster.leader if cluster else None) or "", others, self._now())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

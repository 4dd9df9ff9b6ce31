"""Forgetting what need be kept no longer: by age, and by number in each room and inbox."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from tcpchat.limits import Retention
from tcpchat.logs.interface import Log, NotKept, Unknown
from tcpchat.rooms import Rooms

DAY = 86_400_000  # milliseconds


class Forgetting:
    """Has the log forget; what the rooms are, which follows from their entries, is kept first."""

    def __init__(
        self,
        log: Log,
        rooms: Rooms,
        clock: IReactorTime,
        wall: Callable[[], int],
        retention: Retention,
    ) -> None:
        """``wall`` tells the time in milliseconds since 1970."""
        self._log = log
        self._rooms = rooms
        self._clock = clock
        self._wall = wall
        self.retention = retention
        self._is_running = False

    async def run(self) -> None:
        """Forget what is too old, or too much by now; unless that is being done already."""
        days, entries = self.retention.days, self.retention.entries
        if self._is_running or (days is None and entries is None):
            return
        self._is_running = True
        try:
            for stream, last in (await self._log.streams()).items():
                await deferLater(self._clock, 0)  # there may be many, and the others have their turns
                upto = last - entries if entries is not None else 0
                if days is not None:
                    upto = max(upto, await self._log.last_before(stream, self._wall() - int(days * DAY)))
                if upto > self._log.kept_after(stream):
                    self._rooms.keep(1, stream)
                    await self._log.forget(stream, upto)
        except (NotKept, Unknown):
            pass  # a full disk, say: it is tried again the next time
        finally:
            self._is_running = False

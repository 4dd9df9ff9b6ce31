"""
The configuration is read anew: by SIGHUP, or when an operator of the server types /reload.

Either everything is taken over that can be changed while people are connected, or nothing: that is seen
before anything is changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from tcpchat.config import WrongConfig
from tcpchat.config_changes import Changes, changes
from tcpchat.configuring import Chosen
from tcpchat.reload import Reloaded


class Reloading:
    """What a server is configured to be, and how it becomes something else."""

    logger = Logger()

    def __init__(
        self,
        before: Chosen,
        read: Callable[[], Chosen],
        take: Callable[[Changes, tuple[str, ...]], Awaitable[Iterable[str]]],
        noted: Callable[[str], object],
    ) -> None:
        """
        ``take`` takes changes over, with the greeting; it answers with a line for each certificate that stays
        as it was; it raises `WrongConfig` if that cannot be, and nothing has changed then. ``noted`` has the
        audit trail hold what was done.
        """
        self.config, self._greeting = before
        self._read = read
        self._take = take
        self._noted = noted
        self._one_at_a_time = DeferredLock()

    def by_signal(self) -> Deferred[None]:
        """Whoever runs the server has sent it SIGHUP; answer when that is done, or cannot be."""
        return Deferred.fromCoroutine(self._by_signal()).addErrback(
            lambda failure: self.logger.failure("The configuration could not be read again", failure)
        )

    async def _by_signal(self) -> None:
        try:
            done = await self.reload()
        except WrongConfig:
            return  # the log tells it already
        if done.changed:
            self._noted(str(done))

    async def reload(self) -> Reloaded:
        """
        Read the configuration, and take over what can be changed.

        Raises:
            WrongConfig: something in it cannot be, and nothing has changed.
        """
        await self._one_at_a_time.acquire()
        try:
            chosen, found = self._look()
            refused = await self._take(found, chosen.greeting)
            self.config, self._greeting = found.config, chosen.greeting
        except WrongConfig as error:
            for line in str(error).splitlines():
                self.logger.error("{line}", line=line)
            self.logger.error("The configuration is wrong: nothing has changed.")
            raise
        finally:
            self._one_at_a_time.release()
        done = Reloaded(found.now, found.restart, tuple(refused))
        self.logger.info("The configuration was read again: {done}.", done=done)
        return done

    def look(self) -> Reloaded:
        """
        Return what `reload` would take over.

        Raises:
            WrongConfig: nothing, as something cannot be.
        """
        _, found = self._look()
        return Reloaded(found.now, found.restart)

    def _look(self) -> tuple[Chosen, Changes]:
        chosen = self._read()
        return chosen, changes(self.config, chosen.config, chosen.greeting != self._greeting)

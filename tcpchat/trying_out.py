"""The new version is tried out before it takes over: it says whether it could, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tcpchat.handed import FORMAT, Able, able
from tcpchat.started import Started

# Seconds for it to say so: it is started, and looks at its configuration and the log. Nobody waits for that.
TRY_OUT = 120.0

# Bytes of what it tells that are kept; the end of it counts.
MOST_TOLD = 65536


class NotUpgraded(Exception):
    """The new version cannot take over; the text is one line that says why, and everything goes on."""


class Trial(ProcessProtocol):
    """The new version, being tried out."""

    def __init__(self) -> None:
        self._answer: Deferred[Able] = Deferred()
        self._told = {1: b"", 2: b""}

    async def run(self, reactor: Any, started: Started, passed: Mapping[str, str]) -> Able:
        """
        Return what the new version says; ``passed`` is what its environment has to say of sockets.

        Raises:
            NotUpgraded: it cannot take over.
        """
        program, *_ = started.command
        command = [program, "-P", "-m", "tcpchat.upgrade_trial", *started.options]
        environment = {**started.environment, **passed}
        environment.pop("NOTIFY_SOCKET", None)  # it is not ready, whatever it thinks
        if passed:  # and they are for the process of that number alone
            command = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command]
        late = reactor.callLater(TRY_OUT, self.end)
        try:
            reactor.spawnProcess(self, command[0], command, environment, started.folder)
            found = await self._answer
        except OSError as error:
            raise NotUpgraded(f"The new version cannot be started: {error.strerror}.") from error
        finally:
            if late.active():
                late.cancel()
        if FORMAT not in found.reads:
            raise NotUpgraded(f"Version {found.version} cannot go on from this one: restart the server.")
        return found

    def end(self) -> None:
        """Wait for it no longer."""
        if self.transport is not None:
            with suppress(ProcessExitedAlready):
                self.transport.signalProcess("KILL")

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """It tells something."""
        self._told[childFD] = (self._told[childFD] + data)[-MOST_TOLD:]

    def processEnded(self, reason: Failure) -> None:
        """It has ended."""
        ended: Any = reason.value
        try:
            if ended.exitCode != 0:
                raise NotUpgraded(self._why(ended))
            *_, last = self._told[1].splitlines() or [b""]
            self._answer.callback(able(last))
        except msgspec.MsgspecError:
            self._answer.errback(NotUpgraded("The new version has not said whether it can take over."))
        except NotUpgraded as why:
            self._answer.errback(why)

    def _why(self, ended: Any) -> str:
        """Return why it could not take over: the last line that it has told, as of a traceback."""
        if ended.signal is not None:
            return f"The new version cannot start: it was ended by signal {ended.signal}."
        *_, last = self._told[2].decode(errors="backslashreplace").strip().split("\n")
        why = last.strip().removeprefix("tcpchat: ") or f"it ended with status {ended.exitCode}"
        return f"The new version cannot start: {why.removesuffix('.')}."

"""
One of several nodes on a machine, as its parent sees it: a process that is started, heard, and ended.

It ends when its standard input does (see `assignment`): so it cannot outlive the parent, however that ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tcpchat.assignment import environment
from tcpchat.config import Config
from tcpchat.log_lines import visible
from tcpchat.notifying import without

# Seconds until a worker that has died is started again: each time twice as many, up to the most. One that
# lived long begins anew.
PAUSE = 1.0
LONGEST_PAUSE = 60.0
LONG = 60.0

# Seconds until a worker that is to end is killed: it takes no more than five.
KILL = 10.0

# Bytes of a line of a worker's log that are waited for; what is longer is several.
LONGEST_LOG_LINE = 65536


class Worker:
    """One of the processes, over all its lives."""

    def __init__(self, reactor: Any, config: Config, name: str, heard: Heard, ended: Ended) -> None:
        """``heard`` is told each line that it logs, ``ended`` each end: the status, or minus the signal."""
        self.name = name
        self.config = config
        self._reactor = reactor
        self._heard = heard
        self._ended = ended
        self._life: Life | None = None
        self._started_as = config
        self._began = 0.0
        self._pause = PAUSE
        self._later: IDelayedCall | None = None
        self._end: Deferred[None] | None = None

    def start(self) -> None:
        """Begin to live."""
        self._later = None
        self._started_as = self.config
        self._began = self._reactor.seconds()
        self._life = Life(lambda line: self._heard(self, line), self._died)
        # Its name is for who looks at the processes: what it is to be is in its environment.
        command = [sys.executable, "-P", "-m", "tcpchat", "serve", "--node", self.name]
        around = without(os.environ) | environment(self.config)
        self._reactor.spawnProcess(self._life, command[0], command, around)

    @property
    def is_outdated(self) -> bool:
        """Has another configuration been chosen since it was started?"""
        return self._started_as is not self.config

    def pass_on(self, name: str) -> None:
        """Pass a signal on."""
        if self._life is not None and self._life.transport is not None:
            with suppress(ProcessExitedAlready):
                self._life.transport.signalProcess(name)

    def end(self) -> Deferred[None]:
        """Have it end; answer when it has."""
        self._end = Deferred()
        if self._later is not None:
            self._later.cancel()
        if self._life is None:
            self._end.callback(None)
        else:
            if self._life.transport is not None:
                self._life.transport.closeStdin()
            self._later = self._reactor.callLater(KILL, self.pass_on, "KILL")
        return self._end

    def _died(self, status: int) -> None:
        self._life = None
        if self._end is not None:
            if self._later is not None and self._later.active():
                self._later.cancel()
            self._end.callback(None)
            return
        if self._reactor.seconds() - self._began >= LONG:
            self._pause = PAUSE
        self._ended(self, status)

    def start_again(self) -> float:
        """Live again, after a pause; return how many seconds that is."""
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        self._later = self._reactor.callLater(pause, self.start)
        return pause


Heard = Callable[[Worker, str], object]
Ended = Callable[[Worker, int], object]


class Life(ProcessProtocol):
    """One process."""

    def __init__(self, heard: Callable[[str], object], died: Callable[[int], object]) -> None:
        self._heard = heard
        self._died = died
        self._unfinished = {1: b"", 2: b""}

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """It logs something, cut anywhere."""
        *lines, rest = (self._unfinished[childFD] + data).split(b"\n")
        if len(rest) > LONGEST_LOG_LINE:
            lines, rest = [*lines, rest], b""
        self._unfinished[childFD] = rest
        for line in lines:
            self._heard(line.decode(errors="backslashreplace"))

    def processEnded(self, reason: Failure) -> None:
        """It has ended, and everything that it logged has come."""
        for rest in self._unfinished.values():
            if rest:
                self._heard(rest.decode(errors="backslashreplace"))
        ended: Any = reason.value
        self._died(-ended.signal if ended.signal else ended.exitCode or 0)


def marked(name: str, line: str, format: str) -> str:
    """Return a line of a worker's log with its name in it; whatever the worker wrote, it is one line."""
    if format == "text":
        tab = "\t" * line.startswith("\t")
        return f"{tab}{name} {visible(line.removeprefix(tab))}"
    front = json.dumps({"worker": name})
    if line.startswith('{"') and line.isprintable():
        return f"{front[:-1]}, {line[1:]}"
    return json.dumps({"worker": name, "text": line})

"""What a server serves, for tests: with a log in memory and a clock moved by hand."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config
from tcpchat.doors.line import LineConnection
from tcpchat.logs.memory import MemoryLog
from tcpchat.served import Served
from tests.visitors import MORNING


class Wire(StringTransport):
    """A transport whose peer reads in the next turn what it is sent, and does not hang up."""

    aborting = False

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def write(self, data: bytes) -> None:
        super().write(data)
        self._clock.callLater(0, self._drain)

    def _drain(self) -> None:
        if self.producer is not None:
            self.producer.resumeProducing()

    def abortConnection(self) -> None:
        self.aborting = True


class ServedCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: MORNING)
        self.served = self.serve(Config())

    def serve(self, config: Config) -> Served:
        return Served(self.clock, config, self.log, ("Good\x1b morning",))

    def open(self) -> None:
        """Let people in."""
        opening = Deferred.fromCoroutine(self.served.chat.open())
        self.clock.pump([0] * 10)
        self.successResultOf(opening)

    def connect(self) -> tuple[LineConnection, Wire]:
        """Have somebody connect, and be asked for a nickname."""
        connection = self.served.factory.buildProtocol(None)
        assert isinstance(connection, LineConnection)
        wire = Wire(self.clock)
        connection.makeConnection(wire)
        return connection, wire

"""What is refused before anything is opened, and where the operator's events go."""

from __future__ import annotations

import fcntl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.application.service import Application, Service
from twisted.internet.task import Clock
from twisted.logger import ILogObserver
from twisted.python.components import Componentized
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config, WrongConfig
from tcpchat.logs.interface import InUse
from tcpchat.server import WAIT_FOR_TOOL, Server


class BeforeItStartsTests(SynchronousTestCase):
    def server(self, store: str) -> Server:
        return Server(Clock(), Config(store=store), [], ())

    def test_a_store_that_there_is_not_is_refused(self) -> None:
        for store in "", "sqlite", "sqlite:", "memory", "nats://localhost":
            error = self.assertRaises(WrongConfig, self.server, store)
            self.assertIn(f"There is no store {store!r}", str(error))
        self.assertIsInstance(self.server("sqlite:chat.sqlite3"), Service)
        self.assertIsInstance(self.server("memory:"), Service)

    def test_what_writes_the_operators_log_is_put_into_the_application(self) -> None:
        application = Application("tcpchat")
        assert isinstance(application, Componentized)
        server = self.server("memory:")
        server.logs_to = events = list[object]().append  # type: ignore[assignment]
        server.setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), events)


class ThreadsClock(Clock):
    """What of a reactor a log needs."""

    def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:
        self.callLater(0, call, *arguments)


class LockedLogTests(SynchronousTestCase):
    """Somebody else has the log for a moment, or for longer."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "log"
        self.server = Server(ThreadsClock(), Config(store=f"sqlite:{self.path}"), [], ())

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Have the log's lock for so long, or until this is over."""
        with open(f"{self.path}.lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            release = threading.Timer(seconds, fcntl.flock, (lock, fcntl.LOCK_UN))
            release.start()
            try:
                yield
            finally:
                release.cancel()
                release.join()

    def test_a_server_that_starts_waits_for_a_tool(self) -> None:
        with self.held(WAIT_FOR_TOOL / 5):
            log = self.server._open_log()
        log.close()

    def test_it_does_not_wait_long(self) -> None:
        began = time.monotonic()
        with self.held(60 * WAIT_FOR_TOOL):
            self.assertRaises(InUse, self.server._open_log)
        self.assertGreaterEqual(time.monotonic() - began, WAIT_FOR_TOOL)

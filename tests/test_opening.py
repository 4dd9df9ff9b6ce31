"""The log is opened as its operator has chosen; or it is said in a line why not."""

from __future__ import annotations

import fcntl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config
from tcpchat.logs.interface import InUse
from tcpchat.opening import WAIT_FOR_TOOL, Opening


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
        self.opening = Opening(ThreadsClock(), Config(store=f"sqlite:{self.path}"), lambda error: None)

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
            log = self.opening.log()
        log.close()

    def test_it_does_not_wait_long(self) -> None:
        began = time.monotonic()
        with self.held(60 * WAIT_FOR_TOOL):
            self.assertRaises(InUse, self.opening.log)
        self.assertGreaterEqual(time.monotonic() - began, WAIT_FOR_TOOL)


class PathTests(SynchronousTestCase):
    def test_the_file_on_this_machine_is_the_log_or_its_replica(self) -> None:
        for store, path in ("sqlite:a/b", "a/b"), ("nats://n1", "c"), ("memory:", ""):
            config = Config(store=store, replica="c")
            self.assertEqual(Opening(Clock(), config, lambda error: None).path, path)

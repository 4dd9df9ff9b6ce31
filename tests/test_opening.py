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
from tcpchat.opening import TOOLS_WAIT, WAIT_FOR_CLUSTER, WAIT_FOR_TOOL, Opening


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


class Link:
    """A link that is closed."""

    is_connected = True
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


class SharedLog:
    """A log in a cluster that opens, or does not, as the test says."""

    def __init__(self) -> None:
        self.epoch = ""
        self.progress = 0
        self.link = Link()


class PatienceTests(SynchronousTestCase):
    """Who waits for a log in a cluster, and for how long."""

    def opening(self, makes: bool) -> tuple[SharedLog, Callable[[float], None]]:
        clock = Clock()
        opening = Opening(clock, Config(store="nats://n1"), lambda error: None, makes)
        log = SharedLog()
        opening._shared = log  # type: ignore[assignment]

        def wait(seconds: float) -> None:
            for _ in range(int(seconds)):
                clock.advance(1)
                opening._look()

        return log, wait

    def test_a_tool_gives_up_where_nothing_comes_any_more_and_a_server_does_not(self) -> None:
        for makes in True, False:
            log, wait = self.opening(makes)
            log.epoch = "begun"
            for _ in range(10):
                wait(TOOLS_WAIT - 1)
                log.progress += 1
            self.assertFalse(log.link.is_closed)
            wait(TOOLS_WAIT + 2)
            self.assertEqual(log.link.is_closed, not makes)

    def test_both_give_up_where_no_server_answers_a_tool_sooner(self) -> None:
        for makes, patience in (True, WAIT_FOR_CLUSTER), (False, TOOLS_WAIT):
            log, wait = self.opening(makes)
            wait(patience - 1)
            self.assertFalse(log.link.is_closed)
            wait(2)
            self.assertTrue(log.link.is_closed)


class PathTests(SynchronousTestCase):
    def test_the_file_on_this_machine_is_the_log_or_its_replica(self) -> None:
        for store, path in ("sqlite:a/b", "a/b"), ("nats://n1", "c"), ("memory:", ""):
            config = Config(store=store, replica="c")
            self.assertEqual(Opening(Clock(), config, lambda error: None).path, path)

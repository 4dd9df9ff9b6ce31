"""What the service manager is told: by a real socket that takes what systemd's would."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.notifying import ServiceManager, without


class NotifyingTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "notify")
        self.clock = Clock()

    def listen(self, address: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        listening.bind(address)
        listening.setblocking(False)
        return listening

    def manager(self, **environment: str) -> ServiceManager:
        return ServiceManager(self.clock, lambda: "3 people.", environment)

    def told(self, listening: socket.socket) -> list[str]:
        return listening.recv(4096).decode().split("\n")

    def test_it_is_told_of_each_change(self) -> None:
        listening = self.listen(self.path)
        manager = self.manager(NOTIFY_SOCKET=self.path)
        manager.ready()
        self.assertEqual(self.told(listening), ["READY=1", f"MAINPID={os.getpid()}", "STATUS=3 people."])
        manager.reloading()
        reloading, since = self.told(listening)
        self.assertEqual(reloading, "RELOADING=1")
        self.assertRegex(since, r"^MONOTONIC_USEC=\d+$")
        manager.stopping()
        self.assertEqual(self.told(listening), ["STOPPING=1", "STATUS=Saying goodbye."])
        self.assertRaises(BlockingIOError, self.told, listening)

    def test_a_socket_may_have_a_name_in_no_folder(self) -> None:
        name = f"tcpchat-test-{os.getpid()}"
        listening = self.listen(f"\0{name}")
        self.manager(NOTIFY_SOCKET=f"@{name}").stopping()
        self.assertIn("STOPPING=1", self.told(listening))

    def test_the_watchdog_is_fed_three_times_in_its_time_until_the_end(self) -> None:
        listening = self.listen(self.path)
        manager = self.manager(
            NOTIFY_SOCKET=self.path, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid())
        )
        for _ in "start", "reload":
            manager.ready()
        told = [self.told(listening)[0] for _ in range(3)]
        self.assertEqual(sorted(told), ["READY=1", "READY=1", "WATCHDOG=1"])
        self.clock.advance(9)
        self.assertRaises(BlockingIOError, self.told, listening)
        self.clock.advance(1)
        self.assertEqual(self.told(listening), ["WATCHDOG=1", "STATUS=3 people."])
        manager.stop()
        manager.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_another_process_is_watched_or_none(self) -> None:
        self.listen(self.path)
        for environment in {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}, {}:
            self.manager(NOTIFY_SOCKET=self.path, **environment).ready()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_without_one_nothing_is_told(self) -> None:
        with capturedLogs() as events:
            self.manager().ready()
        self.assertEqual(events, [])

    def test_that_it_takes_nothing_is_told_the_operator_once(self) -> None:
        manager = self.manager(NOTIFY_SOCKET=self.path)
        with capturedLogs() as events:
            manager.ready()
            manager.stopping()
        (event,) = events
        self.assertIn("The service manager cannot be told: ", formatEvent(event))

    def test_other_processes_are_not_told_of_it(self) -> None:
        around = {"HOME": "/", "NOTIFY_SOCKET": "x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "2"}
        self.assertEqual(without(around), {"HOME": "/"})

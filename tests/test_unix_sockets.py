"""Unix sockets: what a killed server has left is in nobody's way, and what is somebody's is left alone."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.unix_sockets import LOCK, Adopting, Cleared, HandedOver
from tests.folders import a_folder


class Endpoint:
    """An endpoint that notes what there was when somebody listens on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: list[str] = []

    def listen(self, factory: Any) -> Deferred[Any]:
        self.found = sorted(path.name for path in self._path.parent.iterdir())
        return succeed("a port")


class ClearedTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = a_folder(self)
        self.path = folder / "chat"
        self.endpoint = Endpoint(self.path)

    def found(self) -> list[str]:
        """Which files did the endpoint find?"""
        cleared: Any = Cleared(self.endpoint, str(self.path))  # type: ignore[arg-type]
        self.assertEqual(self.successResultOf(cleared.listen(Factory())), "a port")
        return self.endpoint.found

    def listen(self) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(listening.close)
        listening.bind(str(self.path))
        listening.listen(0)
        return listening

    def test_where_nothing_is_nothing_is_done(self) -> None:
        self.assertEqual(self.found(), [])

    def test_what_nobody_listens_on_is_removed_with_its_lock_whosever_number_that_has(self) -> None:
        self.listen().close()
        os.symlink(str(os.getpid()), f"{self.path}{LOCK}")
        self.assertEqual(self.found(), [])

    def test_a_lock_without_a_socket_is_nobodys(self) -> None:
        os.symlink("1", f"{self.path}{LOCK}")
        self.assertEqual(self.found(), [])

    def test_what_somebody_listens_on_stays_also_if_nobody_more_can_connect(self) -> None:
        self.listen()
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for each in waiting:
            self.addCleanup(each.close)
            self.assertEqual(self.found(), ["chat"])
            each.setblocking(False)
            each.connect_ex(str(self.path))

    def test_what_is_no_socket_stays(self) -> None:
        self.path.write_text("precious")
        cleared: Any = Cleared(self.endpoint, str(self.path))  # type: ignore[arg-type]
        error = self.failureResultOf(cleared.listen(Factory()), OSError).value
        self.assertEqual((error.errno, error.filename), (errno.EEXIST, str(self.path)))
        self.assertEqual(self.path.read_text(), "precious")

    def test_where_there_is_no_folder_there_is_no_socket(self) -> None:
        cleared: Any = Cleared(self.endpoint, "/nowhere/chat")  # type: ignore[arg-type]
        self.failureResultOf(cleared.listen(Factory()), FileNotFoundError)

    def test_servers_that_start_at_once_look_one_after_the_other(self) -> None:
        busy = []

        def listen(factory: Any) -> Deferred[Any]:
            other = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy.append(True)
            os.close(other)
            return succeed("a port")

        self.endpoint.listen = listen  # type: ignore[method-assign]
        self.found()
        self.assertEqual(busy, [True])


class HandedOverTests(SynchronousTestCase):
    def test_the_file_keeps_its_mode_and_who_comes_when_the_server_has_gone_can_wait(self) -> None:
        path = str(a_folder(self) / "chat")
        with socket.socket(socket.AF_UNIX) as theirs:
            theirs.bind(path)
            os.chmod(path, 0o620)
            theirs.listen()
            reactor = Reactor()
            port: Any = Adopting(reactor).adoptStreamPort(theirs.fileno(), socket.AF_UNIX, Factory())
            self.assertIsInstance(port, HandedOver)
            self.assertEqual(port.getHost().name, os.fsencode(path))
            self.assertIn(port, reactor.reading)
            port.connectionLost(None)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o620)
            with socket.socket(socket.AF_UNIX) as next_one:
                next_one.connect(path)  # for the next server

    def test_all_else_is_as_ever(self) -> None:
        reactor = Reactor()
        self.assertEqual(Adopting(reactor).adoptStreamPort(7, socket.AF_INET, Factory()), (7, socket.AF_INET))
        self.assertEqual(Adopting(reactor).seconds(), reactor.seconds())


class Reactor(MemoryReactor):
    """A reactor that notes what it is to read, and what it adopts."""

    def __init__(self) -> None:
        super().__init__()
        self.reading: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.reading.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.reading.remove(reader)

    def removeWriter(self, writer: Any) -> None:
        """Nothing is written."""

    def seconds(self) -> int:
        return 7

    def adoptStreamPort(self, fileno: int, addressFamily: int, factory: Any) -> Any:
        return fileno, addressFamily

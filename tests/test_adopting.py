"""Sockets that listen already go on to listen, for whatever endpoint they are."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.adopting import Inherited, StillListening
from tcpchat.handed import Port
from tests.processes import PATIENCE


class StillListeningTests(SynchronousTestCase):
    def listen(self, description: str, listening: socket.socket) -> Any:
        """Have an endpoint go on with a socket; return its port."""
        around = StillListening(reactor, listening.detach())
        endpoint = serverFromString(around, description)
        port: Any = self.successResultOf(endpoint.listen(Factory.forProtocol(Protocol)))
        self.addCleanup(port.socket.close)
        self.addCleanup(port.stopReading)
        return port

    def test_who_has_connected_before_is_let_in_whatever_port_is_said(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        at = listening.getsockname()
        with socket.create_connection(at, PATIENCE) as before:
            port = self.listen("tcp:0", listening)
            self.assertEqual((port.getHost().host, port.getHost().port), at)
            accepted, whence = port.socket.accept()
            with accepted:
                self.assertEqual(whence, before.getsockname())
        with socket.create_connection(at, PATIENCE):
            pass

    def test_once_it_is_closed_it_is_opened_anew_whatever_has_its_number_by_then(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        number, at = listening.fileno(), listening.getsockname()[1]
        endpoint = serverFromString(
            StillListening(reactor, listening.detach()), f"tcp:{at}:interface=127.0.0.1"
        )
        before: Any = self.successResultOf(endpoint.listen(Factory.forProtocol(Protocol)))
        before.stopReading()
        before.socket.close()
        with open(os.devnull) as other:
            if other.fileno() != number:
                os.dup2(other.fileno(), number)
                self.addCleanup(os.close, number)
            port: Any = self.successResultOf(endpoint.listen(Factory.forProtocol(Protocol)))
            self.addCleanup(port.socket.close)
            self.addCleanup(port.stopReading)
            self.assertEqual(port.getHost().port, at)
            self.assertTrue(os.path.sameopenfile(number, other.fileno()))

    def test_the_file_of_a_unix_socket_stays(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name, "chat.sock")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        number = os.stat(path).st_ino
        with socket.socket(socket.AF_UNIX) as before, socket.socket(socket.AF_UNIX) as after:
            before.connect(str(path))
            self.listen(f"unix:{path}:lockfile=0:mode=600", listening)
            self.assertEqual(os.stat(path).st_ino, number)
            after.connect(str(path))


class InheritedTests(SynchronousTestCase):
    def test_each_is_for_its_own_endpoint_and_the_rest_is_closed(self) -> None:
        one, other = (os.open(os.devnull, os.O_RDONLY) for _ in range(2))
        self.addCleanup(os.close, one)
        inherited = Inherited([Port("tcp:1", one), Port("tcp:2", other)])
        self.assertIs(inherited.around("tcp:3", reactor), reactor)
        self.assertIsInstance(inherited.around("tcp:1", reactor), StillListening)
        self.assertIs(inherited.around("tcp:1", reactor), reactor)
        inherited.close()
        os.fstat(one)
        self.assertRaises(OSError, os.fstat, other)

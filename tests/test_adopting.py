"""Sockets that listen already go on to listen, for whatever endpoint they are."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from tcpchat.adopting import StillListening
from tests.processes import PATIENCE


class AdoptingTests(TestCase):
    timeout = PATIENCE

    async def listen(self, description: str, listening: socket.socket) -> None:
        """Have an endpoint go on with a socket, to which somebody has connected already."""
        descriptor = listening.detach()
        endpoint = serverFromString(StillListening(reactor, descriptor), description)
        port = await endpoint.listen(Factory.forProtocol(Protocol))
        self.addCleanup(port.stopListening)

    async def test_who_has_connected_before_is_let_in(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        at = listening.getsockname()
        with socket.create_connection(at, PATIENCE):
            await self.listen("tcp:0", listening)  # whatever port and interface is said
            with socket.create_connection(at, PATIENCE):
                pass

    async def test_the_file_of_a_unix_socket_stays_until_it_is_closed(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name, "chat.sock")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        number = os.stat(path).st_ino
        with socket.socket(socket.AF_UNIX) as somebody:
            somebody.connect(str(path))
            await self.listen(f"unix:{path}:lockfile=0:mode=600", listening)
            self.assertEqual(os.stat(path).st_ino, number)
            with socket.socket(socket.AF_UNIX) as another:
                another.connect(str(path))

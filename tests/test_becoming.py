"""What one program leaves, and the one in its place finds: a file in memory, descriptors, signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile

from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import handed
from tcpchat.adopting import Listening
from tcpchat.becoming import SIGNALS, VARIABLE, hear_signals, passed, received
from tcpchat.started import Started
from tests.processes import PATIENCE

# A program that becomes another one, which looks at what it has.
BECOMES = """
import os, signal, socket, sys
from types import SimpleNamespace
from tcpchat import handed
from tcpchat.adopting import Listening
from tcpchat.becoming import become, in_memory
from tcpchat.started import how_started
listening, mine = socket.create_server(("127.0.0.1", 0)), socket.socketpair()
open("chat.pid", "w").close()
started = how_started("chat.pid")._replace(
    command=(sys.executable, "-c", sys.argv[1], str(os.getpid()), mine[1].fileno().__str__()))
os.environ["LATER"] = "1"
mine[1].set_inheritable(True)
who = handed.Nameless(refusal="x" * 100_000)
it = handed.Handed("0.1", 1.5, connections=[handed.Connection(mine[0].fileno(), "192.0.2.1", who)])
become(it, in_memory(), [Listening("tcp:0", None, SimpleNamespace(socket=listening))], started)
"""
LOOKS = """
import os, signal, socket, sys
from tcpchat.becoming import SIGNALS, received
it = received()
mine = socket.socket(fileno=it.connections[0].descriptor)
mine.sendall(b"hello")
assert socket.socket(fileno=int(sys.argv[2])).recv(9) == b"hello"
assert socket.socket(fileno=it.ports[0].descriptor).getsockname()[0] == "127.0.0.1"
assert it.ports[0].description == "tcp:0" and len(it.connections[0].who.refusal) == 100_000
assert str(os.getpid()) == sys.argv[1] and "LATER" not in os.environ and not os.path.exists("chat.pid")
assert received() is None, "it is there once"
assert not mine.get_inheritable()
assert SIGNALS <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
print("all of it")
"""


class BecomingTests(SynchronousTestCase):
    def test_the_next_program_is_the_same_process_and_has_what_was_handed_on(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", BECOMES, LOOKS], cwd=folder, capture_output=True, text=True,
                timeout=10 * PATIENCE,
            )  # fmt: skip
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("all of it\n", "", 0))

    def test_where_nothing_was_handed_on_there_is_nothing(self) -> None:
        self.assertIsNone(received())

    def test_what_cannot_be_read_is_told(self) -> None:
        number = os.memfd_create("tcpchat")
        os.write(number, b"?")
        os.lseek(number, 0, os.SEEK_SET)
        os.environ[VARIABLE] = str(number)
        self.assertRaises(handed.NotRead, received)
        self.assertNotIn(VARIABLE, os.environ)

    def test_signals_come_again(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.addCleanup(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        hear_signals()
        self.assertFalse(SIGNALS & signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    def test_of_sockets_that_systemd_has_passed_the_environment_says_how_many(self) -> None:
        def port(number: int) -> Listening:
            endpoint = AdoptedStreamServerEndpoint(None, number, socket.AF_INET)
            return Listening(f"systemd:{number}", endpoint, None)

        def environment(names: str, *ports: Listening) -> str | None:
            around = {"LISTEN_FDNAMES": names} if names else {}
            return passed(ports, Started("/", around, (), ())).get("LISTEN_FDS")

        self.assertIsNone(environment(""))
        self.assertEqual(environment("", port(3)), "1")
        self.assertEqual(environment("", port(4)), "2")
        self.assertEqual(environment("one:two:three", port(4)), "3")

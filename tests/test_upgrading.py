"""A real server becomes another version while people are in the middle of something: they go on with it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from tcpchat import __version__, handed
from tcpchat.adopting import Listening
from tcpchat.config import Config
from tcpchat.doors.line import LineConnection
from tcpchat.logs.memory import MemoryLog
from tcpchat.service import Chat
from tcpchat.started import Started
from tcpchat.tool_orders import NotDone
from tcpchat.upgrading import FAULT, Upgrading
from tests.processes import PATIENCE, PATIENCE_WITH_UPGRADES, TWISTD, Person, Reading, Server
from tests.serving import ServedCase
from tests.visitors import MORNING

TCPCHAT = str(Path(sys.executable).with_name("tcpchat"))
HERE = "tcp:0:interface=127.0.0.1"
UPGRADED = r"Upgraded from \S+ to \S+: (\d+) connections? handed over, in \S+ s\."


class Machine(Clock):
    """A reactor on which the new version, when it is tried out, says that it can take over."""

    trials = 0

    def spawnProcess(self, protocol: Any, *how: object) -> None:
        self.trials += 1
        protocol.childDataReceived(1, msgspec.json.encode(handed.Able(__version__, LOG)))
        protocol.processEnded(Failure(ProcessDone(0)))


LOG = "/chat.sqlite3"


class Port:
    """A port that somebody listens on, or that has a fault."""

    connected, disconnecting, factory = True, False, None

    def __init__(self, fault: str = "") -> None:
        self.reads = True
        self._fault = fault

    def stopReading(self) -> None:
        if self._fault:
            raise RuntimeError(self._fault)
        self.reads = False

    def startReading(self) -> None:
        if self._fault:
            raise RuntimeError(self._fault)
        self.reads = True


class FaultsTests(ServedCase):
    """Faults of ours while everything comes to rest."""

    log_file, is_open, is_ending, is_busy = LOG, True, False, False

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.machine = Machine()
        self.log = MemoryLog(self.clock, lambda: MORNING)
        self.served = self.serve(Config())
        self.ports: list[Listening] = []

    @property
    def chat(self) -> Chat:
        return self.served.chat

    @property
    def connections(self) -> list[LineConnection]:
        return self.served.connections

    async def part(self) -> None:
        raise AssertionError("there is a way back")

    def test_whatever_fails_the_server_goes_on_and_its_log_says_how_it_failed(self) -> None:
        self.open()
        alice, shown = self.connect()
        faulty, good = Port("broken on purpose"), Port()
        nobody: Any = None
        self.ports = [Listening("tcp:1", nobody, port) for port in (good, faulty, Port())]
        upgrading = Upgrading(self.machine, self, Started("/", {}, ("python",), ()))
        for turn in range(2):
            with capturedLogs() as events:
                done = Deferred.fromCoroutine(upgrading.for_tool(0))
                self.machine.advance(0)
            self.assertEqual(self.successResultOf(done), [NotDone(FAULT)])
            told = [formatEvent(event) for event in events]
            self.assertIn(f"Not upgraded, and everything goes on: {FAULT}", told)
            faults = {str(failure.value) for failure in self.flushLoggedErrors(RuntimeError)}
            self.assertEqual(faults, {"broken on purpose"})
            self.assertEqual([port.port.reads for port in self.ports], [True] * 3)
            self.assertFalse(upgrading.has_begun)
            self.assertEqual(self.machine.trials, turn + 1)
        alice.dataReceived(b"alice\r\n")
        self.machine.pump([0] * 5)
        self.assertIn(b"*** You are alice, in #lobby.\r\n", shown.value())


def upgrade(server: Server) -> int:
    """Have it upgraded; return how many connections were handed over."""
    server.process.send_signal(signal.SIGUSR2)
    found = re.search(UPGRADED, server.until(UPGRADED, PATIENCE_WITH_UPGRADES))
    assert found is not None
    return int(found[1])


def test_who_is_in_the_middle_of_something_goes_on_with_it(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        alice, bob, carl = (server.person(nick) for nick in ("alice", "bob", "carl"))
        alice.until(r"carl joined #lobby\.\r\n")
        bob.types("/join #dev", "/set timestamps on", "/away at lunch")
        bob.until(r"You are away: at lunch\r\n")
        alice.types("/register correct-horse")
        alice.until(r"yours|registered|kept")
        carl.types("/paste", "one")
        carl.until(r"single dot\.\r\n")
        bob.types("/hold")
        bob.until(r"Nothing is shown")
        alice.types("while it is held")
        carl.until(r"<alice> while it is held\r\n")
        alice.types("/password")
        alice.until(r"Password\?\r\n")
        stranger = server.person()
        stranger.until(r"nickname\?\r\n")
        stranger.socket.sendall(b"ev")
        bob.socket.sendall(b"half a ")
        assert upgrade(server) == 4
        stranger.types("e")
        stranger.until(r"\*\*\* You are eve, in #lobby with alice, bob, carl\.\r\n")
        # Whatever stands there is the password that was asked for, and not said.
        alice.types("correct-horse", "battery-staple")
        alice.until(r"changed")
        carl.types("two", ".")
        alice.until(r"<carl> one\r\n<carl> two\r\n")
        bob.types("line")
        bob.until(r"#lobby <alice> while it is held\r\n")
        bob.until(r"#lobby <carl> one\r\n")
        alice.types("/join #dev")
        alice.until(r"\[\d\d:\d\d\] <bob> half a line\r\n")
        alice.types("/whois bob")
        alice.until(r"away: at lunch")
        assert "correct" not in bob.text and "joined #lobby" not in bob.text.replace("eve joined", "")
        assert server.terminate() == 0


def test_a_stalled_reader_is_shown_everything_once_and_in_order(tmp_path: Path) -> None:
    with Server(tmp_path, "--limits", "off") as server:
        server.ready()
        alice = server.person("alice")
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", server.port))
        stalled.settimeout(PATIENCE)
        stalled.sendall(b"/json\n/as stalled\n")
        alice.until(r"stalled joined")
        for number in range(1000):
            alice.types(f"{number} {'x' * 1000}")
        alice.types("/set echo on", "before")
        alice.until(r"<alice> before\r\n")
        # Answers, which no log has, wait behind that, and the past.
        stalled.sendall(b'{"type":"history","limit":300,"ref":"past"}\n{"type":"rooms","ref":"rooms"}\n')
        for turn in range(3):
            upgrade(server)
            alice.types(f"after {turn}")
            alice.until(rf"<alice> after {turn}\r\n")
        texts: list[str] = []
        past: list[str] = []
        oks: list[str] = []
        with stalled, stalled.makefile("rb") as lines:
            for line in lines:
                if not line.startswith(b"{"):
                    continue
                it = json.loads(line)
                if it["type"] == "message":
                    (past if it.get("replay") else texts).append(it["text"].split(" x")[0])
                elif it["type"] == "ok" and "ref" in it:
                    oks.append(it["ref"])
                if texts[-1:] == ["after 2"] and len(oks) == 2:
                    break
        assert texts == [*map(str, range(1000)), "before", "after 0", "after 1", "after 2"]
        assert past[-300:] == [*map(str, range(701, 1000)), "before"]
        assert oks == ["past", "rooms"]
        assert server.terminate() == 0


def test_an_object_that_only_the_end_of_the_stream_ends_may_be_as_long_as_any(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        alice, bot = server.person("alice"), server.person()
        said = json.dumps({"type": "paste", "text": "\n".join(["x" * 100] * 45)})
        bot.socket.sendall(f'{{"type":"as","nick":"bot"}}\n{said}'.encode())
        alice.until(r"bot joined")
        assert upgrade(server) == 2
        bot.socket.shutdown(socket.SHUT_WR)
        alice.until(r"(<bot> x{100}\r\n){45}")
        assert server.terminate() == 0


def test_what_waits_for_its_budget_waits_on(tmp_path: Path) -> None:
    config = tmp_path / "chat.toml"
    config.write_text("[limits]\ntokens = 5\ntokens_a_second = 4\n")
    with Server(tmp_path, "--config", str(config), "--trusted", "127.0.0.9") as server:
        server.ready()
        alice, bob = server.person("alice"), server.person("bob")
        alice.types(*(f"line {number}" for number in range(30)))
        bob.until(r"<alice> line 5\r\n")
        upgrade(server)
        for number in range(6, 30):
            assert bob.until(r"\r\n") == f"<alice> line {number}\r\n"
        assert server.terminate() == 0


def test_unix_sockets_stay_and_who_has_tls_is_told_to_come_back(tmp_path: Path) -> None:
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]  # fmt: skip
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    tls = "ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    with Server(tmp_path, "--listen", "unix:chat.sock", "--listen", tls, listen=HERE) as server:
        port = server.ready().port
        server.until(r"READY line unix .*$")
        tls_port = int(server.until(r"READY line ssl .*:(\d+)$").rpartition(":")[2])
        local = socket.socket(socket.AF_UNIX)
        local.connect(str(tmp_path / "chat.sock"))
        ursula = Reading(local)
        local.sendall(b"ursula\n")
        ursula.until(r"You are ursula")
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        plain = socket.create_connection(("127.0.0.1", tls_port), PATIENCE)
        with local, context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"tom\n")
            ursula.until(r"tom joined #lobby\.\r\n")
            assert upgrade(server) == 1
            told = b""
            while data := secure.recv(65536):
                told += data
            assert b"*** The server restarts" in told
            code = re.search(rb"/resume (\S+) brings", told)
            assert code is not None
            with socket.create_connection(("127.0.0.1", port), PATIENCE):
                pass
            with socket.socket(socket.AF_UNIX) as again:
                again.connect(str(tmp_path / "chat.sock"))
            with context.wrap_socket(
                socket.create_connection(("127.0.0.1", tls_port), PATIENCE), server_hostname="localhost"
            ) as back:
                back.sendall(b"/resume " + code[1] + b"\nback by TLS\n")
                ursula.until(r"<tom> back by TLS\r\n")
            assert "left" not in ursula.shown and "joined" not in ursula.shown.replace("tom joined", "", 1)
        assert server.terminate() == 0
    assert not (tmp_path / "chat.sock").exists()


def test_behind_a_proxy_people_stay_who_they_are(tmp_path: Path) -> None:
    config = tmp_path / "chat.toml"
    config.write_text("[limits]\nconnections_per_network = 1\n")

    def comes(address: str, nick: str) -> Reading:
        """Come in by a proxy, which says from where."""
        person = server.person()
        person.types(f"PROXY TCP4 {address} 127.0.0.1 4711 8023", nick)
        return person

    with Server(tmp_path, "--config", str(config), listen=f"haproxy:{HERE}") as server:
        server.ready()
        alice = comes("203.0.113.7", "alice")
        alice.until(r"You are alice")
        assert upgrade(server) == 1
        comes("203.0.113.7", "eve").until(r"at most 1 at once")
        comes("203.0.113.8", "bob").until(r"You are bob, in #lobby with alice\.")
        alice.until(r"bob joined #lobby\.\r\n")
        assert server.terminate() == 0


# Code of a server's that has a fault, for one person.
FAULTY = """
from tcpchat.present import Present
whole = Present.hand_on
def hand_on(self):
    if self._session.person.name.display == "eve":
        raise RuntimeError("broken on purpose")
    return whole(self)
Present.hand_on = hand_on
"""


def test_who_cannot_be_handed_on_by_a_fault_comes_back_and_the_others_do_not_notice(
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAULTY)
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        server = Server(tmp_path)
    finally:
        del os.environ["PYTHONPATH"]
    with server:
        server.ready()
        alice, bob = server.person("alice"), server.person("bob")
        eve = server.person()
        eve.types("eve")
        code = re.search(r"/resume (\S+) brings", eve.until(r"brings you back\.\r\n"))
        assert code is not None
        bob.until(r"eve joined #lobby\.\r\n")
        assert upgrade(server) == 2
        assert "A connection cannot be handed on" in server.shown and "RuntimeError" in server.shown
        eve.rest()
        back = server.person()
        back.types(f"/resume {code[1]}", "back again")
        bob.types("hello")
        alice.until(r"<eve> back again\r\n")
        assert "left" not in alice.shown and "lost" not in alice.shown
        bob.until(r"<eve> back again\r\n")
        assert server.terminate() == 0
        server.shown = ""  # with the traceback, which is as it is to be


def test_two_ports_that_are_described_alike_are_two_after_an_upgrade_as_well(tmp_path: Path) -> None:
    with Server(tmp_path, "--listen", HERE, listen=HERE) as server:
        ports = [server.ready().port, server.ready().port]
        assert upgrade(server) == 0
        for number, port in enumerate(ports):
            Person(port, "anna" + "ab"[number]).hang_up()
        assert server.terminate() == 0


def test_by_the_tool_it_is_told_when_the_new_version_runs_and_a_daemon_stays_the_same_process(
    tmp_path: Path,
) -> None:
    tool = [TCPCHAT, "upgrade"]

    def upgraded() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            tool, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_WITH_UPGRADES
        )

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = f"tcp:{port}:interface=127.0.0.1"
    subprocess.run(
        [TWISTD, "--logfile=chat.log", "tcpchat", "--listen", where],
        cwd=tmp_path, check=True, timeout=PATIENCE_WITH_UPGRADES,
    )  # fmt: skip
    pidfile, log = tmp_path / "twistd.pid", tmp_path / "chat.log"
    end = time.monotonic() + PATIENCE_WITH_UPGRADES
    while "READY" not in log.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process = int(pidfile.read_text())
    try:
        alice = Person(port, "alice")
        done = upgraded()
        assert (done.returncode, done.stderr) == (0, "")
        assert re.fullmatch(r"Upgraded from .*: 1 connection handed over, in \S+ s\.\n", done.stdout)
        assert int(pidfile.read_text()) == process
        alice.types("/who")
        alice.until(r"1 person is in #lobby: alice\.\r\n")
    finally:
        os.kill(process, signal.SIGTERM)
    alice.until(r"The server restarts")
    alice.hang_up()
    while pidfile.exists():
        assert time.monotonic() < end + PATIENCE_WITH_UPGRADES
        time.sleep(0.05)
    gone = upgraded()
    assert (gone.returncode, gone.stdout) == (64, "")
    assert gone.stderr.startswith("tcpchat: No server runs with this log")


def test_sockets_that_systemd_has_passed_are_passed_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port = passed.getsockname()[1]
        # As systemd does it: from number 3 on, for the process of a number.
        number = f"exec 3<&{passed.fileno()}; "
        script = number + 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=chat exec "$@"'
        listen = "systemd:domain=INET:name=chat"
        process = subprocess.Popen(
            ["/bin/bash", "-c", script, "bash", TWISTD, "-n", "--pidfile=", "tcpchat", "--listen", listen],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[passed.fileno()],
        )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        server = Reading(process.stdout)
        server.until(r"READY line systemd .*$")
        alice = Person(port, "alice")
        for turn in range(2):
            process.send_signal(signal.SIGUSR2)
            server.until(UPGRADED, PATIENCE_WITH_UPGRADES)
            bob = Person(port, f"bob{'abc'[turn]}")
            bob.types("hello")
            alice.until(r"> hello\r\n")
            bob.hang_up()
        alice.hang_up()
        process.terminate()
        assert process.wait(PATIENCE) == 0

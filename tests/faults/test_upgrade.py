"""
A server that becomes another version again and again while everybody talks: nobody may notice it.

Small by default; ``make faults`` tries all of it in full.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from random import Random

from tests.faults.checker import check, summary
from tests.faults.clients import Client, Crowd, JsonClient, TextClient
from tests.faults.journal import Broke
from tests.faults.servers import STORE, dump, start
from tests.processes import PATIENCE, PATIENCE_WITH_UPGRADES, Server

FULL = bool(os.environ.get("TCPCHAT_FULL"))
PEOPLE = 1000 if FULL else 50
UPGRADES = 5
SEED = int(os.environ.get("TCPCHAT_SEED", "0")) or time.time_ns() % 1_000_000

# Lines that each may say until the next upgrade: more than can be said in it, but where they are a thousand.
TALK = 1 if FULL else 30

UPGRADED = r"Upgraded from \S+ to \S+: (\d+) connections? handed over, in (\S+) s\."
NOT_UPGRADED = r"Not upgraded, and everything goes on: (.*)"

# IAC WILL NAWS, and a window of 500 columns: no line is broken.
TELNET = b"\xff\xfb\x1f\xff\xfa\x1f\x01\xf4\x00\x18\xff\xf0"
COMMAND = re.compile(rb"\xff[\xfb-\xfe].|\xff[\xf0-\xfa]", re.DOTALL)


class TelnetClient(TextClient):
    """Somebody at a telnet that tells how wide its window is."""

    def come_in(self) -> None:
        self._to_send = TELNET
        super().come_in()

    def _take(self, data: bytes) -> None:
        super()._take(COMMAND.sub(b"", data))


def names(number: int) -> list[str]:
    """Return nicknames of letters alone: a digit behind one is the server's."""
    return [f"{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}son" for n in range(number)]


def people(crowd: Crowd) -> list[Client]:
    """Return as many as there are to be: at nc, at telnet, and programs in two rooms."""
    kinds = (
        lambda name: TextClient(crowd, name),
        lambda name: TelnetClient(crowd, name),
        lambda name: JsonClient(crowd, name, ("lobby", "dev")),
    )
    return [kinds[number % 3](name) for number, name in enumerate(names(PEOPLE))]


def test_nobody_notices_that_the_server_is_upgraded(tmp_path: Path) -> None:
    print(f"TCPCHAT_SEED={SEED}")
    random = Random(SEED)
    with start(tmp_path) as server:
        crowd = Crowd(server.ready().port, random)
        stalled = JsonClient(crowd, "stalled", small=True)
        crowd.add(stalled, *people(crowd))
        assert crowd.run(lambda: all(it.is_done for it in crowd.clients), 10 * PATIENCE), crowd.complaints()
        stalled.reads = False
        pauses = []
        for number in range(UPGRADES):
            for client in crowd.clients:
                client.quota = TALK
            crowd.run(patience=0.2)
            server.process.send_signal(signal.SIGUSR2)
            newcomer = TextClient(crowd, f"newcomer{chr(97 + number)}")
            crowd.add(newcomer)
            assert crowd.run(lambda: server.has_told(UPGRADED), PATIENCE_WITH_UPGRADES), server.text
            found = re.search(UPGRADED, server.until(UPGRADED, PATIENCE_WITH_UPGRADES))
            assert found is not None and int(found[1]) > PEOPLE
            pauses.append(float(found[2]))
            for client in crowd.clients:
                client.quota = 0
        assert crowd.settle(10 * PATIENCE), crowd.complaints()
        complaints = crowd.complaints()
        log = dump(tmp_path)
        journals = crowd.leave(tmp_path)
        assert server.terminate() == 0
    print(f"{UPGRADES} upgrades, {len(journals)} clients, {len(log)} entries, pauses of {pauses} s")
    findings = check(journals, dump(tmp_path))
    print(summary(findings))
    assert not findings, f"seed {SEED}: {summary(findings)}"
    assert not complaints, f"seed {SEED}: {complaints}"
    broken = [journal.who for journal in journals if any(isinstance(it, Broke) for it in journal.notes)]
    assert not broken, f"seed {SEED}: disconnected: {broken}"
    came = [(record.room, record.nick) for record in log if record.type == "joined"]
    assert len(came) == len(set(came)), "somebody was shown as coming who had been there"
    assert not [record for record in log if record.type == "left"]


class Configured(Server):
    """A server with a configuration file, and code of its own in front of everybody else's."""

    def __init__(self, folder: Path) -> None:
        self.code = folder / "code"
        self.code.mkdir()
        self.file = folder / "chat.toml"
        self.file.write_text('listen = ["tcp:0:interface=127.0.0.1"]\n')
        os.environ["PYTHONPATH"] = str(self.code)
        try:
            super().__init__(folder, "--store", STORE, "--config", str(self.file), listen="")
        finally:
            del os.environ["PYTHONPATH"]

    def refuses(self) -> str:
        """Have it upgraded, which cannot be; return why."""
        self.process.send_signal(signal.SIGUSR2)
        return self.until(NOT_UPGRADED, PATIENCE_WITH_UPGRADES).rpartition("goes on: ")[2]


def test_a_version_that_cannot_start_does_not_take_over(tmp_path: Path) -> None:
    with Configured(tmp_path) as server:
        server.ready()
        alice, bob = server.person("alice"), server.person("bob")
        alice.until(r"\*\*\* bob joined #lobby.\r\n")
        broken = server.code / "sitecustomize.py"
        broken.write_text("import sys\nsys.exit('broken on purpose')\n")
        assert server.refuses() == "The new version cannot start: SystemExit: broken on purpose."
        broken.unlink()
        server.file.write_text('listen = ["tcp:0:interface=127.0.0.1"]\nhistory = "many"\n')
        assert "history cannot be 'many'" in server.refuses()
        server.file.write_text('listen = ["tcp:0:interface=127.0.0.1"]\nstore = "sqlite:other.sqlite3"\n')
        bob.types("all as before")
        assert alice.until(r"\r\n") == "<bob> all as before\r\n"
        server.file.write_text('listen = ["tcp:0:interface=127.0.0.1"]\nhistory = 3\n')
        server.process.send_signal(signal.SIGUSR2)
        server.until(UPGRADED, PATIENCE_WITH_UPGRADES)
        bob.types("and after", "")
        assert alice.until(r"\r\n") == "<bob> and after\r\n"
        assert server.terminate() == 0


def test_what_has_no_file_cannot_be_upgraded_and_goes_on(tmp_path: Path) -> None:
    with Server(tmp_path, "--store", "memory:") as server:
        server.ready().process.send_signal(signal.SIGUSR2)
        assert "log in a file" in server.until(NOT_UPGRADED, PATIENCE_WITH_UPGRADES)
        server.person("alice")

"""docs/clustering.md, typed as it stands: three servers of NATS, three nodes, and people on all of them."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.commands import TCPCHAT
from tests.processes import PATIENCE, Person, Reading

DOCS = Path(__file__).parent.parent / "docs" / "clustering.md"

# Where the document is: what is tried here is elsewhere, for others may be at the same.
THERE = "127.0.0."


class Shell(Reading):
    """Somebody types what is in a document."""

    def __init__(self, folder: Path) -> None:
        # All of this network is this machine.
        self.network = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}."
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        super().__init__(self._process.stdout)

    def types(self, text: str) -> str:
        """Type a part of the document; return what is shown."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text.replace(THERE, self.network)}\necho; echo DONE\n".encode())
        self._process.stdin.flush()
        return self.until(r"^DONE\n").removesuffix("\nDONE\n").replace(self.network, THERE)

    def person(self, node: int) -> Person:
        """Somebody comes to a node."""
        return Person(8023, host=f"{self.network}{node}")

    def close(self) -> None:
        """End all that was started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    opened = Shell(tmp_path)
    yield opened
    opened.close()


def test_three_machines_step_by_step(tmp_path: Path, shell: Shell) -> None:
    text = DOCS.read_text().partition("## Three machines, step by step")[2].partition("### The options")[0]
    configuration, servers, nodes = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    shell.types(configuration)
    shell.types(servers)
    healthy = '{"status":"ok"}' * 3
    assert healthy in text
    look = "for n in 1 2 3; do curl -s http://127.0.0.$n:8222/healthz; done"
    assert f"$ {look}" in text
    end = time.monotonic() + PATIENCE
    while shell.types(look).strip() != healthy:
        assert time.monotonic() < end, "they have not found each other"
    shell.types(nodes)
    for node in 1, 2, 3:
        ready = shell.types(f"until grep -m1 'READY line' chat-{node}.log; do sleep 0.1; done")
        assert f"READY line tcp 127.0.0.{node}:8023" in ready
    people = [shell.person(node) for node in (1, 2, 3)]
    for person, nick in zip(people, ("ann", "bob", "cid"), strict=True):
        person.types(nick)
        person.until(rf"You are {nick}, in #lobby")
    code = people[0].until(r"/resume \S+").rpartition(" ")[2]
    people[0].until("brings you back")
    people[1].types("hello")
    for person in people[0], people[2]:
        person.until(r"^<bob> hello\r\n")
    assert "$ kill -9 %4" in text  # the first node, behind three servers
    shell.types("kill -9 %4")
    people[1].types("is ann still there?")
    people[2].until(r"still there\?\r\n")
    ann = shell.person(3)
    ann.types(f"/resume {code}")
    ann.until(r"You are ann, in #lobby")
    ann.until(r"<bob> is ann still there\?\r\n")
    for person in *people, ann:
        person.hang_up()
    store = "nats://127.0.0.1:4222,127.0.0.2:4222,127.0.0.3:4222"
    assert f"STORE={store}" in text
    shell.types(f"{TCPCHAT} log check --store {store}")

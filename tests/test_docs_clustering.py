"""docs/clustering.md, typed as it stands: servers of NATS, nodes, people, and what stands in front."""

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

from tcpchat.tap import Options
from tests.commands import TCPCHAT, run
from tests.nats_servers import a_name, one_server
from tests.processes import PATIENCE, Person, Reading, Server
from tests.test_proxies import need
from tests.test_systemd import analyze

DOCS = Path(__file__).parent.parent / "docs" / "clustering.md"

# Where the document is: what is tried here is elsewhere, for others may be at the same.
THERE = "127.0.0."


def a_network() -> str:
    """Return what the addresses of a network begin with: all of it is this machine."""
    return f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}."


def block(kind: str, beginning: str) -> str:
    """Return what the document has in a block of some kind."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)
    (found,) = [str(text) for its, text in blocks if its == kind and text.startswith(beginning)]
    return found


class Shell(Reading):
    """Somebody types what is in a document."""

    def __init__(self, folder: Path) -> None:
        self.network = a_network()
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

    def types_until_as_shown(self, text: str, line: str) -> None:
        """Type a line again and again until what it shows is what a document has."""
        expected = re.split(r"```|\$ ", text.partition(f"$ {line}\n")[2], maxsplit=1)[0].strip()
        assert expected, f"the document does not type {line}"
        end = time.monotonic() + PATIENCE
        while (shown := self.types(line).strip()) != expected:
            assert time.monotonic() < end, shown

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
    shell.types_until_as_shown(text, "for n in 1 2 3; do curl -s http://127.0.0.$n:8222/healthz; done")
    shell.types(nodes)
    for node in 1, 2, 3:
        ready = shell.types(f"until grep -m1 'READY line' chat-{node}.log; do sleep 0.1; done")
        assert f"READY line tcp 127.0.0.{node}:8023" in ready
    shell.types_until_as_shown(text, "for n in 1 2 3; do curl -s http://127.0.0.$n:8025/readyz; done")
    shell.types_until_as_shown(text, "tcpchat top --once 127.0.0.1 | tail -n 1")
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


def test_the_file_of_a_node_is_right(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text(block("toml", "store = "))
    ended = run("config", "check", str(tmp_path / "chat.toml"))
    assert (ended.status, ended.complaints) == (0, "")


def test_systemd_takes_the_template(tmp_path: Path) -> None:
    unit = block("ini", "[Unit]")
    (tmp_path / "tcpchat@.service").write_text(unit.replace("/opt/tcpchat/bin/tcpchat", "/bin/true"))
    (tmp_path / "tcpchat@1.service").symlink_to("tcpchat@.service")
    assert analyze("verify", str(tmp_path / "tcpchat@1.service")) == ""
    (command,) = re.findall(r"^ExecStart=\S+ serve (.*)$", unit.replace("\\\n", " "), re.MULTILINE)
    options = Options()
    options.parseOptions(command.split())
    assert (options["node"], options["store"]) == ("chat-%i", "nats://127.0.0.1:4222")


class Balancer(Reading):
    """HAProxy, as the document has it."""

    def __init__(self, folder: Path, network: str) -> None:
        text = block("", "defaults\n").replace("10.0.0.", network).replace("bind :", f"bind {network}9:")
        # On a busy machine an answer may take longer than a check there has time for.
        (folder / "haproxy.cfg").write_text(text.replace("inter 2s", "inter 10s fall 1 rise 1"))
        self.process = subprocess.Popen(
            [need("haproxy"), "-db", "-f", "haproxy.cfg"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdout is not None
        super().__init__(self.process.stdout)

    def __enter__(self) -> Balancer:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_haproxy_leaves_out_a_node_that_is_frozen_and_tells_who_comes(tmp_path: Path) -> None:
    network, store = a_network(), one_server().store(a_name())
    options = block("", "--listen haproxy:")

    def node(number: int) -> Server:
        words = [word.replace("10.0.0.1", f"{network}{number}") for word in options.split()]
        words[words.index("--proxies") + 1] = "127.0.0.0/8"  # of this machine all have one address
        name = f"chat-{number}"
        more = "--store", store, "--node", name, "--replica", f"{name}.sqlite3", "--log-level", "debug"
        return Server(tmp_path, *words, *more, listen="")

    with node(1).ready() as first, node(2).ready() as second, Balancer(tmp_path, network) as balancer:
        balancer.until("nodes/chat-3 is DOWN")
        first.process.send_signal(signal.SIGSTOP)
        balancer.until("nodes/chat-1 is DOWN, reason: Layer7 timeout")
        for number in 1, 2, 3:
            person = Person(8023, host=f"{network}9", source=f"127.3.3.{number}")
            person.until("nickname")
            second.until(rf"connected from 127\.3\.3\.{number} ")
            person.hang_up()
        first.process.send_signal(signal.SIGCONT)
        balancer.until("nodes/chat-1 is UP")

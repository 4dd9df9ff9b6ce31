"""A cluster as its operator starts, watches and ends it: real servers of NATS, real nodes, real people."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpchat.workers import machine
from tests.commands import TCPCHAT, run
from tests.nats_servers import a_name, free_ports, one_server, servers, three_servers
from tests.processes import PATIENCE, Person, Reading, Server
from tests.test_command_line import refusal

LISTEN = ("--listen", "tcp:0:interface=127.0.0.1")
PASSWORD = "analytical-engine"


@pytest.fixture
def store() -> str:
    """Return a store of its own, in the server that all tests share."""
    return one_server().store(a_name())


class Served(Server):
    """What ``tcpchat serve`` starts."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [TCPCHAT, "serve", *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        Reading.__init__(self, self.process.stdout)
        self.port = 0
        self._guests = []

    def workers(self) -> list[int]:
        """Return the workers' ids."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]


def is_there(pid: int) -> bool:
    """Tell whether a process lives, in any state but that of a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until_gone(*pids: int) -> None:
    """Wait until processes have ended."""
    end = time.monotonic() + PATIENCE
    while any(map(is_there, pids)):
        assert time.monotonic() < end, "they have not ended"
        select_nothing()


def select_nothing() -> None:
    """Let some milliseconds pass, in which other processes do what they do."""
    subprocess.run(["true"], check=True)


def come_in(server: Server, number: int) -> list[Person]:
    """Have so many people come in, each called by their number."""
    people = []
    for each in range(number):
        people.append(server.person(f"u{each}"))
    return people


# One node.


def test_a_node_is_a_server_and_what_was_said_outlives_its_replica(tmp_path: Path, store: str) -> None:
    with Server(tmp_path, "--store", store, "--node", "a").ready() as node:
        assert f"Node a of {store}: 1 copy; no other node runs." in node.shown
        ann, bob = node.person("ann"), node.person("bob")
        ann.types("hello")
        bob.until(r"^<ann> hello\r\n")
        bob.types("/quit")
        bob.until("Goodbye")
        assert node.terminate() == 0
    (tmp_path / "tcpchat-replica.sqlite3").unlink()
    for rest in tmp_path.glob("tcpchat-replica.sqlite3-*"):
        rest.unlink()
    with Server(tmp_path, "--store", store, "--node", "a").ready() as node:
        cid = node.person()
        cid.types("cid")
        cid.until(r"<ann> hello\r\n")
        assert node.terminate() == 0


def test_what_is_said_on_one_node_is_heard_on_the_other(tmp_path: Path, store: str) -> None:
    options = "--store", store, "--limits", "off"
    with (
        Server(tmp_path, *options, "--node", "a", "--replica", "a.sqlite3").ready() as first,
        Server(tmp_path, *options, "--node", "b", "--replica", "b.sqlite3").ready() as second,
    ):
        assert ": 1 copy; other nodes: a." in second.shown
        first.until(r"The node b has come\.")
        ann, bob = first.person("ann"), second.person("bob")
        ann.types(*[f"line {number}" for number in range(100)])
        said = bob.until(r"^<ann> line 99\r\n")
        lines = re.findall(r"^<ann> (line \d+)\r\n", said, re.MULTILINE)
        assert lines == [f"line {number}" for number in range(100)]
        assert second.terminate() == 0
        first.until(r"The node b has ended\.")


def test_the_configuration_may_be_in_a_file(tmp_path: Path, store: str) -> None:
    (tmp_path / "chat.toml").write_text(
        f'listen = ["tcp:0:interface=127.0.0.1"]\nstore = "{store}"\nnode = "a"\nreplica = "a.sqlite3"\n'
    )
    with Server(tmp_path, "--config", "chat.toml", listen="").ready() as node:
        node.person("ann")
        assert (tmp_path / "a.sqlite3").exists()


# What is refused.


def test_without_what_a_cluster_needs_it_is_said_what_to_type(tmp_path: Path) -> None:
    for words in ("serve", "--store", "nats://n1"), ("log", "check", "--store", "nats://n1"):
        program = f"import sys; sys.modules['nats'] = None; sys.argv[1:] = {words!r}\n"
        program += "from tcpchat.__main__ import main; main()"
        ended = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False
        )
        assert ended.returncode == 64
        (line,) = ended.stderr.decode().splitlines()
        assert line.endswith("pip install 'tcpchat[cluster]'")
        assert not list(tmp_path.iterdir())


def test_servers_that_are_not_there_are_waited_for_and_then_named(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    ended = subprocess.run(
        [TCPCHAT, "serve", *LISTEN, "--store", f"nats://127.0.0.1:{port}/chat"],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    shown = ended.stdout.decode()
    assert ended.returncode == 71 and "Traceback" not in shown and "READY" not in shown, shown
    assert "No NATS server answers" in shown  # at once
    assert f"The log nats://127.0.0.1:{port}/chat cannot be opened: no server answers, for 15 s" in shown


def test_a_tool_waits_for_servers_not_as_long() -> None:
    (port,) = free_ports(1)
    ended = run("log", "check", "--store", f"nats://127.0.0.1:{port}/chat")
    assert (ended.status, ended.shown) == (71, "")
    assert ended.complaints == (
        f"tcpchat: The log nats://127.0.0.1:{port}/chat cannot be opened: no server answers, for 8 s now.\n"
    )


def test_what_is_weak_is_told_and_refused_if_one_is_strict(tmp_path: Path, store: str) -> None:
    with Server(tmp_path, "--store", store).ready() as node:
        assert "The stream has 1 replica" in node.shown
        assert "sync_interval" in node.shown  # its monitoring is not where one would look for it
        assert node.terminate() == 0
    ended = subprocess.run(
        [TCPCHAT, "serve", *LISTEN, "--store", store, "--strict"],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 71
    assert b"is weaker than --strict allows: The stream has 1 replica" in ended.stdout
    assert b"READY" not in ended.stdout and b"Traceback" not in ended.stdout + ended.stderr


def test_a_stream_of_another_program_is_left_alone(tmp_path: Path) -> None:
    name = a_name()
    _ask_nats(f"$JS.API.STREAM.CREATE.{name}", {"name": name, "subjects": [f"{name}.orders.>"]})
    line = refusal(tmp_path, 65, *LISTEN, "--store", one_server().store(name))
    assert f"The stream {name} is another program's" in line


def test_a_replica_of_another_server_is_refused(tmp_path: Path, store: str) -> None:
    with Server(tmp_path, "--store", store, "--node", "a").ready() as node:
        line = refusal(tmp_path, 75, *LISTEN, "--store", store, "--node", "b")
        assert str(node.process.pid) in line


def test_a_second_server_of_a_nodes_name_is_refused_and_the_first_goes_on(tmp_path: Path, store: str) -> None:
    with Server(tmp_path, "--store", store, "--node", "a").ready() as node:
        ann = node.person("ann")
        second = "--store", store, "--node", "a", "--replica", "b.sqlite3"
        ended = subprocess.run(
            [TCPCHAT, "serve", *LISTEN, *second],
            cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        shown = ended.stdout.decode()
        assert ended.returncode == 75 and "READY" not in shown and "Traceback" not in shown, shown
        assert "Another server of this cluster is the node a, and runs: give each its own --node." in shown
        ann.types("/me stays")
        node.person("bob").until(r"\* ann stays\r\n")
        assert node.terminate() == 0
    # After a clean end the name is free, also with another replica.
    with Server(tmp_path, *second).ready() as node:
        node.kill()
    with Server(tmp_path, *second).ready() as node:  # after a crash, with the replica that it had
        assert "this one waits" not in node.shown
        assert node.terminate() == 0


def _ask_nats(subject: str, question: object) -> None:
    """Ask the server that all tests share for something, in its own protocol; wait for the answer."""
    host, _, port = one_server().urls[0].rpartition(":")
    payload = json.dumps(question).encode()
    with socket.create_connection((host, int(port)), PATIENCE) as there:
        there.sendall(
            b'CONNECT {"verbose":false}\r\nSUB _INBOX.x 1\r\n'
            + f"PUB {subject} _INBOX.x {len(payload)}\r\n".encode()
            + payload
            + b"\r\n"
        )
        answer = Reading(there).until(r"^MSG _INBOX.*\r\n.*\r\n")
        assert '"error"' not in answer, answer


# Cut off.


def test_people_and_the_operator_are_told_when_the_log_is_gone_and_when_it_is_back(tmp_path: Path) -> None:
    with servers() as nats:
        options = "--store", nats.store("chat"), "--limits", "off"
        with Server(tmp_path, *options).ready() as node:
            ann, bob = node.person("ann"), node.person("bob")
            ann.types("before")
            bob.until(r"^<ann> before\r\n")
            nats.kill(0)
            for person in ann, bob:
                person.until(r"^\*\*\* The log cannot be reached: nothing can be said for now\.\r\n")
            node.until(r"The log nats://.*/chat cannot be reached\.")
            ann.types("meanwhile", "/who")
            shown = ann.until(r"^!!! Not sent: .*\r\n")
            assert "in #lobby" in shown + ann.until(r"in #lobby: ann, bob\.\r\n")
            newcomer = node.person()
            newcomer.until(r"nickname\?\r\n")
            newcomer.types("cid")
            newcomer.until(
                r"^!!! Nobody can come in now, as the log cannot be written\. Try again later\.\r\n"
            )
            nats.start(0)
            for person in ann, bob:
                person.until(r"^\*\*\* The log is back\.\r\n")
            node.until(r"The log nats://.*/chat is back, after .* s\.")
            ann.types("after")
            assert "meanwhile" not in bob.until(r"^<ann> after\r\n")
            assert node.terminate() == 0


def test_the_operator_is_told_of_each_server_of_nats_that_goes_and_comes_back(tmp_path: Path) -> None:
    with three_servers() as nats:
        with Server(tmp_path, "--store", nats.store("chat"), "--node", "a").ready() as node:
            assert re.search(r": 3 copies, on n1, n2, n3 \(n\d leads\);", node.shown)
            follower = nats.all[(nats.leader("chat") + 1) % 3]
            follower.kill()
            node.until(rf"The NATS server {follower.name} is out: the stream chat has 2 of 3 copies\.")
            follower.start()
            node.until(rf"The NATS server {follower.name} is back: the stream chat has 3 of 3 copies\.")
            leader = nats.leader("chat")
            nats.kill(leader)
            node.until(r"The NATS server n\d leads the stream chat now\.")
            node.until(rf"The NATS server n{leader + 1} is out: the stream chat has 2 of 3 copies\.")
            assert node.terminate() == 0


# Several on one machine.


@pytest.fixture
def workers(tmp_path: Path, store: str) -> Iterator[Served]:
    options = "--store", store, "--limits", "off", "--workers", "2", "--node", "chat"
    with Served(tmp_path, *LISTEN, *options) as served:
        served.ready()
        yield served


def test_workers_share_the_port_and_the_rooms(tmp_path: Path, workers: Served) -> None:
    assert workers.shown.count("READY") == 1
    assert "Worker chat-1 is ready." in workers.shown and "Worker chat-2 is ready." in workers.shown
    people = come_in(workers, 16)
    people[0].types("hello")
    for person in people[1:]:
        person.until(r"^<u0> hello\r\n")
    for number in 1, 2:
        replica = tmp_path / f"tcpchat-replica-{number}.sqlite3"
        assert replica.exists()
        # Of 16 connections, all go to one of two once in 30,000 times.
        assert _connections(workers.workers()[number - 1], workers.port)
    assert workers.terminate() == 0


def _connections(pid: int, port: int) -> int:
    """Return how many connections a process has on a port: proc(5), net/tcp, state 01."""
    sockets = {
        os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd") if os.path.islink(entry.path)
    }
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = f":{port:04X}"
    return sum(row[1].endswith(own) and row[3] == "01" and f"socket:[{row[9]}]" in sockets for row in rows)


def test_a_worker_that_is_killed_is_started_again_and_its_people_come_back(workers: Served) -> None:
    people = come_in(workers, 8)
    first, second = workers.workers()
    os.kill(second, signal.SIGKILL)
    workers.until(r"Worker chat-2 has ended by signal 9; it is started again in 1 s\.")
    workers.until(r"Worker chat-2 is ready\.")
    assert first in workers.workers() and second not in workers.workers()
    someone = workers.person()
    someone.types("newcomer")
    someone.until(r"You are newcomer")
    del people
    assert workers.terminate() == 0


def test_they_end_when_the_parent_is_killed(workers: Served) -> None:
    pids = workers.workers()
    assert len(pids) == 2
    workers.kill()
    until_gone(*pids)


def test_a_signal_to_all_of_them_is_one_end(workers: Served) -> None:
    """As Ctrl-C in a terminal is, and the end of a service of systemd."""
    pids = workers.workers()
    for pid in *pids, workers.process.pid:
        os.kill(pid, signal.SIGTERM)
    assert workers.process.wait(PATIENCE) == 0
    until_gone(*pids)


def test_workers_that_cannot_start_end_it_with_their_status(tmp_path: Path, store: str) -> None:
    (tmp_path / "tcpchat-replica-2.sqlite3").write_text("Dear Ada, this is not a log.\n" * 10)
    with Served(tmp_path, *LISTEN, "--store", store, "--workers", "2") as served:
        assert served.process.wait(PATIENCE) == 65
        assert f"{machine()}-2" in served.rest() and "READY line" not in served.text


def test_ports_may_be_shared_by_hand(tmp_path: Path, store: str) -> None:
    (port,) = free_ports(1)
    options = "--store", store, "--listen", f"tcp:{port}:interface=127.0.0.1", "--reuse-port"
    with (
        Served(tmp_path, *options, "--replica", "a.sqlite3").ready() as first,
        Served(tmp_path, *options, "--replica", "b.sqlite3").ready() as second,
    ):
        assert first.port == second.port == port
        come_in(first, 4)


# The tools.


def test_accounts_are_the_affair_of_a_node_that_runs_here(tmp_path: Path, store: str) -> None:
    options = "--store", store, "--replica", str(tmp_path / "a.sqlite3")
    ended = run("account", "list", *options)
    assert ended.status == 71 and ended.complaints.startswith("tcpchat: No node of the cluster answers here")
    with Server(tmp_path, "--store", store, "--replica", "a.sqlite3").ready() as node:
        ended = run("account", "add", "ada", *options, typed=f"{PASSWORD}\n")
        assert (ended.status, ended.shown) == (0, "Added the account ada.\n")
        ada = node.person()
        ada.types(f"/login ada {PASSWORD}")
        ada.until(r"You are ada")
        assert "here now" in run("account", "list", *options).shown
        assert run("ban", "list", *options).status == 0
        # Of one that is stopped nothing is known, and after a kill nobody is there.
        node.process.send_signal(signal.SIGSTOP)
        ended = run("account", "list", *options)
        assert (ended.status, ended.shown) == (75, "")
        assert "has not answered within 10 s: whether it is done is not known." in ended.complaints
        node.kill()
    ended = run("account", "list", *options)
    assert ended.status == 71 and ended.complaints.startswith("tcpchat: No node of the cluster answers here")
    # A replica is no store: what was done to it alone would be lost, and the others would not know.
    ended = run("account", "list", "--store", f"sqlite:{tmp_path}/a.sqlite3")
    assert (ended.status, ended.shown) == (71, "")
    assert "is the replica of a cluster's log" in ended.complaints


def test_of_workers_one_answers_the_tools(tmp_path: Path, store: str, workers: Served) -> None:
    options = "--store", store, "--replica", str(tmp_path / "tcpchat-replica.sqlite3")
    assert run("account", "add", "ada", *options, typed=f"{PASSWORD}\n").status == 0
    assert run("account", "list", *options).shown.startswith("ada ")


def test_the_log_is_read_from_the_stream_with_a_node_and_without(tmp_path: Path, store: str) -> None:
    name = store.rpartition("/")[2]
    with Server(tmp_path, "--store", store).ready() as node:
        ann, bob = node.person("ann"), node.person("bob")
        ann.types("one", "/msg bob psst", "two")
        bob.until(r"^<ann> two\r\n")
        ended = run("log", "check", "--store", store)
        assert ended.status == 0 and re.match(r"OK: 1 room, \d+ entries, epoch \S+\.\n", ended.shown), ended
        assert "tcpchat: The stream has 1 replica" in ended.complaints
        assert node.terminate() == 0
    ended = run("log", "dump", "--store", store, "--room", "lobby")
    entries = [json.loads(line) for line in ended.shown.splitlines()]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["text"] for entry in entries if entry["type"] == "message"] == ["one", "two"]
    assert {entry["room"] for entry in entries} == {"lobby"}
    assert "psst" not in run("log", "dump", "--store", store).shown
    assert "psst" in run("log", "dump", "--store", store, "--private").shown
    assert f"/{name}" in run("log", "dump", "--store", store, "--room", "nowhere").complaints


def test_a_log_that_is_not_there_is_not_made_by_a_tool(store: str) -> None:
    for _ in range(2):
        ended = run("log", "check", "--store", store)
        assert ended.status == 71 and "there is no stream" in ended.complaints


def test_a_backup_of_a_cluster_is_for_nats_to_make(store: str) -> None:
    for command in "backup", "restore":
        ended = run("log", command, "copy", "--store", store)
        assert ended.status == 64 and "docs/clustering.md" in ended.complaints

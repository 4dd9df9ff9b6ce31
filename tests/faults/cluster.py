"""Chat nodes on NATS, whole or broken on purpose, what they have in their log, and the crowd on them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

from tcpchat.dump import fields
from tcpchat.logs.sqlite_tools import ALL, StoredLog
from tests.faults.checker import Finding, Record, check, record, records, summary
from tests.faults.clients import Client, Crowd, JsonClient, TextClient
from tests.faults.cluster_checker import check_equality, check_lateness, check_presence
from tests.faults.jetstream import Stream
from tests.faults.journal import Acknowledged, Refused, Sent
from tests.faults.proxy import Faults, Proxy
from tests.faults.servers import BrokenServer
from tests.processes import PATIENCE, Server

NODES = 3
# Seconds within which a sender is told what became of a line.
LONGEST = 25.0
# Lines that wait at most for a client to say them: while nothing can be said, no more pile up.
MOST_TO_SAY = 20
# Seconds between two looks at the servers.
LOOK = 0.3


class Cluster:
    """Chat nodes that share a stream; each may have a proxy of its own in front of the NATS servers."""

    def __init__(
        self,
        folder: Path,
        ports: Sequence[int],
        name: str,
        nodes: int = NODES,
        broken: str = "",
        faults: Faults | None = None,
    ) -> None:
        """``name`` is the stream's, ``broken`` what is broken in the nodes; ``faults`` is for the proxies."""
        self.name = name
        self._folder = folder
        self._servers = ports
        self._broken = broken
        self.proxies = [] if faults is None else [Proxy(ports, Random(n), faults) for n in range(nodes)]
        self.nodes: list[Server] = []
        try:
            self.nodes += [self._start(n, 0) for n in range(nodes)]
            for node in self.nodes:
                node.ready()
            self.stream = Stream(name, ports)
        except BaseException:
            self.__exit__()
            raise

    def _start(self, number: int, port: int) -> Server:
        ports = self.proxies[number].ports if self.proxies else self._servers
        folder = self._node(number)
        folder.mkdir(exist_ok=True)
        options = "--store", self.store(ports), "--node", f"n{number}", "--limits", "off"
        listen = f"tcp:{port}:interface=127.0.0.1"
        if self._broken:
            return BrokenServer(folder, self._broken, *options, listen=listen)
        return Server(folder, *options, listen=listen)

    def _node(self, number: int) -> Path:
        return self._folder / f"node{number}"

    def store(self, ports: Sequence[int]) -> str:
        """Return how the stream is called, on some servers."""
        return f"nats://{','.join(f'127.0.0.1:{port}' for port in ports)}/{self.name}"

    def restart(self, number: int) -> None:
        """Start a node again that was killed, where it was."""
        dead = self.nodes[number]
        dead.__exit__()
        self.nodes[number] = self._start(number, dead.port).ready()

    def drain(self) -> None:
        """Read what the nodes tell their operators, so that they need not wait for that."""
        for node in self.nodes:
            while not node._ended and node._more(0):
                pass

    def connected_to(self, number: int) -> int | None:
        """Return which server a node is connected to, by its place."""
        process = self.nodes[number].process.pid
        inodes = set()
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            except FileNotFoundError:
                continue
            if found:
                inodes.add(found[1])
        for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            port = int(fields[2].partition(":")[2], 16)
            if fields[9] in inodes and port in self._servers:
                return self._servers.index(port)
        return None

    def dump(self) -> list[Record]:
        """Return everything that is in the log, as the tool for that prints it."""
        tool = Path(sys.executable).with_name("tcpchat")
        printed = subprocess.run(
            [tool, "log", "dump", "--private", "--store", self.store(self._servers)],
            cwd=self._folder, check=True, stdout=subprocess.PIPE, timeout=10 * PATIENCE,
        )  # fmt: skip
        return list(records(printed.stdout.splitlines()))

    def copies(self) -> dict[str, list[Record]]:
        """Return what is in it as each node has it, and as JetStream has it, by whose it is."""
        copies = {"JetStream": list(self.stream.records())}
        for number in range(len(self.nodes)):
            with closing(StoredLog(str(self._node(number) / "tcpchat-replica.sqlite3"))) as log:
                lost: list[str] = []
                entries = log.entries(ALL, lambda *_: None, lost.append)
                copies[f"n{number}"] = [record(fields(log.epoch, *found)) for found in entries]
                assert not lost, lost
        return copies

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as stack:
            for proxy in self.proxies:
                stack.callback(proxy.close)
            for node in self.nodes:
                stack.push(node)


class Talk:
    """A crowd that says so many lines a second, spread over three nodes, and what it has to say of them."""

    def __init__(
        self, cluster: Cluster, random: Random, rate: float, folder: Path, is_broken: bool = False
    ) -> None:
        """``is_broken``: the cluster is, on purpose, and perhaps never lets everybody into every room."""
        self.cluster = cluster
        self.crowd = Crowd(0, random)
        self._rate = rate
        self._folder = folder
        self._begun = time.monotonic()
        self._granted = 0
        names = iter(("ann", "bea", "carl", "dora", "eve", "fred", "gus", "hal", "ian"))
        for node in cluster.nodes:
            clients: list[Client] = [
                JsonClient(self.crowd, next(names), ("lobby", "dev")),
                JsonClient(self.crowd, next(names)),
                TextClient(self.crowd, next(names), window=1),
            ]
            for client in clients:
                client.port = node.port
            self.crowd.add(*clients)
        self.wait(lambda: all(it.is_in if is_broken else it.is_done for it in self.crowd.clients))

    def on(self, number: int) -> list[Client]:
        """Return who is on a node."""
        port = self.cluster.nodes[number].port
        return [client for client in self.crowd.clients if client.port == port]

    def go_on(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Talk for so long, or until something is so; tell whether it came to be."""
        self._begun, self._granted = time.monotonic(), 0
        return self.crowd.run(lambda: self._grant() or until(), seconds)

    def wait(self, until: Callable[[], bool], patience: float = 2 * PATIENCE) -> None:
        """Have nobody begin to talk until something is so."""

        def drained() -> bool:
            self.cluster.drain()
            return until()

        assert self.crowd.run(drained, patience), self.crowd.complaints()

    def wait_for_servers(self) -> None:
        """Have nobody begin to talk until all NATS servers have all of the stream."""
        looked = 0.0

        def are_whole() -> bool:
            nonlocal looked
            if time.monotonic() < looked + LOOK:
                return False
            looked = time.monotonic()
            return self.cluster.stream.is_whole()

        self.wait(are_whole)

    def _grant(self) -> bool:
        self.cluster.drain()
        due = int((time.monotonic() - self._begun) * self._rate)
        for _ in range(self._granted, due):
            client = self.crowd.random.choice(self.crowd.clients)
            if client.quota < MOST_TO_SAY:
                client.quota += 1
        self._granted = due
        return False

    def heals(self, patience: float, *absent: Client) -> float:
        """
        Talk until each client, but for the absent ones, knows that a line of theirs is in the log
        that was sent from now on; return the seconds.
        """
        begun = time.monotonic()
        clients = [client for client in self.crowd.clients if client not in absent]
        looked = {client.name: len(client.journal.notes) for client in clients}
        sent: set[str] = set()
        known: set[str] = set()

        def is_healed() -> bool:
            for client in clients:
                for note in client.journal.notes[looked[client.name] :]:
                    if isinstance(note, Sent):
                        sent.add(note.ref)
                    elif isinstance(note, Acknowledged) and note.ref in sent:
                        known.add(client.name)
                looked[client.name] = len(client.journal.notes)
            return len(known) == len(clients)

        if not self.go_on(patience, is_healed):
            waiting = {client.name: client.waits_for for client in clients if client.name not in known}
            raise AssertionError(f"{waiting} after {patience:.0f} s; {self.crowd.strays}")
        return time.monotonic() - begun

    def end(self, *excused: Client) -> list[Finding]:
        """
        Have everybody see everything and go; return what is wrong.

        Who is ``excused`` may have been told late what became of a line.
        """
        is_settled = self.crowd.settle(2 * PATIENCE)
        complaints = self.crowd.complaints()
        if not is_settled:
            self.crowd.leave(self._folder)
            raise AssertionError(complaints)
        findings = self.look_at(excused)
        assert not complaints, complaints
        return findings

    def look_at(self, excused: Sequence[Client] = ()) -> list[Finding]:
        """Have everybody go now; return what is wrong."""
        log, copies = self.cluster.dump(), self.cluster.copies()  # while everybody is there
        journals = self.crowd.leave(self._folder)
        late = {client.name for client in excused}
        findings = [
            *check(journals, log),
            *check_presence(journals, log),
            *check_equality(log, copies),
            *check_lateness([journal for journal in journals if journal.who not in late], LONGEST),
        ]
        notes = [note for journal in journals for note in journal.notes]
        refused = sum(isinstance(note, Refused) for note in notes)
        print(f"{len(log)} entries, {len(notes)} notes, {refused} refused: {summary(findings)}")
        return findings

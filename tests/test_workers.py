"""Several nodes on one machine: in which order they start, who is told of it, and how they end."""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace
from twisted.internet.endpoints import serverFromString
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.assignment import ASSIGNED
from tcpchat.config import Config, WrongConfig
from tcpchat.configuring import Chosen
from tcpchat.endpoints import Door
from tcpchat.log_lines import WHOLE, lines
from tcpchat.port_sharing import Holding
from tcpchat.workers import Workers
from tests.test_worker import Process, Processes


class WorkersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Processes()
        self.left: list[Callable[[], None]] = []
        self.patch(atexit, "register", self.left.append)

    def begin(self, *listen: str, workers: int = 3, **options: Any) -> Workers:
        """Start them, the first one in fact."""
        listen = listen or ("tcp:0:interface=127.0.0.1",)
        config = Config(store="nats://n1", node="chat", workers=workers, listen=listen, **options)
        doors = [Door(it.partition(":")[0], serverFromString(Holding(), it)) for it in listen]
        self.chosen: Config | WrongConfig = config

        def read() -> Chosen:
            if isinstance(self.chosen, WrongConfig):
                raise self.chosen
            return Chosen(self.chosen, ())

        made = Workers(self.reactor, config, doors, read)
        made.startService()
        self.addCleanup(self.end, made, self.reactor)
        return made

    def end(self, workers: Workers, reactor: Processes) -> None:
        if workers.running:
            ended = workers.stopService()
            for process in reactor.processes:
                if not process.is_gone:
                    process.ends()
            self.successResultOf(ended)

    def ready(self, *processes: Process) -> list[str]:
        """Have some of them say that they are ready; return what the operator is told."""
        with capturedLogs() as events:
            for process in processes:
                process.says("2026 [-] READY line tcp 127.0.0.1:1\n2026 [-] To join: nc 127.0.0.1 1\n")
        return [formatEvent(event) for event in events]

    def test_the_first_one_starts_alone_and_all_are_ready_when_the_last_one_is(self) -> None:
        workers = self.begin()
        (first,) = self.reactor.processes
        self.assertEqual(self.ready(first), ["Worker chat-1 is ready."])
        _, second, third = self.reactor.processes
        self.assertEqual(self.ready(third), ["Worker chat-3 is ready."])
        told = self.ready(second)
        port = workers._held[0].getsockname()[1]
        self.assertEqual(told, ["Worker chat-2 is ready.", f"READY line tcp 127.0.0.1:{port}"])

    def test_each_is_told_the_ports_that_are_held_and_has_a_name_and_a_replica(self) -> None:
        workers = self.begin("tcp:0:interface=127.0.0.1", "tcp:0:interface=127.0.0.2")
        ports = [held.getsockname()[1] for held in workers._held]
        configs = [worker.config for worker in workers._workers]
        self.assertEqual(
            {config.listen for config in configs},
            {(f"tcp:{ports[0]}:interface=127.0.0.1", f"tcp:{ports[1]}:interface=127.0.0.2")},
        )
        self.assertEqual([config.node for config in configs], ["chat-1", "chat-2", "chat-3"])
        self.assertEqual(
            [config.replica for config in configs],
            [f"tcpchat-replica-{number}.sqlite3" for number in (1, 2, 3)],
        )

    def test_one_is_ready_when_all_its_doors_are_open(self) -> None:
        self.begin("tcp:0:interface=127.0.0.1", "tcp:0:interface=127.0.0.2", workers=2)
        (first,) = self.reactor.processes
        self.assertEqual(self.ready(first), [])
        self.assertEqual(self.ready(first), ["Worker chat-1 is ready."])

    def test_what_they_log_is_logged_as_it_is_with_their_names(self) -> None:
        for format, line, shown in (
            ("text", "2026 [x#info] hello", "chat-1 2026 [x#info] hello\n"),
            ("json", '{"text": "hello"}', '{"worker": "chat-1", "text": "hello"}\n'),
        ):
            self.reactor = Processes()
            self.begin(log_format=format)
            with capturedLogs() as events:
                self.reactor.processes[0].says(f"{line}\n\n")
            (event,) = events
            self.assertEqual(lines(format, "info")(event), shown)
            self.assertEqual(event[WHOLE], shown[:-1])

    def test_one_that_dies_is_started_again_and_the_others_go_on(self) -> None:
        self.begin(workers=2)
        self.ready(self.reactor.processes[0])
        self.ready(self.reactor.processes[1])
        with capturedLogs() as events:
            self.reactor.processes[1].ends(signal=9)
        self.assertEqual(
            [formatEvent(event) for event in events],
            ["Worker chat-2 has ended by signal 9; it is started again in 1 s."],
        )
        self.reactor.advance(1)
        self.assertEqual(self.reactor.processes[2].command[-1], "chat-2")
        self.assertEqual(self.ready(self.reactor.processes[2]), ["Worker chat-2 is ready."])
        self.assertEqual((self.reactor.stopped, self.left), (0, []))

    def test_one_that_ends_before_all_are_ready_ends_all_with_its_status(self) -> None:
        for ends, status in ({"status": 71}, 71), ({"status": 64}, 64), ({"signal": 11}, 71), ({}, 71):
            self.reactor = Processes()
            self.begin()
            self.ready(self.reactor.processes[0])
            statuses: list[int] = []
            with capturedLogs() as events:
                self.reactor.processes[1].ends(**ends)
            self.assertEqual(self.reactor.stopped, 1)
            (told,) = map(formatEvent, events)
            self.assertIn("Worker chat-2 has ended", told)
            self.patch(os, "_exit", statuses.append)
            self.left.pop()()
            self.assertEqual(statuses, [status])

    def test_a_port_that_somebody_has_ends_it_before_any_worker_starts(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy, capturedLogs() as events:
            port = busy.getsockname()[1]
            self.begin(f"tcp:{port}:interface=127.0.0.1")
        self.assertEqual(
            [formatEvent(event) for event in events],
            [f"Cannot listen on 127.0.0.1 port {port}: another program has that port."],
        )
        self.assertEqual((self.reactor.stopped, self.reactor.processes), (1, []))

    def test_all_of_them_end_when_it_ends(self) -> None:
        workers = self.begin()
        self.ready(self.reactor.processes[0])
        ended = workers.stopService()
        self.assertEqual([process.has_input for process in self.reactor.processes], [False] * 3)
        for process in self.reactor.processes:
            self.assertNoResult(ended)
            process.ends()
        self.successResultOf(ended)
        self.assertEqual((self.reactor.stopped, self.left), (0, []))

    def test_a_signal_is_passed_on_to_all_that_are_ready_and_to_the_others_when_they_are(self) -> None:
        workers = self.begin(workers=2)
        self.ready(self.reactor.processes[0])
        for _ in range(2):
            workers.pass_on("HUP")
        first, second = self.reactor.processes
        self.assertEqual((first.signals, second.signals), (["HUP"] * 2, []))
        self.ready(second)
        self.assertEqual(second.signals, ["HUP"])
        second.ends(signal=9)
        workers.pass_on("HUP")
        self.reactor.advance(1)
        third = self.reactor.processes[2]
        self.assertEqual(third.signals, [])
        self.ready(third)
        self.assertEqual((first.signals, third.signals), (["HUP"] * 3, ["HUP"]))

    def reload(self, workers: Workers, chosen: Config | WrongConfig) -> list[str]:
        """Have another configuration be chosen; return what the operator is told."""
        self.chosen = chosen
        with capturedLogs() as events:
            workers.reload()
        return [formatEvent(event) for event in events]

    def test_those_who_are_ready_are_told_to_read_the_configuration_and_the_others_when_they_are(
        self,
    ) -> None:
        workers = self.begin(workers=2)
        self.ready(self.reactor.processes[0])
        self.assertEqual(self.reload(workers, replace(workers.config, history=3)), [])
        first, second = self.reactor.processes
        self.assertEqual((first.signals, second.signals), (["HUP"], []))
        self.ready(second)
        self.assertEqual((first.signals, second.signals), (["HUP"], ["HUP"]))

    def test_one_that_is_started_again_is_what_was_chosen_last(self) -> None:
        workers = self.begin(workers=1)
        self.ready(*self.reactor.processes)
        self.reload(workers, replace(workers.config, history=3, durability="crash"))
        self.reactor.processes[0].ends(1)
        self.reactor.advance(1)
        told = self.reactor.processes[-1].environment[ASSIGNED]
        again = msgspec.json.decode(told, type=Config)
        self.assertEqual((again.history, again.durability, again.workers), (3, "power", 1))
        self.ready(self.reactor.processes[-1])
        self.assertEqual(self.reactor.processes[-1].signals, [])

    def test_what_only_a_restart_changes_is_told_as_the_ports_are(self) -> None:
        workers = self.begin(workers=2)
        self.ready(*self.reactor.processes)
        told = self.reload(workers, replace(workers.config, listen=("tcp:1",), workers=3, history=3))
        self.assertEqual(told, ["Only a restart changes listen, workers."])

    def test_a_wrong_one_is_told_and_no_worker_hears_of_it(self) -> None:
        workers = self.begin(workers=1)
        self.ready(*self.reactor.processes)
        told = self.reload(workers, WrongConfig("chat.toml:1: one.\nchat.toml:2: two."))
        wrong = "The configuration is wrong: nothing has changed."
        self.assertEqual(told, ["chat.toml:1: one.", "chat.toml:2: two.", wrong])
        self.assertEqual(self.reactor.processes[0].signals, [])

"""What a worker is to be, and what ends it."""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec.structs import replace
from twisted.internet.error import ConnectionDone, ReactorNotRunning
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.assignment import Leash, as_assigned, assigned, assigned_to, environment
from tcpchat.checking import check, together
from tcpchat.config import Config
from tcpchat.limits import Limits, Retention


class AssignmentTests(SynchronousTestCase):
    def test_each_worker_has_its_own_name_and_replica_and_the_ports_of_all(self) -> None:
        config = Config(store="nats://n1", node="chat", replica="a/r.sqlite3", workers=3, history=20)
        listen = ("tcp:4711",)
        self.assertEqual(
            assigned_to(config, 2, listen),
            Config(
                store="nats://n1", node="chat-2", replica="a/r-2.sqlite3", history=20,
                listen=listen, reuse_port=True,
            ),
        )  # fmt: skip

    def test_each_worker_has_a_page_of_figures_of_its_own(self) -> None:
        pages = {
            "tcp:8025": ["tcp:8025", "tcp:8026", "tcp:8027"],
            "tcp:port=8025:interface=::1": [f"tcp:port={port}:interface=::1" for port in (8025, 8026, 8027)],
            "tcp:0:interface=127.0.0.1": ["tcp:0:interface=127.0.0.1"] * 3,
            "unix:/run/figures.socket:mode=660": [
                f"unix:/run/figures-{number}.socket:mode=660" for number in (1, 2, 3)
            ],
        }
        for page, expected in pages.items():
            config = Config(store="nats://n1", metrics=page, workers=3)
            self.assertEqual([assigned_to(config, it, ()).metrics for it in (1, 2, 3)], expected)

    def test_what_is_its_own_stays_when_another_configuration_is_chosen(self) -> None:
        chosen = Config(listen=("tcp:1",), store="nats://n1", metrics="tcp:8025", workers=3, node="a")
        mine = assigned_to(chosen, 2, ("tcp:2",))
        self.assertEqual(as_assigned(chosen, mine), mine)
        other = replace(chosen, history=3, metrics="tcp:9000")
        self.assertEqual(as_assigned(other, mine), replace(mine, history=3))

    def test_a_node_without_a_name_makes_one_up(self) -> None:
        self.assertIsNone(assigned_to(Config(workers=2), 1, ()).node)

    def test_what_it_is_to_be_comes_as_it_was_chosen(self) -> None:
        limits = {"rooms": 7}
        for settings in {}, {"limits": "off"}, {"limits": limits, "retention": {"days": 30}, "motd": "ä\n"}:
            config, _ = together(check({**settings, "operator": ["anna"], "trusted": ["10.0.0.0/8"]}))
            for name, value in environment(config).items():
                self.patch(os, "environ", os.environ | {name: value})
            self.assertEqual(assigned(), config)
        self.assertEqual((config.chosen_limits, config.retention), (Limits(rooms=7), Retention(days=30)))

    def test_whoever_is_told_nothing_is_no_worker(self) -> None:
        self.assertIsNone(assigned())


class StoppableReactor:
    """What of a reactor a leash needs."""

    def __init__(self) -> None:
        self.readers: list[object] = []
        self.stopped = 0
        self.stop: Callable[[], None] = self._stop

    def addReader(self, reader: object) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        self.readers.remove(reader)

    def _stop(self) -> None:
        self.stopped += 1
        if self.stopped > 1:
            raise ReactorNotRunning


class LeashTests(SynchronousTestCase):
    def test_the_end_of_its_input_ends_it_once_whatever_else_does(self) -> None:
        ends: list[Callable[[Leash], object]] = [
            Leash.doRead,
            lambda leash: leash.connectionLost(Failure(ConnectionDone())),
        ]
        for end in ends:
            reactor = StoppableReactor()
            leash = Leash(reactor, 17)
            self.assertEqual((leash.fileno(), leash.logPrefix()), (17, "leash"))
            end(leash)
            self.assertEqual((reactor.stopped, reactor.readers), (1, []))
            reactor.stop()  # as a signal does
            self.assertEqual((reactor.stopped, reactor.readers), (2, []))

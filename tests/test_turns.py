"""However many connections have something to tell, one turn of the reactor does a part of it."""

from __future__ import annotations

import gc
import select
import socket
from collections import Counter
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock
from twisted.internet.tcp import Port
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.transports import Server
from tcpchat.turns import (
    COLLECT_EVERY,
    MOST_ACCEPTS,
    MOST_EVENTS,
    REST,
    accept_few,
    collect_little_at_once,
    keep_short,
)


class Ear:
    """A descriptor that hears something again and again."""

    def __init__(self, heard: Counter[int]) -> None:
        self._socket, self._other = socket.socketpair()
        self._other.send(b"x")
        self._heard = heard

    def fileno(self) -> int:
        return self._socket.fileno()

    def doRead(self) -> None:
        self._heard[self.fileno()] += 1

    def logPrefix(self) -> str:
        return "ear"

    def close(self) -> None:
        self._socket.close()
        self._other.close()


class TurnTests(SynchronousTestCase):
    def test_a_turn_looks_after_few_connections_and_the_next_one_after_others(self) -> None:
        reactor = EPollReactor()
        keep_short(reactor)
        heard: Counter[int] = Counter()
        ears = [Ear(heard) for _ in range(3 * MOST_EVENTS)]
        for ear in ears:
            self.addCleanup(ear.close)
            reactor.addReader(ear)
        for turn in range(1, 4):
            reactor.doIteration(0)
            self.assertEqual(heard.total(), turn * MOST_EVENTS)
        self.assertEqual(set(heard.values()), {1}, "somebody had two turns before everybody had one")
        for ear in ears[1:]:
            reactor.removeReader(ear)
        reactor.doIteration(0)
        self.assertEqual(heard.total(), 3 * MOST_EVENTS + 1)

    def test_a_reactor_of_another_kind_is_left_as_it_is(self) -> None:
        for reactor in SelectReactor(), Clock():
            keep_short(reactor)
            self.assertFalse(hasattr(reactor, "_poller"))

    def test_it_can_be_asked_for_twice(self) -> None:
        reactor = EPollReactor()
        keep_short(reactor)
        once = reactor._poller
        keep_short(reactor)
        self.assertIs(reactor._poller, once)
        self.assertNotIsInstance(once, select.epoll)

    def test_few_are_accepted_in_one_turn(self) -> None:
        connected = []

        class Factory(ServerFactory):
            def buildProtocol(self, addr: object) -> Protocol:
                connected.append(addr)
                return Protocol()

        reactor = EPollReactor()
        port = Port(0, Factory(), 4096, "127.0.0.1", reactor)
        port.startListening()
        self.addCleanup(port.socket.close)
        accept_few(port)
        for _ in range(2 * MOST_ACCEPTS + 1):
            self.addCleanup(socket.create_connection(("127.0.0.1", port.getHost().port)).close)
        numbers = []
        for _ in range(4):
            port.doRead()
            numbers.append(len(connected))
        self.assertEqual(
            numbers, [MOST_ACCEPTS, 2 * MOST_ACCEPTS, 2 * MOST_ACCEPTS + 1, 2 * MOST_ACCEPTS + 1]
        )
        accepted = [each for each in reactor.getReaders() if each is not port and hasattr(each, "socket")]
        for reader in accepted:
            self.addCleanup(reader.socket.close)
        self.assertEqual({type(each) for each in accepted}, {Server})

    def test_a_port_that_can_accept_nobody_rests_a_moment(self) -> None:
        class Ears(Clock):
            """A reactor that is asked for what a port asks a reactor for."""

            def __init__(self) -> None:
                super().__init__()
                self.readers: set[object] = set()
                self.addReader = self.readers.add
                self.removeReader = self.removeWriter = self.readers.discard

        reactor: Any = Ears()
        port: Any = Port(0, ServerFactory(), 4096, "127.0.0.1", reactor)
        port.startListening()
        accept_few(port)
        port.doRead()  # though nobody has come
        self.assertNotIn(port, reactor.readers)
        reactor.advance(REST)
        self.assertIn(port, reactor.readers)
        port.doRead()
        port.stopListening()
        reactor.advance(REST)
        self.assertEqual(reactor.readers, set())
        port = Port(0, ServerFactory(), 4096, "127.0.0.1", reactor)
        port.startListening()
        accept_few(port)
        port.stopListening()
        port.doRead()  # it was told of somebody in the same turn
        self.assertEqual(reactor.readers, set())
        reactor.advance(REST)

    def test_what_does_not_accept_many_is_left_as_it_is(self) -> None:
        port = object()
        accept_few(port)
        self.assertIs(type(port), object)

    def test_what_was_there_at_the_start_is_looked_at_no_more(self) -> None:
        before = gc.get_threshold()
        self.addCleanup(gc.set_threshold, *before)
        self.addCleanup(gc.unfreeze)
        collect_little_at_once()
        self.assertEqual(gc.get_threshold(), COLLECT_EVERY)
        self.assertGreater(gc.get_freeze_count(), 1000)

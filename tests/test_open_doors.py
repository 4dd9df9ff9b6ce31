"""Doors are opened and closed beside those that stay, and all is as it was if one cannot be."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import AlreadyListened, CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tcpchat.endpoints import Door
from tcpchat.giving_up import NO_IPV6
from tcpchat.open_doors import OpenDoors


class Port:
    """A port that somebody listens on."""

    numberAccepts = 0

    def __init__(self, of: Ports, number: int) -> None:
        self._of = of
        self._number = number

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", self._number)

    def stopListening(self) -> Deferred[None]:
        self._of.open.remove(self._number)
        return succeed(None)


@implementer(IStreamServerEndpoint)
class Ports:
    """Endpoints of one port each, which can be listened on once."""

    def __init__(self, number: int, open: list[int], error: Exception | None = None) -> None:
        self.open = open
        self._number = number
        self.error = error

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        if self.error is not None:
            return fail(self.error)
        if self._number in self.open:
            return fail(CannotListenError("", self._number, OSError(98, "in use")))
        self.open.append(self._number)
        port: Any = Port(self, self._number)
        return succeed(port)


class OpenDoorsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.open: list[int] = []
        self.doors = OpenDoors(lambda door: Factory())

    def door(self, number: int, error: Exception | None = None) -> Door:
        return Door("tcp", Ports(number, self.open, error))

    def change(self, doors: dict[str, Door]) -> list[str]:
        """Have doors be open; return what the operator is told."""
        with capturedLogs() as events:
            self.successResultOf(Deferred.fromCoroutine(self.doors.change(doors)))
        return [formatEvent(event) for event in events]

    def test_those_that_stay_are_left_alone(self) -> None:
        one, two, three = (self.door(number) for number in (1, 2, 3))
        self.successResultOf(Deferred.fromCoroutine(self.doors.open({"a": one, "b": two})))
        self.assertEqual(self.open, [1, 2])
        told = self.change({"b": two, "c": three})
        self.assertEqual(self.open, [2, 3])
        gone = "Nobody can come in any more by a"
        self.assertEqual(told, ["READY line tcp 127.0.0.1:3", gone])

    def test_one_may_be_on_the_port_of_one_that_goes(self) -> None:
        self.change({"a": self.door(1)})
        self.change({"b": self.door(1)})
        self.assertEqual(self.open, [1])

    def test_if_one_cannot_be_opened_all_is_as_it_was(self) -> None:
        one = self.door(1)
        self.change({"a": one})
        self.open.append(3)  # somebody else's
        wrong = Deferred.fromCoroutine(self.doors.change({"b": self.door(2), "c": self.door(3)}))
        self.failureResultOf(wrong, CannotListenError)
        self.assertEqual(self.open, [3, 1])
        self.assertEqual(self.change({"a": one}), [])

    def test_one_that_cannot_be_opened_again_keeps_no_other_one_closed(self) -> None:
        passed = Ports(1, self.open)
        self.change({"a": Door("tcp", passed), "b": self.door(2)})
        passed.error = AlreadyListened()
        self.open.append(3)  # somebody else's
        with capturedLogs() as events:
            wrong = Deferred.fromCoroutine(self.doors.change({"c": self.door(3)}))
            self.failureResultOf(wrong, CannotListenError)
        self.assertEqual(self.open, [3, 2])
        self.assertEqual([port.description for port in self.doors.ports], ["b"])
        (told,) = map(formatEvent, events)
        self.assertTrue(told.startswith("Nobody can come in any more by a: it cannot be opened again"))

    def test_where_there_is_no_ipv6_the_other_one_is_opened(self) -> None:
        without = CannotListenError("", 1, OSError(NO_IPV6[0], "no IPv6"))
        door = Door("tcp", Ports(1, self.open, without), Ports(2, self.open))
        self.change({"": door})
        self.assertEqual(self.open, [2])

    def test_all_are_closed_in_the_end(self) -> None:
        self.change({"a": self.door(1), "b": self.door(2)})
        self.successResultOf(Deferred.fromCoroutine(self.doors.close()))
        self.assertEqual(self.open, [])

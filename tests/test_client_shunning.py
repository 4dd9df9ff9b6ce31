"""In which order the addresses of a name are tried when one of them was silent."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IAddress, IHostnameResolver, IResolutionReceiver
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from tcpchat.client.address import Address
from tcpchat.client.connecting import connect
from tcpchat.client.conversation import Conversation
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import Happening, Offline, Online
from tcpchat.client.limits import SHUNNED
from tcpchat.client.shunning import Shunning
from tests.faults.servers import start
from tests.processes import PATIENCE

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "2001:db8::3"


@implementer(IHostnameResolver)
class Known:
    """Knows the addresses of every name."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        resolutionReceiver.resolutionBegan(None)
        for host in self.hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", host, portNumber))
        resolutionReceiver.resolutionComplete()


@implementer(IResolutionReceiver)
class Found:
    """Takes what is found."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.steps: list[str] = []

    def resolutionBegan(self, resolution: object) -> None:
        self.steps.append("began")

    def addressResolved(self, address: Any) -> None:
        self.hosts.append(address.host)

    def resolutionComplete(self) -> None:
        self.steps.append("complete")


class ShunningTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.shunning = Shunning(Known(ONE, TWO, THREE), self.clock)

    def find(self) -> list[str]:
        found = Found()
        self.shunning.resolveHostName(found, "chat.example.org", 8023)
        self.assertEqual(found.steps, ["began", "complete"])
        return found.hosts

    def test_it_is_a_resolver(self) -> None:
        verifyObject(IHostnameResolver, self.shunning)

    def test_as_long_as_all_answer_the_order_is_as_it_was(self) -> None:
        self.assertEqual(self.find(), [ONE, TWO, THREE])

    def test_one_that_was_silent_comes_last_for_a_while(self) -> None:
        self.find()
        self.assertTrue(self.shunning.shun(ONE))
        self.assertEqual(self.find(), [TWO, THREE, ONE])
        self.clock.advance(SHUNNED)
        self.assertEqual(self.find(), [ONE, TWO, THREE])

    def test_of_several_the_one_that_was_silent_last_comes_last(self) -> None:
        self.find()
        for host in TWO, ONE:
            self.assertTrue(self.shunning.shun(host))
            self.clock.advance(1)
        self.assertEqual(self.find(), [THREE, TWO, ONE])

    def test_where_all_were_silent_there_is_no_other(self) -> None:
        self.find()
        self.assertEqual([self.shunning.shun(host) for host in (ONE, TWO, THREE)], [True, True, False])

    def test_nor_where_one_comes_to_the_same_again(self) -> None:
        """Nothing listens at the others, perhaps."""
        self.find()
        self.assertEqual([self.shunning.shun(ONE) for _ in range(2)], [True, False])


def test_a_frozen_server_is_left_for_the_next_address_of_its_name(tmp_path: Path) -> None:
    """Its system goes on to take connections, as one does that is listened to and not accepted."""
    reactor = EPollReactor()
    told: list[Happening] = []
    with start(tmp_path).ready() as server, socket.create_server(("127.0.0.2", server.port)):
        reactor.installNameResolver(Known("127.0.0.2", "127.0.0.1"))

        def happened(happenings: Sequence[Happening]) -> None:
            told.extend(it for it in happenings if isinstance(it, Offline | Online))
            if reactor.running and isinstance(told[-1], Online):
                reactor.stop()

        address = Address("chat.example.org", server.port)
        link = connect(reactor, address, Conversation(["anna"]), happened, ForeignServer())
        link.start()
        reactor.callLater(PATIENCE, reactor.crash)
        reactor.run(installSignalHandlers=False)
        assert server.terminate() == 0
    frozen, there = told[:2]
    assert isinstance(frozen, Offline) and frozen.why.startswith("There is no answer")
    assert isinstance(there, Online) and there.nick == "anna"

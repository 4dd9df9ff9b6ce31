"""What is between an endpoint and a factory, in which order."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.certificates import Certificates
from tcpchat.endpoints import Door
from tcpchat.layers import Layered, layered
from tcpchat.networks import networks
from tcpchat.proxied import Proxied
from tcpchat.secured import SecuredFactory
from tests.test_secured import CERTIFICATES

PROXIES = networks(["192.0.2.1"])


class Endpoint:
    """An endpoint that notes who listens on it."""

    def listen(self, factory: Any) -> Deferred[Any]:
        self.factory = factory
        return succeed("a port")


class LayersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.endpoint, self.factory = Endpoint(), Factory()

    def door(self, certificates: Certificates | None = None, is_proxied: bool = False) -> Door:
        endpoint: Any = self.endpoint
        return Door("x", endpoint, certificates=certificates, is_proxied=is_proxied)

    def layered(self, door: Door) -> Any:
        return layered(door, self.factory, Clock(), lambda: PROXIES)

    def test_without_any_there_is_nothing_between(self) -> None:
        self.assertIs(self.layered(self.door()), self.factory)

    def test_tls_is_one(self) -> None:
        between = self.layered(self.door(CERTIFICATES))
        self.assertIsInstance(between, SecuredFactory)
        self.assertIs(between.wrappedFactory, self.factory)

    def test_a_proxys_header_is_another_and_comes_first(self) -> None:
        between = self.layered(self.door(is_proxied=True))
        self.assertIsInstance(between, Proxied)
        self.assertIs(between.door, self.factory)
        between = self.layered(self.door(CERTIFICATES, is_proxied=True))
        self.assertIsInstance(between.door, SecuredFactory)
        self.assertIs(between.door.wrappedFactory, self.factory)

    def test_as_an_endpoint_a_door_has_them_too_but_twisteds_own_tls(self) -> None:
        whole: Any = Layered(self.door(CERTIFICATES, is_proxied=True), Clock(), lambda: PROXIES)
        self.assertEqual(self.successResultOf(whole.listen(self.factory)), "a port")
        self.assertIs(type(self.endpoint.factory.door), TLSMemoryBIOFactory)

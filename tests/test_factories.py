"""A factory of ours is one of Twisted's, whichever that is."""

from __future__ import annotations

from twisted.internet.protocol import ServerFactory
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.factories import AnyServerFactory


class FactoriesTests(SynchronousTestCase):
    def test_it_can_be_made_more_of(self) -> None:
        class Ours(AnyServerFactory):
            noisy = False

        self.assertIsInstance(Ours(), ServerFactory)

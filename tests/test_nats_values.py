"""The bucket on NATS keeps what every bucket promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.nats_servers import a_name, one_server
from tests.nodes import Nodes
from tests.test_log_sqlite import folder
from tests.test_shared_bucket import BucketContract

T = TypeVar("T")


class NatsValuesTests(BucketContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.nodes = Nodes(one_server().urls, a_name(), folder(self), lambda: 0)
        self.addCleanup(self.nodes.close_all)
        self.bucket, self.other = (self.nodes.open(node).bucket for node in ("east", "west"))

    def wait(self, answer: Deferred[T]) -> T:
        return self.nodes.turns.wait(answer)

    def until(self, true: Callable[[], bool]) -> None:
        self.nodes.turns.until(true)

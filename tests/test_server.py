"""What is refused before anything is opened, and where the operator's events go."""

from __future__ import annotations

from twisted.application.service import Application, Service
from twisted.internet.task import Clock
from twisted.logger import ILogObserver
from twisted.python.components import Componentized
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config
from tcpchat.server import Server


class BeforeItStartsTests(SynchronousTestCase):
    def server(self, store: str) -> Server:
        return Server(Clock(), Config(store=store), [], ())

    def test_it_is_made_for_any_store_before_that_is_opened(self) -> None:
        for store in "sqlite:/nowhere/chat.sqlite3", "memory:", "nats://nowhere":
            self.assertIsInstance(self.server(store), Service)

    def test_what_writes_the_operators_log_is_put_into_the_application(self) -> None:
        application = Application("tcpchat")
        assert isinstance(application, Componentized)
        server = self.server("memory:")
        server.logs_to = events = list[object]().append  # type: ignore[assignment]
        server.setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), events)

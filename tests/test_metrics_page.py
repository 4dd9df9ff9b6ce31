"""The pages of figures and checks, as a browser or Prometheus asks for them."""

from __future__ import annotations

from prometheus_client.registry import CollectorRegistry
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.histogram import Histogram
from tcpchat.metrics import Figures
from tcpchat.metrics_page import MOST_CONNECTIONS, pages


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.health: Deferred[str] = succeed("")
        self.ready = ""
        registry: CollectorRegistry = Figures(Histogram((1.0,)), lambda: True).register()
        self.pages = pages(registry, lambda: self.health, lambda: succeed(self.ready), Clock())

    def ask(self, path: str, method: str = "GET", **headers: str) -> StringTransport:
        transport = StringTransport()
        connection = self.pages.buildProtocol(None)
        assert connection is not None
        connection.makeConnection(transport)
        lines = [f"{method} {path} HTTP/1.1", "host: localhost", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.dataReceived("\r\n".join([*lines, "", ""]).encode())
        self.connection = connection
        return transport

    def answer(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        head, _, body = self.ask(path, method, **headers).value().decode().partition("\r\n\r\n")
        return int(head.split()[1]), body

    def test_figures_are_in_the_form_that_is_asked_for(self) -> None:
        status, plain = self.answer("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("\ntcpchat_ready 1.0\n", plain)
        self.assertIn("\ntcpchat_process_cpu_seconds_total ", plain)
        _, open_metrics = self.answer("/metrics", accept="application/openmetrics-text; version=1.0.0")
        self.assertTrue(open_metrics.rstrip("\r\n0").endswith("# EOF"), open_metrics[-20:])
        self.assertFalse(plain.rstrip("\r\n0").endswith("# EOF"))

    def test_every_name_begins_with_ours(self) -> None:
        _, shown = self.answer("/metrics")
        names = [line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE")]
        self.assertGreater(len(names), 10)
        self.assertEqual([name for name in names if not name.startswith("tcpchat_")], [])

    def test_checks_say_what_is_wrong(self) -> None:
        status, said = self.answer("/healthz")
        self.assertEqual((status, "ok\n" in said), (200, True))
        self.health = succeed("Not written: the log cannot be written.")
        status, said = self.answer("/healthz")
        self.assertEqual((status, "Not written: the log cannot be written.\n" in said), (503, True))
        self.assertEqual(self.answer("/readyz")[0], 200)
        self.ready = "The server stops."
        status, said = self.answer("/readyz")
        self.assertEqual((status, "The server stops.\n" in said), (503, True))

    def test_an_answer_comes_when_it_is_known(self) -> None:
        self.health = Deferred()
        transport = self.ask("/healthz")
        self.assertEqual(transport.value(), b"")
        self.health.callback("")
        self.assertIn(b"200 OK", transport.value())

    def test_whoever_asked_may_be_gone_by_then(self) -> None:
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        self.health = Deferred()
        transport = self.ask("/healthz")
        self.connection.connectionLost(Failure(ConnectionLost()))
        self.health.callback("")
        self.assertEqual(transport.value(), b"")

    def test_the_first_page_says_what_there_is_and_nothing_else_is_there(self) -> None:
        self.assertIn("/metrics\n/healthz\n/readyz\n", self.answer("/")[1])
        self.assertEqual(self.answer("/secret")[0], 404)
        self.assertEqual(self.answer("/metrics", "POST")[0], 405)

    def test_a_body_is_thrown_away(self) -> None:
        transport = self.ask("/metrics", "POST", content_length="1000000000")
        for _ in range(10):
            self.connection.dataReceived(bytes(100_000))
        channel = self.connection.wrappedProtocol
        (request,) = channel._channel.requests
        self.assertEqual(request.content.getvalue(), b"")
        self.assertEqual(transport.value(), b"")

    def test_too_many_at_once_are_hung_up_on(self) -> None:
        for _ in range(MOST_CONNECTIONS):
            connection = self.pages.buildProtocol(None)
            assert connection is not None
            connection.makeConnection(StringTransport())
        self.assertIsNone(self.pages.buildProtocol(None))

"""The operator is told of the copies of a real stream, over a link."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.linked import linked
from tests.nats_servers import one_server, three_servers


def said(events: Sequence[LogEvent], text: str) -> bool:
    return any(text in formatEvent(event) for event in events)


class WatchingTests(SynchronousTestCase):
    def test_that_most_servers_are_gone_is_told_and_when_they_are_back(self) -> None:
        with three_servers() as three, linked(three) as one, capturedLogs() as events:
            current = one.link._connecting.current
            assert current is not None
            url = current.client.connected_url
            others = [server for server in three.all if url and server.port != url.port]
            for server in others:
                server.kill()
            one.turning.until(lambda: said(events, f"No NATS server leads the stream {one.name}"))
            one.turning.pass_by(8)  # until the one that is left knows it, too
            for server in others:
                server.start()
            one.turning.until(lambda: said(events, f"leads the stream {one.name} again, after"))
            self.assertEqual(sum("No NATS server leads" in formatEvent(event) for event in events), 1)
            self.assertFalse(said(events, "NATS server  "), "one without a name")
            self.assertFalse(said(events, "of 4 copies"))

    def test_of_a_server_alone_nothing_is_told(self) -> None:
        with capturedLogs() as events, linked(one_server()) as one:
            self.assertEqual(one.link._watching.copies.summary(1), "1 copy")
            one.turning.pass_by(5)
        self.assertFalse(said(events, "NATS server"))

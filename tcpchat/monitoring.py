"""The server as those see it who look after it: its page of figures, from its start to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.logger import Logger

from tcpchat.adopting import Listening
from tcpchat.clustering import Cluster
from tcpchat.counted import Connected, Facts
from tcpchat.delays import Delays
from tcpchat.health import Health
from tcpchat.listening import where
from tcpchat.service import Chat

if TYPE_CHECKING:
    from tcpchat.metrics import Figures

# By what its port is known that is no line door's.
PAGE = "--metrics"

STARTING = "The server starts."
STOPPING = "The server stops."
CUT_OFF = "This node is cut off from its cluster."


class Monitoring:
    """
    A page of figures and checks, on an endpoint.

    What makes it (Twisted's web server, prometheus-client) is imported only where there is one.
    """

    logger = Logger()

    def __init__(self, reactor: Any, kind: str, endpoint: IStreamServerEndpoint) -> None:
        """``kind`` is what the endpoint is called."""
        from tcpchat.metrics import Figures

        self._reactor = reactor
        self._kind = kind
        self._endpoint = endpoint
        self._delays = Delays(reactor)
        self._figures: Figures = Figures(self._delays.seen, lambda: not self._unready)
        self._health: Health | None = None
        self._cluster: Cluster | None = None
        self._why = STARTING
        self._port: Any = None

    async def open(self) -> None:
        """
        Answer from now on, before the log is open.

        Raises:
            CannotListenError: or another error of the endpoint.
        """
        from tcpchat.metrics_page import pages

        page = pages(self._figures.register(), self._look, self._look_whether_ready, self._reactor)
        self._port = await self._endpoint.listen(page)
        self._delays.start()
        self.logger.info("READY metrics {kind} {where}", kind=self._kind, where=where(self._port.getHost()))

    @property
    def ports(self) -> list[Listening]:
        """The port of the page."""
        return [] if self._port is None else [Listening(PAGE, self._endpoint, self._port)]

    def log_is_open(
        self,
        chat: Chat,
        store: Facts,
        connections: Callable[[], Iterable[Connected]],
        cluster: Cluster | None,
    ) -> None:
        """There is something to be counted."""
        from tcpchat.metrics import Serving

        self._health = Health(chat.log.probe, chat.clock)
        self._cluster = cluster
        self._figures.serving = Serving(chat, store, connections, cluster)

    def ready(self) -> None:
        """People can come in."""
        self._why = ""

    def stopping(self) -> None:
        """Nobody can come in any more."""
        self._why = STOPPING

    async def close(self) -> None:
        """Answer nobody any more."""
        self._delays.stop()
        if self._port is not None:
            await self._port.stopListening()

    @property
    def _unready(self) -> str:
        """Why nobody can come in; empty if people can."""
        cluster = self._cluster
        if cluster is not None and (cluster.is_fenced or not cluster.is_connected):
            return self._why or CUT_OFF
        return self._why

    def _look_whether_ready(self) -> Deferred[str]:
        return succeed(self._unready)

    def _look(self) -> Deferred[str]:
        if self._health is None:
            return succeed(STARTING)
        return self._health.look()

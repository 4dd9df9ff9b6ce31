"""
The figures by HTTP, and whether the server is well: for Prometheus, and for whatever looks after servers.

It only tells: nothing that is sent here is kept, or changes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.policies import ThrottlingFactory
from twisted.web.http import OK, SERVICE_UNAVAILABLE
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

# Seconds without a word after which a connection is closed, and how many there may be at once.
SILENCE = 60
MOST_CONNECTIONS = 32

TEXT = b"text/plain; charset=utf-8"


class _Request(Request):
    """A request whose body, if it has one, is read and thrown away: Twisted would keep it, on disk if big."""

    def gotLength(self, length: int | None) -> None:
        """There is a body, or not."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """A part of it has come."""


class _Site(Site):
    """A site that tells the operator's log nothing of each scrape."""

    def log(self, request: Any) -> None:
        """Who has asked for what is no news."""


def _answer(request: Request, wrong: str) -> None:
    """Say that all is well, or what is wrong."""
    request.setResponseCode(SERVICE_UNAVAILABLE if wrong else OK)
    request.setHeader(b"content-type", TEXT)
    request.setHeader(b"cache-control", b"no-store")
    request.write(f"{wrong or 'ok'}\n".encode())
    request.finish()


class _Metrics(Resource):
    isLeaf = True

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._registry = registry

    def render_GET(self, request: Request) -> bytes:
        """Return all figures, in the form that is asked for."""
        encode, kind = choose_encoder(request.getHeader("accept") or "")
        request.setHeader(b"content-type", kind.encode())
        return encode(self._registry)


class _Check(Resource):
    """A page that says ``ok``, or with status 503 what is wrong."""

    isLeaf = True

    def __init__(self, look: Callable[[], Deferred[str]]) -> None:
        super().__init__()
        self._look = look

    def render_GET(self, request: Request) -> int:
        """Look, and answer when that is known; whoever asked may be gone by then."""
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)
        self._look().addCallback(lambda wrong: None if gone else _answer(request, wrong))
        return NOT_DONE_YET


class _Root(Resource):
    """There is nothing but what is put here."""

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Return what stands for everything else."""
        return notFound()


class _Contents(Resource):
    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Return what there is."""
        request.setHeader(b"content-type", TEXT)
        return b"/metrics\n/healthz\n/readyz\n"


def pages(
    registry: CollectorRegistry,
    is_healthy: Callable[[], Deferred[str]],
    is_ready: Callable[[], Deferred[str]],
    clock: IReactorTime,
) -> ThrottlingFactory:
    """Return what listens: ``/metrics``, ``/healthz`` and ``/readyz``; the checks answer what is wrong."""
    ProcessCollector(namespace="tcpchat", registry=registry)
    root = _Root()
    root.putChild(b"", _Contents())
    root.putChild(b"metrics", _Metrics(registry))
    root.putChild(b"healthz", _Check(is_healthy))
    root.putChild(b"readyz", _Check(is_ready))
    site = _Site(root, requestFactory=_Request, timeout=SILENCE, reactor=clock)
    site.noisy = False
    limited = ThrottlingFactory(site, MOST_CONNECTIONS)
    limited.noisy = False
    return limited

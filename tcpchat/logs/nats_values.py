"""The bucket as nodes share it beside their log: values that are changed by compare-and-set."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from tcpchat.logs.nats_link import Link
from tcpchat.logs.nats_records import NatsRecords
from tcpchat.logs.nats_terms import Change


class NatsValues:
    """Puts values, and gives what has changed. What is promised is in `shared_bucket.Bucket`."""

    def __init__(self, link: Link, shared: NatsRecords) -> None:
        self._link = link
        self._shared = shared

    @property
    def is_connected(self) -> bool:
        return self._link.is_connected

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        return self._link.put(key, value, revision)

    def get(self, key: str) -> Deferred[Change | None]:
        return self._link.get(key)

    def follow(self, kind: str, take: Callable[[Change], None]) -> None:
        self._shared.follow(kind, take)

"""The records of a log on NATS: what all nodes keep in the bucket, and a copy of it in memory."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from tcpchat.logs.nats_link import Link

# Tells that another node has kept a record (its key and value), or removed it (None).
Changed = Callable[[str, bytes | None], None]


class NatsRecords:
    """Keeps records, and knows those of the other nodes. What is promised is in `interface.Log`."""

    def __init__(self, link: Link, node: str, later: Callable[..., object]) -> None:
        """``node`` is this node's name, ``later`` calls something after so many seconds."""

    def open(self) -> Deferred[None]:
        """Follow the bucket; answer when all that is in it is known here."""
        raise NotImplementedError

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        """Keep a record, or remove it with None; it is tried until it is done."""

    def kept(self) -> Deferred[None]:
        """Answer when everything that was given to `keep` so far is durable (at once if it is)."""
        raise NotImplementedError

    def record(self, kind: str, key: str) -> bytes | None:
        """Return a record as it was kept last, here or elsewhere, durable yet or not."""
        raise NotImplementedError

    def records(self, kind: str) -> dict[str, bytes]:
        """Return every record of a kind, by key: of `SHOWN` this node's own."""
        raise NotImplementedError

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        """Return the records of a kind that are a node's own (`SHOWN`), by key."""
        raise NotImplementedError

    def watch(self, kind: str, changed: Changed) -> None:
        """Have ``changed`` called for each record of a kind that another node keeps or removes."""

    def close(self) -> Deferred[None]:
        """Answer when what was kept is durable, or cannot become so because the link is closed."""
        raise NotImplementedError

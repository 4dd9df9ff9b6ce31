"""A node that publishes whatever others have published meanwhile: without the sequence that it expects."""

from __future__ import annotations

from typing import Any

from twisted.scripts.twistd import run

from tcpchat.logs import nats_publishing
from tcpchat.logs.nats_connection import Connection

whole_request, whole_send = Connection.request, Connection.send


def blind(subject: str, headers: dict[str, str] | None) -> dict[str, str]:
    """Return the headers without what is expected, if it is for the log."""
    expected = nats_publishing.expecting(0)
    return {
        name: value
        for name, value in (headers or {}).items()
        if ".log." not in subject or name not in expected
    }


def request(self: Connection, subject: str, payload: bytes, headers: dict[str, str], *others: Any) -> None:
    whole_request(self, subject, payload, blind(subject, headers), *others)


def send(self: Connection, subject: str, payload: bytes = b"", headers: dict[str, str] | None = None) -> None:
    whole_send(self, subject, payload, blind(subject, headers))


if __name__ == "__main__":
    Connection.request, Connection.send = request, send  # type: ignore[method-assign, assignment]
    run()

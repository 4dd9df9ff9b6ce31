"""Reading the figures of a server from its page."""

from __future__ import annotations

import http.client
import os
import socket
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from tcpchat.glance import NoFigures, Reading, reading
from tcpchat.log_lines import reason

# Where a server has its figures if its operator follows the documentation: behind 8023, and 8024 of TLS.
PORT = 8025

# Seconds for a server to answer: it may be busy, and its disk may hang.
PATIENCE = 10.0

# Characters of a page of figures that are read: it has some ten thousand.
MOST = 1_000_000


class Unreachable(Exception):
    """There are no figures at an address; the text is one line that says why. ``status`` is for the shell."""

    def __init__(self, text: str, status: int = os.EX_UNAVAILABLE) -> None:
        super().__init__(text)
        self.status = status


class Page(NamedTuple):
    """Where figures are."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def page(typed: str) -> Page:
    """
    Return the page that somebody means: ``HOST``, ``HOST:PORT``, or its URL.

    Raises:
        ValueError: it is none; the text is one line.
    """
    try:
        parts = urlsplit(typed if "//" in typed else f"//{typed}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.scheme not in ("", "http"):
        raise ValueError(f"{typed!r} is no HOST[:PORT].")
    return Page(parts.hostname, PORT if port is None else port)


def read(where: Page) -> Reading:
    """
    Return what a server says.

    Raises:
        Unreachable: there is none, or it gives no figures.
    """
    try:
        status, text = _get(where, "/metrics")
        _, said = _get(where, "/healthz")
        if status != http.client.OK:
            raise NoFigures(f"it answers with status {status}")
        return reading(time.monotonic(), text, "" if said.strip() == "ok" else said.strip())
    except socket.gaierror as error:
        raise Unreachable(f"There is no host {where.host!r}.", os.EX_NOHOST) from error
    except (OSError, http.client.HTTPException, NoFigures) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        if isinstance(error, http.client.HTTPException):
            why = "whoever listens there speaks no HTTP"
        text = f"There are no figures at {where}: {why}. A server has them with --metrics tcp:{PORT}."
        raise Unreachable(text) from error


def _get(where: Page, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(where.host, where.port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        return answer.status, answer.read(MOST).decode(errors="replace")
    finally:
        connection.close()

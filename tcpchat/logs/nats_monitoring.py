"""
What NATS servers tell of themselves: their versions to whoever connects, the rest where they are monitored.

A client cannot ask them how they write to disk (``$SYS.REQ.SERVER.PING.VARZ`` is for the system account).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.request import ProxyHandler, build_opener

from tcpchat.logs.nats_facts import ALWAYS, interval

# Seconds to wait for one that does not answer.
PATIENCE = 2.0


class Told(NamedTuple):
    """What one server told."""

    name: str
    version: str
    sync_interval: str | None


async def ask_all(places: Iterable[str]) -> list[Told]:
    """Return what the servers tell that answer; ``places`` are ``HOST:PORT`` of their monitoring."""
    loop = asyncio.get_running_loop()
    asked = [loop.run_in_executor(None, ask, place) for place in sorted(set(places))]
    return [told for told in await asyncio.gather(*asked) if told]


def ask(place: str) -> Told | None:
    """Return what a server tells, or nothing; it takes two seconds at most."""
    try:
        opener = build_opener(ProxyHandler({}))  # never by way of a proxy: it is our own network
        with opener.open(f"http://{place}/varz", timeout=PATIENCE) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return Told(str(told["server_name"]), str(told["version"]), interval(told.get("jetstream") or {}))
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError):
        return None


def weakest(servers: Iterable[str], told: Iterable[Told]) -> str | None:
    """Return the sync interval of the weakest of these servers; None where one has not told."""
    intervals = {one.name: one.sync_interval for one in told}
    weaker = [one for one in intervals.values() if one and one != ALWAYS]
    if weaker:
        return max(weaker, key=lambda one: float(one.split()[0]))
    return ALWAYS if all(intervals.get(name) for name in servers) and intervals else None


async def greetings(places: Iterable[str]) -> dict[str, str]:
    """Return the versions of the servers that answer, by their names; ``places`` are ``HOST:PORT``."""
    greeted = await asyncio.gather(*[greeting(place) for place in sorted(set(places))])
    return dict(one for one in greeted if one)


async def greeting(place: str) -> tuple[str, str] | None:
    """Return the name and version that a server greets with, if it does so at once (not before TLS)."""
    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            try:
                line = await reader.readline()
            finally:
                writer.transport.abort()
        told = json.loads(line.removeprefix(b"INFO "))
        return str(told["server_name"]), str(told["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None

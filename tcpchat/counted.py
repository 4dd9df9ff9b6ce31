"""What figures are made of: connections as far as they are counted, and what the log is."""

from __future__ import annotations

from typing import NamedTuple


class Connected(NamedTuple):
    """One connection."""

    door: str
    encrypted: bool
    phase: str  # nameless, named or leaving
    unsent: int  # bytes that wait for its reader


class Facts(NamedTuple):
    """What the log is, and how sure what it holds is."""

    store: str  # sqlite, memory or nats
    durability: str  # power, crash, quorum or none
    replicas: int
    weaknesses: int  # of a cluster: how many things are weaker than recommended

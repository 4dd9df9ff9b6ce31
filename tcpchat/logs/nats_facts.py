"""What is weaker than recommended about a stream and its servers, in sentences for operators. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Seconds for which the servers remember the ids of messages: a line's fate is known after 25 at the latest.
DUPLICATE_WINDOW = 120.0

# What is said between nodes needs batches; and what a Jepsen test of 2.12.1 found is mended in it.
OLDEST_SERVER = (2, 12, 3)

REPLICAS = 3

ALWAYS = "always"


def weaknesses(config: Mapping[str, Any], servers: Mapping[str, str], sync_interval: str | None) -> list[str]:
    """
    Say what is weaker than recommended: one sentence each, none when all is well.

    ``config`` is the stream's as JetStream tells it, with times in seconds; ``servers`` are versions by name.
    """
    said = [
        f"The NATS server {name} is version {version}: use {'.'.join(map(str, OLDEST_SERVER))} or newer."
        for name, version in sorted(servers.items())
        if not is_new_enough(version)
    ]
    if (replicas := config.get("num_replicas") or 1) < REPLICAS:
        is_one = "1 replica: what it holds is lost with its server"
        said.append(f"The stream has {is_one if replicas == 1 else f'{replicas} replicas: use {REPLICAS}'}.")
    if sync_interval is None:
        said.append("Whether the servers write to disk before they answer (sync_interval) is not known.")
    elif sync_interval != ALWAYS:
        said.append(
            f"The servers write to disk every {sync_interval}: a power cut may take what was shown"
            " (set sync_interval: always)."
        )
    if config.get("storage") != "file":
        said.append("The stream is kept in memory: what it holds is lost when the servers end.")
    if config.get("discard") != "new":
        said.append("The stream forgets old messages when it is full (set discard to new).")
    if config.get("max_age"):
        said.append("The stream forgets messages after a time of its own (set max_age to 0).")
    if (config.get("max_msgs_per_subject") or -1) > 0:
        said.append("The stream forgets old messages of a room (set max_msgs_per_subject to -1).")
    if (config.get("duplicate_window") or 0) < DUPLICATE_WINDOW:
        said.append(f"The stream remembers ids for less than {DUPLICATE_WINDOW:.0f} s (duplicate_window).")
    if not config.get("allow_atomic"):
        said.append("The stream takes no batches: set allow_atomic, or /rm and coming in to rooms fail.")
    if config.get("deny_delete") or config.get("deny_purge"):
        said.append("The stream lets nothing be erased: what is taken back stays in it.")
    return said


def is_new_enough(version: str) -> bool:
    """Return whether a server's version is one that is recommended."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return found is not None and tuple(int(part) for part in found.groups()) >= OLDEST_SERVER


def interval(jetstream: Mapping[str, Any]) -> str | None:
    """Return the sync interval that the part about JetStream of a server's ``/varz`` tells of."""
    config = jetstream.get("config") or {}
    if config.get("sync_always"):
        return ALWAYS
    nanoseconds = config.get("sync_interval")
    return f"{nanoseconds / 1e9:g} s" if nanoseconds else None

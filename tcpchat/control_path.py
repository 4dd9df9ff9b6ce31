"""Where the control socket of a log is, and how it is reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Bytes of a Unix socket's path (unix(7): sun_path with its NUL holds 108).
LONGEST_PATH = 107

# What it is called beside the log.
SUFFIX = ".control"


def control_path(log: str) -> str:
    """Return where the control socket of a log is, by whatever name the log is called."""
    return os.path.realpath(log) + SUFFIX


@contextmanager
def reachable(path: str) -> Iterator[str]:
    """Have a path that is short enough for a socket: for a longer one, through its open folder."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield path
        return
    folder, name = os.path.split(path)
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{name}"
    finally:
        os.close(opened)

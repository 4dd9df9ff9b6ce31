"""How this process was started: what another one in its place is to be started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple


class Started(NamedTuple):
    """A command line, and what stood around it, before anything was done."""

    folder: str
    environment: Mapping[str, str]
    command: tuple[str, ...]  # all of it, with the interpreter that runs it
    options: tuple[str, ...]  # what twistd was given
    pidfile: str = ""  # where twistd has written which process this is


def how_started(pidfile: str = "") -> Started:
    """Return how this process was started; to be asked before twistd goes to another folder."""
    return Started(
        os.getcwd(), dict(os.environ), (sys.executable, *sys.orig_argv[1:]), tuple(sys.argv[1:]), pidfile
    )

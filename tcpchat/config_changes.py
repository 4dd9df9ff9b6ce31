"""What becomes of a server's configuration when another one is to take its place. No I/O."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tcpchat.config import CHANGEABLE, Config


class Changes(NamedTuple):
    """
    What is otherwise: from now on, and what would be after a restart.

    ``config`` is what the server is to be: of what needs a restart it has what was.
    """

    config: Config
    now: tuple[str, ...]
    restart: tuple[str, ...]


def changes(
    before: Config, chosen: Config, has_new_greeting: bool, fixed: frozenset[str] = frozenset()
) -> Changes:
    """
    Compare what a server is with what is chosen.

    ``has_new_greeting``: the file that ``motd`` names holds something else. ``fixed`` cannot be changed here
    although elsewhere it can.
    """
    other = [
        name
        for name in Config.__struct_fields__
        if _meaning(before, name) != _meaning(chosen, name) or (name == "motd" and has_new_greeting)
    ]
    now = tuple(name for name in other if name in CHANGEABLE - fixed)
    config = msgspec.structs.replace(before, **{name: getattr(chosen, name) for name in now})
    return Changes(config, now, tuple(name for name in other if name not in now))


def _meaning(config: Config, name: str) -> object:
    """Return what an option is: the same limits may be written in several ways."""
    return config.chosen_limits if name == "limits" else getattr(config, name)

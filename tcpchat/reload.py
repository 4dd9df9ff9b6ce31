"""Reading the configuration anew, for those who ask for it: what comes of that."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred


class Reloaded(NamedTuple):
    """
    The names of options that are otherwise from now on, and of those that will be after a restart.

    ``refused``: a line for each door whose certificate was to be read again, and stays as it was.
    """

    changed: tuple[str, ...]
    restart: tuple[str, ...]
    refused: tuple[str, ...] = ()

    def __str__(self) -> str:
        changed = f"changed {', '.join(self.changed)}" if self.changed else "nothing has changed"
        return f"{changed}; only a restart changes {', '.join(self.restart)}" if self.restart else changed


# Raises `WrongConfig`, and nothing has changed.
Reload = Callable[[], Coroutine[Deferred[Any], Any, Reloaded]]


async def nothing_to_reload() -> Reloaded:
    """Read nothing: there is no server around the chat."""
    return Reloaded((), ())

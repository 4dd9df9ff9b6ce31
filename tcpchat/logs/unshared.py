"""What holds of a log whose store no other node has."""

from __future__ import annotations

from tcpchat.logs.interface import Changed


class Unshared:
    """The part of `interface.Log` that is about other nodes, where there are none."""

    node = ""

    def watch(self, kind: str, changed: Changed) -> None:
        """Nobody else keeps anything."""

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        """Nobody else has any."""
        return {}

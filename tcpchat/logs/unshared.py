"""What a log says of other nodes that has none: one server has it, and nobody else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed

from tcpchat.logs.interface import Changed


class Unshared:
    """A log, as far as it is about others who share it."""

    node = ""

    def __init__(self) -> None:
        self.arrived: Callable[[str], object] = lambda stream: None
        self.forgetting: Callable[[str], object] = lambda stream: None

    def watch(self, kind: str, changed: Changed) -> None:
        """Nobody else keeps anything."""

    def replace(self, kind: str, key: str, was: bytes, value: bytes) -> Deferred[bool]:
        """Nobody else changes anything."""
        self.keep(kind, key, value)
        return succeed(True)

    @abstractmethod
    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        """Keep a record, or remove it with None."""

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        """There is no other node."""
        return {}

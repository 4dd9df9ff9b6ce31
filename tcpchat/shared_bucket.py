"""What the nodes of a cluster share beside their log: small values under keys, changed by compare-and-set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from tcpchat.logs.nats_terms import Change


class Bucket(Protocol):
    """
    Values under keys; a key's first part, before a dot, is its kind.

    What is asked fails with `Unclear` when it cannot be known whether it was done.
    """

    @property
    def is_connected(self) -> bool:
        """Is there a server that can be asked?"""

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        """
        Put a value under a key, None to remove it; answer with its revision.

        ``revision`` None: whatever is there now; 0: there must be none (removed is none); else that must be
        the key's last one. Fails with `Lost`, `Refusing` or `Unclear`.
        """

    def get(self, key: str) -> Deferred[Change | None]:
        """Answer with what is under a key. Fails with `Unclear`."""

    def follow(self, kind: str, take: Callable[[Change], None]) -> None:
        """Give every key of a kind that is there, and then every change, one's own ones too."""

"""How a node of a cluster calls the others by their names, which answer if they run."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred


class Calls(Protocol):
    """
    Calls that are answered at once, by whoever runs and reaches the servers.

    That nobody answers proves nothing: who is dead is said by the leases.
    """

    @property
    def is_connected(self) -> bool:
        """Is there a server over which somebody can be called?"""

    def call(self, node: str) -> Deferred[str | None]:
        """
        Call a node; answer with its word, or None where nobody listens under that name.

        Fails with `Unclear` where nothing comes in time: it is stopped, or its machine is gone.
        """

    def attend(self, word: str) -> None:
        """Answer calls for this node, with a word, from now on."""

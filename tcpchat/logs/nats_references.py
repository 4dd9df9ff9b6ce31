"""Which references of programs are on their way into the log: what has one is done once. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tcpchat.events import Entry
from tcpchat.logs.nats_items import Item


class Known(Protocol):
    """What has to be known of the log."""

    def has_ref(self, session: str, ref: str) -> bool:
        """Has a session used a reference?"""


class References:
    """The references of what is on its way, either way: none may be used twice."""

    def __init__(self, replica: Known) -> None:
        self._replica = replica
        self._taken: set[tuple[str, str]] = set()
        self._coming: set[tuple[str, str]] = set()  # of others, which the replica does not have yet

    def take(self, item: Item) -> bool:
        """Take an item's own, unless one of them was used before; return whether it was not."""
        refs = item.refs
        if not refs:
            return True
        free = {*refs} - self._taken - self._coming
        if len(free) < len(refs) or any([self._replica.has_ref(*ref) for ref in refs]):
            return False
        self._taken |= free
        return True

    def came(self, entries: Sequence[Entry]) -> None:
        """Entries of others have come over, and are yet to be applied."""
        self._coming.update([(it.event.session, it.event.ref) for it in entries if it.event.ref])

    def applied(self, entries: Sequence[Entry]) -> None:
        """The replica has them."""
        if self._coming:
            self._coming.difference_update([(it.event.session, it.event.ref) for it in entries])

    def free(self, item: Item) -> None:
        """An item is no longer on its way."""
        if item.refs:
            self._taken.difference_update(item.refs)

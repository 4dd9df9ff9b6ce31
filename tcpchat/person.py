"""What the chat, and others in it, may know of somebody who has a nickname."""

from __future__ import annotations

from typing import Protocol

from tcpchat.events import Told
from tcpchat.feed import Feed
from tcpchat.names import Name


class Person(Protocol):
    """Somebody who is in the chat."""

    @property
    def id(self) -> str:
        """The session's id."""

    name: Name

    @property
    def nick(self) -> str:
        """The nickname, as it is shown."""

    @property
    def away(self) -> str | None:
        """Why the person is away; None for one who is not."""

    @property
    def since(self) -> int:
        """When the person came in, in milliseconds since 1970."""

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""

    @property
    def is_broken(self) -> bool:
        """Is the connection broken, and has nobody been told so yet?"""

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in."""

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply would go there."""

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages for, or of, the person: show them."""

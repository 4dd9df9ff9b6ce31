"""Somebody in the chat: what the others may know of them, over whichever connections they are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tcpchat.events import Told
from tcpchat.feed import Feed
from tcpchat.names import Name
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed


class Seat(Protocol):
    """What a person needs from each of their sessions."""

    id: str
    is_distant: bool  # is it on another node? Then that node does what is to be done, and here nothing is

    @property
    def address(self) -> str:
        """Where it is connected from, or was last."""

    @property
    def idle(self) -> float | None:
        """For how many seconds nothing came over its connection; None if that is not known here."""

    @property
    def is_broken(self) -> bool:
        """Is the connection broken, and has nobody been told so yet?"""

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in, but for that of the audit trail: others do not know of it."""

    @property
    def feeds(self) -> Sequence[RoomFeed]:
        """The rooms that the person is in, all of them; the current one last."""

    def restyle(self) -> None:
        """What the person sees is another way from now on."""

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """The person has come into a room by an entry, and talks where they did before: tell why."""

    def drop(self, feed: RoomFeed, why: str) -> None:
        """The person is no longer in a room, if they were: tell why, and where they are now."""

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply would go there."""

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages for, or of, the person: show them."""

    def put_out_of(self, feed: RoomFeed) -> None:
        """The person was put out of a room."""

    def banish(self, why: Refused) -> None:
        """The person may not be here any more: tell why, hang up, and let nobody take this up again."""


class Person:
    """
    Somebody who has a nickname.

    ``id`` is what rooms know their members by, and whose inbox it is: the account's id, or of a guest
    the session's. Whoever has an account may be there over several connections, each a session.
    """

    __slots__ = "account", "away", "correspondent", "id", "ignored", "name", "sessions", "since"

    def __init__(self, id: str, name: Name, since: int, account: str = "") -> None:
        """``since`` is when the person came in, in milliseconds since 1970; ``account`` is its id."""
        self.id = id
        self.account = account
        self.name = name
        self.since = since
        self.sessions: tuple[Seat, ...] = ()  # those that have not left; the latest last
        self.away: str | None = None  # why the person is away; None for one who is not
        self.ignored: dict[str, str] = {}  # whom one does not hear: folded nicknames, their inboxes
        self.correspondent: str | None = None  # the person who wrote privately last

    @property
    def nick(self) -> str:
        """The nickname, as it is shown."""
        return self.name.display

    def rename(self, name: Name) -> None:
        """Have another nickname from now on."""
        self.name = name
        for session in self.sessions:
            session.restyle()  # by which the bell rings

    @property
    def is_here(self) -> bool:
        """Is one of the connections of this node?"""
        return any(not session.is_distant for session in self.sessions)

    @property
    def idle(self) -> float | None:
        """For how many seconds nothing came from the person; None if that is not known here."""
        known = [idle for session in self.sessions if (idle := session.idle) is not None]
        return min(known, default=None) if len(known) == len(self.sessions) else None

    @property
    def is_broken(self) -> bool:
        """Is every connection broken, and has nobody been told so yet?"""
        return all(session.is_broken for session in self.sessions)

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in, as others may know."""
        return self.sessions[-1].rooms

    @property
    def feeds(self) -> list[RoomFeed]:
        """The rooms that the person is in, all of them; the current one, of a connection here, last."""
        here = (session for session in reversed(self.sessions) if not session.is_distant)
        return list(next(here, self.sessions[-1]).feeds)

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply would go there."""
        for session in self.sessions:
            session.heard_from(event)

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages for, or of, the person: show them."""
        for session in self.sessions:
            session.follow_inbox(feed)

    def put_out_of(self, feed: RoomFeed) -> None:
        """The person was put out of a room."""
        for session in self.sessions:
            session.put_out_of(feed)

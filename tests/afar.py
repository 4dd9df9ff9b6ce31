"""For tests: a chat that is one node of a cluster, and people on another one, as the log tells of them."""

from __future__ import annotations

from typing import Any

import msgspec

from tcpchat import records
from tcpchat.elsewhere import DistantSeat
from tcpchat.events import Event, Joined, Left
from tcpchat.names import nickname
from tcpchat.person import Person
from tcpchat.records import KeptSession
from tests.moderated import AccountCase

FAR = "198.51.100.7"


class AfarCase(AccountCase):
    """What the other node does is in the log, and what it keeps is told as `Log.watch` tells it."""

    node = "here"

    def happens(self, stream: str, *events: Event) -> None:
        """Another node has added something to a stream."""
        if stream not in [feed.stream for feed in (*self.chat.rooms, *self.chat.inboxes)]:
            self.log.arrived(stream)
        self.log.append(stream, events)
        self.settle()

    def is_kept(self, session: str, record: KeptSession | None) -> None:
        """A node has kept this of a session of its own."""
        kept = None if record is None else records.encode(record)
        self.log.keep(records.SESSION, session, kept)
        self.chat.elsewhere.take_in(session, kept)

    def comes(self, session: str, nick: str, *rooms: str, account: str = "", **more: Any) -> KeptSession:
        """Somebody comes into rooms over another node."""
        record = KeptSession(nick, (f"code of {session}",), FAR, self.wall(), rooms, account=account)
        record = msgspec.structs.replace(record, node="there", **more)
        for key in nickname(nick).keys:
            self.chat.people.hold_elsewhere(key, account or session)
        self.is_kept(session, record)
        for room in rooms:
            self.happens(room, Joined(session, nick, account=account))
        return record

    def goes(self, session: str, record: KeptSession, reason: str = "", is_told: bool = True) -> None:
        """Somebody leaves the other node, and is told of as gone if that was their last session."""
        self.is_kept(session, msgspec.structs.replace(record, has_left=True))
        for room in record.rooms if is_told else ():
            self.happens(room, Left(session, record.nick, reason, account=record.account))

    def changes(self, session: str, record: KeptSession, **change: Any) -> KeptSession:
        """Something of a session becomes another."""
        record = msgspec.structs.replace(record, **change)
        self.is_kept(session, record)
        return record

    def person(self, id: str) -> Person:
        """Return somebody who is there."""
        person = self.chat.people.person(id)
        assert person is not None
        return person

    def seat(self, session: str) -> DistantSeat:
        """Return a session of the other node."""
        seat = self.chat.people.session(session)
        assert isinstance(seat, DistantSeat)
        return seat

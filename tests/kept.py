"""For tests: two who are there, a session, and what the store knows of it."""

from __future__ import annotations

from tcpchat import records
from tcpchat.records import KeptSession
from tcpchat.session import Session
from tests.visitors import ChatCase, Visitor


class SessionCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.session = self.session_of(self.bob)

    def session_of(self, visitor: Visitor) -> Session:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session

    def kept(self, session: Session) -> KeptSession | None:
        """Return what the store knows of a session now."""
        record = self.successResultOf(self.log.record(records.SESSION, session.id))
        return None if record is None else records.session(record)

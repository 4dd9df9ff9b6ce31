"""That the operators of the server who are there are in the room of the audit trail, and nobody else is."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from tcpchat.departures import LogSurely
from tcpchat.events import Joined, Left
from tcpchat.logs.interface import Log, NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.operators import Operators
from tcpchat.people import People
from tcpchat.person import Person
from tcpchat.room import AUDIT
from tcpchat.rooms import Rooms


class Overseeing:
    """Brings into the room who becomes an operator, and out of it who no longer is one."""

    def __init__(
        self,
        log: Log,
        clock: IReactorTime,
        operators: Operators,
        rooms: Rooms,
        people: People,
        log_surely: LogSurely,
    ) -> None:
        self._log = log
        self._clock = clock
        self._operators = operators
        self._rooms = rooms
        self._people = people
        self._log_surely = log_surely

    def begin(self) -> None:
        """Put out who was an operator of the server that ended, and is none of this one."""
        audit = self._rooms.audit.room
        former = {
            id: member.nick
            for id, member in audit.members.items()
            if not self._operators.has(id) and self._people.person(id) is None  # on another node
        }
        if former:
            self._log_surely([(AUDIT, [Left(id, nick, account=id) for id, nick in former.items()])])

    def changed(self, account: str) -> None:
        """There is an account, or none any more, or it was made an operator's, or is none any more."""
        # Whoever has changed it is not done yet: the person is not known to have it.
        self._clock.callLater(0, self._look_at, account)

    def _look_at(self, account: str) -> None:
        person = self._people.person(account)
        if person is None or not person.is_here:
            return
        is_inside = account in self._rooms.audit.room.members
        if not self._operators.has(account):
            if is_inside:
                self._put_out(account, person.sessions[-1].id, person.nick)
        elif not is_inside and not min(person.sessions, key=lambda session: session.id).is_distant:
            # Of several nodes that they are on, one alone has it logged.
            self._bring_in(person)

    def _bring_in(self, person: Person) -> None:
        """
        Have it logged that somebody is in the room.

        Not by `Chat.join`: nobody may ask whether an operator may come in, found the room, or close it.
        """
        session = next(session for session in reversed(person.sessions) if not session.is_distant)
        joined = Joined(session.id, person.nick, account=person.id)

        def not_now(failure: Failure) -> None:
            failure.trap(NotKept, Unknown)
            settle(failure.value, lambda: None, lambda: self._is_in(joined))  # else /join does it later

        self._log.append(AUDIT, [joined]).addCallbacks(lambda _: self._is_in(joined), not_now)

    def _is_in(self, joined: Joined) -> None:
        """The log has it, perhaps long after it was asked for: they may be gone, or no operator, by now."""
        audit, account = self._rooms.audit, joined.person
        member, person = audit.room.members.get(account), self._people.person(account)
        if member is None:
            return
        if person is None or not self._operators.has(account):
            self._put_out(account, joined.session, member.nick)
            return
        for session in person.sessions:
            session.stand_by(audit, member.since, "You are an operator of the server.")

    def _put_out(self, account: str, session_id: str, nick: str) -> None:
        person = self._people.person(account)
        for session in person.sessions if person is not None else ():
            # Before it is logged: nothing more is for them.
            session.drop(self._rooms.audit, "You are no longer an operator of the server.")
        self._log_surely([(AUDIT, [Left(session_id, nick, account=account)])])

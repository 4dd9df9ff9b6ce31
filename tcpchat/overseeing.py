"""That the operators of the server who are there are in the room of the audit trail, and nobody else is."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from tcpchat.departures import LogSurely
from tcpchat.events import Joined, Left
from tcpchat.logs.interface import Log, NotKept, Unknown
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
                self._put_out(person)
        elif not is_inside and not min(person.sessions, key=lambda session: session.id).is_distant:
            # Of several nodes that they are on, one alone has it logged.
            self._bring_in(person)

    def _bring_in(self, person: Person) -> None:
        audit = self._rooms.audit
        session = next(session for session in reversed(person.sessions) if not session.is_distant)
        joined = Joined(session.id, person.nick, account=person.id)

        def follow(seqs: list[int]) -> None:
            for session in person.sessions:
                session.stand_by(audit, seqs[0], "You are an operator of the server.")

        # If the log cannot be written, /join does it later.
        self._log.append(AUDIT, [joined]).addCallbacks(follow, self._not_now)

    def _not_now(self, failure: Failure) -> None:
        failure.trap(NotKept, Unknown)

    def _put_out(self, person: Person) -> None:
        audit = self._rooms.audit
        for session in person.sessions:  # before it is logged: nothing more is for them
            session.drop(audit, "You are no longer an operator of the server.")
        self._log_surely([(AUDIT, [Left(person.sessions[-1].id, person.nick, account=person.id)])])

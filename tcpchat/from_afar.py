"""
What other nodes of a cluster do that concerns the people of this one.

The log tells all nodes the same. Here is what follows from it for those who are connected to this one: who is
there over another node as well goes in and out of rooms with that, whom a ban of another node hits is hung up
on, and who is in no room is told what an operator announces there.
"""

from __future__ import annotations

from contextlib import suppress

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat import barring
from tcpchat.events import Announced, Entry, Joined, Left, Renamed
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.meant import Scope, hit_by
from tcpchat.membership import Membership
from tcpchat.names import NotAName, nickname
from tcpchat.person import Person
from tcpchat.records import KeptSanction
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed
from tcpchat.sanctions import BAN, SERVER
from tcpchat.server_wide import tell_outside
from tcpchat.service import Chat
from tcpchat.session import Session

# Seconds for the log to say who is put out of rooms by a ban of another node, which is told before they are
# hung up on here. Who is in such a room still has come in meanwhile.
ENFORCE_AFTER = 0.5

# Seconds until is tried again what could not be logged.
AGAIN = 1.0


def heed(chat: Chat) -> None:
    """From now on have what other nodes do take its effect on the people of this one."""
    afar = _FromAfar(chat)
    if chat.log.node:
        chat.people.entered = afar.entered
        chat.elsewhere.seen = afar.compare
    chat.rooms.been_shown = afar.been_shown
    chat.sanctions.arrived = afar.sanctioned


class _FromAfar:
    """Hears what has happened, and finds out what this node has not done itself."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._announced = ""  # the last announcement: it is in the log of several rooms

    def been_shown(self, feed: RoomFeed, entries: list[Entry]) -> None:
        """A room was shown something else than what people say."""
        for entry in entries:
            match entry.event:
                case Joined() as joined:
                    for session in self._others_of(joined):
                        self._go_in(session, feed, entry.seq)
                case Left() as left:
                    self._go_out(feed, left)
                case Renamed() as renamed:
                    self._rename(renamed)
                case Announced() as announced:
                    self._announce(announced)

    def _is_ours(self, session: str) -> bool:
        """Was it done here, and by now all that follows from it?"""
        seat = self._chat.people.session(session)
        return seat is not None and not seat.is_distant

    def _others_of(self, event: Joined | Left) -> list[Session]:
        """Return the sessions here of somebody who has gone into a room, or out of it, over another node."""
        person = self._chat.people.person(event.person)
        return [] if person is None or self._is_ours(event.session) else _sessions(person)

    # Rooms

    def entered(self, person: Person) -> None:
        """Somebody is there over one more session: once it is shown something, compare."""
        if any(session.is_distant for session in person.sessions):
            self._chat.clock.callLater(0, self.compare, person)

    def compare(self, person: Person) -> None:
        """Somebody is there over another node: be called so, and be in the same rooms, if that was missed."""
        here = _sessions(person)
        if here and person.name not in self._chat.people.names(person.id):
            self._hold(person)
        away = {seat.id for seat in person.sessions if seat.is_distant}
        for feed in self._chat.rooms if here else ():
            if member := feed.room.members.get(person.id):
                for session in here:
                    if session.id not in away:  # it is just being let go
                        self._go_in(session, feed, member.since)

    def _go_in(self, session: Session, feed: RoomFeed, seq: int) -> None:
        if feed is self._chat.rooms.audit:
            session.stand_by(feed, seq, "You are an operator of the server.")
        else:
            session.also_in(feed, seq)

    def _go_out(self, feed: RoomFeed, left: Left) -> None:
        """
        Somebody has left a room over another node: over this one as well, if they are there still.

        If they are not, that node did not know yet that they are here, and they are in the room all the same.
        """
        ours = self._chat.people.session(left.session)
        if (
            isinstance(ours, Session) and not left.is_gone
        ):  # unless it had that of a node that it was on before
            self._chat.clock.callLater(0, self._be_out, feed, left.session)
            return
        # Who had buried this session, or was told its farewell, could say so only when it was here again.
        sessions = [ours] if isinstance(ours, Session) else self._others_of(left)
        inside = [session for session in sessions if feed in session.feeds]
        if not inside:
            return
        if left.is_gone or ours is None:
            self._go_back(inside, feed)
            return
        for session in inside:
            if left.reason:
                session.put_out_of(feed)
            else:
                session.drop(feed, f"You left {feed.stream}.")

    def _be_out(self, feed: RoomFeed, session: str) -> None:
        seat = self._chat.people.session(session)
        if isinstance(seat, Session) and seat.person.id not in feed.room.members:
            seat.drop(feed, f"You left {feed.stream}.")

    def _go_back(self, sessions: list[Session], feed: RoomFeed) -> None:
        """
        Have it logged that somebody is in a room whom a node has taken for gone: in the end in any case.

        A node that was stopped hears that of its own people before it knows that they are its own no longer.
        """
        chat = self._chat
        there = [it for it in sessions if feed in it.feeds and chat.people.session(it.id) is it]
        if not there or chat.is_stopped:
            return
        session = there[0]

        def again(failure: Failure) -> None:
            failure.trap(NotKept, Unknown)
            chat.clock.callLater(AGAIN, self._go_back, there, feed)

        with suppress(Refused):  # they are in it again
            account = session.person.account
            joining = chat.join(feed, session.id, session.nick, account=account, is_admitted=True)
            joining.addErrback(again)

    def _rename(self, event: Renamed) -> None:
        """Somebody has another nickname: what is kept of their session says so as well, but later."""
        person = self._chat.people.person(event.person)
        if person is not None and not self._is_ours(event.session) and person.nick != event.new:
            with suppress(NotAName):  # here, where another version may run
                person.rename(nickname(event.new))
                self.compare(person)

    def _hold(self, person: Person) -> None:
        """Hold a nickname here as well, in case that the other node lets it go."""
        chat = self._chat
        if person.id not in chat.logging_in:  # or it is being claimed just now
            holding = Deferred.fromCoroutine(
                chat.registry.claim(person.nick, person.id, person.sessions[-1].address)
            )
            holding.addErrback(lambda failure: failure.trap(NotKept, Refused) and None)  # a look finds it

    # What an operator does

    def _announce(self, event: Announced) -> None:
        if event.id != self._announced and not self._is_ours(event.session):
            tell_outside(self._chat, event)
        self._announced = event.id

    def sanctioned(self, sanction: KeptSanction) -> None:
        """Another node has banned or muted somebody: a ban puts out of the server, too, who is here."""
        if sanction.kind == BAN:
            self._chat.clock.callLater(ENFORCE_AFTER, self._enforce, sanction)

    def _enforce(self, sanction: KeptSanction) -> None:
        chat = self._chat
        if sanction not in chat.sanctions.list(sanction.room):
            return  # it was lifted, or another one has taken its place
        if sanction.room == SERVER:
            for person in hit_by(chat, Scope(None), sanction):
                for session in _sessions(person):
                    session.banish(barring.banished(sanction, chat.wall()))
        elif feed := chat.rooms.open_room(sanction.room):
            for person in hit_by(chat, Scope(feed), sanction):
                for session in _sessions(person):
                    Membership(session).leave_barred(session.dialogue)


def _sessions(person: Person) -> list[Session]:
    """Return the sessions of somebody that are of this node."""
    return [session for session in person.sessions if isinstance(session, Session)]

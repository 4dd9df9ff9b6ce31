"""
The chat: its rooms, who is there, and how things happen in them.

What somebody wants to happen is checked against the room and appended to the room's log (what is
said by `talking` and `carrying_out`, the rest here). The log's tail brings it back, the room takes it in,
and everybody in the room is shown it: nobody sees anything that the log does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from tcpchat import records
from tcpchat.absences import Absences
from tcpchat.accounts import Accounts
from tcpchat.attempts import Attempts
from tcpchat.catching_up import CatchingUp
from tcpchat.cursors import Cursors
from tcpchat.deadlines import Deadlines
from tcpchat.departures import Departures
from tcpchat.elsewhere import Elsewhere
from tcpchat.events import Event, Joined, Opped, inbox
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.feed import Feed
from tcpchat.flow import Uncommitted
from tcpchat.handovers import Handovers
from tcpchat.hashing import Hashing
from tcpchat.inboxes import Inboxes
from tcpchat.limits import GRACE, KEEP_ALL, LONGEST_NAMELESS, Limits, Retention
from tcpchat.lockdown import Lockdown
from tcpchat.logs.interface import Log
from tcpchat.logs.outcomes import settle
from tcpchat.names import prepare
from tcpchat.networks import Trusted
from tcpchat.operators import Operators
from tcpchat.overseeing import Overseeing
from tcpchat.pace import Pacing
from tcpchat.people import People
from tcpchat.person import Person, Seat
from tcpchat.places import Place
from tcpchat.reader import Reader
from tcpchat.records import KeptAccount, KeptSight
from tcpchat.registry import Registry
from tcpchat.reload import Reload, nothing_to_reload
from tcpchat.reports import Reports
from tcpchat.resumable import Resumable
from tcpchat.retention import Forgetting
from tcpchat.room_feed import RoomFeed
from tcpchat.rooms import Rooms
from tcpchat.sanctions import Sanctions
from tcpchat.sightings import Sightings
from tcpchat.surely import Surely
from tcpchat.tickets import Ticket, new_ticket
from tcpchat.upkeep import Upkeep


class Chat:
    """Everybody who is there, and the rooms that they talk in."""

    def __init__(
        self,
        log: Log,
        clock: IReactorTime,
        wall: Callable[[], int],
        new_id: Callable[[], str],
        chance: Callable[[int], bytes],
        limits: Limits,
        history: int = 10,
        ascii_names: bool = False,
        greeting: tuple[str, ...] = (),
        retention: Retention = KEEP_ALL,
        crowd: Callable[[], Crowd] = DirectCrowd,
        trusted: Trusted = (),
        operators: Collection[str] = (),
        hashing: Hashing | None = None,
    ) -> None:
        """
        ``wall`` tells the time in milliseconds since 1970, ``new_id`` makes up a session's id,
        ``chance`` gives as many random bytes as it is asked for.

        A newcomer is shown the last ``history`` lines of a room. ``greeting`` takes the place of
        the first line that everybody sees. ``retention`` says what the log may forget, ``crowd``
        makes what hands something to many (fanout/). What comes from ``trusted`` networks is not
        counted as one network's. Who has registered one of the nicknames ``operators`` may moderate
        every room. ``hashing`` hashes passwords elsewhere; without it, that keeps everybody waiting.
        """
        self.log = log
        self.log_surely = Surely(log, clock).log
        self.clock = clock
        self.wall = wall
        self.new_id = new_id
        self.limits = limits
        self.history = history
        self.greeting = greeting
        self.uncommitted = Uncommitted()
        self.sightings = Sightings()
        self.reports = Reports()
        self.pacing = Pacing(limits, clock, trusted)
        self.returning: set[str] = set()  # sessions that are just being taken up
        self.leaving: dict[str, Reader] = {}  # by session: whose end is still being read
        self.seconds_nameless = limits.seconds_nameless or LONGEST_NAMELESS
        self.nameless = Deadlines(clock, self.seconds_nameless)
        self.broken = Deadlines(clock, GRACE)  # sessions whose connection is
        self.resumable = Resumable()
        self.accounts = Accounts(log)
        self.operators = Operators(operators, self.accounts)
        self.lockdown = Lockdown(log)
        self.sanctions = Sanctions(partial(log.keep, records.SANCTION))
        self.absences = Absences(log)
        self.reviving = 0  # how often those who were there before are just being taken in again
        self.logging_in: dict[str, DeferredLock] = {}  # by person: who are just coming in or back
        self.rooms = Rooms(
            log, clock, wall, limits, history, ascii_names, crowd, self._were_put_out, self.operators.has
        )
        self.people = People(
            clock, ascii_names, self._is_in_lobby, self.accounts.owners, self.operators.keeps
        )
        self.registry = Registry(self.people, clock)
        self.handovers = Handovers(log, clock)
        self.hashing = hashing or Hashing()
        self.attempts = Attempts(limits, trusted)
        self.overseeing = Overseeing(log, clock, self.operators, self.rooms, self.people, self.log_surely)
        self.accounts.changed = self.overseeing.changed
        self.inboxes = Inboxes(log, wall, crowd, self.people.person)
        self.catching_up = CatchingUp(log, clock)
        self.cursors = Cursors(log, clock, self._settled)
        self.forgetting = Forgetting(log, self.rooms, clock, wall, retention)
        self._chance = chance
        self.reload: Reload = nothing_to_reload
        self.departures = Departures(self.log_surely)
        self.elsewhere = Elsewhere(
            log, clock, self.people, self.rooms, self.inboxes, self.resumable, self.departures
        )
        self._upkeep = Upkeep(clock, self._look_after, self.forgetting.run)
        self._stopped = False

    async def open(self) -> None:
        """Open every room that the log knows, and begin to keep what has to be kept."""
        prepare()
        await self.accounts.open()
        self.log.watch(records.SANCTION, self.sanctions.take_in)
        for kept in (await self.log.records(records.SANCTION)).values():
            self.sanctions.restore(records.sanction(kept))
        await self.absences.open()
        await self.lockdown.open()
        await self.rooms.open()
        self.handovers.open()
        await self.elsewhere.open()
        self.overseeing.begin()
        self.cursors.start()
        self._upkeep.start()

    def stop(self) -> None:
        """The server ends: who is there stays in the rooms, and can come back to the next one."""
        self._stopped = True
        self.pacing.stop()
        for feed in self.rooms:
            feed.show_folded()

    def close(self) -> None:
        """Keep what has to be kept; nobody is connected any more."""
        self.cursors.stop()
        self._stopped = True
        self.hashing.stop()
        self._upkeep.stop()
        self.rooms.keep(1)

    def _look_after(self) -> None:
        self.rooms.keep()
        self.sanctions.expire(self.wall())
        for stream in self.rooms.close_empty():
            self.cursors.close(stream)
        for session in self.resumable.expired(self.clock.seconds()):
            if self.log.node:
                Deferred.fromCoroutine(self._forget_in_cluster(session))
            else:
                self.forget(session)

    async def _forget_in_cluster(self, session: str) -> None:
        """Forget a session that is over; another node's is its own affair, unless that is dead."""
        kept = await self.log.record(records.SESSION, session)
        node = records.session(kept).node if kept else ""
        if node == self.log.node or not (self.registry.is_fenced or self.registry.is_living(node)):
            self.forget(session)

    def _settled(self) -> dict[str, Place]:
        feeds: list[Feed] = [*self.rooms, *self.inboxes]
        return {feed.stream: feed.settled for feed in feeds}

    # People

    def _is_in_lobby(self, person: str) -> bool:
        return person in self.rooms.lobby.room.members

    def new_ticket(self) -> Ticket:
        """Make up a session's ticket."""
        return new_ticket(self._chance)

    def forget(self, session: str) -> None:
        """A session will not be taken up any more."""
        self.resumable.remove(session)
        # Of an account the inbox has the id of the session that registered it, and is needed still.
        has_inbox = self.accounts.get(session) is None
        self.cursors.forget(session, inbox(session) if has_inbox else "")
        self.log.keep(records.SESSION, session, None)

    def depart(self, person: Person, session: Seat, rooms: Sequence[RoomFeed], reason: str) -> bool:
        """
        A session is over. If it was the person's last one, everybody in the rooms is told; return that.
        """
        is_last = self.people.leave(person, session)
        self.elsewhere.left_here(person, session.id, reason)
        if not person.is_here:
            self.inboxes.close(person.id)
        if not is_last:
            return False
        if person.account:
            self.accounts.change(person.account, lambda it: msgspec.structs.replace(it, seen=self.wall()))
        sight = KeptSight(person.nick, self.wall())
        self.log.keep(records.SEEN, person.name.fold, records.encode(sight))
        there = [feed.room for feed in rooms if person.id in feed.room.members]
        nicks = {room.name: person.nick for room in there if person.id not in room.going_out}
        self.departures.tell(session.id, person.account, nicks, reason)
        return True

    def forget_place(self, account: str, stream: str) -> None:
        """An account is not in a room any more."""

        def without(kept: KeptAccount) -> KeptAccount:
            return msgspec.structs.replace(
                kept, rooms={it: kept.rooms[it] for it in kept.rooms if it != stream}
            )

        self.accounts.change(account, without)
        self.absences.forget(account, stream)

    def _were_put_out(self, feed: RoomFeed, persons: Sequence[str]) -> None:
        for id in persons:
            person = self.people.person(id)
            # Of a cluster it is the affair of one node alone: of theirs, or of that which has put them out.
            is_ours = not self.log.node if person is None else person.is_here
            if is_ours:
                self.forget_place(id, feed.stream)
            if person is not None:
                person.put_out_of(feed)

    @property
    def is_stopped(self) -> bool:
        """Does the server end?"""
        return self._stopped

    # What happens

    def post(self, feed: RoomFeed, event: Event) -> Deferred[list[int]]:
        """
        Have something happen in a room; the answer comes when it is in the log.

        Raises:
            Refused: it may not happen there.
        """
        feed.room.check(event)
        return self.log.append(feed.stream, [event])

    def join(
        self,
        feed: RoomFeed,
        session: str,
        nick: str,
        ref: str = "",
        account: str = "",
        since: int = 0,
        is_admitted: bool = False,
    ) -> Deferred[list[int]]:
        """
        Bring somebody into a room; the answer is the number of the entry that says so.

        ``since`` is the entry that brought them in before, if they were only away; of an account it is known.
        Who ``is_admitted`` may come in though the room is locked. Whoever has an account becomes the operator
        of a room that never had one. It fails with `NotKept` if the log cannot be written.

        Raises:
            Refused: it may not be.
        """
        room = feed.room
        since = self.accounts.place(account, feed.stream) or since
        joined = Joined(session, nick, since, ref=ref, account=account)
        room.check(joined, is_admitted)
        founds = room.lacks_operator and self.accounts.get(account) is not None
        events: list[Event] = [joined]
        if founds:
            events.append(Opped(session, nick, nick, account, account=account))
            room.is_founding = True
        feed.expected += 1

        def no_longer(outcome: list[int] | Failure) -> list[int] | Failure:
            feed.expected -= 1
            if founds:
                room.is_founding = False
            if isinstance(outcome, Failure):
                settle(outcome.value, lambda: None, partial(self._see_out, feed, joined))
                return outcome
            return outcome[:1]

        return self.log.append(feed.stream, events).addBoth(no_longer)

    def _see_out(self, feed: RoomFeed, joined: Joined) -> None:
        """It turns out that somebody has come in who was not told so: they are gone by now, or back."""
        person = self.people.person(joined.person)
        is_there = person is not None and any([feed in it.feeds for it in person.sessions])
        if joined.person in feed.room.members and not (is_there or joined.session in self.returning):
            self.departures.tell(joined.session, joined.account, {feed.stream: joined.nick}, "")

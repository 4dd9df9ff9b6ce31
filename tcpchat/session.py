"""
One person's presence: who somebody is, independent of the connection, which it outlives for a while.

What can be asked for over a connection is in present.py, coming back over another in returning.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import islice

import msgspec

from tcpchat import answers, jsonlines, mentions, records, render, tickets
from tcpchat.asked_before import AskedBefore
from tcpchat.dialogue import Dialogue
from tcpchat.events import Told, inbox
from tcpchat.feed import Feed
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.reader import NOTHING
from tcpchat.records import KeptAccount, KeptSession
from tcpchat.render import View
from tcpchat.requests import Refused
from tcpchat.room import LOBBY
from tcpchat.room_feed import RoomFeed
from tcpchat.settings import AS_AT_FIRST, Settings
from tcpchat.tickets import Ticket, digest, digest_as_made, digests

# Tokens of one session that are good at once: each time a program comes back by its code to another
# server, which knows no token, it gets a new one.
MOST_TOKENS = 3

NOBODY: frozenset[str] = frozenset()

# Changes of a session that are kept at once within a second: more than a person makes.
KEPT_A_SECOND = 10

# All who see things alike share one view: it is asked for again and again, and there are few.
_view = lru_cache(256)(View)


class Session:
    """Somebody who has a nickname."""

    __slots__ = (
        "_asked_before", "_keeping_since", "_keeps", "_ticket", "acknowledged", "address", "broken", "budget",
        "chat", "dialogue", "digests", "feeds", "id", "ignored_lately", "person",
    )  # fmt: skip

    def __init__(self, dialogue: Dialogue, id: str, person: Person, ticket: Ticket) -> None:
        self.chat = dialogue.chat
        self.id = id
        self.person = person
        person.sessions = *person.sessions, self
        # Where it follows from the token, the code is made again when it is asked for.
        self._ticket: Ticket | str = ticket.token or ticket
        self.digests: tuple[str, ...] = (digest_as_made(ticket.code),)
        self.address = dialogue.address
        self.dialogue = dialogue
        self.budget = self.chat.pacing.budget()
        self.feeds: list[RoomFeed] = []  # the rooms, in the order in which they were current last
        self._asked_before: AskedBefore | None = None
        self.ignored_lately = NOBODY  # whom one did not hear over this connection
        self.acknowledged = dialogue.reader.acknowledged  # by the last connection, once it has broken
        self.broken: int | None = None  # when it did, in milliseconds since 1970
        self._keeping_since = -1.0  # the second in which so much was kept
        self._keeps = 0

    @property
    def settings(self) -> Settings:
        """What the person has set."""
        return self.dialogue.settings

    @property
    def asked_before(self) -> AskedBefore:
        """What a program has asked for before, by its references."""
        if self._asked_before is None:
            self._asked_before = AskedBefore(self.chat.log, self.id)
        return self._asked_before

    @property
    def ticket(self) -> Ticket:
        """With what the person comes back."""
        return tickets.ticket(self._ticket) if isinstance(self._ticket, str) else self._ticket

    # What others may know

    @property
    def nick(self) -> str:
        """The nickname."""
        return self.person.name.display

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self.dialogue.idle

    @property
    def is_broken(self) -> bool:
        """Is the connection broken, and has nobody been told so yet?"""
        return self.broken is not None

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in, but for that of the audit trail: others do not know of it."""
        return sorted(feed.stream for feed in self.feeds if feed is not self.chat.rooms.audit)

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages of the person: show them."""
        reader = self.dialogue.reader
        if feed.stream not in reader.acknowledged.places:
            reader.follow(feed, Place(feed.shown, feed.shown))

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply goes there, unless it was not heard."""
        person = self.person
        if person.correspondent != event.person and render.is_heard(event, self.view(inbox(person.id))):
            person.correspondent = event.person
            if self.chat.people.person(person.id) is person:  # and has not left meanwhile
                self.keep()

    # What the person sees

    @property
    def current(self) -> RoomFeed:
        """
        The room that what one says goes to.

        Raises:
            Refused: there is none.
        """
        if not self.feeds:
            raise Refused(f"You are in no room. /join {LOBBY}", "not-member")
        return self.feeds[-1]

    def view(self, stream: str) -> View:
        """Return how the person sees a stream."""
        settings = self.settings
        view = _view(
            bool(self.feeds) and self.feeds[-1].stream == stream,
            settings.echo,
            settings.joins,
            settings.timestamps,
            settings.numbers,
            settings.timezone,
            color=settings.color,
        )
        if ignored := self.person.ignored:
            view = view._replace(ignored=frozenset((*ignored, *ignored.values())))
        return view._replace(bell=mentions.fold(self.person.name.fold)) if settings.bell else view

    def restyle(self) -> None:
        """What the person sees is another way from now on."""
        if not self.is_broken:
            self.dialogue.reader.restyle()

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """The person has come into a room by an entry, and talks where they did before: tell why."""
        if feed in self.feeds:
            return
        self.feeds.insert(0, feed)
        if not self.is_broken:
            self.dialogue.tell(f"{why} You are in {feed.stream}, too.")
            self.dialogue.reader.follow(feed, Place(seq, seq))
            self.dialogue.reader.restyle()
            self.keep()

    def forget_lost_rooms(self) -> None:
        """The person has just come in: they may have been put out of some rooms again meanwhile."""
        self.feeds = [feed for feed in self.feeds if self.person.id in feed.room.members]

    def put_out_of(self, feed: RoomFeed) -> None:
        """The person was put out of a room: whoever reads slowly is still shown what was before that."""
        if feed in self.feeds:
            self.drop(feed, f"You are no longer in {feed.stream}.", upto=feed.shown)

    def drop(self, feed: RoomFeed, why: str, upto: int = 0) -> None:
        """
        The person is no longer in a room, if they were: tell why, and where they are now.

        Of the room everything ``upto`` an entry is shown still to one who is behind.
        """
        if feed not in self.feeds:
            return
        self.feeds.remove(feed)
        reader = self.dialogue.reader
        reader.unfollow(feed, upto)
        reader.restyle()
        now = f"in {self.current.stream}" if self.feeds else "in no room"
        self.dialogue.tell(f"{why} You are {now}.")
        self.keep()

    def banish(self, why: Refused) -> None:
        """The person may not be here any more: tell why, hang up, and let nobody take this up again."""
        self.chat.forget(self.id)
        if self.is_broken:
            self.stay()
            self._leave("")
        else:
            self.dialogue.cut_off(why)

    def welcome(self, after: Mapping[str, int]) -> answers.Welcome:
        """
        Return who a program is, and with what it comes back.

        ``after`` holds the number after which entries follow, by stream.
        """
        room = self.feeds[-1].room if self.feeds else None
        people = list(islice(room.others(self.person.id), answers.MOST_TOLD)) if room else []
        return answers.Welcome(
            nick=self.nick,
            room=jsonlines.room(room.name) if room else "",
            people=people,
            others=len(room.members) - (self.person.id in room.members) if room else 0,
            session=self.ticket.token,
            code=self.ticket.code,
            epoch=self.chat.log.epoch,
            rooms=[jsonlines.room(feed.stream) for feed in self.feeds],
            after=after,
        )

    # Names

    def claim(self, typed: str, or_variant: bool = False) -> Name:
        """
        Hold a nickname that the person asks for, beside the one that they have.

        Raises:
            Refused: it is no nickname, or it is taken.
        """
        return self.chat.people.claim(typed, self.person.id, self.address, or_variant)

    def release(self, name: Name) -> None:
        """Hold a nickname no longer."""
        self.chat.people.release(name, self.person.id, self.address)

    # What outlives the connection, and the server

    def register(self, rooms: tuple[str, ...]) -> None:
        """Be somebody who can come back after a break, into these rooms."""
        self.chat.resumable.add(self.id, self.digests)
        self.broken = None
        self._keep(has_left=False, rooms=rooms)

    def enter(self) -> None:
        """Be somebody whom others find."""
        self.chat.people.enter(self.person, self)

    def keep(self) -> None:
        """
        Keep what is needed to go on after the connection, or the server, has broken.

        That is done at once, but for one who changes it all the time. With an account its rooms are kept
        as well.
        """
        if self.person.account:
            self.chat.accounts.change(self.person.account, self._as_now)
        now = self.chat.clock.seconds()
        if now >= self._keeping_since + 1:
            self._keeping_since, self._keeps = now, 0
        self._keeps += 1
        if self._keeps <= KEPT_A_SECOND:
            self._keep(has_left=False)
        elif self._keeps == KEPT_A_SECOND + 1:
            self.chat.clock.callLater(1, self._keep_late)

    def keep_settings(self) -> None:
        """
        Keep with the account, if there is one, what the person has set, and whom they do not hear.

        The encoding is what this terminal takes, and the next one may take another.
        """
        settings, ignored = dict(self.settings.describe()), self.person.ignored
        del settings["encoding"]
        self.chat.accounts.change(
            self.person.account, lambda it: msgspec.structs.replace(it, settings=settings, ignored=ignored)
        )

    def _as_now(self, account: KeptAccount) -> KeptAccount:
        """Return the account with the rooms that it is in now, since when, and who wrote to it last."""
        id = self.person.id
        rooms = {feed.stream: feed.room.members[id].entered for feed in self.feeds if id in feed.room.members}
        return msgspec.structs.replace(account, rooms=rooms, correspondent=self.person.correspondent)

    def _keep_late(self) -> None:
        if self in self.person.sessions:
            self._keep(has_left=False)

    def _keep(self, has_left: bool, rooms: tuple[str, ...] | None = None) -> None:
        kept = KeptSession(
            nick=self.nick,
            secrets=self.digests,
            address=self.address,
            since=self.person.since,
            rooms=tuple(feed.stream for feed in self.feeds) if rooms is None else rooms,
            settings={} if self.settings is AS_AT_FIRST else dict(self.settings.describe()),
            ignored=self.person.ignored,
            away=self.person.away,
            correspondent=self.person.correspondent,
            account=self.person.account,
            entered={
                feed.stream: feed.room.members[self.person.id].entered
                for feed in self.feeds
                if feed.room.order.was_locked and self.person.id in feed.room.members
            },
            broken=None if self.chat.is_stopped else self.broken,
            has_left=has_left,
        )
        self.chat.log.keep(records.SESSION, self.id, records.encode(kept))

    def break_off(self) -> None:
        """The connection has broken: it is told nobody for a while, in which the person may be back."""
        self._stop()
        self.chat.sightings.tell("{nick} is no longer connected", self.id, self.nick)
        self.dialogue.reader.let_go()
        if not self.chat.is_stopped:
            self.wait("connection lost")
        self.keep()

    def wait(self, reason: str) -> None:
        """Wait a while for the person; then they have left for this reason."""
        self.chat.broken.set(self.id, partial(self._leave, reason, is_farewell=False))

    def leave(self, reason: str) -> None:
        """The person has said farewell; they can still come back."""
        if self.chat.is_stopped:
            self.break_off()  # it was rather the server that ended
        else:
            self.dialogue.reader.leave_over(NOTHING)  # they have been told how to see it
            self._stop()
            self._leave(reason)

    def withdraw(self) -> None:
        """The person could not come in."""
        self.chat.people.withdraw(self.person)
        self.chat.forget(self.id)
        self.release(self.person.name)

    def be_back(self, ticket: Ticket) -> None:
        """The person is back, with this ticket."""
        self._ticket = ticket
        code, *tokens = self.digests
        if not {code, *tokens} & set(digests(ticket.token)):
            tokens = [*tokens, digest(ticket.token)][-MOST_TOKENS:]
        self.digests = code, *tokens

    def renew(self, ticket: Ticket) -> None:
        """Have a ticket of which more is known than of the one before, which stays good."""
        self._ticket = ticket.token or ticket
        self.digests = (digest_as_made(ticket.code), *self.digests)[: MOST_TOKENS + 1]

    def give_way(self, reason: str) -> None:
        """The person goes on as somebody else over the same connection: this one has left, for good."""
        dialogue, chat = self.dialogue, self.chat
        reader = dialogue.reader
        places = reader.places()
        for feed in self.feeds:
            reader.unfollow(feed)
        if inbox(self.person.id) in places:
            reader.unfollow(chat.inboxes.feed(self.person.id))
        chat.cursors.rest(self.id, places)
        self._leave(reason)
        self._note_absence(places)
        chat.forget(self.id)

    def stay(self) -> None:
        """The person is about to be back: nothing is to be told."""
        self.chat.broken.cancel(self.id)

    def _stop(self) -> None:
        """Go on, if at all, where the connection has stopped: what was there when it ends is still shown."""
        reader = self.dialogue.reader
        self.acknowledged = reader.acknowledged
        self.broken = self.chat.wall()
        self.chat.resumable.expire(self.id, self.chat.clock.seconds() + LONGEST_ABSENCE)
        self._rest(self.acknowledged.places)
        self.chat.leaving[self.id] = reader
        reader.when_let_go(self._has_stopped)

    def _has_stopped(self) -> None:
        del self.chat.leaving[self.id]
        self._rest(self.acknowledged.certain)

    def _rest(self, places: Mapping[str, Place]) -> None:
        # Private messages may come while nobody follows the inbox: they are missed from the first on.
        self.chat.cursors.rest(self.id, {inbox(self.person.id): Place(0, 0)} | dict(places))
        if self not in self.person.sessions:
            self._note_absence(places)

    def _note_absence(self, places: Mapping[str, Place]) -> None:
        if account := self.chat.accounts.get(self.person.account):
            self.chat.absences.note(account.id, places)

    def _leave(self, reason: str, is_farewell: bool = True) -> None:
        if self.chat.resumable.holds(self.id):
            self._keep(has_left=True)
        person = self.person
        self._note_absence(self.acknowledged.certain)
        if self.chat.depart(person, self, self.feeds, reason):
            # After a break the name was kept for as long as it is after a farewell.
            self.chat.people.release(person.name, person.id, self.address, is_kept=is_farewell)
        self.chat.sightings.tell("{nick} has left", self.id, self.nick)

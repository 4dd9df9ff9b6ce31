"""What of a person's session outlives the connection, and the server: by what they come back, and to what."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tcpchat import handed, records, tickets
from tcpchat.events import inbox
from tcpchat.feed import Feed
from tcpchat.person import Person
from tcpchat.places import Place
from tcpchat.records import KeptAccount, KeptSession
from tcpchat.replays import Part
from tcpchat.room_feed import RoomFeed
from tcpchat.service import Chat
from tcpchat.settings import AS_AT_FIRST, Settings
from tcpchat.tickets import Ticket, digest, digest_as_made, digests

# Tokens of one session that are good at once: each time a program comes back by its code to another
# server, which knows no token, it gets a new one.
MOST_TOKENS = 3

# Changes of a session that are kept at once within a second: more than a person makes.
KEPT_A_SECOND = 10


class Keeping:
    """A person's session, as the log's records know it."""

    __slots__ = (
        "_keeping_since", "_keeps", "_ticket", "address", "broken", "chat", "digests", "feeds", "id",
        "is_abroad", "moved", "person",
    )  # fmt: skip

    def __init__(self, chat: Chat, id: str, person: Person, ticket: Ticket, address: str) -> None:
        self.chat = chat
        self.id = id
        self.person = person
        # Where it follows from the token, the code is made again when it is asked for.
        self._ticket: Ticket | str = ticket.token or ticket
        self.digests: tuple[str, ...] = (digest_as_made(ticket.code),)
        self.address = address
        self.feeds: list[RoomFeed] = []  # the rooms, in the order in which they were current last
        self.broken: int | None = None  # when the connection did, in milliseconds since 1970
        self.moved = 0  # how often it has gone on on another node of a cluster
        self.is_abroad = False  # does it do so by now, or is it lost? Nothing is kept of it here any more
        self._keeping_since = -1.0  # the second in which so much was kept
        self._keeps = 0

    @property
    def settings(self) -> Settings:
        """What the person has set."""
        raise NotImplementedError

    @property
    def nick(self) -> str:
        """The nickname of the person."""
        return self.person.name.display

    @property
    def ticket(self) -> Ticket:
        """With what the person comes back."""
        return tickets.ticket(self._ticket) if isinstance(self._ticket, str) else self._ticket

    def be_back(self, ticket: Ticket) -> None:
        """The person is back, with this ticket."""
        self._ticket = ticket
        code, *tokens = self.digests
        if not {code, *tokens} & set(digests(ticket.token)):
            tokens = [*tokens, digest(ticket.token)][-MOST_TOKENS:]
        self.digests = code, *tokens

    def stream(self, name: str) -> Feed | None:
        """Return the feed of a room that is open, or of the person's own private messages, by its stream."""
        if name == inbox(self.person.id):
            return self.chat.inboxes.feed(self.person.id)
        return self.chat.rooms.open_room(name)

    def parts(self, parts: Iterable[handed.Part]) -> list[Part]:
        """Return parts that another process has handed on, of streams that there still are."""
        found = ((self.stream(part.stream), part) for part in parts)
        return [Part(feed, Place(*it.after), Place(*it.upto)) for feed, it in found if feed is not None]

    def keep_now(self) -> None:
        """Keep it as `keep` does, however often that was done lately."""
        self._keep(has_left=False)

    def go_on_with(self, ticket: Ticket) -> None:
        """Have the ticket that was issued by another process, whose digests are known."""
        follows = ticket.token and tickets.ticket(ticket.token) == ticket
        self._ticket = ticket.token if follows else ticket

    def renew(self, ticket: Ticket) -> None:
        """Have a ticket of which more is known than of the one before, which stays good."""
        self._ticket = ticket.token or ticket
        self.digests = (digest_as_made(ticket.code), *self.digests)[: MOST_TOKENS + 1]

    def register(self, rooms: tuple[str, ...]) -> None:
        """Be somebody who can come back after a break, into these rooms."""
        self.chat.resumable.add(self.id, self.digests)
        self.broken = None
        self._keep(has_left=False, rooms=rooms)

    def keep(self) -> None:
        """
        Keep what is needed to go on after the connection, or the server, has broken.

        That is done at once, but for one who changes it all the time. With an account its rooms are kept
        as well.
        """
        if self.is_abroad:
            return
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
        """Return the account as one that is here: in which rooms, since when, and who wrote to it last."""
        id = self.person.id
        rooms = {feed.stream: feed.room.members[id].entered for feed in self.feeds if id in feed.room.members}
        return msgspec.structs.replace(
            account, rooms=rooms, correspondent=self.person.correspondent, seen=self.chat.wall()
        )

    def _keep_late(self) -> None:
        sessions: tuple[object, ...] = self.person.sessions
        if self in sessions:
            self._keep(has_left=False)

    def _keep(self, has_left: bool, rooms: tuple[str, ...] | None = None) -> None:
        if self.is_abroad:
            return
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
            node=self.chat.log.node,
            moved=self.moved,
        )
        self.chat.log.keep(records.SESSION, self.id, records.encode(kept))

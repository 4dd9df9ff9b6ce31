"""
The chat: its rooms, who is there, and the one way by which anything happens in them.

What somebody wants to happen is checked against the room and appended to the room's log. The
log's tail brings it back, the room takes it in, and everybody in the room is shown it: nobody
sees anything that the log does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.catching_up import CatchingUp
from tcpchat.claims import Claims, Taken
from tcpchat.events import Event, Joined, Left, Renamed, Told, inbox
from tcpchat.feed import Feed, RoomFeed
from tcpchat.limits import Limits
from tcpchat.logs.interface import Log, NotKept
from tcpchat.names import Name, NotAName, nickname, room_name
from tcpchat.person import Person
from tcpchat.requests import Refused
from tcpchat.room import LOBBY, Room
from tcpchat.text import clean

# Seconds until what could not be logged, and has happened all the same, is tried again.
LOG_AGAIN = 1.0


class Chat:
    """Everybody who is connected, and the rooms that they talk in."""

    logger = Logger()

    def __init__(
        self,
        log: Log,
        clock: IReactorTime,
        wall: Callable[[], int],
        new_id: Callable[[], str],
        limits: Limits,
        history: int = 10,
        ascii_names: bool = False,
        greeting: tuple[str, ...] = (),
    ) -> None:
        """
        ``wall`` tells the time in milliseconds since 1970, ``new_id`` makes up a session's id.

        A newcomer is shown the last ``history`` lines of a room. ``greeting`` takes the place of
        the first line that everybody sees.
        """
        self.log = log
        self.clock = clock
        self.wall = wall
        self.new_id = new_id
        self.limits = limits
        self.history = history
        self.ascii_names = ascii_names
        self.greeting = greeting
        self.claims = Claims()
        self.catching_up = CatchingUp(log, clock)
        self._people: dict[str, Person] = {}
        self._rooms: dict[object, RoomFeed] = {}  # by each of its name's keys
        self._inboxes: dict[str, tuple[Feed, Callable[[], None]]] = {}
        self._stopped = False

    async def open(self) -> None:
        """Open every room that the log knows, and put out whoever a dead server left behind there."""
        for stream in await self.log.streams():
            if not stream.startswith("#"):
                continue
            try:
                feed = self._open_room(room_name(stream))
            except NotAName:
                self.logger.warn("The log holds {stream!r}, which is no name of a room", stream=stream)
                continue
            members = feed.room.members.items()
            left = [Left(session, member.nick, "server restarted") for session, member in members]
            try:
                if left:
                    await self.log.append(stream, left)
            except NotKept:
                for event in left:
                    self._log_surely(feed, event)
        self.room(LOBBY)

    def stop(self) -> None:
        """Wait for nothing any more: the log is about to be closed."""
        self._stopped = True
        for feed in self.rooms():
            feed.show_folded()

    # Rooms

    def rooms(self) -> Iterator[RoomFeed]:
        """Yield every room once, also those where nobody is."""
        yield from dict.fromkeys(self._rooms.values())

    def find_room(self, typed: str) -> RoomFeed:
        """
        Return the room that somebody names.

        Raises:
            Refused: it is no name of a room, or there is none of that name.
        """
        name = self._room_name(typed)
        feed = self._known(name)
        if feed is None:
            raise Refused(f"There is no room {name.display}. /rooms lists the rooms.")
        return feed

    def room(self, typed: str) -> RoomFeed:
        """
        Return the room that somebody names, a new one if there was none.

        Raises:
            Refused: it is no name of a room, or there are too many rooms.
        """
        name = self._room_name(typed)
        feed = self._known(name)
        most = self.limits.rooms
        if (feed is None or not feed.room.members) and most is not None and name.display != LOBBY:
            if sum(1 for other in self.rooms() if other.room.members) >= most:
                raise Refused(f"There are {most} rooms already, and that is all that there may be.")
        return feed or self._open_room(name)

    def _room_name(self, typed: str) -> Name:
        try:
            return room_name(typed if typed.startswith("#") else f"#{typed}", self.ascii_names)
        except NotAName as reason:
            raise Refused(f'"{clean(typed)}" is not a room: {reason}.') from reason

    def _known(self, name: Name) -> RoomFeed | None:
        return next((self._rooms[key] for key in name.keys if key in self._rooms), None)

    def _open_room(self, name: Name) -> RoomFeed:
        feed = RoomFeed(Room(name.display), self.clock, self.wall, self.history)
        for key in name.keys:
            self._rooms.setdefault(key, feed)
        self.log.tail(feed.stream, 0, feed.deliver)
        return feed

    # People

    def enter(self, person: Person) -> None:
        """Somebody has a nickname now and can be found by it."""
        self._people[person.id] = person

    def depart(self, person: Person, rooms: list[RoomFeed], reason: str) -> None:
        """Somebody is gone: everybody in the rooms is told, the nickname is no longer held."""
        self._people.pop(person.id, None)
        if person.id in self._inboxes:
            _, end = self._inboxes.pop(person.id)
            end()
        if self._stopped:
            return  # who is there when the server ends is put out when it starts again
        for feed in rooms:
            self._log_surely(feed, Left(person.id, person.nick, reason))

    def _log_surely(self, feed: RoomFeed, event: Event) -> None:
        """Log what has happened already, in the end also when the log cannot be written now."""

        def again(failure: Failure) -> None:
            failure.trap(NotKept)
            if not self._stopped:
                self.clock.callLater(LOG_AGAIN, self._log_surely, feed, event)

        self.log.append(feed.stream, [event]).addErrback(again)

    def find_person(self, name: Name) -> Person | None:
        """Return who has a nickname now."""
        holder = self.claims.holder(name)
        return self._people.get(holder) if holder else None

    def person(self, session: str) -> Person | None:
        """Return the person of a session, if still there."""
        return self._people.get(session)

    def is_away(self, session: str) -> bool:
        """Tell whether somebody has said that they are away."""
        person = self._people.get(session)
        return person is not None and person.away is not None

    def nickname(self, typed: str) -> Name:
        """
        Return the nickname that somebody means.

        Raises:
            Refused: it is none.
        """
        try:
            return nickname(typed, self.ascii_names)
        except NotAName as reason:
            raise Refused(f'"{clean(typed)}" is not a nickname: {reason}.') from reason

    def claim(self, typed: str, session: str, address: str, or_variant: bool = False) -> Name:
        """
        Hold the nickname that somebody asks for, or with ``or_variant`` the first free one like it.

        Raises:
            Refused: it is no nickname, or it is taken.
        """
        name = self.nickname(typed)
        now = self.clock.seconds()
        try:
            self.claims.claim(name, session, address, now)
        except Taken:
            variant = self.claims.free_variant(name, address, now, self.ascii_names)
            if not or_variant:
                raise Refused(f'"{name.display}" is taken. Try "{variant.display}".') from None
            name = variant
            self.claims.claim(name, session, address, now)
        return name

    def release(self, name: Name, session: str, address: str) -> None:
        """Hold a nickname no longer; for a while only the same address can have it."""
        self.claims.release(name, session, address, self.clock.seconds())

    # What happens

    def post(self, feed: RoomFeed, event: Event) -> Deferred[list[int]]:
        """
        Have something happen in a room; the answer comes when it is in the log.

        Raises:
            Refused: it may not happen there.
        """
        feed.room.check(event)
        return self.log.append(feed.stream, [event])

    async def join(self, feed: RoomFeed, session: str, nick: str) -> int:
        """
        Bring somebody into a room; return the number of the entry that says so.

        Raises:
            Refused: it may not be.
            NotKept: the log cannot be written.
        """
        (seq,) = await self.post(feed, Joined(session, nick))
        return seq

    async def rename(self, event: Renamed, feeds: list[RoomFeed]) -> None:
        """
        Give somebody another nickname in all of their rooms.

        Raises:
            NotKept: the log cannot be written; the nickname is what it was.
        """
        if feeds:
            await self.post(feeds[0], event)
        for feed in feeds[1:]:
            self._log_surely(feed, event)

    def tell(self, event: Told, to: Person) -> Deferred[list[int]]:
        """Say something to one person; the answer comes when it is in both inboxes."""
        for person in to, self._people[event.session]:
            if person.id not in self._inboxes:
                feed = Feed(inbox(person.id), self.wall)
                self._inboxes[person.id] = feed, self.log.tail(feed.stream, 0, feed.deliver)
                person.follow_inbox(feed)

        def keep_copy(_: list[int]) -> Deferred[list[int]]:
            to.heard_from(event)
            return self.log.append(inbox(event.session), [event]).addErrback(not_copied)

        def not_copied(failure: Failure) -> list[int]:
            failure.trap(NotKept)
            self.logger.warn("Session {id}: the copy of a private message was not kept", id=event.session)
            return []

        return self.log.append(inbox(to.id), [event]).addCallback(keep_copy)

"""The rooms of the chat: found by name, and opened from what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from tcpchat import records
from tcpchat.echo import echo
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.feed import RoomFeed
from tcpchat.limits import Limits
from tcpchat.logs.interface import Log
from tcpchat.names import Key, Name, NotAName, room_name
from tcpchat.requests import Refused
from tcpchat.room import LOBBY, Room

# Entries read from the log at once to open a room.
READ_TO_OPEN = 500
# Entries that change a room (all but what is said) after which it is kept anew; in a room of more
# people it is as many entries as people: to keep it costs as much.
KEPT_EVERY = 500


class Rooms:
    """Every room that there is, each with its feed."""

    logger = Logger()

    def __init__(
        self,
        log: Log,
        clock: IReactorTime,
        wall: Callable[[], int],
        limits: Limits,
        history: int,
        ascii_names: bool,
        crowd: Callable[[], Crowd] = DirectCrowd,
    ) -> None:
        """
        ``wall`` tells the time in milliseconds since 1970; ``history`` is of a newcomer.

        ``crowd`` makes what hands something to many (fanout/).
        """
        self._crowd = crowd
        self._log = log
        self._clock = clock
        self._wall = wall
        self._limits = limits
        self._history = history
        self._ascii_names = ascii_names
        self._rooms: dict[Key, RoomFeed] = {}  # by each of its name's keys
        self._feeds: dict[str, RoomFeed] = {}  # those, by stream
        self._occupied: set[str] = set()  # the names of those with somebody in them

    def __iter__(self) -> Iterator[RoomFeed]:
        """Yield every room, also those where nobody is."""
        yield from self._feeds.values()

    async def open(self) -> None:
        """Open every room that the log knows."""
        kept = await self._log.records(records.ROOM)
        for stream in await self._log.streams():
            if not stream.startswith("#"):
                continue
            try:
                name = room_name(stream)
            except NotAName:
                self.logger.warn("The log holds {stream}, which is no name of a room", stream=stream)
                continue
            await self._open(name, kept.get(stream))
        self.get(LOBBY)

    async def _open(self, name: Name, kept: bytes | None) -> None:
        """Open a room from what is kept of it and the entries after that."""
        room = Room(name.display, self._occupied)
        if kept is not None:
            room.restore(records.room(kept))
        last = self._log.last(room.name)
        after = room.seq
        while entries := await self._log.read_unspoken(room.name, after, last, READ_TO_OPEN):
            for entry in entries:
                room.apply(entry)
            after = entries[-1].seq
        first, _ = await self._log.find_spoken(room.name, self._history, last)
        recent = await self._log.read_spoken(room.name, first, last, self._history) if self._history else []
        feed = self._add(name, room)
        feed.begin(last, recent)
        self._log.tail(room.name, last, feed.deliver)

    def _add(self, name: Name, room: Room) -> RoomFeed:
        feed = RoomFeed(room, self._clock, self._wall, self._history, self._crowd)
        for key in name.keys:
            if self._rooms.setdefault(key, feed) is feed:
                self._feeds[feed.stream] = feed
        return feed

    def find(self, typed: str) -> RoomFeed:
        """
        Return the room that somebody names.

        Raises:
            Refused: it is no name of a room, or there is none of that name.
        """
        name = self._name(typed)
        feed = self._known(name)
        if feed is None:
            raise Refused(f"There is no room {name.display}. /rooms lists the rooms.", "no-such-room")
        return feed

    def get(self, typed: str) -> RoomFeed:
        """
        Return the room that somebody names, a new one if there was none.

        Raises:
            Refused: it is no name of a room, or there are too many rooms.
        """
        if (feed := self._feeds.get(typed)) and feed.room.members and typed.isascii():
            return feed  # as nearly always
        name = self._name(typed)
        feed = self._known(name)
        most = self._limits.rooms
        if (feed is None or not feed.room.members) and most is not None and name.display != LOBBY:
            if len(self._occupied) >= most:
                raise Refused(
                    f"There are {most} rooms already, and that is all that there may be.", "too-many"
                )
        if feed is None:
            feed = self._add(name, Room(name.display, self._occupied))
            self._log.tail(feed.stream, 0, feed.deliver)
        return feed

    def keep(self, least: int | None = None, only: str = "") -> None:
        """Keep the rooms, or one, of which so much (much, if not said) has changed since they were kept."""
        for feed in filter(None, [self._feeds.get(only)]) if only else self:
            if feed.room.changes >= (least or max(KEPT_EVERY, len(feed.room.members))):
                feed.room.changes = 0
                self._log.keep(records.ROOM, feed.stream, records.encode(feed.room.kept()))

    def _name(self, typed: str) -> Name:
        try:
            return room_name(typed if typed.startswith("#") else f"#{typed}", self._ascii_names)
        except NotAName as reason:
            raise Refused(f'"{echo(typed)}" is not a room: {reason}.', "bad-room") from reason

    def _known(self, name: Name) -> RoomFeed | None:
        return next((self._rooms[key] for key in name.keys if key in self._rooms), None)

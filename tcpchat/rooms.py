"""
The rooms of the chat: found by name, and opened from what is kept of them.

A room in which nobody is any more is closed soon: what is left of it in memory is its name. Its log
stays, and whoever goes there opens it again from that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from tcpchat import records
from tcpchat.audit_room import AuditRoom
from tcpchat.echo import echo
from tcpchat.events import Entry
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.limits import Limits
from tcpchat.logs.interface import Log
from tcpchat.names import Key, Name, NotAName, room_name
from tcpchat.replays import fresh
from tcpchat.requests import Refused
from tcpchat.room import AUDIT, LOBBY, Room
from tcpchat.room_feed import RoomFeed

T = TypeVar("T")

# Entries read from the log at once to open a room.
READ_TO_OPEN = 500
# Entries that change a room (all but what is said) after which it is kept anew; in a room of more
# people it is as many entries as people: to keep it costs as much.
KEPT_EVERY = 500


class Rooms:
    """
    Every room that there is, each with its feed.

    Once opened, there is always the ``lobby``, and that of the ``audit`` trail.
    """

    lobby: RoomFeed
    audit: RoomFeed

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
        put_out: Callable[[RoomFeed, Sequence[str]], None] = lambda feed, persons: None,
        is_operator: Callable[[str], bool] = lambda person: False,
    ) -> None:
        """
        ``wall`` tells the time in milliseconds since 1970; ``history`` is of a newcomer.

        ``crowd`` makes what hands something to many (fanout/). ``put_out`` is told who were put out of
        a room, once everybody there has been shown it. ``is_operator`` tells of a person whether they
        may know of the room of the audit trail.
        """
        # Where nodes share the log: is told what everybody in a room was shown, but for what people say.
        self.been_shown: Callable[[RoomFeed, list[Entry]], object] = lambda feed, entries: None
        self._put_out = put_out
        self._is_operator = is_operator
        self._crowd = crowd
        self._log = log
        self._clock = clock
        self._wall = wall
        self.limits = limits
        self._history = history
        self.ascii_names = ascii_names
        self._rooms: dict[Key, RoomFeed] = {}  # by each of its name's keys
        self._feeds: dict[str, RoomFeed] = {}  # those, by stream
        self._tails: dict[str, Callable[[], None]] = {}  # by stream: ends what the log gives the feed
        self._closed: dict[Key, Name] = {}  # the names of rooms that are not open, by each of its keys
        self._just_closed: dict[str, int] = {}  # at the last look: after which entry
        self._empty: dict[str, int] = {}  # where nobody was at the last look: after which entry
        self._opening = DeferredLock()
        self._appearing: set[str] = set()  # streams that are being opened, as another node wrote there
        self._occupied: set[str] = set()  # the names of those with somebody in them

    def __iter__(self) -> Iterator[RoomFeed]:
        """Yield every open room, also those where nobody is any more."""
        yield from self._feeds.values()

    @property
    def number(self) -> int:
        """How many are open."""
        return len(self._feeds)

    async def open(self) -> None:
        """Open every room that the log knows."""
        await self._opening.acquire()
        try:
            kept = await self._log.records(records.ROOM)
            for stream in await self._log.streams():
                if stream.startswith("#") and stream not in self._feeds and (name := self._name_of(stream)):
                    await self._open(name, kept.get(stream))
        finally:
            self._opening.release()
        self.lobby, self.audit = (
            self._known(name) or self._add(name, self._room(name)) for name in map(room_name, (LOBBY, AUDIT))
        )

    async def _open(self, name: Name, kept: bytes | None, last: int | None = None) -> RoomFeed:
        """Open a room from what is kept of it and the entries after that, up to now or to ``last``."""
        room = self._room(name)
        if kept is not None:
            room.restore(records.room(kept))
        last = self._log.last(room.name) if last is None else last
        after = room.seq
        while entries := await self._log.read_unspoken(room.name, after, last, READ_TO_OPEN):
            for entry in entries:
                room.apply(entry)
            after = entries[-1].seq
        first, _ = await self._log.find_spoken(room.name, self._history, last)
        recent = await self._log.read_spoken(room.name, first, last, self._history) if self._history else []
        return self._add(name, room, last, recent)

    def _add(self, name: Name, room: Room, last: int = 0, recent: Sequence[Entry] = ()) -> RoomFeed:
        been_shown = self._tell if self._log.node else None
        feed = RoomFeed(room, self._clock, self._wall, self._history, self._crowd, self._put_out, been_shown)
        self._feeds[feed.stream] = feed
        for key in name.keys:
            # Two nodes may open rooms that look alike at the same time: all of them find the same one.
            known = self._rooms.get(key)
            if known is None or feed.stream < known.stream:
                self._rooms[key] = feed
            self._closed.pop(key, None)
        feed.begin(last, recent)
        self._tails[feed.stream] = self._log.tail(feed.stream, last, feed.deliver)
        return feed

    def _tell(self, feed: RoomFeed, entries: list[Entry]) -> None:
        self.been_shown(feed, entries)

    def appear(self, stream: str) -> None:
        """Another node has opened a room, or has somebody in one that is closed here: open it here, too."""
        if stream in self._feeds or stream in self._appearing or (name := self._name_of(stream)) is None:
            return
        last = self._log.last(stream)
        if not last:
            self._add(name, self._room(name))
            return
        self._appearing.add(stream)
        # What is on its way is to be shown as what happens, not as what was there before.
        opening = Deferred.fromCoroutine(self._open_again(name, last))
        opening.addErrback(partial(self.logger.failure, "{stream} could not be opened", stream=stream))
        opening.addCallback(lambda _: self._appearing.discard(stream))

    def _name_of(self, stream: str) -> Name | None:
        try:
            return room_name(stream)
        except NotAName:
            self.logger.warn("The log holds {stream}, which is no name of a room", stream=stream)
            return None

    async def _open_again(self, closed: Name, last: int | None = None) -> RoomFeed:
        """Open a room that is closed, unless somebody else has opened it meanwhile."""
        await self._opening.acquire()
        try:
            kept = await self._log.record(records.ROOM, closed.display)
            return self._feeds.get(closed.display) or await self._open(closed, kept, last)
        finally:
            self._opening.release()

    def may_know(self, feed: RoomFeed, person: str) -> bool:
        """Tell whether there is a room as far as somebody may know."""
        return feed is not self.audit or self._is_operator(person)

    def find(self, typed: str, person: str = "") -> RoomFeed:
        """
        Return the room that somebody names.

        Raises:
            Refused: it is no name of a room, or there is none of that name.
        """
        name = self._name(typed)
        feed = self._known(name)
        if feed is None or not self.may_know(feed, person):
            raise self.no_room(typed)
        return feed

    def open_room(self, stream: str) -> RoomFeed | None:
        """Return a room by its stream, if it is open."""
        return self._feeds.get(stream)

    def no_room(self, typed: str) -> Refused:
        """Return that there is no room of the name that somebody has typed, whether there is one or not."""
        name = self._name(typed).display
        return Refused(f"There is no room {name}. /rooms lists the rooms.", "no-such-room")

    async def reach(self, typed: str, person: str = "") -> RoomFeed:
        """
        Return the room that somebody wants to go to: opened again, or a new one, if need be.

        Raises:
            Refused: it is no name of a room, or there are too many rooms.
        """
        feed = self._feeds.get(typed)
        if feed and feed.room.members and typed.isascii() and feed is not self.audit:
            return feed  # as nearly always
        name = self._name(typed)
        feed = self._known(name)
        if feed is self.audit:
            if not self.may_know(feed, person):
                raise Refused(f'"{echo(typed)}" is not a room: it is reserved.', "bad-room")
            return feed
        if (feed is None or not feed.room.members) and feed is not self.lobby:
            self._check_number(feed is None)
        if feed is not None:
            return feed
        if (closed := self._find(self._closed, name)) is None:
            return self._add(name, self._room(name))
        return await self._open_again(closed)

    def _check_number(self, is_another: bool) -> None:
        """
        See that somebody may be in one more room; if it is not open, that there is one open less.

        Raises:
            Refused: there are too many.
        """
        most = self.limits.rooms
        if most is None:
            return
        if is_another and len(self._feeds) - 1 >= most:  # one is not for everybody
            self.close_empty(at_once=True)
        if len(self._occupied) >= most:
            raise Refused(f"There are {most} rooms already, and that is all that there may be.", "too-many")

    async def change_history(self, history: int) -> None:
        """Have so many of the last lines of each room at hand, for newcomers."""
        before, self._history = self._history, history
        for feed in self:
            feed.recent = deque(feed.recent, maxlen=history)
        if history > before:
            for feed in list(self):
                await self._read_older(feed, history)

    async def _read_older(self, feed: RoomFeed, history: int) -> None:
        """Have also those at hand that were said before what is."""
        upto = feed.recent[0].seq - 1 if feed.recent else feed.shown
        after, _ = await self._log.find_spoken(feed.stream, history, upto)
        older = await fresh(feed, partial(self._log.read_spoken, feed.stream, after, upto, history))
        if self._history == history:  # and has not been changed again meanwhile
            feed.recent = deque([*older, *feed.recent], maxlen=history)

    def close_empty(self, at_once: bool = False) -> list[str]:
        """
        Close the rooms where nobody is, and was none at the last look; return their streams.

        With ``at_once``, also those that have become empty since.
        """
        for stream, seq in self._just_closed.items():
            if self._log.last(stream) > seq:  # what another node wrote there was on its way
                self.appear(stream)
        self._just_closed.clear()
        stays = self.lobby, self.audit
        empty = {feed.stream: feed.shown for feed in self if feed.is_deserted and feed not in stays}
        closed = [stream for stream, seq in empty.items() if at_once or self._empty.get(stream) == seq]
        for stream in closed:
            self._close(self._feeds[stream])
            del empty[stream]
        self._empty = empty
        return closed

    def _close(self, feed: RoomFeed) -> None:
        self.keep(1, feed.stream)
        self._tails.pop(feed.stream)()
        self._just_closed[feed.stream] = feed.shown
        feed.show_folded()
        del self._feeds[feed.stream]
        name = room_name(feed.stream)
        for key in name.keys:
            if self._rooms.get(key) is feed:
                del self._rooms[key]
                if feed.shown:
                    self._closed[key] = name

    def keep(self, least: int | None = None, only: str = "") -> None:
        """Keep the rooms, or one, of which so much (much, if not said) has changed since they were kept."""
        for feed in filter(None, [self._feeds.get(only)]) if only else self:
            if feed.room.changes >= (least or max(KEPT_EVERY, len(feed.room.members))):
                feed.room.changes = 0
                self._log.keep(records.ROOM, feed.stream, records.encode(feed.room.kept()))

    def _room(self, name: Name) -> Room:
        return AuditRoom() if name.display == AUDIT else Room(name.display, self._occupied)

    def _name(self, typed: str) -> Name:
        try:
            return room_name(typed if typed.startswith("#") else f"#{typed}", self.ascii_names)
        except NotAName as reason:
            raise Refused(f'"{echo(typed)}" is not a room: {reason}.', "bad-room") from reason

    def _known(self, name: Name) -> RoomFeed | None:
        return self._find(self._rooms, name)

    @staticmethod
    def _find(known: Mapping[Key, T], name: Name) -> T | None:
        """Return what is known of a room of that name, or of one that looks like it."""
        return next((known[key] for key in name.keys if key in known), None)

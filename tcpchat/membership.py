"""The rooms that one person is in: coming into them, going out of them, and which is current."""

from __future__ import annotations

from itertools import islice

from tcpchat import render
from tcpchat.events import Entry, Left
from tcpchat.feed import RoomFeed
from tcpchat.limits import MOST_HISTORY, MOST_NAMED
from tcpchat.person import Person
from tcpchat.places import pieces
from tcpchat.requests import Refused
from tcpchat.room import LOBBY
from tcpchat.session import Session

# Lines of a /history without a number, where newcomers are shown none.
FEW_LINES = 10


class Membership:
    """The rooms of a person, in the order in which they were current last."""

    def __init__(self, session: Session, person: Person) -> None:
        self._session = session
        self._chat = session.chat
        self._person = person
        self.feeds: list[RoomFeed] = []

    @property
    def current(self) -> RoomFeed:
        """
        The room that what one says goes to.

        Raises:
            Refused: there is none.
        """
        if not self.feeds:
            raise Refused(f"You are in no room. /join {LOBBY}")
        return self.feeds[-1]

    def is_current(self, stream: str) -> bool:
        """Tell whether a stream is that of the current room."""
        return bool(self.feeds) and self.feeds[-1].stream == stream

    def find(self, typed: str) -> RoomFeed:
        """
        Return a room that the person is in: the current one if none is named.

        Raises:
            Refused: it is none of them.
        """
        if not typed:
            return self.current
        feed = self._chat.find_room(typed)
        if feed not in self.feeds:
            raise Refused(f"You are not in {feed.stream}. /join {feed.stream}")
        return feed

    async def join(self, feed: RoomFeed) -> None:
        """
        Go to a room, and into it if need be; it is shown from the entry on that says so.

        Raises:
            Refused: the person is in as many rooms as may be.
            NotKept: the log cannot be written.
        """
        if feed in self.feeds:
            self.feeds.remove(feed)
            self.feeds.append(feed)
            self._session.reader.restyle()
            self._say_where(feed, feed.shown + 1)
            return
        most = self._chat.limits.rooms_per_person
        if most is not None and len(self.feeds) >= most:
            raise Refused(f"You are in {most} rooms, and that is all that one may be in. /leave one of them.")
        seq = await self._chat.join(feed, self._session.id, self._person.nick)
        self.feeds.append(feed)
        self._session.reader.restyle()
        self._say_where(feed, seq)
        view = self._session.view(feed.stream)
        past = [e for e in feed.recent if e.seq < seq and render.is_heard(e.event, view)]
        if past:
            self._show_past(feed, past[0].seq - 1, seq - 1, len(past), past)
        self._session.reader.follow(feed, seq)

    async def leave(self, feed: RoomFeed) -> None:
        """
        Go out of a room; the one before is current then.

        Raises:
            NotKept: the log cannot be written; the person is still in the room.
        """
        await self._chat.post(feed, Left(self._session.id, self._person.nick))
        self.feeds.remove(feed)
        self._session.reader.unfollow(feed)
        self._session.reader.restyle()
        now = f"in {self.current.stream}" if self.feeds else "in no room"
        self._session.tell(f"You left {feed.stream}. You are {now}.")

    async def history(self, feed: RoomFeed, lines: int | None) -> None:
        """Show the last lines of a room, as many as a newcomer sees if no number is given."""
        wanted = min(lines or self._chat.history or FEW_LINES, MOST_HISTORY)
        upto = feed.shown
        after, found = await self._chat.log.find_spoken(feed.stream, wanted, upto)
        view = self._session.view(feed.stream)
        if view.ignored:
            after, _ = await self._chat.log.find_spoken(feed.stream, MOST_HISTORY, upto)
            past = await self._chat.log.read_spoken(feed.stream, after, upto, MOST_HISTORY)
            heard = [entry.seq for entry in past if render.is_heard(entry.event, view)][-wanted:]
            after, found = (heard[0] - 1, len(heard)) if heard else (upto, 0)
        if found:
            self._show_past(feed, after, upto, found)
        else:
            self._session.tell(f"There are no lines in {feed.stream} yet.")

    def _show_past(
        self, feed: RoomFeed, after: int, upto: int, number: int, past: list[Entry] | None = None
    ) -> None:
        """Show what was said between two entries; at once, if it is at hand and little."""
        begin = render.notice(f"The last {render.count(number, 'line', 'lines')} of {feed.stream}:")
        end = render.notice("Live now.")
        reader = self._session.reader
        if past and len(list(pieces(past))) == 1:
            reader.tell(begin + feed.render_past(past, self._session.view(feed.stream), reader) + end)
        else:
            reader.replay(feed, after, upto, begin, end)

    def _say_where(self, feed: RoomFeed, seq: int) -> None:
        others = list(islice(feed.room.others(self._session.id, seq), MOST_NAMED))
        number = feed.room.count_others(self._session.id, seq)
        self._session.tell(render.presence(self._person.nick, feed.stream, others, number))

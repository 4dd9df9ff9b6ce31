"""Page by page: the last lines of a room, the lines that hold some words, people, rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
from twisted.internet.task import deferLater

from tcpchat import answers, handed, room_list
from tcpchat.events import inbox, lines_said
from tcpchat.limits import FOUND_AT_ONCE, MOST_HISTORY
from tcpchat.logs.interface import Found, Range
from tcpchat.mentioned import Mentioned
from tcpchat.missed import Missed, Paging
from tcpchat.outsiders import may_know
from tcpchat.places import Place
from tcpchat.queries import Query
from tcpchat.reader import NOTHING
from tcpchat.render import View, count, is_heard, notice
from tcpchat.replays import Part, Past, Results
from tcpchat.requests import Refused
from tcpchat.room import Member
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session

# Lines of a /history without a number, where newcomers are shown none.
FEW_LINES = 10


class _Lines(NamedTuple):
    """So many lines of a room up to an entry."""

    feed: RoomFeed
    wanted: int
    upto: int


class _Matches(NamedTuple):
    """So many entries in some ranges that a query means."""

    query: Query
    wanted: int
    ranges: Sequence[Range]


class _People(NamedTuple):
    """Those in a room who came after an entry; so many were named before."""

    feed: RoomFeed
    after: int
    named: int


class _Rooms(NamedTuple):
    """Those that come after a place in the list of rooms."""

    after: tuple[int, str]


class _Missed(NamedTuple):
    """What somebody missed, and so many lines of it, that were not shown at once."""

    parts: Sequence[Part]
    lines: int


class History:
    """What one person looks at page by page."""

    __slots__ = ("_before", "_log", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = session.chat.log
        # What /more shows: the page before the one shown last; of what was missed, or people, the next one.
        self._before: _Lines | _Matches | _People | _Rooms | _Missed | None = None

    async def show(self, feed: RoomFeed, lines: int | None, before: int | None = None) -> None:
        """Show the last lines of a room, as many as a newcomer sees if no number is given."""
        wanted = min(lines or self._session.chat.history or FEW_LINES, MOST_HISTORY)
        upto = feed.shown if before is None else min(before - 1, feed.shown)
        if not await self._show(_Lines(feed, wanted, upto), "The last "):
            self._tell(f"There are no lines in {feed.stream} yet.")

    async def search(self, query: Query, feed: RoomFeed | None, lines: int | None = None) -> None:
        """
        Show the last lines that a query means, in one room or in all that the person is in.

        Raises:
            Refused: the person is in no room.
        """
        feeds = self._session.feeds if feed is None else [feed]
        ranges = [Range(room.stream, 0, room.shown + 1) for room in feeds or [self._session.current]]
        wanted = min(lines or FOUND_AT_ONCE, MOST_HISTORY)
        if not await self._search(_Matches(query, wanted, ranges), ""):
            self._tell("Nothing was found.")

    def who(self, feed: RoomFeed) -> None:
        """Show who is in a room: a program all of them at once."""
        if self._session.dialogue.speaks_json:
            self._session.dialogue.answer(self._name(feed, feed.room.people()))
        else:
            self._show_people(_People(feed, 0, 0))

    def rooms(self, after: tuple[int, str] | None = None) -> None:
        """Show the rooms that one may know of: the first page, or the one after a place in the list."""
        known = (feed.room for feed in self._session.chat.rooms if may_know(self._session, feed))
        answer = room_list.rooms(known, after)
        if after and not answer.rooms:
            self._session.dialogue.tell("There are no more rooms.")
            return
        if answer.more or after:
            self._before = _Rooms(answer.rooms[-1].place)
        self._session.dialogue.answer(answer)

    def show_missed(self, parts: Sequence[Part], lines: int | None = None) -> None:
        """Show what somebody missed, a page of it; ``lines`` is how many they are, if known."""
        paging = Paging(MOST_HISTORY, self.keep_missed)
        self._before = None
        self._session.dialogue.reader.leave_over(NOTHING)
        person = self._session.person
        behind = Mentioned(parts, person.id, person.name) if lines is None else None
        self._session.dialogue.reader.replay(Missed(parts, True, paging, behind, lines))

    def _open(self, part: Part) -> Part:
        """Return what of a part is for the person: they may have been out of the room meanwhile."""
        floor = self._floor(part.feed) if isinstance(part.feed, RoomFeed) else 0
        return part._replace(after=part.after.at_least(Place(floor, floor)))

    def hand_on(self) -> handed.Page | None:
        """Return what /more shows, for another process."""
        match self._before:
            case _Lines(feed, wanted, upto):
                return handed.Lines(feed.stream, wanted, upto)
            case _Matches(query, wanted, ranges):
                parts = [(part.stream, part.after, part.before) for part in ranges]
                return handed.Matches(list(query.phrases), query.nick, wanted, parts)
            case _People(feed, after, named):
                return handed.People(feed.stream, after, named)
            case _Rooms(place):
                return handed.Rooms(place)
            case _Missed(missed, number):
                return handed.LeftOver([part.hand_on() for part in missed], number)
        return None

    def go_on_from(self, it: handed.Page | None) -> None:
        """Have /more show what it would have shown in another process, of rooms that there still are."""
        room = self._session.chat.rooms.open_room
        match it:
            case handed.Lines(stream, wanted, upto) if feed := room(stream):
                self._before = _Lines(feed, wanted, upto)
            case handed.Matches(phrases, nick, wanted, ranges):
                query = Query(tuple(phrases), nick)
                self._before = _Matches(query, wanted, [Range(*part) for part in ranges])
            case handed.People(stream, after, named) if feed := room(stream):
                self._before = _People(feed, after, named)
            case handed.Rooms(place):
                self._before = _Rooms(place)
            case handed.LeftOver(parts, number):
                self.keep_missed(self._session.parts(parts), number)

    def keep_missed(self, parts: Sequence[Part], lines: int) -> None:
        """Have /more show so many lines of what somebody missed."""
        self._before = _Missed(parts, lines)
        self._session.dialogue.reader.leave_over({part.feed.stream: part.after for part in parts})

    async def more(self) -> None:
        """
        Show the page before the one shown last, or the next people of a room, or rooms.

        Raises:
            Refused: there is none, or the person is not in that room any more.
        """
        match self._before:
            case _Lines() as lines:
                if lines.feed not in self._session.feeds:
                    room = lines.feed.stream
                    raise Refused(f"You are not in {room}. /join {room}", "not-member")
                found = await self._show(lines, "Earlier, ")
            case _Matches() as matches:
                found = await self._search(matches, "Earlier, ")
            case _People() as people:
                self._show_people(people)
                return
            case _Rooms(after):
                self.rooms(after)
                return
            case _Missed(parts, lines):
                streams = {feed.stream for feed in self._session.feeds} | {inbox(self._session.person.id)}
                left = [self._open(part) for part in parts if part.feed.stream in streams]
                self.show_missed(left, lines)
                return
            case None:
                raise Refused("There is nothing to be shown more of. /history or /search first.")
        if not found:
            self._tell("There is nothing earlier.")

    def _show_people(self, people: _People) -> None:
        feed, after, named = people
        if not may_know(self._session, feed):
            raise self._session.chat.rooms.no_room(feed.stream)
        page = list(islice(feed.room.people(after), answers.NAMED_PER_PAGE))
        if named and not page:
            self._session.dialogue.tell("There is nobody else.")
            return
        if page:
            after = page[-1][1].since
        answer, more = self._name(feed, page), feed.room.count_people(after)
        if more or named:  # or /more still goes on with what was shown before
            self._before = _People(feed, after, named + len(page))
        self._session.dialogue.answer(msgspec.structs.replace(answer, named=named, more=more))

    def _name(self, feed: RoomFeed, people: Iterable[tuple[str, Member]]) -> answers.Who:
        people = list(people)
        is_away = self._session.chat.people.is_away
        away = [member.nick for session, member in people if is_away(session)]
        return answers.Who(feed.stream, [member.nick for _, member in people], away)

    async def _show(self, lines: _Lines, title: str) -> int:
        """Show lines of a room, and return how many."""
        feed, wanted, upto = lines
        view, reader = self._session.dialogue.view(feed.stream), self._session.dialogue.reader
        floor = self._floor(feed)
        upto = max(upto, floor)
        if view.ignored and not view.json:
            after, found = await self._find_heard(lines._replace(upto=upto), view, floor)
        else:
            after, found = await self._log.find_spoken(feed.stream, wanted, upto)
            if after < floor:
                after, found = floor, await self._log.count_spoken(feed.stream, floor, upto)
        kept_after, closed = self._log.kept_after(feed.stream), 0
        if found < wanted and kept_after < floor:
            _, closed = await self._log.find_spoken(feed.stream, 1, floor)
            if closed or view.json:
                reader.tell(feed.render_closed(kept_after, floor, view))
        self._before = _Lines(feed, wanted, after)
        if found:
            self._tell(f"{title}{count(found, 'line', 'lines')} of {feed.stream}:")
            reader.replay(Past(feed, after, upto, self._end()))
        return found + closed

    def _floor(self, feed: RoomFeed) -> int:
        return feed.room.floor(self._session.person.id)

    async def _find_heard(self, lines: _Lines, view: View, floor: int) -> tuple[int, int]:
        """Find the last lines above a floor of those whom the person does hear, however far back they are."""
        feed, wanted, upto = lines
        after, found = upto, 0
        while True:
            first, some = await self._log.find_spoken(feed.stream, MOST_HISTORY, upto)
            first = max(first, floor)
            if not some or upto <= floor:
                return after, found
            for entry in reversed(await self._log.read_spoken(feed.stream, first, upto, MOST_HISTORY)):
                if is_heard(entry.event, view):
                    said = lines_said(entry.event)
                    if found and found + said > wanted:
                        return after, found
                    after, found = entry.seq - 1, found + said
                    if found >= wanted:
                        return after, found
            upto = first
            await deferLater(self._session.chat.clock, 0)  # it may be far, and the others have their turns

    async def _search(self, matches: _Matches, title: str) -> int:
        """Show what is found, and return how much it is."""
        while True:
            query, wanted, ranges = matches
            feeds = {feed.stream: feed for feed in self._session.feeds}
            # With each page anew: since the one before a room may have been locked.
            ranges = [
                part._replace(after=max(part.after, self._floor(feeds[part.stream])))
                for part in ranges
                if part.stream in feeds
            ]
            found = await self._log.search(query, ranges, wanted)
            oldest = {stream: entry.seq for stream, entry in reversed(found)}
            ranges = [part._replace(before=oldest.get(part.stream, part.before)) for part in ranges]
            self._before = matches = _Matches(query, wanted, ranges)
            heard = [each for each in found if each.stream in feeds and self._is_heard(each)]
            if heard or not found:
                break
        if heard:
            lines = sum(lines_said(entry.event) for _, entry in heard)
            self._tell(f"{title}{count(lines, 'line', 'lines')} found:")
            places = [(feeds[stream], entry.seq) for stream, entry in heard]
            self._session.dialogue.reader.replay(Results(places, self._end()))
        return len(heard)

    def _is_heard(self, found: Found) -> bool:
        view = self._session.dialogue.view(found.stream)
        return view.json or is_heard(found.entry.event, view)

    def _tell(self, text: str) -> None:
        """Tell people what is shown; programs are shown entries alone."""
        if not self._session.dialogue.speaks_json:
            self._session.dialogue.tell(text)

    def _end(self) -> bytes:
        return b"" if self._session.dialogue.speaks_json else notice("Live now.")

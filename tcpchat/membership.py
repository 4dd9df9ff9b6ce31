"""Coming into rooms and going out of them: what one person is shown of that."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import islice

from msgspec import UNSET

from tcpchat import answers, jsonlines, outsiders
from tcpchat.admitting import admit
from tcpchat.barring import check_room, identity
from tcpchat.dialogue import Dialogue
from tcpchat.events import Left, lines_said
from tcpchat.limits import LATE_LINES, MOST_NAMED
from tcpchat.places import Place, pieces
from tcpchat.render import count, is_heard, notice
from tcpchat.replays import Past
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session


class Membership:
    """What one session does about rooms."""

    __slots__ = ("_chat", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chat = session.chat

    def find(self, typed: str) -> RoomFeed:
        """
        Return a room that the person is in: the current one if none is named.

        Raises:
            Refused: it is none of them.
        """
        if not typed:
            return self._session.current
        feed = outsiders.find(self._session, typed)
        if feed not in self._session.feeds:
            raise Refused(f"You are not in {feed.stream}. /join {feed.stream}", "not-member")
        return feed

    def addressed(self, typed: str) -> RoomFeed:
        """
        Return the room that something is said in, as `find` does.

        Raises:
            Refused: it is none of them; or none is named, and it may be meant for the one that was taken.
        """
        session = self._session
        if not typed and session.feeds and session.lost is not None:
            room, when = session.lost
            if self._chat.clock.seconds() - when >= LATE_LINES:
                session.lost = None
            now = session.current.stream
            raise Refused(f"You are no longer in {room}: that was not sent. You are in {now}.", "not-member")
        return self.find(typed)

    async def go_to(self, typed: str, ref: str = "", password: str = "") -> list[int] | None:
        """
        Go to a room that the person names; it is made if there is none of that name.

        Raises:
            Refused: it is no name of a room, or there are too many, or it is locked.
            NotKept: the log cannot be written.
        """
        most, person = self._chat.limits.rooms_per_person, self._session.person.id
        if most is not None and len(self._session.rooms) >= most:
            with suppress(Refused):
                feed = self._chat.rooms.find(typed, person)
                if feed in self._session.feeds or feed is self._chat.rooms.audit:
                    return await self.join(feed, ref)
            raise Refused(
                f"You are in {most} rooms, and that is all that one may be in. /leave one of them.",
                "too-many",
            )
        feed = await self._chat.rooms.reach(typed, person)
        is_admitted = feed not in self._session.feeds and await admit(self._session, feed, password)
        return await self.join(feed, ref, is_admitted=is_admitted)

    async def join(
        self, feed: RoomFeed, ref: str = "", code: str = "", is_admitted: bool = False
    ) -> list[int] | None:
        """
        Go to a room, and into it if need be; it is shown from the entry on that says so.

        Return that entry's number. A newcomer's ``code`` is told as well. Who ``is_admitted`` may come
        in though the room is locked.

        Raises:
            Refused: the room is locked, or the person banned from it.
            NotKept: the log cannot be written.
        """
        session = self._session
        if feed in session.feeds:
            session.feeds.remove(feed)
            session.feeds.append(feed)
            session.lost = None
            session.dialogue.reader.restyle()
            session.dialogue.answer(self.where(feed, feed.shown + 1))
            return None
        check_room(self._chat, feed.room, identity(session.person, session.address), session.person.account)
        (seq,) = await self._chat.join(
            feed, session.id, session.nick, ref, session.person.account, is_admitted=is_admitted
        )
        if session.person.id not in feed.room.members:
            raise Refused(f"You are no longer in {feed.stream}.", "not-member")  # put out at once
        if feed in session.feeds:  # gone into over another connection at the same time
            await self.join(feed)
            return [seq]
        session.feeds.append(feed)
        session.lost = None
        session.dialogue.reader.restyle()
        for other in self._others():
            other.also_in(feed, seq)
        self._greet(feed, seq, code)
        self.show_past(feed, seq)
        if session.dialogue.speaks_json:  # a program is shown its own coming, too
            coming = await self._chat.log.read(feed.stream, seq - 1, 1)
            view = session.dialogue.view(feed.stream)
            session.dialogue.reader.tell(feed.render(coming, view, session.dialogue.reader))
        if feed in session.feeds:  # and not put out meanwhile
            session.dialogue.reader.follow(feed, Place(seq, seq))
        return [seq]

    async def leave(self, feed: RoomFeed, ref: str = "") -> list[int]:
        """
        Go out of a room; the one before is current then. Return the number of the entry that says so.

        Raises:
            NotKept: the log cannot be written; the person is still in the room.
        """
        session = self._session
        seqs = await self._chat.post(
            feed, Left(session.id, session.nick, ref=ref, account=session.person.account)
        )
        for each in (session, *self._others()):
            if feed in each.feeds:
                each.drop(feed, f"You left {feed.stream}.")
        session.lost = None
        self._chat.absences.forget(session.person.account, feed.stream)
        return seqs

    def leave_barred(self, dialogue: Dialogue) -> None:
        """Go out of the rooms in which the person may not be who is connected from elsewhere now."""
        session = self._session
        person = session.person
        for feed in list(session.feeds):
            try:
                check_room(self._chat, feed.room, identity(person, dialogue.address), person.account)
            except Refused as refusal:
                left = Left(session.id, session.nick, "banned", account=person.account)
                self._chat.log_surely([(feed.stream, [left])])
                for each in (session, *self._others()):
                    each.put_out_of(feed)
                dialogue.refuse(refusal)

    def _others(self) -> list[Session]:
        """Return the person's sessions beside this one."""
        sessions = self._session.person.sessions
        return [it for it in sessions if it is not self._session and isinstance(it, Session)]

    def places(self) -> Mapping[str, int]:
        """
        Return after what everything follows, by the names that programs know.

        What is yet to be replayed comes before this is told.
        """
        places = {
            jsonlines.room(stream): place.seq
            for stream, place in self._session.dialogue.reader.follows().items()
        }
        return {"@": 0} | places

    def welcome(self, after: Mapping[str, int]) -> answers.Welcome:
        """
        Return who a program is, and with what it comes back.

        ``after`` holds the number after which entries follow, by stream.
        """
        session, person = self._session, self._session.person.id
        room = session.feeds[-1].room if session.feeds else None
        return answers.Welcome(
            nick=session.nick,
            room=jsonlines.room(room.name) if room else "",
            people=list(islice(room.others(person), answers.MOST_TOLD)) if room else [],
            others=len(room.members) - (person in room.members) if room else 0,
            session=session.ticket.token,
            code=session.ticket.code,
            epoch=self._chat.log.epoch,
            rooms=[jsonlines.room(feed.stream) for feed in session.feeds],
            after=after,
            topic=(room.topic or UNSET) if room else UNSET,
        )

    def where(self, feed: RoomFeed, before: int) -> answers.Join:
        """Return where the person is, and with whom of those who came before an entry."""
        room, me = feed.room, self._session.person.id
        most = answers.MOST_TOLD if self._session.dialogue.speaks_json else MOST_NAMED
        return answers.Join(
            self._session.nick,
            room.name,
            list(islice(room.others(me, before), most)),
            room.count_others(me, before),
            room.topic or UNSET,
        )

    def _greet(self, feed: RoomFeed, seq: int, code: str) -> None:
        dialogue = self._session.dialogue
        if code and dialogue.speaks_json:
            dialogue.answer(self.welcome(dict(self.places()) | {jsonlines.room(feed.stream): seq - 1}))
            return
        where: list[answers.Answer] = [self.where(feed, seq)]
        if code:
            where.append(answers.Notice(f"If the connection breaks, /resume {code} brings you back."))
        dialogue.answer(*where)

    def show_past(self, feed: RoomFeed, seq: int) -> None:
        """Show the last lines before an entry; at once, if they are little."""
        view = self._session.dialogue.view(feed.stream)
        floor = feed.room.floor(self._session.person.id)
        kept_after = max(self._chat.log.kept_after(feed.stream), floor)
        past = [e for e in feed.recent if kept_after < e.seq < seq and is_heard(e.event, view)]
        if not past:
            return
        begin = end = b""
        if not view.json:
            lines = sum(lines_said(entry.event) for entry in past)
            begin = notice(f"The last {count(lines, 'line', 'lines')} of {feed.stream}:", view.wire)
            end = notice("Live now.")
        reader = self._session.dialogue.reader
        # What waits to be shown is read from the log when it is: some of it may be taken back until then.
        if reader.is_idle and len(list(pieces(past))) == 1:
            reader.tell(begin + feed.render_past(past, view, self._session.id) + end)
        else:
            reader.tell(begin)
            reader.replay(Past(feed, past[0].seq - 1, seq - 1, end))

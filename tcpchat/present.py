"""What somebody with a nickname can ask for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat import (
    accounting,
    barring,
    by_number,
    handed,
    ordering,
    others,
    outsiders,
    permission,
    queries,
    renaming,
    sanctioning,
    server_wide,
    speaking,
    talking,
)
from tcpchat.anywhere import carry_out_anywhere
from tcpchat.command import Rank
from tcpchat.commands import parse
from tcpchat.dialogue import Dialogue
from tcpchat.history import History
from tcpchat.membership import Membership
from tcpchat.operator_requests import Announce
from tcpchat.render import View
from tcpchat.requests import (
    Act,
    Asked,
    Away,
    Back,
    ChooseNick,
    Context,
    Edit,
    Go,
    Help,
    Hold,
    Ignore,
    Join,
    Leave,
    ListRooms,
    Login,
    More,
    Refused,
    Register,
    Remove,
    Reply,
    ReplyTo,
    Request,
    Resume,
    Say,
    Search,
    Seen,
    Set,
    SpeakJson,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Who,
    WhoIs,
)
from tcpchat.requests import History as AskHistory
from tcpchat.room_feed import RoomFeed
from tcpchat.session import Session
from tcpchat.state import Effect, Numbers, Outcome, Posting

# Requests that are about what was said or done before.
ASKS = (Topic, AskHistory, Search, More, ListRooms, Who, WhoIs, *by_number.REQUESTS)

# Requests of which nothing comes but an answer.
QUESTIONS = (AskHistory, Search, More, Context, ListRooms, Who, WhoIs, Seen, Help)

# Requests of which something is in the log, if they have a reference with it.
LOGGED = (
    Say, Act, Topic, Tell, Reply, ReplyTo, Edit, Remove, ChooseNick, TakeNick, Join, Leave, Announce,
    *ordering.REQUESTS, *sanctioning.REQUESTS,
)  # fmt: skip


# What is carried out by modules of its own.
ELSEWHERE: dict[type, Callable[[Session, Any, str], Effect]] = {
    request: module.carry_out
    for module in (accounting, by_number, ordering, renaming, sanctioning, server_wide, talking)
    for request in module.REQUESTS
}


class Present:
    """The state of a dialogue with somebody who has a nickname."""

    __slots__ = "_chat", "_dialogue", "_pages", "_session"

    is_nameless = False

    def __init__(self, session: Session, dialogue: Dialogue) -> None:
        self._session = session
        self._dialogue = dialogue
        self._chat = session.chat
        self._pages: History | None = None  # what was looked at page by page

    def _rank(self) -> Rank:
        return permission.rank_here(self._session)

    @property
    def _membership(self) -> Membership:
        return Membership(self._session)

    @property
    def history(self) -> History:
        if self._pages is None:
            self._pages = History(self._session)
        return self._pages

    def hand_on(self) -> handed.Present:
        """Return who it is, for another process."""
        session = self._session
        session.keep_now()
        token, code = session.ticket
        lost = None
        if session.lost is not None:
            room, when = session.lost
            lost = room, self._chat.clock.seconds() - when
        return handed.Present(
            session.id,
            token,
            code,
            [feed.stream for feed in session.feeds],
            sorted(session.ignored_lately),
            lost,
            None if self._pages is None else self._pages.hand_on(),
        )

    def understand(self, line: str) -> Request | None:
        """
        Return what a line asks for, if anything.

        Raises:
            Refused: it asks for nothing that there is.
        """
        return parse(line, rank=self._rank)

    def carry_out(self, asked: Asked) -> Effect:
        """
        Do what is asked for: once, if a program has given it a reference.

        Raises:
            Refused: it is not done.
        """
        if isinstance(asked.request, Say) and not asked.ref:
            return talking.say(self._session, asked.request, "")
        if isinstance(asked.request, QUESTIONS) and self._dialogue.reader.is_gone:
            return None  # thousands may be left of a connection that is lost, and nobody reads the answers
        waits = self._dialogue.has_uncommitted and isinstance(asked.request, ASKS)
        once = bool(asked.ref) and isinstance(asked.request, LOGGED)
        return self._later(asked, waits, once) if waits or once else self._do(asked)

    async def _later(self, asked: Asked, waits: bool, once: bool) -> Outcome:
        if waits:  # a question about what has happened: what was said before has to have happened
            await self._dialogue.until_kept()
        return await self._once(asked) if once else await self._outcome(asked)

    async def _once(self, asked: Asked) -> Outcome:
        before = self._session.asked_before
        known = await before.find(asked.ref)
        if known is not None:
            return known
        try:
            outcome = await self._outcome(asked)
        except Exception:
            before.answer(asked.ref, Failure())
            raise
        if isinstance(outcome, Deferred):
            return before.remember(asked.ref, outcome)
        return before.answer(asked.ref, list(outcome or ()))

    async def _outcome(self, asked: Asked) -> Outcome:
        effect = self._do(asked)
        if isinstance(effect, Posting):
            return self._chat.log.append(effect.stream, [effect.event])
        return effect if effect is None or isinstance(effect, Deferred) else await effect

    def refused(self, why: Refused) -> None:
        """Nothing more is to be said than what was said already, but to whoever may not be here."""
        if isinstance(why, barring.Banished):
            self._dialogue.drop_lines()
            self._dialogue.ended()

    def view(self, stream: str) -> View:
        """Return how the person sees a stream."""
        return self._session.view(stream)

    def last_error(self) -> str | None:
        """Everything was done or refused."""
        return None

    def leave(self, reason: str) -> None:
        """The person has said farewell."""
        self._session.leave(speaking.farewell(self._session, reason))

    def break_off(self) -> None:
        """The connection has broken."""
        self._session.break_off()

    def _do(self, asked: Asked) -> Effect:
        """Do what changes a room, or asks what was said there, if they may; the rest is elsewhere."""
        permission.check(self._session, asked.request)
        ref = asked.ref
        match asked.request:
            case Join(room, password):
                return self._join(room, password, ref)
            case Leave(room):
                return self._leave(self._membership.find(room), ref)
            case AskHistory(lines, room, before):
                return self.history.show(self._membership.find(room), lines, before)
            case Search(words, room, lines):
                query, named = queries.parse(words)
                room = room or named
                return self.history.search(query, self._membership.find(room) if room else None, lines)
            case More():
                return self.history.more()
            case Login():
                return accounting.log_in(self._session, asked.request, Present, ref)
            case Register() if self._chat.lockdown.is_on:
                raise Refused("Nobody can register while only people with an account come in.", "forbidden")
            case request if carry_out := ELSEWHERE.get(type(request)):
                return carry_out(self._session, request, ref)
            case _:
                return self._tell_of_people(asked)
        return None

    def _tell_of_people(self, asked: Asked) -> Effect:
        match asked.request:
            case ListRooms():
                self.history.rooms()
            case Who(room):
                self.history.who(permission.room_meant(self._session, room))
            case WhoIs(nick):
                it = others.find(self._chat, nick)
                self._dialogue.answer(outsiders.who_is(self._session, it))
            case Seen(nick):
                return others.seen(self._session, nick)
            case Hold():
                self._dialogue.tell("Nothing is shown until you say /go, or anything else.")
                self._dialogue.reader.hold()
            case Go():
                self._dialogue.tell("Everything is shown again.")
            case Resume():
                nick = self._session.nick
                raise Refused(f"You are {nick} already. /resume answers the question for a nickname.")
            case _:
                self._change(asked)
        return None

    def _change(self, asked: Asked) -> None:
        """Change something that the session keeps, or do what can be done anywhere."""
        match asked.request:
            case Away(text):
                self._session.person.away = text
                self._dialogue.tell(f"You are away: {text}" if text else "You are away.")
            case Back():
                self._session.person.away = None
                self._dialogue.tell("You are back.")
            case Ignore(nick):
                others.ignore(self._session, nick)
            case Unignore(nick):
                others.unignore(self._session, nick)
            case SpeakJson():
                self._dialogue.speak_json(self._membership.welcome(self._membership.places()))
                return
            case Set(name, _) if name:
                carry_out_anywhere(self._dialogue, asked, self._rank)
            case _:
                carry_out_anywhere(self._dialogue, asked, self._rank)
                return
        self._session.keep()
        self._session.keep_settings()

    # Rooms

    async def _join(self, room: str, password: str, ref: str) -> Numbers | None:
        seqs = await self._membership.go_to(room, ref, password)
        self._session.keep()
        return seqs

    async def _leave(self, feed: RoomFeed, ref: str) -> Numbers:
        seqs = await self._membership.leave(feed, ref)
        self._session.keep()
        return seqs

"""Somebody who has a nickname: what they can ask for, and what comes of it."""

from __future__ import annotations

from tcpchat import answers, render
from tcpchat.commands import parse
from tcpchat.events import Acted, Event, Renamed, Said, Told, TopicSet, inbox
from tcpchat.feed import Feed, RoomFeed
from tcpchat.limits import MOST_IGNORED
from tcpchat.logs.interface import NotKept
from tcpchat.membership import Membership
from tcpchat.names import Name
from tcpchat.person import Person
from tcpchat.render import View
from tcpchat.requests import (
    Act,
    Away,
    Back,
    ChooseNick,
    History,
    Ignore,
    Join,
    Leave,
    ListRooms,
    Refused,
    Reply,
    Request,
    Say,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Who,
    WhoIs,
)
from tcpchat.room import LOBBY
from tcpchat.session import Session
from tcpchat.state import Effect

# Requests whose answers show what was said or done before.
ASKS = (Topic, History, ListRooms, Who, WhoIs)


class Present:
    """The state of a session that has a nickname."""

    def __init__(self, session: Session, name: Name) -> None:
        self.id = session.id
        self.since = session.since
        self.away: str | None = None
        self._session = session
        self._chat = session.chat
        self._name = name
        self._membership = Membership(session, self)
        self._ignored: dict[str, str] = {}  # whom one does not hear: folded nicknames, their inboxes
        self._correspondent: str | None = None  # the session that wrote privately last

    async def come_in(self) -> None:
        """
        Bring the person into the lobby: from then on the session is in this state.

        Raises:
            NotKept: the log cannot be written; the nickname is given back.
        """
        # From here on the state is this one: it has to be seen through to its end.
        self._session.begin(self)
        try:
            await self._membership.join(self._chat.room(LOBBY))
        except NotKept:
            self._release(self._name)
            raise
        self._chat.enter(self)

    # What others may know

    @property
    def nick(self) -> str:
        """The nickname."""
        return self._name.display

    @property
    def idle(self) -> float:
        """For how many seconds nothing came from the person."""
        return self._session.idle

    @property
    def rooms(self) -> list[str]:
        """The rooms that the person is in."""
        return sorted(feed.stream for feed in self._membership.feeds)

    def follow_inbox(self, feed: Feed) -> None:
        """There are private messages of the person: show them."""
        self._session.reader.follow(feed, feed.shown)

    def heard_from(self, event: Told) -> None:
        """Somebody has written to the person privately: a reply goes there, unless it was not heard."""
        if render.is_heard(event, self.view(inbox(self.id))):
            self._correspondent = event.session

    # What the session needs

    def carry_out(self, line: str) -> Effect | None:
        """
        Do what a line asks for.

        Raises:
            Refused: it is not done.
        """
        request = parse(line)
        if isinstance(request, ASKS) and self._session.has_uncommitted:
            return self._ask(request)
        return self._do(request)

    async def _ask(self, request: Request) -> None:
        """Answer a question about what has happened once what was said before has."""
        await self._session.until_kept()
        effect = self._do(request)
        if effect is not None:
            await effect

    def _do(self, request: Request | None) -> Effect | None:
        membership = self._membership
        match request:
            case Say(text):
                self._post(Said(self.id, self.nick, text))
            case Act(text):
                self._post(Acted(self.id, self.nick, text))
            case Topic(""):
                self._session.tell(answers.topic(membership.current.room))
            case Topic(text):
                self._post(TopicSet(self.id, self.nick, text))
            case Tell(nick, text):
                self._tell(self._find(nick), text)
            case Reply(text):
                self._tell(self._find_correspondent(), text)
            case ChooseNick(nick):
                return self._rename(self._claim(nick, or_variant=False))
            case TakeNick(nick):
                return self._rename(self._claim(nick, or_variant=True))
            case Join(room):
                return membership.join(self._chat.room(room))
            case Leave(room):
                return membership.leave(membership.find(room))
            case History(lines, room):
                return membership.history(membership.find(room), lines)
            case ListRooms():
                self._session.tell(*answers.rooms(feed.room for feed in self._chat.rooms()))
            case Who(room):
                self._who(self._chat.find_room(room) if room else membership.current)
            case WhoIs(nick):
                self._whois(self._find(nick))
            case Away(text):
                self.away = text
                self._session.tell(f"You are away: {text}" if text else "You are away.")
            case Back():
                self.away = None
                self._session.tell("You are back.")
            case Ignore(nick):
                self._ignore(self._chat.nickname(nick))
            case Unignore(nick):
                self._unignore(self._chat.nickname(nick))
            case _:
                self._session.carry_out_anywhere(request)
        return None

    def refused(self, why: str) -> None:
        """Nothing more is to be said than what was said already."""

    def view(self, stream: str) -> View:
        """Return how the person sees a stream."""
        settings = self._session.settings
        return View(
            current=self._membership.is_current(stream),
            echo=settings.echo,
            joins=settings.joins,
            stamped=settings.timestamps,
            zone=settings.timezone,
            ignored=frozenset(self._ignored) | frozenset(self._ignored.values()),
        )

    def last_error(self) -> str | None:
        """Everything was done or refused."""
        return None

    def leave(self, reason: str) -> None:
        """Go out of all rooms, and give the nickname back."""
        self._chat.depart(self, self._membership.feeds, reason)
        self._release(self._name)

    # Speaking

    def _post(self, event: Event) -> None:
        self._session.count_until_kept(self._chat.post(self._membership.current, event))

    def _tell(self, person: Person, text: str) -> None:
        if person is self:
            raise Refused("That is you.")
        self._session.count_until_kept(self._chat.tell(Told(self.id, self.nick, person.nick, text), person))
        if person.away is not None:
            self._session.tell(answers.is_away(person.nick, person.away))

    def _find_correspondent(self) -> Person:
        if self._correspondent is None:
            raise Refused("Nobody has written to you privately yet. /msg NICK TEXT")
        person = self._chat.person(self._correspondent)
        if person is None:
            raise Refused("Whoever wrote to you last is no longer here.")
        return person

    # Names

    def _claim(self, nick: str, or_variant: bool) -> Name:
        return self._chat.claim(nick, self.id, self._session.address, or_variant)

    def _release(self, name: Name) -> None:
        self._chat.release(name, self.id, self._session.address)

    async def _rename(self, new: Name) -> None:
        if new == self._name:
            raise Refused(f"You are {self.nick} already.")
        feeds = self._membership.feeds[::-1]
        rooms = tuple(feed.stream for feed in feeds)
        event = Renamed(self.id, self.nick, new.display, rooms, self._chat.new_id())
        try:
            await self._chat.rename(event, feeds)
        except NotKept:
            self._release(new)
            raise
        old, self._name = self._name, new
        self._release(old)
        if not feeds:
            self._session.tell(render.renamed(event))

    # Others

    def _find(self, typed: str) -> Person:
        name = self._chat.nickname(typed)
        person = self._chat.find_person(name)
        if person is None:
            raise Refused(f'Nobody here is called "{name.display}".')
        return person

    def _who(self, feed: RoomFeed) -> None:
        away = {session for session in feed.room.members if self._chat.is_away(session)}
        self._session.tell(*answers.who(feed.room, away))

    def _whois(self, person: Person) -> None:
        since = render.moment(person.since, self._session.settings.timezone, self._chat.wall())
        self._session.tell(*answers.whois(person.nick, person.rooms, since, person.idle, person.away))

    def _ignore(self, name: Name) -> None:
        if name.same(self._name):
            raise Refused("That is you.")
        if len(self._ignored) >= MOST_IGNORED:
            raise Refused(f"You ignore {MOST_IGNORED} people, and that is all that one may. /unignore some.")
        person = self._chat.find_person(name)
        self._ignored[name.fold] = inbox(person.id) if person else name.fold
        self._session.reader.restyle()
        self._session.tell(f"You no longer hear {name.display}.")

    def _unignore(self, name: Name) -> None:
        person = self._chat.find_person(name)
        meant = {name.fold, inbox(person.id) if person else name.fold}
        kept = {fold: box for fold, box in self._ignored.items() if meant.isdisjoint((fold, box))}
        if len(kept) == len(self._ignored):
            raise Refused(f"You do not ignore {name.display}.")
        self._ignored = kept
        self._session.reader.restyle()
        self._session.tell(f"You hear {name.display} again.")

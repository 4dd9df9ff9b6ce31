"""Who is there: everybody who has a nickname, found by that, by their id, or by one of their sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from twisted.internet.interfaces import IReactorTime

from tcpchat.claims import NOBODYS, Claims, Taken
from tcpchat.echo import echo
from tcpchat.names import Key, Name, NotAName, nickname
from tcpchat.person import Person, Seat
from tcpchat.requests import Refused


class People:
    """All who are there, and the nicknames that they hold."""

    def __init__(
        self,
        clock: IReactorTime,
        ascii_names: bool,
        is_in_lobby: Callable[[str], bool],
        owners: Mapping[Key, str] = NOBODYS,
        is_kept_from: Callable[[Name, str], bool] = lambda name, address: False,
    ) -> None:
        """
        ``is_in_lobby`` tells of a person whether the others there have been shown that they have come;
        ``owners`` has the accounts that keep nicknames, by each key of those; ``is_kept_from`` tells of
        a nickname whether nobody may have it who comes from an address.
        """
        self._is_kept_from = is_kept_from
        # Is told who is there over one more session.
        self.entered: Callable[[Person], object] = lambda person: None
        self._clock = clock
        self.ascii_names = ascii_names
        self._is_in_lobby = is_in_lobby
        self._claims = Claims(owners)
        self._people: dict[str, Person] = {}
        self._sessions: dict[str, Seat] = {}  # theirs
        self._newcomers: dict[str, Person] = {}  # who are in the lobby, or are not yet

    def enter(self, person: Person, session: Seat) -> None:
        """Somebody is there over a session, and can be found by their nickname."""
        self._newcomers.pop(person.id, None)
        known = self._people.get(person.id, person)
        if known is not person:  # they have come in over another node at the same time
            person.sessions = *(seat for seat in known.sessions if seat.is_distant), *person.sessions
        self._people[person.id] = person
        self._sessions[session.id] = session
        self.entered(person)

    def expect(self, person: Person) -> None:
        """Somebody is about to come into the lobby: once the others see that, they can be found."""
        self._newcomers[person.id] = person

    def withdraw(self, person: Person) -> None:
        """Somebody could not come in."""
        self._newcomers.pop(person.id, None)

    def leave(self, person: Person, session: Seat) -> bool:
        """A session is over; return whether it was the person's last one, and they are gone."""
        if self._sessions.get(session.id) is session:  # it may go on elsewhere
            del self._sessions[session.id]
        person.sessions = tuple(other for other in person.sessions if other is not session)
        if person.sessions or self._people.get(person.id, person) is not person:
            return False
        self._people.pop(person.id, None)
        return True

    def __iter__(self) -> Iterator[Person]:
        """Yield everybody who is there."""
        yield from list(self._people.values())
        for person in list(self._newcomers.values()):
            if self._is_in_lobby(person.id):
                yield person

    @property
    def number(self) -> int:
        """How many there are."""
        newcomers = self._newcomers.values()
        return len(self._people) + sum([self._is_in_lobby(person.id) for person in newcomers])

    def sessions(self) -> list[Seat]:
        """Return all sessions of those who are there, and of those who are about to come into the lobby."""
        newcomers = (session for person in self._newcomers.values() for session in person.sessions)
        return [*self._sessions.values(), *newcomers]

    def find(self, name: Name) -> Person | None:
        """Return who has a nickname now."""
        holder = self._claims.holder(name)
        return self.person(holder) if holder else None

    def person(self, id: str) -> Person | None:
        """Return a person, if there."""
        if id in self._people:
            return self._people[id]
        newcomer = self._newcomers.get(id)
        return newcomer if newcomer and self._is_in_lobby(id) else None

    def session(self, id: str) -> Seat | None:
        """Return a session, if the person is there over it."""
        if id in self._sessions:
            return self._sessions[id]
        newcomer = self.person(id)  # of whom the session, the first one, has the id
        return (
            next((session for session in newcomer.sessions if session.id == id), None) if newcomer else None
        )

    def is_broken(self, typed: str) -> bool:
        """Tell whether the connection of whoever has a nickname is broken."""
        person = self.find(self.nickname(typed))
        return person is not None and person.is_broken

    def is_away(self, id: str) -> bool:
        """Tell whether somebody has said that they are away."""
        person = self._people.get(id)
        return person is not None and person.away is not None

    # Nicknames

    def nickname(self, typed: str) -> Name:
        """
        Return the nickname that somebody means.

        Raises:
            Refused: it is none.
        """
        try:
            return nickname(typed, self.ascii_names)
        except NotAName as reason:
            raise Refused(f'"{echo(typed)}" is not a nickname: {reason}.', "bad-nick") from reason

    def claim(self, typed: str, person: str, address: str, or_variant: bool = False) -> Name:
        """
        Hold the nickname that somebody asks for, or with ``or_variant`` the first free one like it.

        Raises:
            Refused: it is no nickname, or it is taken.
        """
        name = self.nickname(typed)
        now = self._clock.seconds()
        try:
            if self._is_kept_from(name, address):
                raise Taken(name)
            self._claims.claim(name, person, address, now)
        except Taken:
            variant = self._claims.free_variant(name, address, now, self.ascii_names)
            while self._is_kept_from(variant, address):
                variant = self._claims.free_variant(variant, address, now, self.ascii_names)
            if not or_variant:
                text = f'"{name.display}" is taken. Try "{variant.display}".'
                raise Refused(text, "nick-taken") from None
            name = variant
            self._claims.claim(name, person, address, now)
        return name

    def release(self, name: Name, person: str, address: str, is_kept: bool = True) -> None:
        """Hold a nickname no longer; if it ``is_kept``, only the same address can have it for a while."""
        self._claims.release(name, person, address, self._clock.seconds(), is_kept)

    def names(self, person: str) -> tuple[Name, ...]:
        """Return the nicknames that somebody holds here."""
        return self._claims.names(person)

    def hold_elsewhere(self, key: Key, person: str, kept_for: str | None = None) -> None:
        """A nickname's key is held on another node; or, with ``kept_for``, kept there for an address."""
        self._claims.hold_elsewhere(key, person, kept_for)

    def release_elsewhere(self, key: Key) -> None:
        """No other node holds a nickname's key, or keeps it, any more."""
        self._claims.release_elsewhere(key)

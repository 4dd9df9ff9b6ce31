"""Who is there: everybody who has a nickname, found by that or by their session."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from tcpchat.claims import Claims, Taken
from tcpchat.echo import echo
from tcpchat.names import Name, NotAName, nickname
from tcpchat.person import Person
from tcpchat.requests import Refused


class People:
    """All who are there, and the nicknames that they hold."""

    def __init__(self, clock: IReactorTime, ascii_names: bool, is_in_lobby: Callable[[str], bool]) -> None:
        """``is_in_lobby`` tells of a session whether the others there have been shown that it has come."""
        self._clock = clock
        self._ascii_names = ascii_names
        self._is_in_lobby = is_in_lobby
        self._claims = Claims()
        self._people: dict[str, Person] = {}
        self._newcomers: dict[str, Person] = {}  # who are in the lobby, or are not yet

    def enter(self, person: Person) -> None:
        """Somebody has a nickname now and can be found by it."""
        self._newcomers.pop(person.id, None)
        self._people[person.id] = person

    def expect(self, person: Person) -> None:
        """Somebody is about to come into the lobby: once the others see that, they can be found."""
        self._newcomers[person.id] = person

    def withdraw(self, person: Person) -> None:
        """Somebody could not come in."""
        self._newcomers.pop(person.id, None)

    def leave(self, person: Person) -> None:
        """Somebody is gone."""
        self._people.pop(person.id, None)

    def find(self, name: Name) -> Person | None:
        """Return who has a nickname now."""
        holder = self._claims.holder(name)
        return self.person(holder) if holder else None

    def person(self, session: str) -> Person | None:
        """Return the person of a session, if there."""
        if session in self._people:
            return self._people[session]
        newcomer = self._newcomers.get(session)
        return newcomer if newcomer and self._is_in_lobby(session) else None

    def is_broken(self, typed: str) -> bool:
        """Tell whether the connection of whoever has a nickname is broken."""
        person = self.find(self.nickname(typed))
        return person is not None and person.is_broken

    def is_away(self, session: str) -> bool:
        """Tell whether somebody has said that they are away."""
        person = self._people.get(session)
        return person is not None and person.away is not None

    # Nicknames

    def nickname(self, typed: str) -> Name:
        """
        Return the nickname that somebody means.

        Raises:
            Refused: it is none.
        """
        try:
            return nickname(typed, self._ascii_names)
        except NotAName as reason:
            raise Refused(f'"{echo(typed)}" is not a nickname: {reason}.', "bad-nick") from reason

    def claim(self, typed: str, session: str, address: str, or_variant: bool = False) -> Name:
        """
        Hold the nickname that somebody asks for, or with ``or_variant`` the first free one like it.

        Raises:
            Refused: it is no nickname, or it is taken.
        """
        name = self.nickname(typed)
        now = self._clock.seconds()
        try:
            self._claims.claim(name, session, address, now)
        except Taken:
            variant = self._claims.free_variant(name, address, now, self._ascii_names)
            if not or_variant:
                text = f'"{name.display}" is taken. Try "{variant.display}".'
                raise Refused(text, "nick-taken") from None
            name = variant
            self._claims.claim(name, session, address, now)
        return name

    def release(self, name: Name, session: str, address: str, is_kept: bool = True) -> None:
        """Hold a nickname no longer; if it ``is_kept``, only the same address can have it for a while."""
        self._claims.release(name, session, address, self._clock.seconds(), is_kept)

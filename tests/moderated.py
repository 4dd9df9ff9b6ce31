"""People with accounts for tests, and a room in which one of them is the operator."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

from twisted.internet.defer import Deferred

from tcpchat.logging_in import log_in
from tcpchat.present import Present
from tcpchat.records import KeptAccount
from tcpchat.room import Room
from tests.visitors import ChatCase, Visitor


class AccountCase(ChatCase):
    """A chat in which some have accounts, with the id ``a-NICK``."""

    def register(self, nick: str, is_operator: bool = False) -> KeptAccount:
        """Somebody has an account, and need not be there."""
        account = KeptAccount(f"a-{nick}", nick, "", 0, is_operator=is_operator)
        self.chat.accounts.keep(account)
        return account

    def log_in(
        self, nick: str, *first: str, address: str = "192.0.2.1", is_operator: bool = False
    ) -> Visitor:
        """Somebody comes in by an account, which they have or have from now on, after typing some lines."""
        account = self.chat.accounts.get(f"a-{nick}") or self.register(nick, is_operator)
        visitor = self.connect(address)
        visitor.sees()
        self.chat.nameless.cancel(cast(Hashable, visitor.dialogue._state))  # as a login does
        coming = Deferred.fromCoroutine(log_in(visitor.dialogue, account, Present))
        self.settle()
        self.successResultOf(coming)
        return visitor

    def room(self, stream: str) -> Room:
        """Return an open room."""
        feed = self.chat.rooms.open_room(stream)
        assert feed is not None
        return feed.room

    def events(self, stream: str, *kinds: type) -> list[Any]:
        """Return the events of these kinds that a stream's log holds."""
        entries = self.successResultOf(self.log.read(stream, 0, 1000))
        return [entry.event for entry in entries if isinstance(entry.event, kinds)]


class OwnRoomCase(AccountCase):
    """Anna is the operator of #own, where eve is too; carl is in the lobby, as are they."""

    def setUp(self) -> None:
        super().setUp()
        self.anna = self.log_in("anna")
        self.eve, self.carl = self.enter("eve", "carl")
        self.anna.types("/join #own")
        self.eve.types("/join #own")
        self.look_away()

    def look_away(self, *others: Visitor) -> None:
        """What was shown until now is forgotten."""
        for visitor in (self.anna, self.eve, self.carl, *others):
            visitor.sees()

    def own(self) -> Room:
        """Return the room."""
        return self.room("#own")

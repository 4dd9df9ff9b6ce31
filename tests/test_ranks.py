"""Who is what where: a guest, somebody with an account, an operator of a room, or of the server."""

from __future__ import annotations

from tcpchat.command import Rank
from tcpchat.ranks import is_operator, rank
from tests.visitors import ChatCase


class RankTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob, self.eve = self.enter("bob", "eve")
        self.bob.types("/join #dev")
        self.dev = self.chat.rooms.find("#dev").room

    def be_operator(self) -> None:
        """Let bob be an operator of #dev."""
        self.dev.operators[self.has_account(self.bob)] = "bob"

    def test_somebody_is_a_guest_until_they_have_an_account_and_again_without_it(self) -> None:
        person = self.bob.session.person
        self.assertIs(rank(self.chat, person), Rank.GUEST)
        account = self.has_account(self.bob)
        self.assertIs(rank(self.chat, person), Rank.ACCOUNT)
        self.chat.accounts.remove(account)
        self.assertIs(rank(self.chat, person), Rank.GUEST)

    def test_an_operator_of_a_room_is_one_in_that_room_alone(self) -> None:
        self.be_operator()
        person = self.bob.session.person
        self.assertIs(rank(self.chat, person, self.dev), Rank.ROOM_OPERATOR)
        self.assertIs(rank(self.chat, person, self.chat.rooms.lobby.room), Rank.ACCOUNT)
        self.assertIs(rank(self.chat, person), Rank.ACCOUNT)

    def test_an_operator_of_the_server_is_one_everywhere(self) -> None:
        account = self.has_account(self.bob, is_operator=True)
        self.assertTrue(is_operator(self.chat, account))
        for room in None, self.dev, self.chat.rooms.lobby.room:
            self.assertIs(rank(self.chat, self.bob.session.person, room), Rank.SERVER_OPERATOR)

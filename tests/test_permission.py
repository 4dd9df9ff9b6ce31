"""Who may ask for what is asked in one place, for text and JSON alike, and refused in the words for it."""

from __future__ import annotations

import json

from tcpchat.command import Rank
from tcpchat.permission import rank_here
from tests.visitors import ChatCase, Visitor


class PermissionCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob, self.eve = self.enter("bob", "eve")
        self.bob.types("/join #dev")

    def be_operator(self) -> None:
        """Let bob be an operator of #dev."""
        operators = self.chat.rooms.find("#dev").room.operators
        operators[self.has_account(self.bob)] = "bob"


class HereTests(PermissionCase):
    def test_what_one_is_depends_on_where_one_talks(self) -> None:
        self.be_operator()
        self.assertIs(rank_here(self.bob.session), Rank.ROOM_OPERATOR)
        self.bob.types("/join #lobby")
        self.assertIs(rank_here(self.bob.session), Rank.ACCOUNT)
        self.bob.types("/leave #lobby", "/leave #dev")
        self.assertIs(rank_here(self.bob.session), Rank.ACCOUNT)


class CheckTests(PermissionCase):
    def refused(self, visitor: Visitor, line: str) -> str:
        (shown,) = visitor.types(line)
        return shown

    def test_the_room_that_is_named_counts_not_the_one_where_one_is(self) -> None:
        self.be_operator()
        self.assertEqual(
            self.refused(self.bob, "/kick #lobby eve"), "!!! Only an operator of #lobby may do that."
        )
        self.bob.types("/join #lobby")
        self.assertNotIn("Only an operator", self.refused(self.bob, "/kick #dev eve"))

    def test_one_need_not_be_there_to_be_refused(self) -> None:
        shown = self.refused(self.eve, "/kick #dev bob")
        self.assertEqual(shown, "!!! Only an operator of #dev may do that.")
        shown = self.refused(self.eve, "/kick #nowhere bob")
        self.assertEqual(shown, "!!! There is no room #nowhere. /rooms lists the rooms.")
        self.assertRegex(self.refused(self.eve, "/lock #-"), '^!!! "#-" is not a room: ')

    def test_what_holds_on_the_whole_server_is_for_its_operators(self) -> None:
        self.be_operator()
        for line in "/ban server eve", "/unban server eve", "/announce hello", "/lockdown on", "/reload":
            self.assertEqual(self.refused(self.bob, line), "!!! Only an operator of the server may do that.")

    def test_a_program_is_refused_by_code(self) -> None:
        self.eve.types("/json")
        asked: list[tuple[dict[str, str], str]] = [
            ({"type": "kick", "nick": "bob", "room": "dev"}, "#dev"),
            ({"type": "ban", "whom": "bob"}, "#lobby"),
            ({"type": "hide"}, "#lobby"),
        ]
        for fields, room in asked:
            text = f"Only an operator of {room} may do that."
            self.assertEqual(
                json.loads(self.refused(self.eve, json.dumps(fields | {"ref": "r"}))),
                {"type": "error", "code": "forbidden", "text": text, "ref": "r"},
            )

    def test_it_is_asked_when_it_is_carried_out_not_when_it_is_typed(self) -> None:
        account = self.has_account(self.bob, is_operator=True)
        self.bob.dialogue.received("/announce one")
        self.chat.accounts.remove(account)
        self.bob.dialogue.received("/announce two")
        shown = "\n".join(self.bob.sees() + self.eve.sees())
        self.assertIn("*** Announcement from bob: one", shown)
        self.assertIn("!!! Only an operator of the server may do that.", shown)
        self.assertNotIn("two", shown)

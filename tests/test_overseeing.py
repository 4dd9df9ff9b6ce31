"""Operators of the server are in #audit, from when they are that until they are not; nobody else is."""

from __future__ import annotations

import msgspec

from tcpchat.events import Event, Joined, Left
from tcpchat.records import KeptAccount, encode
from tcpchat.room import AUDIT
from tests.afar import AfarCase
from tests.moderated import AccountCase
from tests.test_unknown import LateLog
from tests.visitors import ChatCase, Visitor

NO_ROOM = "!!! There is no room #audit. /rooms lists the rooms."


class SeveralNodesTests(AfarCase):
    """An operator is on this node and on another one."""

    def make(self, is_operator: bool) -> None:
        kept = self.chat.accounts.get("a-anna")
        assert kept is not None
        self.chat.accounts.take_in("a-anna", encode(msgspec.structs.replace(kept, is_operator=is_operator)))
        self.settle()

    def joined(self) -> list[str]:
        return [event.session for event in self.events(AUDIT, Joined)]

    def test_one_node_brings_them_in(self) -> None:
        anna = self.log_in("anna")
        self.comes("zzz", "anna", account="a-anna")
        self.make(True)
        self.assertEqual(self.joined(), [anna.session.id])

    def test_the_other_one_does_not(self) -> None:
        self.log_in("anna")
        self.comes("0", "anna", account="a-anna")
        self.make(True)
        self.assertEqual(self.joined(), [])

    def test_who_is_not_here_is_the_other_nodes_affair(self) -> None:
        self.register("anna")
        self.comes("s90", "anna", account="a-anna")
        self.make(True)
        self.assertEqual(self.joined(), [])

    def test_each_node_sees_that_nothing_more_is_for_who_is_none_any_more(self) -> None:
        anna = self.log_in("anna", is_operator=True)
        self.comes("0", "anna", account="a-anna")
        anna.sees()
        self.make(False)
        self.assertEqual(anna.sees(), ["*** You are no longer an operator of the server. You are in #lobby."])
        self.assertEqual([event.person for event in self.events(AUDIT, Left)], ["a-anna"])

    def test_a_node_that_starts_leaves_in_who_is_there_over_another_one(self) -> None:
        self.comes("s90", "anna", AUDIT, account="a-anna")
        self.crash()
        self.assertEqual(self.events(AUDIT, Left), [])


class LateTests(AccountCase):
    """It is known late that somebody was brought in who has become an operator."""

    def setUp(self) -> None:
        super().setUp()
        self.log = self.late = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.anna = self.log_in("anna")
        self.late.full = True
        self.make(True)
        self.clock.advance(20)
        self.settle()
        self.anna.sees()

    def make(self, is_operator: bool) -> None:
        self.chat.accounts.change("a-anna", lambda it: msgspec.structs.replace(it, is_operator=is_operator))
        self.settle()

    def learn(self, is_there: bool = True) -> list[str]:
        """Return who is in the room, once that is known."""
        self.late.learn(is_there)
        self.settle()
        return [member.nick for member in self.chat.rooms.audit.room.members.values()]

    def test_they_are_in_it_then(self) -> None:
        self.assertEqual(self.learn(), ["anna"])
        self.assertEqual(self.anna.sees(), ["*** You are an operator of the server. You are in #audit, too."])
        self.assertEqual(self.anna.types("/who #audit"), ["*** 1 person is in #audit: anna."])

    def test_if_they_were_not_they_can_go_there(self) -> None:
        self.assertEqual(self.learn(False), [])
        self.assertEqual(self.anna.types("/join #audit"), ["*** You are anna, in #audit."])

    def test_who_is_none_any_more_is_put_out_and_sees_nothing(self) -> None:
        self.make(False)
        self.assertEqual(self.learn(), [])
        self.assertEqual([event.person for event in self.events(AUDIT, Left)], ["a-anna"])
        self.assertEqual((self.anna.sees(), self.anna.types("/who #audit")), ([], [NO_ROOM]))

    def test_who_is_gone_is_not_in_it(self) -> None:
        self.late.full = False
        self.anna.types("/quit")
        self.assertEqual(self.learn(), [])


class OverseeingTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna, self.bob = self.enter("anna", "bob")

    def trail(self) -> list[Event]:
        """Return what has happened in the room."""
        return [entry.event for entry in self.successResultOf(self.log.read(AUDIT, 0, 100))]

    def members(self) -> list[str]:
        return [member.nick for member in self.chat.rooms.audit.room.members.values()]

    def make(self, visitor: Visitor, is_operator: bool) -> list[str]:
        """Make somebody with an account an operator, or not; return what they are shown."""
        account = visitor.session.person.account
        self.chat.accounts.change(account, lambda it: msgspec.structs.replace(it, is_operator=is_operator))
        return visitor.sees()

    def test_who_becomes_one_is_brought_in_and_talks_where_they_did_before(self) -> None:
        account = self.has_account(self.anna)
        self.assertEqual(self.members(), [])
        self.assertEqual(
            self.make(self.anna, True), ["*** You are an operator of the server. You are in #audit, too."]
        )
        self.assertEqual(self.members(), ["anna"])
        self.assertEqual(self.trail(), [Joined(self.anna.session.id, "anna", account=account)])
        self.anna.types("hello")
        self.assertEqual(self.bob.sees(), ["<anna> hello"])

    def test_who_registers_the_nickname_of_an_operator_is_one_until_the_account_is_gone(
        self,
    ) -> None:
        self.operators = ("zoe",)
        self.crash()
        (zoe,) = self.enter("zoe", address="127.0.0.1")
        self.assertIn(
            "*** You are an operator of the server. You are in #audit, too.",
            zoe.types("/register correct-horse"),
        )
        self.assertEqual(self.members(), ["zoe"])
        self.assertIn("*** zoe registered", zoe.types("/history #audit")[-2])
        self.assertIn(
            "*** You are no longer an operator of the server. You are in #lobby.",
            zoe.types("/unregister correct-horse"),
        )
        self.assertEqual(self.members(), [])

    def test_others_in_it_see_who_comes(self) -> None:
        self.has_account(self.anna, is_operator=True)
        self.has_account(self.bob, is_operator=True)
        self.assertEqual(self.anna.sees(), ["*** bob joined #audit."])

    def test_who_is_none_any_more_is_put_out_at_once(self) -> None:
        self.has_account(self.anna, is_operator=True)
        self.anna.types("/join #audit")
        self.assertEqual(
            self.make(self.anna, False),
            ["*** You are no longer an operator of the server. You are in #lobby."],
        )
        self.assertEqual(self.members(), [])
        self.has_account(self.bob, is_operator=True)
        self.assertEqual(self.anna.sees(), [])

    def test_nobody_sees_the_trail_while_it_cannot_be_logged_that_they_are_out(self) -> None:
        self.has_account(self.anna, is_operator=True)
        self.log.full = True
        self.make(self.anna, False)
        self.assertEqual(
            self.anna.types("/who #audit"), ["!!! There is no room #audit. /rooms lists the rooms."]
        )
        self.log.full = False
        self.clock.advance(1)
        self.settle()
        self.assertEqual(self.members(), [])

    def test_whose_account_is_gone_is_put_out(self) -> None:
        account = self.has_account(self.anna, is_operator=True)
        self.chat.accounts.remove(account)
        self.settle()
        self.assertEqual(self.members(), [])

    def test_somebody_who_is_not_there_comes_in_later(self) -> None:
        self.chat.accounts.keep(KeptAccount("a9", "zoe", "", 0, is_operator=True))
        self.settle()
        self.assertEqual(self.trail(), [])

    def test_on_a_full_disk_one_can_come_in_later(self) -> None:
        self.has_account(self.anna)
        self.log.full = True
        self.assertEqual(self.make(self.anna, True), [])
        self.log.full = False
        self.assertEqual(self.anna.types("/join #audit"), ["*** You are anna, in #audit."])

    def test_an_operator_can_leave_and_come_back(self) -> None:
        self.has_account(self.anna, is_operator=True)
        self.assertEqual(self.anna.types("/leave #audit"), ["*** You left #audit. You are in #lobby."])
        self.assertEqual(self.anna.types("/nick ann"), ["*** anna is now known as ann."])
        self.assertEqual(self.members(), [])
        self.assertEqual(self.anna.types("/join #audit"), ["*** You are ann, in #audit."])

    def test_who_is_an_operator_no_longer_after_a_restart_is_out_before_they_are_back(self) -> None:
        self.operators = ("zoe",)
        self.crash()
        (zoe,) = self.enter("zoe", address="127.0.0.1")
        account = self.has_account(zoe)
        self.assertEqual(self.members(), ["zoe"])
        self.operators = ()
        self.crash()
        self.assertIn(Left(account, "zoe", account=account), self.trail())
        back, shown = self.come_back(zoe.code)
        self.assertEqual(shown[0], "*** You are zoe, in #lobby with anna, bob.")
        self.assertEqual(back.types("/who #audit"), [NO_ROOM])

    def test_who_is_one_still_is_there_still(self) -> None:
        self.has_account(self.anna, is_operator=True)
        before = self.trail()
        self.crash()
        back, _ = self.come_back(self.anna.code)
        self.assertEqual((self.members(), self.trail()), (["anna"], before))
        self.assertEqual(back.types("/who #audit"), ["*** 1 person is in #audit: anna."])

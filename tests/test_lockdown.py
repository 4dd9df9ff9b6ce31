"""The lockdown: who may come in while it is on, and that a restart does not end it."""

from __future__ import annotations

from tcpchat.lockdown import KEY, Lockdown
from tcpchat.nameless import QUESTION
from tests.moderated import AccountCase
from tests.visitors import ChatCase

REFUSED = "!!! Only people with an account may come in now. /login NICK PASSWORD"


class LockdownTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.chat.lockdown.switch(True)

    def test_nobody_new_comes_in_by_whatever_command(self) -> None:
        for line in "eve", "/nick eve", "/as eve":
            self.assertEqual(self.connect().types(line)[2:], [REFUSED, f"*** {QUESTION}"], line)
        for line in '{"type":"nick","nick":"eve"}', '{"type":"as","nick":"eve"}':
            shown = self.connect().types(line)
            self.assertIn('{"type":"error","code":"forbidden","text":"Only people with an account', shown[2])
        self.assertEqual([member.nick for member in self.chat.rooms.lobby.room.members.values()], ["bob"])

    def test_a_refused_nickname_is_free_afterwards(self) -> None:
        self.connect().types("eve")
        self.chat.lockdown.switch(False)
        self.enter("eve")

    def test_who_is_there_stays_and_can_come_back(self) -> None:
        self.assertEqual(self.bob.types("/me stays", "/nick rob"), ["*** bob is now known as rob."])
        self.bob.breaks_off()
        self.assertEqual(self.come_back(self.bob.code)[1][0], "*** You are rob, in #lobby.")

    def test_nobody_registers_meanwhile(self) -> None:
        self.assertEqual(
            self.bob.types("/register correct-horse"),
            ["!!! Nobody can register while only people with an account come in."],
        )

    def test_another_node_turns_it_off_and_on(self) -> None:
        self.chat.lockdown.take_in(KEY, None)
        self.enter("eve")
        self.chat.lockdown.take_in(KEY, b"{}")
        self.chat.lockdown.take_in("something else", None)
        self.assertEqual(self.connect().types("zoe")[2], REFUSED)

    def test_it_outlives_the_server_until_it_is_ended(self) -> None:
        self.crash()
        self.assertEqual(self.connect().types("eve")[2], REFUSED)
        self.chat.lockdown.switch(False)
        self.crash()
        self.enter("eve")

    def test_a_new_server_has_none(self) -> None:
        self.assertFalse(Lockdown(self.log).is_on)


class ReminderTests(AccountCase):
    def test_an_operator_is_reminded_however_they_log_in(self) -> None:
        reminder = "*** The lockdown is on. /lockdown off lets everybody in again."
        self.chat.lockdown.switch(True)
        anna = self.log_in("anna", is_operator=True)
        self.assertEqual(anna.sees()[-1], reminder)
        desk = self.log_in("anna")
        self.assertEqual(desk.sees()[-1], reminder)
        anna.breaks_off()
        self.assertEqual(self.log_in("anna").sees()[-1], reminder)

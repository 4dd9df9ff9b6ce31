"""Who is an operator of the server: by the configuration, or made so; and who is kept from becoming one."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.accounts import Accounts
from tcpchat.logs.memory import MemoryLog
from tcpchat.names import NotAName, nickname
from tcpchat.operators import Operators
from tcpchat.records import KeptAccount
from tests.visitors import ChatCase

LIKE_MIKE = "rnike"


class OperatorsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts(MemoryLog(Clock(), lambda: 0, "e"))
        self.operators = Operators(["mike", "Zo\u00eb"], self.accounts)

    def register(self, id: str, nick: str, is_operator: bool = False) -> None:
        self.accounts.keep(KeptAccount(id, nick, "", 0, is_operator=is_operator))

    def test_it_is_whose_account_has_one_of_the_nicknames_however_it_is_written(self) -> None:
        self.register("a1", "Mike")
        self.register("a2", "zo\u00eb")
        self.register("a3", "bob")
        self.assertEqual(
            [self.operators.has(id) for id in ("a1", "a2", "a3", "a4", "")], [True] * 2 + [False] * 3
        )

    def test_what_only_looks_like_one_of_them_is_none(self) -> None:
        self.register("a1", LIKE_MIKE)
        self.assertFalse(self.operators.has("a1"))

    def test_it_is_whose_account_was_made_one_as_long_as_it_is(self) -> None:
        self.register("a1", "bob", is_operator=True)
        self.assertTrue(self.operators.has("a1"))
        self.register("a1", "bob")
        self.assertFalse(self.operators.has("a1"))
        self.register("a1", "bob", is_operator=True)
        self.accounts.remove("a1")
        self.assertFalse(self.operators.has("a1"))

    def test_those_are_to_come_whose_nickname_nobody_has_registered(self) -> None:
        self.assertEqual(self.operators.to_come(), ["mike", "Zo\u00eb"])
        self.register("a1", "Mike")
        self.assertEqual(self.operators.to_come(), ["Zo\u00eb"])

    def test_until_then_only_this_machine_can_have_the_nickname_or_what_looks_like_it(self) -> None:
        for nick in "mike", "MIKE", LIKE_MIKE:
            for address in "192.0.2.1", "10.0.0.1", "2001:db8::1":
                self.assertTrue(self.operators.keeps(nickname(nick), address), (nick, address))
            for address in "127.0.0.1", "::1", "::ffff:127.0.0.1", "":
                self.assertFalse(self.operators.keeps(nickname(nick), address), (nick, address))
        self.assertFalse(self.operators.keeps(nickname("bob"), "192.0.2.1"))
        self.register("a1", "mike")
        self.assertFalse(self.operators.keeps(nickname("mike"), "192.0.2.1"))

    def test_what_is_no_nickname_is_no_operators(self) -> None:
        self.assertRaises(NotAName, Operators, ["anna smith"], self.accounts)


class ToComeTests(ChatCase):
    operators: tuple[str, ...] = ("anna", "anna2")

    def test_a_nickname_that_is_kept_is_taken_for_everybody_from_elsewhere(self) -> None:
        eve = self.connect("192.0.2.1")
        self.assertEqual(eve.types("anna")[2], '!!! "anna" is taken. Try "anna22".')
        eve = self.connect("192.0.2.1")
        self.assertEqual(eve.types("/as anna")[2], "*** You are anna22, in #lobby.")
        self.assertEqual(eve.types("/nick ANNA"), ['!!! "ANNA" is taken. Try "ANNA23".'])

    def test_and_for_somebody_on_this_machine_it_is_not(self) -> None:
        anna = self.connect("127.0.0.1")
        self.assertEqual(anna.types("anna")[2], "*** You are anna, in #lobby.")

    def test_who_had_it_before_it_was_kept_has_it_no_longer_after_the_restart(self) -> None:
        self.operators = ()
        self.chat = self.make_chat(self.log)
        (eve,) = self.enter("anna")
        code = eve.code
        self.operators = ("anna",)
        self.crash()
        _, shown = self.come_back(code)
        self.assertEqual(shown[0], "*** You are anna2, in #lobby.")

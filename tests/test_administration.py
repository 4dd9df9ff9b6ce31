"""What the operator's tools do in a running server: to accounts, in the log, and for who is there."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat import records, tool_orders
from tcpchat.administration import carry_out
from tcpchat.control import Running
from tcpchat.deeds import Refusal
from tcpchat.events import Noted, Opped
from tcpchat.logs.interface import NotKept
from tcpchat.names import nickname
from tcpchat.records import KeptAccount
from tcpchat.tool_orders import (
    AddAccount,
    Answer,
    Done,
    ListAccounts,
    Order,
    RemoveAccount,
    SetOperator,
    SetPassword,
)
from tests.test_tool_orders import HASH
from tests.visitors import MORNING, ChatCase


class AdministrationTests(ChatCase):
    def ask(self, order: Order) -> list[Answer]:
        """Have an order carried out; return what is answered."""
        answer = Deferred.fromCoroutine(carry_out(Running(self.chat), order))
        self.settle()
        return self.successResultOf(answer)

    def refused(self, order: Order) -> str:
        """Have an order refused; return why."""
        answer = Deferred.fromCoroutine(carry_out(Running(self.chat), order))
        return str(self.failureResultOf(answer, Refusal).value)

    def noted(self) -> list[str]:
        """Return what the audit trail holds."""
        entries = self.successResultOf(self.log.read("#audit", 0, 100))
        assert all(isinstance(entry.event, Noted) and entry.event.nick == "tcpchat" for entry in entries)
        return [entry.event.text for entry in entries if isinstance(entry.event, Noted)]

    def kept(self) -> list[KeptAccount]:
        """Return the accounts that another server would find."""
        return [records.account(kept) for kept in self.successResultOf(self.log.records("account")).values()]

    def add(self, nick: str) -> KeptAccount:
        self.ask(AddAccount(nick, HASH))
        account = self.chat.accounts.find(nickname(nick))
        assert account is not None
        return account

    def test_an_account_is_added_kept_and_noted(self) -> None:
        self.assertEqual(self.ask(AddAccount("Ada", HASH)), [Done("Added the account Ada.")])
        (account,) = self.kept()
        self.assertEqual((account.nick, account.password, account.since), ("Ada", HASH, MORNING))
        self.assertEqual(self.chat.accounts.find(nickname("ada")), account)
        self.assertEqual(self.noted(), ["added the account Ada"])

    def test_accounts_are_listed_by_nickname(self) -> None:
        self.assertEqual(self.ask(ListAccounts()), [Done()])
        self.add("bob")
        ada = self.add("Ada")
        self.chat.accounts.keep(
            KeptAccount(
                ada.id, "Ada", HASH, MORNING, rooms={"#lobby": 2, "#dev": 1}, is_operator=True, seen=7
            )
        )
        self.assertEqual(
            self.ask(ListAccounts()),
            [
                tool_orders.Account("Ada", MORNING, 7, False, True, ["#dev", "#lobby"]),
                tool_orders.Account("bob", MORNING, None, False, False, []),
                Done(),
            ],
        )

    def test_a_password_is_set(self) -> None:
        ada = self.add("ada")
        self.assertEqual(self.ask(SetPassword("ADA", HASH + "x")), [Done("Set the password of ada.")])
        (account,) = self.kept()
        self.assertEqual((account.id, account.password), (ada.id, HASH + "x"))
        self.assertEqual(self.noted(), ["added the account ada", "set the password of ada"])

    def test_an_account_is_removed_and_its_nickname_free(self) -> None:
        self.add("ada")
        self.assertEqual(self.ask(RemoveAccount("ada")), [Done("Removed the account ada.")])
        self.assertEqual(self.kept(), [])
        self.assertIsNone(self.chat.accounts.find(nickname("ada")))
        self.assertEqual(self.noted()[1:], ["removed the account ada"])
        self.add("ada")

    def test_rooms_lose_an_operator_whose_account_is_removed(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #own")
        ada = self.add("ada")
        self.log.append("#own", [Opped("", "tcpchat", "ada", ada.id)])
        self.assertEqual(anna.sees(), ["*** ada is an operator of #own now, by tcpchat."])
        self.ask(RemoveAccount("ada"))
        self.assertEqual(anna.sees(), ["*** ada is no longer an operator of #own, by tcpchat."])
        self.assertNotIn(ada.id, self.chat.rooms.find("#own").room.operators)

    def test_an_operator_is_made_and_unmade(self) -> None:
        self.add("ada")
        made = self.ask(SetOperator("ada", True))
        self.assertEqual(made, [Done("Made ada an operator of the server.")])
        self.assertTrue(self.kept()[0].is_operator)
        self.assertEqual(self.refused(SetOperator("ada", True)), '"ada" is an operator already.')
        unmade = self.ask(SetOperator("ada", False))
        self.assertEqual(unmade, [Done("Made ada no longer an operator of the server.")])
        self.assertFalse(self.kept()[0].is_operator)
        self.assertEqual(self.refused(SetOperator("ada", False)), '"ada" is no operator.')
        self.assertEqual(
            self.noted()[1:],
            ["made ada an operator of the server", "made ada no longer an operator of the server"],
        )

    def test_what_cannot_be_is_refused_and_not_noted(self) -> None:
        self.add("paul")
        for order in SetPassword("bob", HASH), RemoveAccount("bob"), SetOperator("bob", True):
            self.assertEqual(self.refused(order), 'There is no account "bob".')
        looks = 'There is no account "pauI", but one that looks alike: "paul".'
        self.assertEqual(self.refused(RemoveAccount("pauI")), looks)
        for nick in "paul", "PAUL", "pauI":
            taken = f'"{nick}" is taken: there is the account "paul".'
            self.assertEqual(self.refused(AddAccount(nick, HASH)), taken)
        for nick in "1up", "two words", "a\x1bb":
            self.assertIn('" is not a nickname: ', self.refused(AddAccount(nick, HASH)))
            self.assertIn('" is not a nickname: ', self.refused(RemoveAccount(nick)))
        self.assertEqual(self.refused(AddAccount("Admin", HASH)), '"Admin" is a name that nobody can have.')
        self.assertEqual(self.noted(), ["added the account paul"])
        self.assertEqual(len(self.kept()), 1)

    def test_the_nickname_of_somebody_who_is_there_is_not_given_away(self) -> None:
        self.enter("bob")
        said = self.refused(AddAccount("BOB", HASH))
        self.assertEqual(said, '"BOB" is taken by somebody who is there without an account.')

    def test_what_the_log_does_not_take_is_undone(self) -> None:
        ada = self.add("ada")
        self.log.full = True
        wanted: list[Order] = [AddAccount("bob", HASH), SetPassword("ada", HASH + "x")]
        wanted += [RemoveAccount("ada"), SetOperator("ada", True)]
        for order in wanted:
            answer = Deferred.fromCoroutine(carry_out(Running(self.chat), order))
            self.settle()
            self.failureResultOf(answer, NotKept)
        self.assertEqual(self.kept(), [ada])
        self.assertEqual(list(self.chat.accounts), [ada])
        self.assertEqual(self.noted(), ["added the account ada"])

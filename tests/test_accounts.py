"""Accounts: found by id and by every look-alike of their nickname, kept in the log."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.accounts import Accounts
from tcpchat.logs.memory import MemoryLog
from tcpchat.names import NotAName, nickname
from tcpchat.records import KeptAccount

PAUL = KeptAccount("a1", "paul", "", 5)


class AccountsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.log = MemoryLog(Clock(), lambda: 0)
        self.accounts = Accounts(self.log)

    def reopened(self) -> Accounts:
        accounts = Accounts(self.log)
        self.successResultOf(Deferred.fromCoroutine(accounts.open()))
        return accounts

    def test_one_is_found_by_its_id_and_by_every_look_alike(self) -> None:
        self.accounts.keep(PAUL)
        for accounts in self.accounts, self.reopened():
            self.assertEqual(accounts.get("a1"), PAUL)
            for look_alike in "paul", "PAUL", "pauI", "\u0440\u0430ul":
                try:
                    self.assertEqual(accounts.find(nickname(look_alike)), PAUL, look_alike)
                except NotAName:
                    self.assertFalse(look_alike.isascii())  # of two scripts
            self.assertEqual((accounts.get("a2"), accounts.find(nickname("carl"))), (None, None))
            self.assertEqual(list(accounts), [PAUL])

    def test_what_becomes_of_one_is_kept(self) -> None:
        self.accounts.keep(PAUL)
        self.accounts.change("a1", lambda it: msgspec.structs.replace(it, seen=7))
        self.accounts.change("a2", lambda it: it)
        known = self.reopened().get("a1")
        assert known is not None
        self.assertEqual(known.seen, 7)

    def test_one_that_is_removed_leaves_its_nickname_free(self) -> None:
        self.accounts.keep(PAUL)
        self.accounts.remove("a1")
        self.accounts.remove("a1")
        for accounts in self.accounts, self.reopened():
            self.assertEqual((accounts.get("a1"), accounts.find(nickname("paul"))), (None, None))

"""Accounts: found by id and by nickname, kept over restarts, and gone when they are removed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tcpchat.accounts import MOST_CHANGED, MOST_REMOVED, Accounts
from tcpchat.logs.memory import MemoryLog
from tcpchat.names import Name, nickname
from tcpchat.records import ACCOUNT, KeptAccount, encode
from tests.visitors import ChatCase

BOB = KeptAccount("s1", "Bob", "$argon2id$canary", 1)


class Kept(MemoryLog):
    """A node's log, of which the test takes what is kept."""

    def __init__(self, clock: Clock, wall: Callable[[], int], node: str, kept: list[bytes | None]) -> None:
        super().__init__(clock, wall, "epoch")
        self.node = node
        self._kept = kept

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        self._kept.append(value)


class AccountsTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.accounts = self.chat.accounts

    def reopened(self) -> Accounts:
        """Return what another server finds in the log."""
        accounts = Accounts(self.log)
        self.successResultOf(Deferred.fromCoroutine(accounts.open()))
        return accounts

    def test_one_that_is_kept_is_found_by_its_id_and_by_what_looks_like_its_nickname(self) -> None:
        self.accounts.keep(BOB)
        self.assertEqual(self.accounts.get("s1"), BOB)
        for typed in "Bob", "bob", "BOB", "b0b":
            self.assertEqual(self.accounts.find(nickname(typed)), BOB)
        self.assertIsNone(self.accounts.find(nickname("anna")))
        self.assertIsNone(self.accounts.get(""))
        self.assertEqual([*self.accounts], [BOB])

    def test_another_server_finds_it(self) -> None:
        self.accounts.keep(BOB)
        self.accounts.change("s1", lambda it: msgspec.structs.replace(it, seen=7))
        again = self.reopened()
        self.assertEqual([*again], [msgspec.structs.replace(BOB, seen=7)])
        self.assertEqual(again.owners[nickname("bob").keys[0]], "s1")

    def test_what_does_not_change_is_not_written(self) -> None:
        self.accounts.keep(BOB)
        self.log.keep(ACCOUNT, "s1", None)
        self.accounts.change("s1", lambda it: it)
        self.accounts.change("s2", lambda it: msgspec.structs.replace(it, seen=7))
        self.assertEqual([*self.reopened()], [])

    def test_one_that_is_removed_is_found_no_more_and_its_nickname_is_nobodys(self) -> None:
        self.accounts.keep(BOB)
        self.accounts.remove("s1")
        self.accounts.remove("s1")
        self.assertEqual((self.accounts.get("s1"), self.accounts.find(nickname("bob"))), (None, None))
        self.assertEqual((dict(self.accounts.owners), [*self.reopened()]), ({}, []))

    def test_what_another_node_makes_of_one_is_known_and_not_kept_again(self) -> None:
        changed: list[str] = []
        self.accounts.changed = changed.append
        self.accounts.take_in("s1", encode(BOB))
        self.accounts.take_in("s1", encode(msgspec.structs.replace(BOB, password="$argon2id$new")))
        self.assertEqual(self.accounts.find(nickname("bob")), self.accounts.get("s1"))
        self.assertEqual([it.password for it in self.accounts], ["$argon2id$new"])
        self.assertEqual(changed, ["s1"])
        self.accounts.take_in("s1", encode(msgspec.structs.replace(BOB, is_operator=True)))
        self.accounts.take_in("s1", None)
        self.accounts.take_in("s1", None)
        self.assertEqual((changed, [*self.accounts]), (["s1"] * 3, []))
        self.assertEqual([*self.reopened()], [])

    def test_a_new_password_is_not_undone_by_a_node_that_did_not_know_it_yet(self) -> None:
        self.log.node = "here"
        self.accounts.keep(BOB)
        self.accounts.change("s1", lambda it: msgspec.structs.replace(it, password="$argon2id$new"))
        self.accounts.take_in("s1", encode(msgspec.structs.replace(BOB, seen=9)))
        for accounts in self.accounts, self.reopened():
            (bob,) = accounts
            self.assertEqual((bob.password, bob.seen), ("$argon2id$new", 9))
        theirs = msgspec.structs.replace(bob, password="$argon2id$newer", turns=bob.turns + 1)
        self.accounts.take_in("s1", encode(theirs))
        self.assertEqual([*self.accounts], [theirs])

    def test_what_two_nodes_change_at_once_is_both_changed(self) -> None:
        self.log.node = "here"
        self.accounts.keep(BOB)
        self.accounts.change("s1", lambda it: msgspec.structs.replace(it, rooms={"#a": 1}))
        self.accounts.change("s1", lambda it: msgspec.structs.replace(it, rooms={"#a": 1, "#b": 2}))
        theirs = msgspec.structs.replace(BOB, settings={"echo": "on"}, rooms={"#c": 3}, versions={"there": 1})
        self.accounts.take_in("s1", encode(theirs))
        for accounts in self.accounts, self.reopened():
            (bob,) = accounts
            self.assertEqual((bob.settings, bob.versions), ({"echo": "on"}, {"here": 2, "there": 1}))
            self.assertEqual(bob.rooms, {"#a": 1, "#b": 2, "#c": 3})

    def test_what_a_node_changes_that_has_seen_all_of_it_is_as_it_says(self) -> None:
        self.log.node = "here"
        self.accounts.keep(BOB)
        self.accounts.change("s1", lambda it: msgspec.structs.replace(it, rooms={"#a": 1}))
        versions = {"here": 1, "there": 1}
        theirs = msgspec.structs.replace(self.accounts.get("s1") or BOB, rooms={}, versions=versions)
        self.accounts.take_in("s1", encode(theirs))
        self.assertEqual([*self.accounts], [theirs])

    def test_two_nodes_that_change_one_at_once_again_and_again_come_to_the_same(self) -> None:
        """As by a bucket: of what a node keeps the last goes there, and tells who was there before."""
        kept: list[list[bytes | None]] = [[], []]
        both = []
        for number in range(2):
            log = Kept(self.clock, self.wall, f"n{number}", kept[number])
            both.append(Accounts(log))
            both[number].take_in("s1", encode(BOB))
        for turn in range(6):
            for number in range(2) if turn < 4 else ():
                (account,) = both[number]
                rooms = {**account.rooms, f"#{number}": turn, "#both": number, f"#{number}{turn}": 1}
                rooms.pop(f"#{number}{turn - 1}", None)
                both[number].keep(msgspec.structs.replace(account, rooms=rooms))
            order = [number for number in (turn % 2, 1 - turn % 2) if kept[number]]
            last = [(number, kept[number][-1]) for number in order]
            for values in kept:
                values.clear()
            for number in {0, 1} - {last[-1][0]} if last else ():
                both[number].take_in("s1", last[-1][1])
        self.assertEqual(kept, [[], []])
        (one,), (other,) = both
        self.assertEqual(one, other)
        both_of_all = {"#0": 3, "#1": 3, "#both": one.rooms["#both"], "#03": 1, "#13": 1}
        self.assertEqual((one.rooms, one.versions), (both_of_all, {"n0": 4, "n1": 4}))

    def test_of_those_that_were_changed_long_ago_nothing_is_remembered(self) -> None:
        self.log.node = "here"
        for number in range(MOST_CHANGED + 1):
            self.accounts.keep(msgspec.structs.replace(BOB, id=f"a{number}", nick=f"bob{number}"))
            self.accounts.change(f"a{number}", lambda it: msgspec.structs.replace(it, seen=7))
        self.assertEqual(len(self.accounts._bases), MOST_CHANGED)

    def test_nor_is_a_removal(self) -> None:
        for number in range(MOST_REMOVED + 1):
            self.accounts.keep(msgspec.structs.replace(BOB, id=f"a{number}"))
            self.accounts.remove(f"a{number}")
        self.accounts.keep(BOB)
        self.accounts.remove("s1")
        self.accounts.take_in("s1", encode(BOB))
        self.assertEqual([*self.accounts], [])
        self.accounts.keep(BOB)
        self.accounts.take_in("s1", encode(BOB))
        self.assertEqual([*self.accounts], [BOB])

    def test_of_two_that_an_older_server_let_look_alike_the_first_keeps_its_nickname(self) -> None:
        self.accounts.keep(BOB)
        other = msgspec.structs.replace(BOB, id="s2", nick="b0b")
        self.accounts.keep(other)
        self.assertEqual(self.accounts.find(nickname("bob")), BOB)
        self.accounts.remove("s2")
        self.assertEqual(self.accounts.find(nickname("bob")), BOB)

    def test_one_whose_nickname_is_none_any_more_is_there_by_its_id(self) -> None:
        odd = msgspec.structs.replace(BOB, nick="7 of 9")
        self.accounts.keep(odd)
        self.assertEqual((self.accounts.get("s1"), dict(self.accounts.owners)), (odd, {}))
        self.accounts.remove("s1")
        self.assertEqual([*self.accounts], [])

    def test_what_is_kept_tells_no_password_where_it_is_printed(self) -> None:
        self.assertNotIn("canary", repr(BOB))
        self.assertIn("Bob", repr(BOB))

    def test_who_may_hold_its_nickname_is_known_to_the_claims_at_once(self) -> None:
        def claim(holder: str) -> Name:
            return self.chat.people.claim("b0b", holder, "192.0.2.1", or_variant=True)

        self.accounts.keep(BOB)
        self.assertEqual(claim("s2").display, "b0b2")
        self.assertEqual(claim("s1").display, "b0b")
        self.accounts.remove("s1")
        self.chat.people.release(nickname("b0b"), "s1", "192.0.2.1")
        self.assertEqual(claim("s3").display, "b0b")

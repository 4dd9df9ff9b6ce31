"""Who has an account: nicknames that are kept by a password, and what outlives whoever is there by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from tcpchat import records
from tcpchat.logs.interface import Log
from tcpchat.merging import with_changes, with_rights
from tcpchat.names import Key, Name, NotAName, nickname
from tcpchat.records import KeptAccount

# Accounts of which is remembered that this node has removed them.
MOST_REMOVED = 100

# Accounts of which is remembered what they were before this node changed them: of use for some seconds.
MOST_CHANGED = 1000


class Accounts:
    """All accounts, by their id and by their nickname. What changes is kept in the log's records."""

    def __init__(self, log: Log) -> None:
        self._log = log
        # Is told of an account that there is, or is not any more, or that was made an operator's, or not.
        self.changed: Callable[[str], object] = lambda id: None
        self._accounts: dict[str, KeptAccount] = {}  # by id
        self._owners: dict[Key, str] = {}  # their ids, by each key of their nicknames
        self._removed: dict[str, None] = {}  # the ids of those that this node has removed lately
        self._bases: dict[str, KeptAccount] = {}  # as those were before that this node has changed lately

    @property
    def owners(self) -> Mapping[Key, str]:
        """The ids of accounts, by each key of the nicknames that they keep: it stays up to date."""
        return self._owners

    async def open(self) -> None:
        """Take in every account that the log knows, and what other nodes make of them from now on."""
        self._log.watch(records.ACCOUNT, self.take_in)
        for kept in (await self._log.records(records.ACCOUNT)).values():
            self._add(records.account(kept))

    def __iter__(self) -> Iterator[KeptAccount]:
        """Yield every account."""
        return iter(self._accounts.values())

    def get(self, id: str) -> KeptAccount | None:
        """Return an account by its id."""
        return self._accounts.get(id)

    def place(self, id: str, stream: str) -> int:
        """Return the entry that brought an account into a room, if it is in it: also while it is away."""
        kept = self._accounts.get(id)
        return kept.rooms.get(stream, 0) if kept else 0

    def find(self, name: Name) -> KeptAccount | None:
        """Return the account that keeps a nickname, or one that is the same."""
        return next((self._accounts[self._owners[key]] for key in name.keys if key in self._owners), None)

    def keep(self, account: KeptAccount) -> None:
        """Have an account, or what has become of it. Nicknames are never changed."""
        before = self._accounts.get(account.id)
        if self._log.node and before is not None:
            turns = before.turns + (_rights(before) != _rights(account))
            account = msgspec.structs.replace(account, turns=turns, changes=before.changes + 1)
            self._base(before)
        self._removed.pop(account.id, None)
        self._log.keep(records.ACCOUNT, account.id, records.encode(account))
        self._have(account)

    def change(self, id: str, change: Callable[[KeptAccount], KeptAccount]) -> None:
        """Keep what becomes of an account, if there is such a one."""
        account = self._accounts.get(id)
        if account is not None and (changed := change(account)) != account:
            self.keep(changed)

    def remove(self, id: str) -> None:
        """Have an account no longer: its nickname is free."""
        if self._drop(id):
            self._log.keep(records.ACCOUNT, id, None)
            self._removed[id] = None
            if len(self._removed) > MOST_REMOVED:
                del self._removed[next(iter(self._removed))]
            self.changed(id)

    def take_in(self, id: str, kept: bytes | None) -> None:
        """
        Another node has kept this of an account, or has it no longer.

        It may not have known then what this node had made of it: that a password is another one now, or that
        there is no such account, is not undone by that.
        """
        if kept is None:
            if self._drop(id):
                self.changed(id)
            return
        account, known = records.account(kept), self._accounts.get(id)
        base = self._bases.pop(id, None)
        if id in self._removed:
            self._log.keep(records.ACCOUNT, id, None)
            return
        both = account
        if known is not None and base is not None and account.changes <= known.changes:
            both = with_changes(base, known, account)
        if known is not None and known.turns > both.turns:
            both = with_rights(both, known)
        if msgspec.structs.replace(both, changes=account.changes) != account:  # the number alone is no news
            both = msgspec.structs.replace(both, changes=both.changes + 1)
            self._base(account)
            self._log.keep(records.ACCOUNT, id, records.encode(both))
        self._have(both)

    def _base(self, before: KeptAccount) -> None:
        """This node changes an account: what others make of it meanwhile, they make of what it was before."""
        self._bases.setdefault(before.id, before)
        if len(self._bases) > MOST_CHANGED:
            del self._bases[next(iter(self._bases))]

    def _have(self, account: KeptAccount) -> None:
        before = self._accounts.get(account.id)
        self._add(account)
        if before is None or before.is_operator != account.is_operator:
            self.changed(account.id)

    def _drop(self, id: str) -> bool:
        """Have an account no longer; return whether there was one."""
        if self._accounts.pop(id, None) is None:
            return False
        for key in [key for key, owner in self._owners.items() if owner == id]:
            del self._owners[key]
        return True

    def _add(self, account: KeptAccount) -> None:
        self._accounts[account.id] = account
        try:
            name = nickname(account.nick)
        except NotAName:
            return  # it was one when it was registered; whoever has it can still log in by it
        for key in name.keys:
            self._owners.setdefault(key, account.id)


def _rights(account: KeptAccount) -> tuple[str, bool]:
    """Return what an account lets one do, and by what."""
    return account.password, account.is_operator

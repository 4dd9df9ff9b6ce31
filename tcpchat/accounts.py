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

# Accounts of which is remembered what they were before this node changed them, and changes of each: that is
# of use for some seconds.
MOST_CHANGED = 1000
MOST_CHANGES = 20

# Nodes of which an account says how often they have changed it.
MOST_NODES = 50


class Accounts:
    """All accounts, by their id and by their nickname. What changes is kept in the log's records."""

    def __init__(self, log: Log) -> None:
        self._log = log
        # Is told of an account that there is, or is not any more, or that was made an operator's, or not.
        self.changed: Callable[[str], object] = lambda id: None
        self._accounts: dict[str, KeptAccount] = {}  # by id
        self._owners: dict[Key, str] = {}  # their ids, by each key of their nicknames
        self._removed: dict[str, None] = {}  # the ids of those that this node has removed lately
        # Those that this node has changed, and others may not know so yet: what they were before each change.
        self._bases: dict[str, list[tuple[int, KeptAccount]]] = {}

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
            account = msgspec.structs.replace(account, turns=turns, versions=self._changed_once_more(before))
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
        if id in self._removed:
            self._log.keep(records.ACCOUNT, id, None)
            return
        both = account
        base = self._base(id, account.versions.get(self._log.node, 0))
        if known is not None and base is not None:
            both = with_changes(base, known, account)
        if known is not None and known.turns > both.turns:
            both = with_rights(both, known)
        if both != account:
            self._log.keep(records.ACCOUNT, id, records.encode(both))
        self._have(both)

    def _changed_once_more(self, before: KeptAccount) -> dict[str, int]:
        """This node changes an account: remember what it was, for what others make of that meanwhile."""
        node = self._log.node
        count = before.versions.get(node, 0) + 1
        bases = self._bases.setdefault(before.id, [])
        bases.append((count, before))
        del bases[:-MOST_CHANGES]
        if len(self._bases) > MOST_CHANGED:
            del self._bases[next(iter(self._bases))]
        others = {other: times for other, times in before.versions.items() if other != node}
        return dict([*others.items(), (node, count)][-MOST_NODES:])

    def _base(self, id: str, count: int) -> KeptAccount | None:
        """
        Return an account as it was before what this node has changed since it had changed it so often.

        None is for one that it has not changed since. What is known everywhere by now is remembered no more.
        """
        later = [it for it in self._bases.pop(id, ()) if it[0] > count]
        if not later:
            return None
        self._bases[id] = later
        return later[0][1]

    def _have(self, account: KeptAccount) -> None:
        before = self._accounts.get(account.id)
        self._add(account)
        if before is None or before.is_operator != account.is_operator:
            self.changed(account.id)

    def _drop(self, id: str) -> bool:
        """Have an account no longer; return whether there was one."""
        self._bases.pop(id, None)
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

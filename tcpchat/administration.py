"""
What the operator's tools do with accounts: the same with a store of their own and in a running server.

Each deed is noted in the audit trail as done by `TOOL`, which nobody can be called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from tcpchat import orders
from tcpchat.accounts import Accounts
from tcpchat.audit import AUDIT
from tcpchat.events import Noted
from tcpchat.logs.interface import Log
from tcpchat.names import Name, NotAName, is_reserved, nickname
from tcpchat.orders import Answer, Order
from tcpchat.records import KeptAccount

TOOL = "tcpchat"


class Refusal(Exception):
    """An order cannot be carried out; the text is a sentence for the operator."""


class Store(Protocol):
    """What is worked on: a log with what it keeps, and perhaps people who are there."""

    @property
    def log(self) -> Log: ...

    @property
    def accounts(self) -> Accounts: ...

    def wall(self) -> int:
        """Return the time, in milliseconds since 1970."""

    def new_id(self) -> str:
        """Make up an account's id."""

    def is_taken(self, name: Name) -> bool:
        """Does somebody there have a nickname, or one that is the same?"""

    def is_here(self, account: str) -> bool:
        """Is anybody there over an account?"""

    def changed(self, account: KeptAccount) -> None:
        """An account has become another: whoever is there over it may notice."""

    def removed(self, account: KeptAccount) -> None:
        """An account is gone: whoever is there over it goes on as a guest."""


async def carry_out(store: Store, order: Order) -> list[Answer]:
    """
    Do what a tool asks for; return what it is answered.

    Raises:
        Refusal: it cannot be done.
        NotKept: the log cannot be written, and nothing has changed.
    """
    match order:
        case orders.ListAccounts():
            accounts = sorted(store.accounts, key=lambda account: account.nick.casefold())
            return [*(_shown(store, account) for account in accounts), orders.Done()]
        case orders.AddAccount(nick, password):
            done = await _add(store, nick, password)
        case orders.SetPassword(nick, password):
            account = _account(store, nick)
            changed = msgspec.structs.replace(account, password=password)
            done = await _change(store, account, changed, f"set the password of {account.nick}")
        case orders.RemoveAccount(nick):
            done = await _remove(store, _account(store, nick))
        case orders.SetOperator(nick, is_operator):
            done = await _set_operator(store, _account(store, nick), is_operator)
    return [orders.Done(f"{done[0].upper()}{done[1:]}.")]


def _shown(store: Store, account: KeptAccount) -> orders.Account:
    return orders.Account(
        nickname=account.nick,
        registered=account.since,
        seen=account.seen or None,
        here=store.is_here(account.id),
        operator=account.is_operator,
        rooms=sorted(account.rooms),
    )


def _name(nick: str) -> Name:
    try:
        return nickname(nick)
    except NotAName as reason:
        raise Refusal(f'"{nick}" is not a nickname: {reason}.') from reason


def _account(store: Store, nick: str) -> KeptAccount:
    """Return the account that is meant; one that only looks alike is another's."""
    account = store.accounts.find(_name(nick))
    if account is None:
        raise Refusal(f'There is no account "{nick}".')
    if nickname(account.nick).fold != nickname(nick).fold:
        raise Refusal(f'There is no account "{nick}", but one that looks alike: "{account.nick}".')
    return account


async def _add(store: Store, nick: str, password: str) -> str:
    name = _name(nick)
    if is_reserved(name):
        raise Refusal(f'"{nick}" is a name that nobody can have.')
    if (other := store.accounts.find(name)) is not None:
        raise Refusal(f'"{nick}" is taken: there is the account "{other.nick}".')
    if store.is_taken(name):
        raise Refusal(f'"{nick}" is taken by somebody who is there without an account.')
    account = KeptAccount(store.new_id(), name.display, password, store.wall())
    return await _change(store, None, account, f"added the account {account.nick}")


async def _set_operator(store: Store, account: KeptAccount, is_operator: bool) -> str:
    deed = f"made {account.nick} {'an' if is_operator else 'no longer an'} operator of the server"
    if account.is_operator == is_operator:
        raise Refusal(f'"{account.nick}" is {"an operator already" if is_operator else "no operator"}.')
    return await _change(store, account, msgspec.structs.replace(account, is_operator=is_operator), deed)


async def _change(store: Store, before: KeptAccount | None, after: KeptAccount, deed: str) -> str:
    """Keep what becomes of an account, together with the note of it; return the deed."""
    store.accounts.keep(after)
    await _noted(store, deed, lambda: _put_back(store, before, after))
    store.changed(after)
    return deed


async def _remove(store: Store, account: KeptAccount) -> str:
    deed = f"removed the account {account.nick}"
    store.accounts.remove(account.id)
    await _noted(store, deed, lambda: store.accounts.keep(account))
    store.removed(account)
    return deed


def _put_back(store: Store, before: KeptAccount | None, after: KeptAccount) -> None:
    if before is None:
        store.accounts.remove(after.id)
    else:
        store.accounts.keep(before)


def _noted(store: Store, deed: str, undo: Callable[[], object]) -> Deferred[object]:
    """
    Have the audit trail hold a deed, and what was kept in front of it be durable.

    Where that cannot be, the deed is undone.
    """

    def failed(failure: object) -> object:
        undo()
        return failure

    return store.log.append_all([(AUDIT, [Noted("", TOOL, deed)])]).addErrback(failed)

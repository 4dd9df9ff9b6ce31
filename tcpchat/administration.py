"""What the operator's tools do: the same with a store of their own and in a running server."""

from __future__ import annotations

from typing import Any

import msgspec

from tcpchat import pardoning, tool_orders
from tcpchat.deeds import TOOL, Part, Refusal, Store, noted
from tcpchat.events import Deopped
from tcpchat.names import Name, NotAName, is_reserved, nickname
from tcpchat.records import KeptAccount
from tcpchat.tool_orders import Answer, Order


async def carry_out(store: Store, order: Order) -> list[Answer]:
    """
    Do what a tool asks for; return what it is answered.

    Raises:
        Refusal: it cannot be done.
        NotKept: the log cannot be written, and nothing has changed.
    """
    match order:
        case tool_orders.ListAccounts():
            accounts = sorted(store.accounts, key=lambda account: account.nick.casefold())
            return [*(_shown(store, account) for account in accounts), tool_orders.Done()]
        case tool_orders.AddAccount(nick, password):
            done = await _add(store, nick, password)
        case tool_orders.SetPassword(nick, password):
            account = _account(store, nick)
            done = await _change(store, account, f"set the password of {account.nick}", password=password)
        case tool_orders.RemoveAccount(nick):
            done = await _remove(store, _account(store, nick))
        case tool_orders.SetOperator(nick, is_operator):
            done = await _set_operator(store, _account(store, nick), is_operator)
        case tool_orders.ListSanctions():
            return [*pardoning.shown(store), tool_orders.Done()]
        case tool_orders.LiftSanctions(whom, room):
            done = await pardoning.lift(store, whom, room)
        case tool_orders.Upgrade():
            raise Refusal("No server runs with this log: the next one is of the version that is installed.")
    return [tool_orders.Done(f"{done[0].upper()}{done[1:]}.")]


def _shown(store: Store, account: KeptAccount) -> tool_orders.Account:
    return tool_orders.Account(
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
    store.accounts.keep(account)
    return await noted(store, f"added the account {account.nick}", lambda: store.accounts.remove(account.id))


async def _set_operator(store: Store, account: KeptAccount, is_operator: bool) -> str:
    if account.is_operator == is_operator:
        raise Refusal(f'"{account.nick}" is {"an operator already" if is_operator else "no operator"}.')
    deed = f"made {account.nick} {'an' if is_operator else 'no longer an'} operator of the server"
    return await _change(store, account, deed, is_operator=is_operator)


async def _change(store: Store, account: KeptAccount, deed: str, **change: Any) -> str:
    """Keep what becomes of an account, together with the note of it; return the deed."""
    before = {name: getattr(account, name) for name in change}

    def have(values: dict[str, Any]) -> None:
        store.accounts.change(account.id, lambda it: msgspec.structs.replace(it, **values))

    have(change)
    return await noted(store, deed, lambda: have(before))


async def _remove(store: Store, account: KeptAccount) -> str:
    lost: list[Part] = [
        (room, [Deopped("", TOOL, account.nick, account.id)]) for room in store.operated_by(account.id)
    ]
    store.accounts.remove(account.id)
    deed = await noted(
        store, f"removed the account {account.nick}", lambda: store.accounts.keep(account), lost
    )
    store.absences.forget(account.id)
    return deed

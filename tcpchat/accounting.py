"""
Having an account: to register, to log in while there as a guest, to change the password, to give it up.

Each is noted in the audit trail, and done once that is in the log: then the account's record is, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from tcpchat import audit, passwords
from tcpchat.authenticating import authenticate, confirm
from tcpchat.events import Deopped, Event
from tcpchat.logging_in import log_in_again
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.ordering import make_first_operator
from tcpchat.records import KeptAccount
from tcpchat.requests import ChangePassword, Login, Refused, Register, Unregister
from tcpchat.returning import MakeHome
from tcpchat.session import Session
from tcpchat.state import Effect, Numbers

REQUESTS = (Register, ChangePassword, Unregister)

PASSWORD = "Password?"
NEW_PASSWORD = "New password?"


def carry_out(session: Session, request: Register | ChangePassword | Unregister, ref: str) -> Effect:
    """
    Do what is asked for about an account; a password that is missing is asked for.

    Raises:
        Refused: it is not done.
    """
    ask = session.dialogue.ask
    match request:
        case Register(password):
            _check_guest(session)
            if password:
                return _register(session, password)
            ask(PASSWORD, request)
        case ChangePassword(old, new):
            account = _account(session)
            if old and new:
                return _change_password(session, account, old, new)
            if old:
                ask(NEW_PASSWORD, request, "new")
            else:
                ask(PASSWORD, request, "old")
        case Unregister(password):
            account = _account(session)
            if password:
                return _unregister(session, account, password)
            ask(PASSWORD, request)
    return None


def log_in(session: Session, request: Login, make_home: MakeHome, ref: str) -> Effect:
    """
    Have a guest go on as somebody whose account it is; a password that is missing is asked for.

    Raises:
        Refused: it is not done.
    """
    _check_guest(session)
    if request.password:
        return _log_in(session, request, make_home, ref)
    session.dialogue.ask(PASSWORD, request)
    return None


async def _log_in(session: Session, request: Login, make_home: MakeHome, ref: str) -> Numbers | None:
    account = await authenticate(session.dialogue, request.nick, request.password)
    if session.id in session.chat.returning:
        raise Refused("You go on over another connection: log in there.")
    return await log_in_again(session, account, make_home, ref)


async def _register(session: Session, password: str) -> None:
    dialogue, chat, person = session.dialogue, session.chat, session.person
    dialogue.has_password()
    password = passwords.check(password, person.name)
    chat.attempts.register(session.address, chat.clock.seconds())
    hash = await chat.hashing.hash(password)
    # Somebody else may have done so, on the operator's behalf, or they themselves over another connection.
    if chat.accounts.find(person.name):
        raise Refused(f'"{person.nick}" is registered already. /nick NICK takes another one.', "nick-taken")
    account = KeptAccount(person.id, person.nick, hash, chat.wall())
    chat.accounts.keep(account)
    was, person.account = person.account, account.id
    session.keep()
    session.keep_settings()

    def undo() -> None:
        chat.accounts.remove(account.id)
        person.account = was
        session.keep()

    await _note(session, "registered", undo)
    chat.attempts.succeeded(person.name.fold, session.address)  # from there its owner comes
    dialogue.tell(f"You are registered as {account.nick}. /login {account.nick} PASSWORD brings you back.")
    with suppress(NotKept, Unknown):  # then it is who comes into the room next
        await make_first_operator(session)


async def _change_password(session: Session, account: KeptAccount, old: str, new: str) -> None:
    chat = session.chat
    new = passwords.check(new, chat.people.nickname(account.nick))
    await confirm(session.dialogue, account, old)
    hash = await chat.hashing.hash(new)

    def have(password: str) -> None:
        chat.accounts.change(account.id, lambda it: msgspec.structs.replace(it, password=password))

    have(hash)
    await _note(session, "changed the password", lambda: have(account.password))
    session.dialogue.tell("Your password is changed.")


async def _unregister(session: Session, account: KeptAccount, password: str) -> None:
    """
    Have an account no longer. Whoever is there by it goes on as a guest, over all of their connections.

    Their id stays what it was, and so their rooms and their inbox, until they leave.
    """
    chat = session.chat
    await confirm(session.dialogue, account, password)
    current = chat.accounts.get(account.id) or account
    lost: list[tuple[str, Sequence[Event]]] = [
        (feed.stream, [Deopped(session.id, session.nick, account.nick, account.id, account=account.id)])
        for feed in chat.rooms
        if account.id in feed.room.operators
    ]
    chat.accounts.remove(account.id)
    await _note(session, "gave the account up", lambda: chat.accounts.keep(current), lost)
    chat.absences.forget(account.id)
    session.dialogue.tell(f"You have no account any more. {account.nick} is free once you have left.")


async def _note(
    session: Session, what: str, undo: Callable[[], object], more: Sequence[tuple[str, Sequence[Event]]] = ()
) -> None:
    """Have the log hold what somebody did, and what was kept before; if it cannot, undo that."""
    try:
        await session.chat.log.append_all([*more, audit.note(session, what)])
    except (NotKept, Unknown) as why:
        settle(why, undo)
        raise


def _check_guest(session: Session) -> None:
    if account := session.chat.accounts.get(session.person.account):
        raise Refused(f"You are logged in as {account.nick} already.")


def _account(session: Session) -> KeptAccount:
    account = session.chat.accounts.get(session.person.account)
    if account is None:
        raise Refused("That needs an account: /register PASSWORD", "forbidden")
    return account

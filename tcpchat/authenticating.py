"""
Whether somebody knows an account's password: it takes as long, and is answered alike, where there is none.

Who guesses is slowed and hung up on; whoever is right in the end is let in all the same.
"""

from __future__ import annotations

import msgspec
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tcpchat import passwords
from tcpchat.dialogue import Dialogue
from tcpchat.limits import MOST_WRONG_PASSWORDS
from tcpchat.names import Name
from tcpchat.records import KeptAccount
from tcpchat.requests import Refused
from tcpchat.service import Chat
from tcpchat.tally import TALLY

logger = Logger()

WRONG_LOGIN = "Wrong nickname or password."
WRONG = "Wrong password."
ENOUGH = "Three wrong passwords."


async def authenticate(dialogue: Dialogue, typed: str, password: str) -> KeptAccount:
    """
    Return the account that a nickname and a password are of.

    Raises:
        Refused: there is none, or it is another password; or too many log in just now.
    """
    name = dialogue.chat.people.nickname(typed)
    return await _check(dialogue, name, dialogue.chat.accounts.find(name), password, WRONG_LOGIN)


async def confirm(dialogue: Dialogue, account: KeptAccount, password: str) -> None:
    """
    See to it that it is the owner of an account who asks for something.

    Raises:
        Refused: it is another password; or too many log in just now.
    """
    name = dialogue.chat.people.nickname(account.nick)
    await _check(dialogue, name, account, password, WRONG)


async def _check(
    dialogue: Dialogue, name: Name, account: KeptAccount | None, password: str, wrong: str
) -> KeptAccount:
    dialogue.has_password()
    chat, address = dialogue.chat, dialogue.address
    delay = chat.attempts.delay(name.fold, address, chat.clock.seconds())
    if delay:
        TALLY.hit("wrong_passwords")
        await deferLater(chat.clock, delay)
    password = passwords.normal(password)
    if passwords.is_too_long(password):  # it is no account's, and not to be hashed
        account, password = None, ""
    is_right = await chat.hashing.verify(account.password if account else "", password)
    account = chat.accounts.get(account.id) if account else None  # it may be gone by now
    if not is_right or account is None:
        chat.attempts.failed(name.fold, address, chat.clock.seconds())
        logger.warn(
            "A wrong password from {address}, for {nick}",
            address=address, nick=name.display, session=dialogue.reader.session,
        )  # fmt: skip
        dialogue.wrong_passwords += 1
        if dialogue.wrong_passwords >= MOST_WRONG_PASSWORDS:
            dialogue.cut_off(ENOUGH)
        raise Refused(wrong, "bad-login")
    chat.attempts.succeeded(name.fold, address)
    await _renew(chat, account, password)
    return account


async def _renew(chat: Chat, account: KeptAccount, password: str) -> None:
    """Hash a password anew, if that is done with other parameters by now."""
    if not chat.hashing.is_outdated(account.password):
        return
    try:
        hash = await chat.hashing.hash(password)
    except Refused:
        return  # another time
    chat.accounts.change(
        account.id,
        lambda it: msgspec.structs.replace(it, password=hash) if it.password == account.password else it,
    )

"""What one person asks about others, and whom of them they hear."""

from __future__ import annotations

from typing import NamedTuple

from tcpchat import answers, records
from tcpchat.events import inbox
from tcpchat.limits import MOST_IGNORED
from tcpchat.person import Person
from tcpchat.requests import Refused
from tcpchat.service import Chat
from tcpchat.session import Session


def find(chat: Chat, typed: str) -> Person:
    """
    Return who has a nickname now.

    Raises:
        Refused: it is no nickname, or nobody has it.
    """
    name = chat.people.nickname(typed)
    person = chat.people.find(name)
    if person is None:
        raise Refused(f'Nobody here is called "{name.display}".', "no-such-nick")
    return person


class Addressee(NamedTuple):
    """Whom a private message goes to: somebody who is there, or whose account it waits for."""

    id: str
    nick: str
    person: Person | None


def addressee(chat: Chat, typed: str) -> Addressee:
    """
    Return whom a nickname means in a private message.

    Raises:
        Refused: it is no nickname, or nobody has it.
    """
    name = chat.people.nickname(typed)
    person = chat.people.find(name)
    if person is None and (account := chat.accounts.find(name)):
        person = chat.people.person(account.id)  # under another nickname
        return Addressee(account.id, account.nick if person is None else person.nick, person)
    if person is None:
        raise Refused(f'Nobody here is called "{name.display}".', "no-such-nick")
    return Addressee(person.id, person.nick, person)


def correspondent(session: Session) -> Addressee:
    """
    Return who wrote privately to somebody last.

    Raises:
        Refused: nobody did, or they are gone.
    """
    if session.person.correspondent is None:
        raise Refused("Nobody has written to you privately yet. /msg NICK TEXT")
    id = session.person.correspondent
    person, account = session.chat.people.person(id), session.chat.accounts.get(id)
    if person is not None:
        return Addressee(id, person.nick, person)
    if account is not None:
        return Addressee(id, account.nick, None)
    raise Refused("Whoever wrote to you last is no longer here.", "no-such-nick")


async def seen(session: Session, typed: str) -> None:
    """
    Tell when a nickname was here last.

    Raises:
        Refused: it is no nickname, or it never was.
    """
    chat = session.chat
    name = chat.people.nickname(typed)
    person = chat.people.find(name)
    if person is not None:
        session.dialogue.answer(answers.Seen(person.nick, None))
        return
    kept = await chat.log.record(records.SEEN, name.fold)
    if kept is None:
        raise Refused(f'Nobody called "{name.display}" was ever here.', "no-such-nick")
    sight = records.sight(kept)
    session.dialogue.answer(answers.Seen(sight.nick, sight.time))


def ignore(session: Session, typed: str) -> None:
    """
    Hear somebody no longer, in rooms and in private.

    Raises:
        Refused: it is no nickname, or one's own, or too many are ignored.
    """
    people, ignored = session.chat.people, session.person.ignored
    name = people.nickname(typed)
    if name.same(session.person.name):
        raise Refused("That is you.")
    if len(ignored) >= MOST_IGNORED:
        raise Refused(
            f"You ignore {MOST_IGNORED} people, and that is all that one may. /unignore some.", "too-many"
        )
    person = people.find(name)
    ignored[name.fold] = inbox(person.id) if person else name.fold
    for each in session.person.sessions:
        each.restyle()
    session.dialogue.tell(f"You no longer hear {name.display}.")


def unignore(session: Session, typed: str) -> None:
    """
    Hear somebody again.

    Raises:
        Refused: it is no nickname, or nobody's who is ignored.
    """
    people = session.chat.people
    name = people.nickname(typed)
    person = people.find(name)
    meant = {name.fold, inbox(person.id) if person else name.fold}
    kept = {fold: box for fold, box in session.person.ignored.items() if meant.isdisjoint((fold, box))}
    if len(kept) == len(session.person.ignored):
        raise Refused(f"You do not ignore {name.display}.")
    session.person.ignored = kept
    for each in session.person.sessions:
        each.restyle()
    session.dialogue.tell(f"You hear {name.display} again.")

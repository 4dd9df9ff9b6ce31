"""
What operators do to keep a room in order, and that it happens to all or not at all.

Each is one commit: the event in the room, and what the audit trail holds of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from tcpchat import others, outsiders
from tcpchat.audit import note
from tcpchat.command import span
from tcpchat.events import (
    Deopped,
    Event,
    Hidden,
    Invited,
    Kicked,
    Locked,
    Opped,
    Slowed,
    Unhidden,
    Unlocked,
    inbox,
)
from tcpchat.limits import LONGEST_PASSWORD, LONGEST_SLOW
from tcpchat.operator_requests import Deop, Hide, Invite, Kick, Lock, Op, Slow, Unlock
from tcpchat.putting_out import log_putting_out
from tcpchat.ranks import is_operator
from tcpchat.requests import Refused
from tcpchat.room import GOVERNED
from tcpchat.room_feed import RoomFeed
from tcpchat.sentences import sentence
from tcpchat.session import Session
from tcpchat.state import Numbers

REQUESTS = (Op, Deop, Kick, Slow, Lock, Unlock, Invite, Hide)
Ordered = Op | Deop | Kick | Slow | Lock | Unlock | Invite | Hide


class _Deed(NamedTuple):
    """What an operator does to a room: the event, how the audit trail tells it, who is put out by it."""

    event: Event
    noted: str
    put_out: tuple[str, ...] = ()
    invites: Invited | None = None  # what is in the inbox of who is invited


class _Somebody(NamedTuple):
    """Who is meant by a nickname: somebody who is there, or whose account it is."""

    id: str
    nick: str
    account: str


async def carry_out(session: Session, request: Ordered, ref: str) -> Numbers | None:
    """
    Do what an operator asks for, whose rank was looked at; return the number of the entry in the room.

    Raises:
        Refused: it is not to be.
        NotKept: the log cannot be written, and nothing has happened.
    """
    feed = outsiders.find(session, request.room) if request.room else session.current
    deed = await _deed(_Operator(session, feed, ref), request)
    if deed is None:
        return None
    chat, stream = session.chat, feed.stream
    parts: list[tuple[str, Sequence[Event]]] = [(stream, [deed.event]), note(session, deed.noted)]
    if deed.invites is not None:
        target = deed.invites.target
        chat.inboxes.show(target)
        parts.append((inbox(target), [deed.invites]))
    seqs = await log_putting_out(chat, [feed], deed.put_out, parts)
    if feed not in session.feeds and (told := sentence(deed.event, stream)):
        session.dialogue.tell(told)  # from outside one does not see it there
    return seqs[0]


async def make_first_operator(session: Session) -> None:
    """Somebody has just registered: they become the operator of each of their rooms that never had one."""
    account = session.person.account
    rooms = [feed.room for feed in session.feeds if feed.room.lacks_operator]
    if not rooms:
        return
    opped = Opped(session.id, session.nick, session.nick, account, account=account)
    for room in rooms:
        room.is_founding = True
    try:
        await session.chat.log.append_all([(room.name, [opped]) for room in rooms])
    finally:
        for room in rooms:
            room.is_founding = False


async def _deed(operator: _Operator, request: Ordered) -> _Deed | None:
    match request:
        case Op(nick):
            return operator.op(nick)
        case Deop(nick):
            return operator.deop(nick)
        case Kick(nick, reason):
            return operator.kick(nick, reason)
        case Slow(seconds):
            return operator.slow(seconds)
        case Lock(password):
            return await operator.lock(password)
        case Unlock():
            return operator.unlock()
        case Invite(nick):
            return operator.invite(nick)
        case Hide(hidden):
            return operator.hide(hidden)
        case _:
            assert_never(request)


class _Operator:
    """Somebody who keeps a room in order. Each method returns what they do, or raises `Refused`."""

    def __init__(self, session: Session, feed: RoomFeed, ref: str) -> None:
        self._session = session
        self._chat = session.chat
        self._room = feed.room
        self._name = feed.stream
        self._order = feed.room.order
        self._by = session.id, session.nick
        self._ref = ref
        self._account = session.person.account

    def op(self, nick: str) -> _Deed:
        one = self._somebody(nick)
        if self._chat.accounts.get(one.account) is None:
            raise Refused(f"{one.nick} has no account. /register makes one, and an operator needs it.")
        if one.account in self._order.operators:
            raise Refused(f"{one.nick} is an operator of {self._name} already.")
        event = Opped(*self._by, one.nick, one.account, ref=self._ref, account=self._account)
        return _Deed(event, f"made {one.nick} an operator of {self._name}")

    def deop(self, nick: str) -> _Deed:
        one = self._somebody(nick)
        if not one.account or one.account not in self._order.operators:
            raise Refused(f"{one.nick} is no operator of {self._name}.")
        event = Deopped(*self._by, one.nick, one.account, ref=self._ref, account=self._account)
        return _Deed(event, f"made {one.nick} no operator of {self._name} any more")

    def kick(self, nick: str, reason: str) -> _Deed:
        """Put out somebody who is there; who is not, and could come in, is not to any more."""
        one, room = self._somebody(nick), self._room
        if one.id == self._session.person.id:
            raise Refused(f"That is you. /leave {self._name}")
        if is_operator(self._chat, one.account) and not is_operator(self._chat, self._account):
            raise Refused(f"{one.nick} is an operator of the server.", "forbidden")
        may_come = one.id in self._order.invited or self._chat.accounts.place(one.account, self._name)
        if one.id in room.going_out or not (one.id in room.members or may_come):
            raise Refused(f"{one.nick} is not in {self._name}.", "no-such-nick")
        event = Kicked(*self._by, one.nick, one.id, reason, ref=self._ref, account=self._account)
        because = f": {reason}" if reason else ""
        return _Deed(event, f"kicked {one.nick} from {self._name}{because}", (one.id,))

    def slow(self, seconds: int | None) -> _Deed | None:
        now = self._order.slow
        if seconds is None:
            how = f"slow: one line in {span(now)} each" if now else "not slow"
            self._session.dialogue.tell(f"{self._name} is {how}.")
            return None
        if seconds > LONGEST_SLOW:
            raise Refused(f"{span(LONGEST_SLOW)} is the longest. /lock lets nobody in.", "too-long")
        if seconds == now:
            raise Refused(f"{self._name} is like that already.")
        event = Slowed(*self._by, seconds, ref=self._ref, account=self._account)
        if not seconds:
            return _Deed(event, f"let everybody in {self._name} say as much as they like")
        return _Deed(event, f"slowed {self._name} to one line in {span(seconds)}")

    async def lock(self, password: str) -> _Deed:
        if self._name in GOVERNED:
            raise Refused(f"{self._name} cannot be locked.", "forbidden")
        if len(password.encode()) > LONGEST_PASSWORD:
            raise Refused(f"A password has at most {LONGEST_PASSWORD} bytes.", "too-long")
        if password.split() not in ([], [password]):
            raise Refused("A password has no blanks.", "bad-request")
        if self._order.is_locked and not (password or self._order.key):
            raise Refused(f"{self._name} is locked already.")
        key = await self._chat.hashing.hash(password) if password else ""
        event = Locked(*self._by, key, ref=self._ref, account=self._account)
        return _Deed(event, f"locked {self._name}{' with a password' if key else ''}")

    def unlock(self) -> _Deed:
        if not self._order.is_locked:
            raise Refused(f"{self._name} is not locked.")
        event = Unlocked(*self._by, ref=self._ref, account=self._account)
        return _Deed(event, f"unlocked {self._name}")

    def invite(self, nick: str) -> _Deed:
        one, name = self._somebody(nick), self._name
        if one.id in self._room.members:
            raise Refused(f"{one.nick} is in {name} already.")
        event = Invited(*self._by, one.nick, one.id, ref=self._ref, account=self._account)
        theirs = Invited(*self._by, one.nick, one.id, name, account=self._account)
        return _Deed(event, f"invited {one.nick} to {name}", invites=theirs)

    def hide(self, hidden: bool) -> _Deed:
        if self._name in GOVERNED:
            raise Refused(f"{self._name} cannot be hidden.", "forbidden")
        if self._order.is_hidden == hidden:
            raise Refused(f"{self._name} is {'hidden' if hidden else 'listed'} already.")
        how = Hidden if hidden else Unhidden
        event = how(*self._by, ref=self._ref, account=self._account)
        return _Deed(event, f"{'hid' if hidden else 'listed'} {self._name}")

    def _somebody(self, typed: str) -> _Somebody:
        """Return who is meant: somebody who is here, or else an account of that name."""
        to = others.addressee(self._chat, typed)
        account = self._chat.accounts.get(to.person.account if to.person else to.id)  # or it is no more
        return _Somebody(to.id, to.nick, account.id if account else "")

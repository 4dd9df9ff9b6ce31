"""
What operators do about people: /ban, /unban, /mute, /unmute.

A sanction is in force from the moment at which it is asked for; that there is one, and who is put out by it,
is in the log then as everything else. Whom it hits later is asked at the doors (barring.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tcpchat import audit, barring, ranks
from tcpchat.ban_list import BanList
from tcpchat.events import Banned, Event, Muted, Unbanned, Unmuted
from tcpchat.limits import MOST_SANCTIONS_OF_A_ROOM, MOST_SANCTIONS_OF_ROOMS
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.outcomes import settle
from tcpchat.meant import DONE, Scope, called, hit_by, meant, scope_of
from tcpchat.operator_requests import Ban, Mute, Unban, Unmute
from tcpchat.person import Person
from tcpchat.putting_out import log_putting_out
from tcpchat.records import KeptSanction
from tcpchat.render import count, names
from tcpchat.requests import Refused
from tcpchat.sanctions import MUTE, because
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.state import Effect, Numbers

REQUESTS = (Ban, Unban, Mute, Unmute)


def carry_out(session: Session, request: Ban | Unban | Mute | Unmute, ref: str) -> Effect:
    """
    Do what an operator of the room asks for. Whether they are one was seen to before, but for the server.

    Raises:
        Refused: it is not done.
    """
    scope = scope_of(session, request.room)
    match request:
        case Ban(""):
            _list(session, scope)
        case Ban(test=True):
            _test(session, request, scope)
        case Ban() | Mute():
            return _sanction(session, request, scope, ref)
        case Unban() | Unmute():
            return _lift(session, request, scope, ref)
    return None


def _list(session: Session, scope: Scope) -> None:
    chat = session.chat
    is_operator = ranks.is_operator(chat, session.person.account)
    known = chat.sanctions.list(scope.stream)
    session.dialogue.answer(BanList(scope.stream, known, chat.wall(), is_operator))


def _test(session: Session, request: Ban, scope: Scope) -> None:
    """Tell whom a ban would hit. Who comes from an address is told the server's operators alone."""
    chat = session.chat
    sanction, spares_address = meant(session, request, scope)
    hit = [person.nick for person in hit_by(chat, scope, sanction)]
    number = count(len(hit), "person", "people") if hit else "nobody"
    is_told = sanction.keys or ranks.is_operator(chat, session.person.account)
    who = f": {names(hit, len(hit))}" if hit and is_told else ""
    session.dialogue.tell(f"That would hit {number}{scope.where(MUTE)}{who}.")
    if spares_address:
        session.dialogue.tell(_spared(sanction))


def _spared(sanction: KeptSanction) -> str:
    whom = sanction.whom
    return f"Others come from where {whom} comes from: that address is not {DONE[sanction.kind]}."


# What is done about them


async def _sanction(session: Session, request: Ban | Mute, scope: Scope, ref: str) -> Numbers | None:
    chat = session.chat
    sanction, spares_address = meant(session, request, scope)
    _check_number(chat, scope)
    replaced = chat.sanctions.named(sanction)
    sanction = chat.sanctions.add(sanction)  # from now on: nobody comes in while it is on its way to the log
    hit = hit_by(chat, scope, sanction)

    def undo() -> None:
        chat.sanctions.remove(sanction.id)
        for old in replaced:
            chat.sanctions.add(old)

    def banish(persons: Sequence[Person]) -> None:
        if isinstance(request, Ban) and scope.feed is None:
            for person in persons:
                for seat in person.sessions:
                    seat.banish(barring.banished(sanction, sanction.time))

    try:
        seq = await _log(session, request, scope, sanction, hit, ref)
    except (NotKept, Unknown) as why:
        settle(why, undo, partial(banish, hit))
        raise
    if spares_address:
        session.dialogue.tell(_spared(sanction))
    # Who was just coming in is in by now.
    late = [person for person in hit_by(chat, scope, sanction) if person not in hit]
    if isinstance(request, Ban) and late:
        await chat.log_surely(_parts(session, request, scope, sanction, late, ""))
    banish([*hit, *late])
    return seq


def _check_number(chat: Chat, scope: Scope) -> None:
    if scope.feed is None:
        return
    if len(chat.sanctions.list(scope.stream)) >= MOST_SANCTIONS_OF_A_ROOM:
        most = MOST_SANCTIONS_OF_A_ROOM
        text = f"{scope.stream} has {most} bans and mutes, and that is all that it may have. /unban some."
        raise Refused(text, "too-many")
    if chat.sanctions.in_rooms >= MOST_SANCTIONS_OF_ROOMS:
        raise Refused("There are too many bans and mutes already. /unban some.", "too-many")


async def _log(
    session: Session,
    request: Ban | Mute,
    scope: Scope,
    sanction: KeptSanction,
    hit: Sequence[Person],
    ref: str,
) -> Numbers | None:
    """Log what is done, and who did it; return the number of the first entry in the room."""
    chat = session.chat
    parts = _parts(session, request, scope, sanction, hit, ref)
    note = audit.note(session, f"{DONE[sanction.kind]} {_described(sanction, scope)}")
    # Who is not there goes as well: an account has its place in a room while it is away.
    put_out = [person.id for person in hit] + [sanction.account] if isinstance(request, Ban) else []
    feeds = [feed for feed in chat.rooms if feed.stream in dict(parts)]
    seqs = await log_putting_out(chat, feeds, put_out, [*parts, note])
    _tell(session, scope, f"{sanction.whom} is {DONE[sanction.kind]}{scope.where(sanction.kind)}")
    return seqs[0][:1] if parts else None


def _parts(
    session: Session,
    request: Ban | Mute,
    scope: Scope,
    sanction: KeptSanction,
    hit: Sequence[Person],
    ref: str,
) -> list[tuple[str, Sequence[Event]]]:
    """
    Return what the rooms are told: of each who is hit by their nickname, or else of what was typed.

    Whoever is hit by an address is told by their nickname alone: it is nobody's business where they are.
    """
    events: dict[str, list[Event]] = {}
    is_everywhere = scope.feed is None

    def add(stream: str, whom: str, targets: tuple[str, ...], id: str = "") -> None:
        fact = {"account": session.person.account, "ref": "" if events else ref}
        seconds, reason = request.seconds, request.reason
        if isinstance(request, Ban):
            banned = Banned(
                session.id, session.nick, whom, targets, seconds, reason, is_everywhere, id, **fact
            )
            events.setdefault(stream, []).append(banned)
        else:
            muted = Muted(session.id, session.nick, whom, seconds, reason, **fact)
            events.setdefault(stream, []).append(muted)

    for person in hit:
        id = session.chat.new_id() if is_everywhere else ""
        for stream in person.rooms if is_everywhere else (scope.stream,):
            add(stream, person.nick, (person.id,), id)
    if not hit and not is_everywhere:
        # Whoever is not there may have been invited.
        add(scope.stream, sanction.whom, (sanction.account,) if sanction.account else ())
    return list(events.items())


def _described(sanction: KeptSanction, scope: Scope) -> str:
    """Return a sanction as the audit trail tells it."""
    where = scope.where(sanction.kind)
    return f"{sanction.whom}{where}{because(sanction, sanction.time)}".removesuffix(".")


def _tell(session: Session, scope: Scope, what: str) -> None:
    """Tell an operator what was done, unless the room that they are in is told."""
    if scope.feed not in session.feeds:
        session.dialogue.tell(f"{what}.")


async def _lift(session: Session, request: Unban | Unmute, scope: Scope, ref: str) -> Numbers | None:
    chat = session.chat
    like = called(session, request, scope)
    known = chat.sanctions.named(like)
    if not known:
        text = f"{like.whom} is not {DONE[like.kind]}{scope.where(like.kind)}. /ban lists who is."
        raise Refused(text, "no-such-nick")
    whom = known[-1].whom
    parts: list[tuple[str, Sequence[Event]]] = []
    kind = Unbanned if isinstance(request, Unban) else Unmuted
    if scope.feed is not None:
        account = session.person.account
        parts.append((scope.stream, [kind(session.id, session.nick, whom, ref=ref, account=account)]))
    parts.append(audit.note(session, f"un{DONE[like.kind]} {_described(known[-1], scope)}"))
    for (
        sanction
    ) in known:  # in the same commit: nobody is banned after a crash of whom the log says they are not
        chat.sanctions.remove(sanction.id)
    try:
        seqs = await chat.log.append_all(parts)
    except (NotKept, Unknown) as why:
        settle(why, partial(_restore, chat, known))
        raise
    _tell(session, scope, f"{whom} is no longer {DONE[like.kind]}{scope.where(like.kind)}")
    return seqs[0] if scope.feed else None


def _restore(chat: Chat, sanctions: Sequence[KeptSanction]) -> None:
    for sanction in sanctions:
        chat.sanctions.add(sanction)

"""Putting people out of rooms: from when that is on its way to the log, nothing of theirs goes there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tcpchat.events import Event, Left
from tcpchat.logs.outcomes import settle
from tcpchat.records import KeptAccount
from tcpchat.room_feed import RoomFeed
from tcpchat.service import Chat


def log_putting_out(
    chat: Chat,
    feeds: Sequence[RoomFeed],
    persons: Collection[str],
    parts: Sequence[tuple[str, Sequence[Event]]],
) -> Deferred[list[list[int]]]:
    """
    Log what puts people out of rooms, and answer as `Log.append_all` does.

    What they say from now on is refused. If it cannot be logged, they are in the rooms as before.
    """
    for feed in feeds:
        feed.room.going_out |= feed.room.members.keys() & set(persons)
    accounts = [account for account in map(chat.accounts.get, persons) if account is not None]
    absences = {account.id: chat.absences.places(account.id) for account in accounts}
    for person in persons:
        for feed in feeds:  # in the same commit: nobody is to be back in a locked room after a crash
            chat.forget_place(person, feed.stream)

    def have_places(account: KeptAccount) -> None:
        streams = {feed.stream for feed in feeds}
        rooms = {stream: first for stream, first in account.rooms.items() if stream in streams}
        chat.accounts.change(account.id, lambda it: msgspec.structs.replace(it, rooms=it.rooms | rooms))
        places = absences[account.id]
        chat.absences.note(account.id, {it: place for it, place in places.items() if it in streams})

    def stay() -> None:
        for each in accounts:
            have_places(each)
        for feed in feeds:
            room = feed.room
            for person in room.going_out & set(persons):
                room.going_out.discard(person)
                if person in room.members and chat.people.person(person) is None:  # they have left since
                    account = person if chat.accounts.get(person) else ""
                    left = Left(person, room.members[person].nick, account=account)
                    chat.log_surely([(feed.stream, [left])])

    def failed(failure: Failure) -> Failure:
        settle(failure.value, stay)
        return failure

    return chat.log.append_all(parts).addErrback(failed)

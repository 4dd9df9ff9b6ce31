"""The order that a room is kept in: its operators, its pace, and who may come in. No I/O, no clock."""

from __future__ import annotations

import sys
from typing import Any

from tcpchat.events import (
    Banned,
    Deopped,
    Entry,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Locked,
    Opped,
    Slowed,
    Unhidden,
    Unlocked,
)
from tcpchat.limits import MOST_INVITED
from tcpchat.records import KeptRoom
from tcpchat.requests import Refused

# Further than any entry: to somebody who never was in a locked room nothing of it is open.
EVERYTHING = sys.maxsize


class Order:
    """What operators have made of a room. People are known by their ids, of which an account's is one."""

    __slots__ = (
        "had_operator", "invited", "is_hidden", "is_locked", "key", "operators", "slow", "unlocked_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self.operators: dict[str, str] = {}  # their nicknames, by account
        self.had_operator = False  # was there ever one?
        self.slow = 0  # seconds between two lines of one person
        self.is_locked = False
        self.key = ""  # what the password is checked against; empty: there is none
        self.unlocked_at = 0  # the last entry that ended a lock
        self.invited: dict[str, str] = {}  # the nicknames of those who may come in, by person
        self.is_hidden = False

    @property
    def is_private(self) -> bool:
        """Is the room nothing that outsiders are to know of?"""
        return self.is_locked or self.is_hidden

    @property
    def was_locked(self) -> bool:
        """Is the room locked, or was it ever?"""
        return self.is_locked or bool(self.unlocked_at)

    def apply(self, entry: Entry) -> None:
        """Take in what an entry says of the room's order, if anything."""
        match entry.event:
            case Opped(_, _, whom, account):
                self.operators[account] = whom
                self.had_operator = True
            case Deopped(_, _, _, account):
                self.operators.pop(account, None)
            case Slowed(_, _, seconds):
                self.slow = seconds
            case Locked(_, _, key):
                self.is_locked, self.key = True, key
            case Unlocked() if self.is_locked:
                self.is_locked, self.key, self.unlocked_at = False, "", entry.seq
            case Invited(_, _, whom, person):
                self.invited.pop(person, None)
                self.invited[person] = whom
                if len(self.invited) > MOST_INVITED:
                    del self.invited[next(iter(self.invited))]
            case Kicked(_, _, _, person):
                self.invited.pop(person, None)
            case Banned(_, _, _, people):
                for person in people:
                    self.invited.pop(person, None)
            case Hidden() | Unhidden():
                self.is_hidden = isinstance(entry.event, Hidden)

    def lets_in(self, person: str, account: str) -> bool:
        """Tell whether somebody may come in although the room is locked: invited, or its operator."""
        return not self.is_locked or person in self.invited or (bool(account) and account in self.operators)

    def check_entrance(self, room: str, coming: Joined) -> None:
        """
        See that somebody may come in: at least back, having been in here before.

        Raises:
            Refused: the room is locked.
        """
        if not (coming.since or self.lets_in(coming.person, coming.account)):
            raise self.refusal(room)

    def refusal(self, room: str) -> Refused:
        """Return why somebody may not come into the room, and how they could."""
        if self.key:
            return Refused(f"{room} is locked: /join {room} PASSWORD.", "forbidden")
        return Refused(f"{room} is locked. Ask one of its operators for an invitation.", "forbidden")

    def floor(self, first: int | None) -> int:
        """
        Return the number up to which entries are not for somebody whom the entry ``first`` brought in.

        None is for one who is not in the room. What was said before somebody came is not for them
        while the room is locked, and after that, what was said until the lock ended.
        """
        if not self.was_locked:
            return 0
        before = EVERYTHING if first is None else first - 1
        return before if self.is_locked else min(before, self.unlocked_at)

    def kept(self) -> dict[str, Any]:
        """Return all of it, by the names that it has in `KeptRoom`."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"operators": dict(self.operators), "invited": dict(self.invited)}

    def restore(self, kept: KeptRoom) -> None:
        """Be what it was when the room was kept."""
        for name in self.__slots__:
            setattr(self, name, getattr(kept, name))
        self.operators, self.invited = dict(kept.operators), dict(kept.invited)

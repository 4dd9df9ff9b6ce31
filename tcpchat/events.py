"""
What can happen in the chat: facts, in the past tense, as the log holds them.

An event knows the session that caused it (an id, never an address) and the nickname that it had
then. Everything here is plain data: it is encoded and decoded by `encode` and `decode`, and the
log adds the number and the time, which make it an `Entry`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tcpchat.discreet import Discreet


class _Done(Discreet, frozen=True, gc=False, tag_field="type", tag=str.lower, omit_defaults=True):
    told = ("session", "nick", "new", "rooms", "id", "to", "account", "whom", "target", "targets")

    session: str
    nick: str


class Fact(_Done, frozen=True, kw_only=True):
    """
    What every event holds: who did it.

    ``ref`` is what a program called its request, which it does once in its session: it is in the
    log with the event, so that asking again does not do it again. ``account`` is the id of the account
    of whoever did it: empty for a guest.
    """

    ref: str = ""
    account: str = ""

    @property
    def person(self) -> str:
        """The id of whoever did it, over whichever of their connections: what a room knows its members by."""
        return self.account or self.session


class Spoken(Fact, frozen=True):
    """What people say: this is what a newcomer and /history are shown of the past."""

    text: str


class Said(Spoken, frozen=True):
    """Somebody said a line in a room, or several at once, parted by line feeds."""


class Acted(Spoken, frozen=True):
    """Somebody described an action, as in ``/me waves``."""


class Replied(Spoken, frozen=True):
    """Somebody answered the entry ``about``; ``quote`` is who said that, and how it begins."""

    about: int
    quote: str


class Edited(Spoken, frozen=True):
    """Somebody corrected what they had said in an entry."""

    about: int


class Noted(Spoken, frozen=True):
    """Somebody did what an operator may: a line of the audit trail, ``banned eve from #own for 2h: spam``."""


class Removed(Fact, frozen=True):
    """Somebody took back an entry, or an operator did: what it said is in no log any more."""

    about: int


class Gone(Fact, frozen=True):
    """What is left, under its number, of an entry that was removed."""


class Presence(Fact, frozen=True):
    """What says who is in a room; in a big room this is shown joined."""


class Joined(Presence, frozen=True):
    """
    Somebody came into a room.

    ``since`` is of one who was only away: the entry that had brought them in at first.
    """

    since: int = 0


class Left(Presence, frozen=True):
    """
    Somebody went out of a room; the reason is empty for a plain farewell.

    Who ``is_gone`` has left the chat, as far as the node of a cluster knew that says so, not this room alone.
    """

    reason: str = ""
    is_gone: bool = False


class Renamed(Fact, frozen=True):
    """
    Somebody took another nickname: ``nick`` is the old one.

    It is in the log of every room that the person is in. ``rooms`` names them all, and ``id`` is
    the same in all of them, so that whoever shares several can be told once.
    """

    new: str
    rooms: tuple[str, ...]
    id: str


class TopicSet(Fact, frozen=True):
    """Somebody set a room's topic."""

    text: str


class Told(Fact, frozen=True):
    """Somebody said something to one other person; it is in both inboxes and nowhere else."""

    to: str
    text: str


class Announced(Fact, frozen=True):
    """
    An operator of the server said something to everybody.

    It is in the log of every room with somebody in it. ``id`` is the same in all of them, so that whoever
    shares several is told once.
    """

    text: str
    id: str


class Moderated(Fact, frozen=True):
    """An operator did something about somebody: ``whom`` is how that one is called."""

    whom: str


class Opped(Moderated, frozen=True):
    """Somebody became an operator of the room; ``target`` is their account."""

    target: str


class Deopped(Moderated, frozen=True):
    """Somebody is no operator of the room any more."""

    target: str


class Kicked(Moderated, frozen=True):
    """Somebody was put out of the room; ``target`` is the person's id."""

    target: str
    reason: str = ""


class Banned(Moderated, frozen=True):
    """
    Whoever a ban hits was put out and kept out: ``targets`` are the people who were there.

    It is from the room, or, with ``everywhere``, from the whole server: then it is in the log of every room
    that one of them was in, and ``id`` is the same in all of these.
    """

    targets: tuple[str, ...]
    seconds: int | None = None
    reason: str = ""
    everywhere: bool = False
    id: str = ""


class Unbanned(Moderated, frozen=True):
    """A ban was lifted."""


class Muted(Moderated, frozen=True):
    """Somebody may say nothing in the room for a while, or until told otherwise."""

    seconds: int | None = None
    reason: str = ""


class Unmuted(Moderated, frozen=True):
    """Somebody may speak in the room again."""


class Invited(Moderated, frozen=True):
    """
    Somebody may come into the room though it is locked; ``target`` is the person's id.

    It is in their inbox, too, and names the ``room`` there.
    """

    target: str
    room: str = ""


class Slowed(Fact, frozen=True):
    """Everybody may say a line in so many seconds only; 0: as many as they like."""

    seconds: int


class Locked(Fact, frozen=True):
    """Only who is invited may come in, or who knows the password that ``key`` is made from."""

    key: str = ""


class Unlocked(Fact, frozen=True):
    """Everybody may come in again."""


class Hidden(Fact, frozen=True):
    """The room is left out of the list of rooms."""


class Unhidden(Fact, frozen=True):
    """The room is in the list of rooms again."""


Event = (
    Said | Acted | Replied | Edited | Noted | Removed | Gone | Joined | Left | Renamed | TopicSet | Told
    | Announced | Opped | Deopped | Kicked | Banned | Unbanned | Muted | Unmuted | Invited | Slowed
    | Locked | Unlocked | Hidden | Unhidden
)  # fmt: skip


# What can be in several rooms at once, and is told once whoever shares them.
InSeveral = Renamed | Announced | Banned


def told_once(event: Event) -> str:
    """Return by what it is known that an event is in several rooms; empty if it is in one alone."""
    return event.id if isinstance(event, InSeveral) else ""


def lines_said(event: Event) -> int:
    """Return how many lines of a room people said in an event: 0 if it is something else."""
    return event.text.count("\n") + 1 if isinstance(event, Spoken) else 0


class Entry(NamedTuple):
    """An event in a stream of the log: its number, its time (milliseconds since 1970, UTC)."""

    seq: int
    time: int
    event: Event


def inbox(person: str) -> str:
    """Return the stream with the private messages of a person: of an account, or a guest's session."""
    return "@" + person


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Event).decode

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


class _Done(Discreet, frozen=True, tag_field="type", tag=str.lower, omit_defaults=True):
    told = ("session", "nick", "new", "rooms", "id", "to")

    session: str
    nick: str


class Fact(_Done, frozen=True, kw_only=True):
    """
    What every event holds: who did it.

    ``ref`` is what a program called its request, which it does once in its session: it is in the
    log with the event, so that asking again does not do it again.
    """

    ref: str = ""


class Spoken(Fact, frozen=True):
    """What people say: this is what a newcomer and /history are shown of the past."""

    text: str


class Said(Spoken, frozen=True):
    """Somebody said a line in a room, or several at once, parted by line feeds."""


class Acted(Spoken, frozen=True):
    """Somebody described an action, as in ``/me waves``."""


class Presence(Fact, frozen=True):
    """What says who is in a room; in a big room this is shown joined."""


class Joined(Presence, frozen=True):
    """Somebody came into a room."""


class Left(Presence, frozen=True):
    """Somebody went out of a room; the reason is empty for a plain farewell."""

    reason: str = ""


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


Event = Said | Acted | Joined | Left | Renamed | TopicSet | Told


def lines_said(event: Event) -> int:
    """Return how many lines of a room people said in an event: 0 if it is something else."""
    return event.text.count("\n") + 1 if isinstance(event, Spoken) else 0


class Entry(NamedTuple):
    """An event in a stream of the log: its number, its time (milliseconds since 1970, UTC)."""

    seq: int
    time: int
    event: Event


def inbox(session: str) -> str:
    """Return the stream that holds the private messages of a session."""
    return "@" + session


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Event).decode

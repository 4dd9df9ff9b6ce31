"""What the server says of what happened in a room, but for coming and going: a sentence each. No I/O."""

from __future__ import annotations

from itertools import accumulate

import regex

from tcpchat.columns import width
from tcpchat.command import span
from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Event,
    Hidden,
    Invited,
    Kicked,
    Locked,
    Muted,
    Noted,
    Opped,
    Removed,
    Renamed,
    Slowed,
    Spoken,
    TopicSet,
    Unbanned,
    Unhidden,
    Unlocked,
    Unmuted,
)
from tcpchat.limits import LONGEST_QUOTE, WIDEST_QUOTE

_CLUSTER = regex.compile(r"\X")


def renamed(event: Renamed) -> str:
    """Return that somebody has another nickname now."""
    return f"{event.nick} is now known as {event.new}."


def quote(event: Spoken) -> str:
    """Return who said something, and how it begins: ``carl: first words…``, of an action ``* carl waves``."""
    begins = _beginning(" ".join(event.text.split()))
    return f"* {event.nick} {begins}" if isinstance(event, Acted) else f"{event.nick}: {begins}"


def _fits(text: str) -> bool:
    return width(text) <= WIDEST_QUOTE and len(text.encode()) <= LONGEST_QUOTE


def _beginning(text: str) -> str:
    """Return the first words of a text, or all of it; of one word that is too long, a part."""
    if _fits(text):
        return text
    ends = accumulate(map(len, _CLUSTER.findall(text[: LONGEST_QUOTE + 1])))
    end = max((end for end in ends if _fits(text[:end])), default=0)
    if text[end] != " " and " " in text[:end]:
        end = text.rindex(" ", 0, end)
    return f"{text[:end].rstrip(' ')}…"


def because(reason: str, seconds: int | None = None) -> str:
    """Return the end of a sentence: for how long something is, and why."""
    lasts = "" if seconds is None else f" for {span(seconds)}"
    return f"{lasts}: {reason}." if reason else f"{lasts}."


def sentence(event: Event, room: str, is_elsewhere: bool = False) -> str | None:
    """
    Return what happened in a room as a sentence, None if it is told in another way, or not at all.

    ``is_elsewhere`` says that it is not the room where the reader is.
    """
    by = event.nick
    within = f" in {room}" if is_elsewhere else ""
    match event:
        case TopicSet(_, _, text):
            return f"{by} set the topic of {room}: {text}"
        case Renamed():
            return renamed(event)
        case Edited(_, _, text, about):
            return f"{by} edited {about}{within}: {text}"
        case Removed(_, _, about):
            return f"{by} removed {about}{within}."
        case Noted(_, _, text):
            return f"{by} {text}"
        case Announced(_, _, text):
            return f"Announcement from {by}: {text}"
    return _moderated(event, room)


def _moderated(event: Event, room: str) -> str | None:
    by = event.nick
    match event:
        case Opped(_, _, whom):
            return f"{whom} is an operator of {room} now{'' if whom == by else f', by {by}'}."
        case Deopped(_, _, whom):
            return f"{whom} is no longer an operator of {room}{'' if whom == by else f', by {by}'}."
        case Kicked(_, _, whom, _, reason):
            return f"{whom} was kicked from {room} by {by}{because(reason)}"
        case Banned(_, _, whom, _, seconds, reason):
            where = "" if event.everywhere else f" from {room}"
            return f"{whom} was banned{where} by {by}{because(reason, seconds)}"
        case Unbanned(_, _, whom):
            return f"{whom} was unbanned from {room} by {by}."
        case Muted(_, _, whom, seconds, reason):
            return f"{whom} was muted in {room} by {by}{because(reason, seconds)}"
        case Unmuted(_, _, whom):
            return f"{whom} was unmuted in {room} by {by}."
        case Invited(_, _, _, _, into) if into:
            return f"{by} invites you to {into}: /join {into}"
        case Invited(_, _, whom):
            return f"{whom} was invited to {room} by {by}."
        case Slowed(_, _, 0):
            return f"{room} is no longer slowed, by {by}."
        case Slowed(_, _, seconds):
            return f"{room} was slowed by {by}: one line in {span(seconds)} each."
        case Locked():
            return f"{room} was locked by {by}."
        case Unlocked():
            return f"{room} was unlocked by {by}."
        case Hidden():
            return f"{room} was hidden by {by}: /rooms leaves it out."
        case Unhidden():
            return f"{room} is listed again, by {by}."
    return None

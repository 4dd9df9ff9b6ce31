"""What ``tcpchat log dump`` prints of an entry. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Edited,
    Entry,
    Event,
    Kicked,
    Left,
    Locked,
    Moderated,
    Muted,
    Noted,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Told,
    TopicSet,
)  # fmt: skip


def fields(epoch: str, stream: str, entry: Entry) -> dict[str, Any]:
    """Return what is printed of an entry of a stream, in a log that is called ``epoch``."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=entry.time)
    kind, text, more = _meaning(entry.event)
    return {
        "epoch": epoch,
        "room": stream.removeprefix("#"),
        "seq": entry.seq,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{entry.time % 1000:03}Z",
        "type": kind,
        "from": entry.event.nick,
        "text": text,
    } | more


def _meaning(event: Event) -> tuple[str, str, dict[str, Any]]:
    """Return an event's type, its text, and what only such an event has; of a room's password, nothing."""
    kind = type(event).__name__.lower()
    match event:
        case Said(text=text):
            return "message", text, {}
        case Replied(text=text, about=about, quote=quote):
            return "message", text, {"re": about, "quote": quote}
        case Edited(text=text, about=about):
            return kind, text, {"about": about}
        case Removed(about=about):
            return kind, "", {"about": about}
        case Acted(text=text):
            return "action", text, {}
        case Noted(text=text):
            return "audit", text, {}
        case TopicSet(text=text):
            return "topic", text, {}
        case Announced(text=text):
            return kind, text, {}
        case Told(text=text, to=to):
            return "private", text, {"to": to}
        case Renamed(new=new):
            return kind, new, {}
        case Left(reason=reason):
            return kind, reason, {}
        case Kicked(whom=whom, reason=reason):
            return kind, reason, {"nick": whom}
        case (
            Banned(whom=whom, seconds=seconds, reason=reason)
            | Muted(whom=whom, seconds=seconds, reason=reason)
        ):
            return kind, reason, {"nick": whom, "seconds": seconds}
        case Moderated(whom=whom):
            return kind, "", {"nick": whom}
        case Slowed(seconds=seconds):
            return kind, "", {"seconds": seconds}
        case Locked(key=key):
            return kind, "", {"password": bool(key)}
        case _:
            return kind, "", {}

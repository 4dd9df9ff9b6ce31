"""From where on somebody has to be shown everything again, after a connection has ended."""

from __future__ import annotations

from tcpchat.events import Entry
from tcpchat.places import Place
from tcpchat.render import View, is_heard
from tcpchat.session import Session

# Entries read from the log at once, going back from where a connection has broken.
READ_BACK = 128


async def unread(session: Session) -> dict[str, Place]:
    """
    Return from where on everything is shown again after a connection has ended.

    What is missing is known in bytes, but not of which stream: as many are counted back in each.
    """
    acknowledged = session.acknowledged
    if not acknowledged.missing:
        return acknowledged.certain
    return {
        stream: await _step_back(session, stream, place, acknowledged.missing)
        for stream, place in acknowledged.sent.items()
    }


async def _step_back(session: Session, stream: str, sent: Place, missing: int) -> Place:
    """Go back from a place by the lines of so many bytes, but not behind what was acknowledged."""
    floor = session.acknowledged.places.get(stream, sent)
    upto = sent.seq
    while upto > floor.seq:
        after = max(floor.seq, upto - READ_BACK)
        for entry in reversed(await session.chat.log.read(stream, after, upto - after)):
            missing -= _least_size(entry, session) if entry.seq <= upto else 0
            if missing <= 0:
                # Who came and went may have been shown later than what came after it.
                return Place(entry.seq - 1, floor.presence).at_least(floor)
        upto = after
    return floor


def _least_size(entry: Entry, session: Session) -> int:
    """Return how many bytes at least somebody was shown of an entry, whatever their settings were."""
    text = getattr(entry.event, "text", "")
    view = View(ignored=frozenset(session.ignored_lately))
    if entry.event.session == session.id or not is_heard(entry.event, view):
        return 0
    # There are encodings in which each character is one byte.
    size = len(text) if session.dialogue.was_recoded else len(text.encode())
    return size + len("<> \r\n") if text else 0

"""Who has said something that waits for long, and is told so once, before its outcome is known. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tcpchat.logs.nats_items import LONGEST, Item

# Seconds after which somebody is told that what they sent waits: an election is over then, most times.
EARLY = 5.0


class Holding:
    """Looks through what waits."""

    def __init__(self) -> None:
        self.tell: Callable[[Collection[str]], object] = lambda sessions: None  # of these sessions
        self._told: set[str] = set()

    def look(self, waiting: Iterable[Item], now: float) -> None:
        """See who has waited for long, of those that wait, the oldest first."""
        sessions: dict[str, None] = {}
        for item in waiting:
            if item.until - LONGEST + EARLY > now:
                break
            if not item.is_told:
                sessions |= {event.session: None for _, events in item.parts for event in events}
        news = [session for session in sessions if session not in self._told]
        if news:
            self._told.update(news)
            self.tell(news)

    def over(self) -> None:
        """Nobody waits any more: whoever waits for long the next time is told again."""
        self._told.clear()

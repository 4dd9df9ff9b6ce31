"""What everybody was shown of some streams, and the file that keeps them does not have yet. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tcpchat.events import Entry


class Ahead:
    """The entries of each stream that are in no file, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, deque[Entry]] = {}
        self._refs: dict[tuple[str, str], str] = {}  # the streams of those with a session's reference

    def add(self, stream: str, entries: Sequence[Entry]) -> None:
        """Add entries that follow those that are here."""
        self._entries.setdefault(stream, deque()).extend(entries)
        for entry in entries:
            if entry.event.ref:
                self._refs[entry.event.session, entry.event.ref] = stream

    def has(self, stream: str) -> bool:
        """Is there anything of a stream?"""
        return stream in self._entries

    def first(self, stream: str) -> int | None:
        """Return the number of a stream's first entry that is here."""
        entries = self._entries.get(stream)
        return entries[0].seq if entries else None

    def find_ref(self, session: str, ref: str) -> str:
        """Return the stream of the entry that has a session's reference: empty if none has."""
        return self._refs.get((session, ref), "")

    def after(self, stream: str, after: int, limit: int) -> list[Entry]:
        """Return the first entries of a stream behind a number."""
        entries = self._entries.get(stream, ())
        first = max(0, after + 1 - entries[0].seq) if entries else 0
        return [entries[at] for at in range(first, min(first + limit, len(entries)))]

    def written(self, stream: str, upto: int) -> None:
        """The file has a stream's entries up to a number."""
        entries = self._entries.get(stream)
        while entries and entries[0].seq <= upto:
            event = entries.popleft().event
            if event.ref:
                self._refs.pop((event.session, event.ref), None)
        if not entries:
            self._entries.pop(stream, None)

"""The lines that mention somebody, in what they missed: they are told the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import Deferred, maybeDeferred

from tcpchat import mentions
from tcpchat.events import Entry
from tcpchat.limits import MOST_HISTORY
from tcpchat.logs.interface import Found, Log, Range
from tcpchat.names import Name
from tcpchat.places import READ_AT_ONCE
from tcpchat.queries import Query
from tcpchat.render import is_heard, notice
from tcpchat.replays import Part, Viewer, fresh

# Entries of a room that are read one by one. In more, which takes longer than anybody should wait, the index
# finds the lines: it does not know a nickname in full-width letters.
MOST_READ = 8 * READ_AT_ONCE


class Mentioned:
    """Looks through what people said for who missed it, and tells them where they are mentioned."""

    def __init__(self, parts: Sequence[Part], person: str, name: Name) -> None:
        """``person`` is the id of who missed it."""
        rooms = (part for part in parts if part.feed.stream.startswith("#"))
        self._parts = [part for part in rooms if part.after.seq < part.upto.seq]
        self._person = person
        self._name = name
        self._nick = mentions.fold(name.fold)
        self._at = 0  # in the first part: read up to here
        self._found: list[tuple[str, int]] = []
        self.is_over = not self._parts

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        """Answer with nothing, and when all of it was looked through, with the line to be told."""
        feed, after, upto, _ = self._parts[0]
        if upto.seq - after.seq > MOST_READ:
            query, part = Query((self._name.display,)), Range(feed.stream, after.seq, upto.seq + 1)
            return maybeDeferred(log.search, query, [part], MOST_HISTORY).addCallback(self._take, viewer)
        at = max(self._at, after.seq)
        read = fresh(feed, partial(log.read_spoken, feed.stream, at, upto.seq, READ_AT_ONCE))
        return read.addCallback(self._look, viewer, READ_AT_ONCE)

    def _take(self, found: list[Found], viewer: Viewer) -> bytes:
        return self._look([entry for _, entry in found], viewer, len(found) + 1)

    def _look(self, entries: list[Entry], viewer: Viewer, limit: int) -> bytes:
        """Look through some entries: if there are fewer than ``limit``, those are the last of the part."""
        stream = self._parts[0].feed.stream
        view = viewer.view(stream)
        room = "" if view.current else stream
        who = [(self._person, self._nick)]
        for seq, _, event in entries:
            if event.person != self._person and is_heard(event, view) and mentions.mentioned(event, who):
                self._found.append((room, seq))
        if len(entries) == limit:
            self._at = entries[-1].seq
        else:
            self._at = 0
            del self._parts[0]
        self.is_over = not self._parts
        return notice(mentions.told(self._found), view.wire) if self.is_over and self._found else b""

"""A room's feed: those who come and go in a big room are shown together, what is said at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from tcpchat.comings import Fold
from tcpchat.events import Banned, Edited, Entry, Kicked, Presence, Removed, Replied, Spoken
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.feed import Feed, are_spoken
from tcpchat.folding import Folding
from tcpchat.following import Live
from tcpchat.limits import FOLDED_FOR, LARGEST_UNFOLDED_ROOM
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.room import Room
from tcpchat.slowness import Slowness

# Seconds of each turn of the reactor for a fold that is shown to many.
SHARE = 0.005


class RoomFeed(Feed):
    """
    A room and its feed.

    While the room is big, who comes and goes is shown once a second, folded into one line; to
    those who set it so, always.
    """

    def __init__(
        self,
        room: Room,
        clock: IReactorTime,
        wall: Callable[[], int],
        history: int,
        crowd: Callable[[], Crowd] = DirectCrowd,
        put_out: Callable[[RoomFeed, Sequence[str]], None] = lambda feed, persons: None,
        been_shown: Callable[[RoomFeed, list[Entry]], object] | None = None,
    ) -> None:
        """
        ``history`` is how many of the last lines that were said are kept at hand.

        ``put_out`` is told who were put out of the room, once everybody there has been shown it, and
        ``been_shown``, if it is given, of all but what people say.
        """
        super().__init__(room.name, wall, crowd=crowd)
        self.room = room
        self.expected = 0  # people who are about to come in
        self.slowness = Slowness()
        self._put_out = put_out
        self._been_shown = been_shown
        self.removing: set[int] = set()  # entries that are about to be gone
        self.recent: deque[Entry] = deque(maxlen=history)
        self._clock = clock
        self._unfoldable = 0  # the last entry that does not say who came or went
        self._unfolded: list[Entry] = []  # those that do, since the last fold
        self._fold: Folding | None = None  # one that not everybody has been shown yet
        self._folding = False  # for all, or only for those who set it so?
        self._timer: IDelayedCall | None = None

    @property
    def is_deserted(self) -> bool:
        """Is nobody there, nor about to come?"""
        return not (self.room.members or self.expected or self._readers)

    def begin(self, last: int, recent: Sequence[Entry]) -> None:
        """Begin after an entry of the log; ``recent`` is what was said last before it."""
        self.shown = self._unfoldable = last
        self.recent.extend(recent)
        self._folding = len(self.room.members) > LARGEST_UNFOLDED_ROOM

    @property
    def settled(self) -> Place:
        if self._fold:
            return Place(self.shown, self._fold.before)
        return Place(self.shown, self._unfolded[0].seq - 1 if self._unfolded else self.shown)

    def enter(self, reader: Live, view: View) -> None:
        super().enter(reader, view)
        if self._fold:
            self._fold.add(reader.session)

    def here(self, view: View) -> Place:
        if not self._folds(view):
            return Place(self.shown, self.shown)
        # Who came or went since the last other entry is no reason to read the log.
        return self.settled._replace(seq=self._unfoldable)

    def deliver(self, entries: list[Entry]) -> None:
        if are_spoken(entries):
            self.recent += entries
            self._deliver(entries, self._show_spoken)
            return
        for some in _up_to_putting_out(entries):
            put_out = self._take_in(some)
            self._deliver(some, self._show)
            if put_out:
                self._put_out(self, put_out)
            if self._been_shown is not None:
                self._been_shown(self, some)

    def _take_in(self, entries: list[Entry]) -> list[str]:
        """Have the room take in entries; return who was put out of it by them."""
        put_out: list[str] = []
        for entry in entries:
            if isinstance(entry.event, Spoken):
                self.recent.append(entry)
            else:
                put_out += self.room.apply(entry)
                if isinstance(entry.event, Removed):
                    self._forget(entry.event.about)
        if not self._folding and len(self.room.members) > LARGEST_UNFOLDED_ROOM:
            self.show_folded()  # what those who set it so are still owed was shown to the others
            self._folding = True
        return put_out

    def _forget(self, about: int) -> None:
        """Have nothing at hand any more of what the log has nothing of: an entry, its edits, their quotes."""
        self.removals += 1
        self._read = self._shown = None
        gone = {about}
        first = self.recent[0].seq if self.recent else 0
        for entry in list(self.recent):
            event = entry.event
            if entry.seq == about or (isinstance(event, Edited) and event.about == about):
                gone.add(entry.seq)
                self.recent.remove(entry)
            # What is quoted from before the first of them may have been an edit.
            elif isinstance(event, Replied) and (event.about in gone or event.about < first):
                bare = entry._replace(event=msgspec.structs.replace(event, quote=""))
                self.recent[self.recent.index(entry)] = bare

    def render(self, entries: list[Entry], view: View, reader: Live) -> bytes:
        if not self._folds(view):
            return super().render(entries, view, reader)
        rest = super().render([entry for entry in entries if not _is_presence(entry)], view, reader)
        fold = Fold(filter(_is_presence, entries), self.stream).over(view.wire)
        return fold.own(reader.session) + rest

    def fold(self, place: Place, upto: int, view: View, viewer: str) -> bytes | None:
        # Without the log: where many come and go, many are behind.
        if not self._folds(view) or place.presence >= upto:
            return None
        changes = self.room.lately.between(Place(upto, place.presence), Place(upto, upto), viewer)
        if changes is None:
            return None
        return changes.comings.line(self.stream, view.wire) if changes.comings.time else b""

    def _folds(self, view: View) -> bool:
        if view.json:
            return False  # a program is shown every entry
        return view.joins == "folded" or (self._folding and view.joins == "all")

    def _at_once(self, entries: list[Entry], view: View) -> list[Entry]:
        if self._folds(view):
            return [entry for entry in entries if not _is_presence(entry)]
        return entries

    def _show_spoken(self, entries: list[Entry]) -> None:
        self._unfoldable = entries[-1].seq
        super()._show_spoken(entries)

    def _show(self, entries: list[Entry]) -> None:
        presence = []
        for entry in entries:
            if _is_presence(entry):
                presence.append(entry)
            else:
                self._unfoldable = entry.seq
        if presence and (self._unfolded or self._fold or self._folding or any(map(self._folds, self._live))):
            # Before anybody falls behind, whose place this is a part of.
            self._unfolded += presence
            self._timer = self._timer or self._clock.callLater(FOLDED_FOR, self._fold_some)
        super()._show(entries)

    def show_folded(self) -> None:
        if self._timer and self._timer.active():
            self._timer.cancel()
        self._timer = None
        while self._fold or self._unfolded:
            self._show_fold(lambda: False)
        self._folding = len(self.room.members) > LARGEST_UNFOLDED_ROOM

    def _fold_some(self) -> None:
        """Show some what waits to be shown folded; the others in the turns after this one."""
        end = self._clock.seconds() + SHARE
        self._timer = None
        if not self._show_fold(lambda: self._clock.seconds() > end):
            self._timer = self._clock.callLater(0, self._fold_some)
            return
        self._folding = len(self.room.members) > LARGEST_UNFOLDED_ROOM
        if self._unfolded:  # while it was shown
            self._timer = self._clock.callLater(FOLDED_FOR, self._fold_some)

    def _show_fold(self, is_time_over: Callable[[], bool]) -> bool:
        """Show one fold, or go on with it, while there is time; return whether all have been shown it."""
        if self._fold is None:
            unfolded, self._unfolded = self._unfolded, []
            if not unfolded:
                return True
            self._fold = Folding(unfolded, self.stream, self._readers)
        fold = self._fold
        while (session := fold.next()) is not None:
            for view, crowd in self._live.items():
                if session in crowd:
                    # Before they fall behind, whose place is behind it then.
                    if self._folds(view) and self._readers[session].has_new(self, fold.upto):
                        fold.show(session, self._readers, crowd, view.wire)
                    break
            if is_time_over():
                return False
        self._fold = None
        return True


def _is_presence(entry: Entry) -> bool:
    return isinstance(entry.event, Presence)


def _up_to_putting_out(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Cut entries behind each that puts somebody out: what comes after it is not for those any more."""
    begin = 0
    for end, entry in enumerate(entries, 1):
        if end == len(entries) or isinstance(entry.event, Kicked | Banned):
            yield entries[begin:end]
            begin = end

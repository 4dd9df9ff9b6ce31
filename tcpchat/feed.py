"""From the log to everyone's screen: a feed hands the entries of a stream to all who follow it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence, Set
from functools import partial

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from tcpchat import comings, jsonlines, render
from tcpchat.comings import Comings, Fold
from tcpchat.events import Entry, Presence, Renamed, Spoken
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.folding import Folding
from tcpchat.following import Live
from tcpchat.limits import FOLDED_FOR, LARGEST_UNFOLDED_ROOM
from tcpchat.logs.interface import Log
from tcpchat.places import READ_AT_ONCE, Place, pieces
from tcpchat.render import Page, View
from tcpchat.room import Room

AnyPage = Page | jsonlines.Page

# Seconds of each turn of the reactor for a fold that is shown to many.
SHARE = 0.005


class Feed:
    """One stream of the log, and who reads it live."""

    def __init__(
        self, stream: str, wall: Callable[[], int], shown: int = 0, crowd: Callable[[], Crowd] = DirectCrowd
    ) -> None:
        """
        ``wall`` tells the time in milliseconds since 1970; ``shown`` is the last entry so far.

        ``crowd`` makes what hands something to many (fanout/).
        """
        self.stream = stream
        self.shown = shown  # the last entry that the live readers were handed
        self._wall = wall
        self._crowd = crowd
        # What was read, and shown, last to one who is behind: when many are, most are at the same place.
        self._read: tuple[tuple[int, int, int | None], list[Entry]] | None = None
        self._shown: tuple[tuple[int, int, int, View], AnyPage] | None = None
        self._live: dict[View, Crowd] = {}
        self._readers: dict[str, Live] = {}

    def here(self, view: View) -> Place:
        """Return the place of the live readers with this view."""
        return Place(self.shown, self.shown)

    def enter(self, reader: Live, view: View) -> None:
        """Count a reader among the live ones."""
        crowd = self._live.get(view)
        if crowd is None:
            crowd = self._live[view] = self._crowd()
        crowd.enter(reader.session, reader.screen)
        self._read = self._shown = None  # perhaps nobody is behind any more
        self._readers[reader.session] = reader

    def leave(self, reader: Live, view: View) -> None:
        """Count a reader among the live ones no longer."""
        if self._readers.get(reader.session) is not reader:
            return
        crowd = self._live[view]
        crowd.leave(reader.session)
        del self._readers[reader.session]
        if not crowd:
            del self._live[view]

    def deliver(self, entries: list[Entry]) -> None:
        """Show further entries of the log to all who are live."""
        self._deliver(entries, self._show_spoken if are_spoken(entries) else self._show)

    def _deliver(self, entries: list[Entry], show: Callable[[list[Entry]], None]) -> None:
        if len(entries) == 1:
            self.shown = entries[0].seq
            show(entries)
            return
        for piece in pieces(entries):
            self.shown = piece[-1].seq
            show(piece)

    def read(self, log: Log, after: int) -> Deferred[list[Entry]]:
        """Answer with what comes after an entry, as much as is shown at once."""
        kept_after = log.kept_after(self.stream)
        if self._read and self._read[0] in ((after, kept_after, None), (after, kept_after, self.shown)):
            return succeed(self._read[1])

        def cut(entries: list[Entry]) -> list[Entry]:
            piece = next(pieces(entries))
            # What was cut off stays as it is; what reaches to the end will be more.
            is_all = len(piece) == len(entries) < READ_AT_ONCE
            self._read = (after, kept_after, self.shown if is_all else None), piece
            return piece

        return maybeDeferred(log.read, self.stream, after, READ_AT_ONCE).addCallback(cut)

    def render(self, entries: list[Entry], view: View, reader: Live) -> bytes:
        """Return entries as one reader is shown them."""
        if not entries:
            return b""
        known = entries[0].seq, entries[-1].seq, len(entries), view
        if self._shown is None or self._shown[0] != known:
            self._shown = known, self._page(entries, view)
        return self._shown[1].own(reader.session, reader.seen_elsewhere(entries))

    def render_past(self, entries: list[Entry], view: View, viewer: str) -> bytes:
        """Return what people said, as it is shown of the past: one's own lines, too."""
        return self.render_missed(entries, None, view, viewer)

    def render_missed(self, entries: list[Entry], came: Comings | None, view: View, viewer: str) -> bytes:
        """Return what somebody missed, who came and went joined in one line behind it."""
        if view.json:
            return jsonlines.Page(entries, self.stream, view, replay=True).shared
        return comings.missed(entries, came, self.stream, view, viewer, self._wall())

    def render_gap(self, after: int, kept_after: int, view: View) -> bytes:
        """Return that the entries from after one to another are no longer kept."""
        if view.json:
            return jsonlines.gap(self.stream, after, kept_after + 1)
        return render.no_longer_kept(kept_after - after, view.wire)

    def fold(self, place: Place, upto: int, view: View, viewer: str) -> bytes | None:
        """Return who came and went from a place up to an entry as one line, if they are shown so."""
        return None

    @property
    def settled(self) -> Place:
        """The place of the live readers who have been shown least."""
        return Place(self.shown, self.shown)

    def show_folded(self) -> None:
        """Show at once what waits to be shown folded."""

    def _page(self, entries: list[Entry], view: View) -> AnyPage:
        if view.json:
            return jsonlines.Page(entries, self.stream, view)
        return Page(entries, self.stream, view, self._wall())

    def _show_spoken(self, entries: list[Entry]) -> None:
        """Show entries that all say what people said, as nearly all do."""
        self._hand(partial(self._page, entries))

    def _show(self, entries: list[Entry]) -> None:
        several: set[str] = set()
        if any(isinstance(entry.event, Renamed) for entry in entries):
            # Whoever shares several rooms with the renamed is told in one of them.
            several = {session for session, reader in self._readers.items() if reader.follows_several()}
        self._hand(lambda view: self._page(self._at_once(entries, view), view), several)

    def _at_once(self, entries: list[Entry], view: View) -> list[Entry]:
        """Return the entries that are shown at once to those with this view."""
        return entries

    def _hand(self, page: Callable[[View], AnyPage], several: Set[str] = frozenset()) -> None:
        """
        Hand every live reader the page of its view, those whom it concerns one of their own.

        Who did not take all falls behind in the end, because that changes who is live.
        """
        short: list[tuple[str, bytes, int | Exception]] = []
        for view, crowd in self._live.items():
            shown = page(view)
            apart = shown.apart | several if several else shown.apart
            data = shown.shared
            short += [(session, data, taken) for session, taken in crowd.hand(data, apart)]
            for session in apart:
                if session in crowd:
                    own = shown.own(session, self._seen(shown, session) if several else ())
                    if own and (taken := crowd.hand_one(session, own)) != len(own):
                        short.append((session, own, taken))
        for session, data, taken in short:
            self._readers[session].was_shown(data, taken)

    def _seen(self, page: AnyPage, session: str) -> set[int]:
        return self._readers[session].seen_elsewhere(page.entries) if isinstance(page, Page) else set()


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
    ) -> None:
        """``history`` is how many of the last lines that were said are kept at hand."""
        super().__init__(room.name, wall, crowd=crowd)
        self.room = room
        self.expected = 0  # people who are about to come in
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
        else:
            self._take_in(entries)
            self._deliver(entries, self._show)

    def _take_in(self, entries: list[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.event, Spoken):
                self.recent.append(entry)
            else:
                self.room.apply(entry)
        if not self._folding and len(self.room.members) > LARGEST_UNFOLDED_ROOM:
            self.show_folded()  # what those who set it so are still owed was shown to the others
            self._folding = True

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


def are_spoken(entries: list[Entry]) -> bool:
    """Tell whether all entries say what people said."""
    for entry in entries:
        if not isinstance(entry.event, Spoken):
            return False
    return True


def _is_presence(entry: Entry) -> bool:
    return isinstance(entry.event, Presence)

"""From the log to everyone's screen: a feed hands the entries of a stream to all who follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import partial

from twisted.internet.defer import Deferred, maybeDeferred, succeed

from tcpchat import comings, jsonlines, render
from tcpchat.comings import Comings
from tcpchat.events import Entry, InSeveral, Spoken, Told, inbox
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Crowd
from tcpchat.following import Live
from tcpchat.logs.interface import Log
from tcpchat.mentions import mentioned
from tcpchat.places import READ_AT_ONCE, Place, pieces
from tcpchat.render import Page, View
from tcpchat.tally import TALLY

AnyPage = Page | jsonlines.Page


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
        self._bells: dict[str, str] = {}  # of those of them who want to be called: their folded nicknames
        # Entries that were taken back so far: what was read before the last one may hold what is gone.
        self.removals = 0

    def here(self, view: View) -> Place:
        """Return the place of the live readers with this view."""
        return Place(self.shown, self.shown)

    def enter(self, reader: Live, view: View) -> None:
        """Count a reader among the live ones."""
        if view.bell and not view.json:
            self._bells[reader.session] = view.bell
        view = _shared(view)
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
        view = _shared(view)
        crowd = self._live[view]
        crowd.leave(reader.session)
        del self._readers[reader.session]
        self._bells.pop(reader.session, None)
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
        removals = self.removals

        def cut(entries: list[Entry]) -> list[Entry] | Deferred[list[Entry]]:
            if self.removals != removals:
                return self.read(log, after)
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
        shared = _shared(view)
        known = entries[0].seq, entries[-1].seq, len(entries), shared
        if self._shown is None or self._shown[0] != known:
            self._shown = known, self._page(entries, shared)
        called: Set[int] = frozenset()
        if view.bell and not view.json:
            called = self._called(entries, {reader.session: view.bell}).get(reader.session, called)
        return self._shown[1].own(reader.session, reader.seen_elsewhere(entries), called)

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

    def render_closed(self, after: int, floor: int, view: View) -> bytes:
        """Return that the entries from after one to another are not for somebody."""
        if view.json:
            return jsonlines.gap(self.stream, after, floor + 1)
        return render.notice("Earlier lines are not for you.", view.wire)

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
        self._hand(entries, partial(self._page, entries))

    def _show(self, entries: list[Entry]) -> None:
        several: set[str] = set()
        if any(isinstance(entry.event, InSeveral) for entry in entries):
            # Whoever is in several rooms where it happened is told in one of them.
            several = {session for session, reader in self._readers.items() if reader.follows_several()}
        self._hand(entries, lambda view: self._page(self._at_once(entries, view), view), several)

    def _at_once(self, entries: list[Entry], view: View) -> list[Entry]:
        """Return the entries that are shown at once to those with this view."""
        return entries

    def _hand(
        self, entries: list[Entry], page: Callable[[View], AnyPage], several: Set[str] = frozenset()
    ) -> None:
        """
        Hand every live reader the page of its view, those whom it concerns one of their own.

        Those are who did what it says, ``several`` who may have seen it elsewhere, and who is called by it.

        Who did not take all falls behind in the end, because that changes who is live.
        """
        called: dict[str, set[int]] = {}
        if self._bells and (called := self._called(entries, self._bells)):
            several_or_called: Set[str] = several | called.keys()
        else:
            several_or_called = several
        short: list[tuple[str, bytes, int | Exception]] = []
        for view, crowd in self._live.items():
            shown = page(view)
            apart = shown.apart | several_or_called if several_or_called else shown.apart
            data = shown.shared
            members = len(crowd)
            TALLY.deliveries += members
            TALLY.lines_out += members * len(entries)
            short += [(session, data, taken) for session, taken in crowd.hand(data, apart)]
            for session in apart:
                if session in crowd:
                    seen = self._seen(shown, session) if several else ()
                    own = shown.own(session, seen, called.get(session, ()))
                    if own and (taken := crowd.hand_one(session, own)) != len(own):
                        short.append((session, own, taken))
        for session, data, taken in short:
            self._readers[session].was_shown(data, taken)

    def _called(self, entries: list[Entry], bells: Mapping[str, str]) -> dict[str, set[int]]:
        """Return by which entries some sessions are called; ``bells`` are their folded nicknames."""
        called: dict[str, set[int]] = {}
        for entry in entries:
            event = entry.event
            if isinstance(event, Told):
                sessions = list(bells) if inbox(event.person) != self.stream else []
            else:
                sessions = mentioned(event, bells.items())
            for session in sessions:
                called.setdefault(session, set()).add(entry.seq)
        return called

    def _seen(self, page: AnyPage, session: str) -> set[int]:
        return self._readers[session].seen_elsewhere(page.entries) if isinstance(page, Page) else set()


def _shared(view: View) -> View:
    """Return what somebody shares with others who see the same, whomever a bell calls."""
    return view._replace(bell="") if view.bell else view


def are_spoken(entries: list[Entry]) -> bool:
    """Tell whether all entries say what people said."""
    for entry in entries:
        if not isinstance(entry.event, Spoken):
            return False
    return True

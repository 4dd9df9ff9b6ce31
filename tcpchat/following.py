"""The feeds that a reader follows, and its place in each while it is not live. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from tcpchat.events import Entry, Renamed, told_once
from tcpchat.logs.interface import Log
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.replays import Replayed
from tcpchat.screen import Screen

# Renamings remembered by a reader, who may meet each again in the next room: more than happen
# while one catches up with two rooms.
REMEMBERED_RENAMINGS = 64


class Live(Protocol):
    """What a feed needs from a reader, which it hands every batch."""

    session: str
    screen: Screen

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        """The screen was shown this, and took so many bytes of it."""

    def follows_several(self) -> bool:
        """Tell whether the same thing may come by two feeds."""

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        """Return the numbers of the renamings and the like that the reader was shown by another feed."""

    def has_new(self, feed: Followed, upto: Place) -> bool:
        """Tell whether who came and went up to a place is new to the reader, and count it as shown now."""


class Followed(Replayed, Protocol):
    """What a reader needs from a feed (feed.py)."""

    shown: int

    def here(self, view: View) -> Place:
        """Return the place of the live readers with this view."""

    def enter(self, reader: Live, view: View) -> None:
        """Count a reader among the live ones."""

    def leave(self, reader: Live, view: View) -> None:
        """Count a reader among the live ones no longer."""

    def read(self, log: Log, after: int) -> Deferred[list[Entry]]:
        """Answer with what comes after an entry, as much as is shown at once."""

    def render(self, entries: list[Entry], view: View, reader: Live) -> bytes:
        """Return entries as a reader who is behind is shown them."""

    def fold(self, place: Place, upto: int, view: View, viewer: str) -> bytes | None:
        """Return who came and went from a place up to an entry as one line, if they are shown so."""

    def show_folded(self) -> None:
        """Show at once what waits to be shown folded."""


class _Where:
    """Where a reader is in one feed, and how it is seen."""

    __slots__ = "after", "feed", "place", "view"

    def __init__(self, feed: Followed, view: View, after: Place) -> None:
        self.feed = feed
        self.view = view
        self.after = after  # who comes and goes is shown after this place
        self.place: Place | None = None  # of one who is not live


class Following:
    """
    What one reader follows.

    While it is *live*, its places are those of the feeds; while it is not, they are kept here.
    """

    __slots__ = "_followed", "_reader", "_renamings", "is_live"

    def __init__(self, reader: Live) -> None:
        self.is_live = True
        self._reader = reader
        self._followed: dict[Followed, _Where] = {}
        self._renamings: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many feeds are followed."""
        return len(self._followed)

    def __contains__(self, feed: Followed) -> bool:
        """Tell whether a feed is followed."""
        return feed in self._followed

    def add(self, feed: Followed, view: View, after: Place) -> None:
        """Follow a feed from a place on; one that lies behind ends being live."""
        followed = self._followed[feed] = _Where(feed, view, after)
        if self.is_live and not after.is_behind(feed.here(view)):
            feed.enter(self._reader, view)
        else:
            followed.place = after
            self.fall_behind()

    def remove(self, feed: Followed) -> None:
        """Follow a feed no longer."""
        followed = self._followed.pop(feed)
        if self.is_live:
            feed.leave(self._reader, followed.view)

    def clear(self) -> None:
        """Follow nothing any more."""
        for feed in list(self._followed):
            self.remove(feed)

    def restyle(self, view: Callable[[str], View]) -> None:
        """The views of some feeds have changed."""
        for feed, followed in list(self._followed.items()):
            old, new = followed.view, view(feed.stream)
            if new == old:
                continue
            if feed.here(new) != feed.here(old):
                feed.show_folded()
            if feed not in self._followed:
                return  # the screen was found broken
            followed.view = new
            if self.is_live:
                feed.leave(self._reader, old)
                feed.enter(self._reader, new)

    def places(self) -> dict[str, Place]:
        """Return the place in every stream."""
        return {feed.stream: _place(followed) for feed, followed in self._followed.items()}

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        """
        Return the numbers of the renamings that the reader was shown by another feed.

        It counts the others as shown now.
        """
        seen = set()
        for entry in entries:
            event = entry.event
            id = told_once(event)
            if id and not (isinstance(event, Renamed) and len(event.rooms) < 2):
                if id in self._renamings:
                    seen.add(entry.seq)
                self._renamings = *self._renamings[1 - REMEMBERED_RENAMINGS :], id
        return seen

    @property
    def renamings(self) -> tuple[str, ...]:
        """Those that were shown by one feed, and are not to be by the next."""
        return self._renamings

    def remember(self, renamings: Iterable[str]) -> None:
        """Know which renamings were shown by another process."""
        self._renamings = tuple(renamings)

    def place(self, feed: Followed) -> Place:
        """Return the place in one stream."""
        return _place(self._followed[feed])

    def view(self, feed: Followed) -> View:
        """Return how a feed is seen."""
        return self._followed[feed].view

    def fall_behind(self) -> None:
        """Be live no longer."""
        if not self.is_live:
            return
        followed = list(self._followed.values())
        places = [_place(each) for each in followed]
        for each in followed:
            if each.place is None:  # or it is just being added
                each.feed.leave(self._reader, each.view)
        self.is_live = False
        for each, place in zip(followed, places, strict=True):
            each.place = place

    def has_new(self, feed: Followed, upto: Place) -> bool:
        """Tell whether who came and went up to a place is new, and count it as shown from now on."""
        followed = self._followed[feed]
        if followed.after.presence >= upto.presence:
            return False
        followed.after = upto
        return True

    def move(self, feed: Followed, place: Place) -> None:
        """Be at another place, which is not live."""
        self._followed[feed].place = place

    def behind(self) -> Followed | None:
        """Return a feed in which the reader is behind the live ones; None if there is none."""
        for feed, followed in self._followed.items():
            if followed.place is not None and followed.place.is_behind(feed.here(followed.view)):
                return feed
        return None

    def go_live(self) -> None:
        """Be live: nothing is behind, which was seen in this turn of the reactor."""
        self.is_live = True
        for feed, followed in self._followed.items():
            followed.place = None
            feed.enter(self._reader, followed.view)


def _place(followed: _Where) -> Place:
    if followed.place is not None:
        return followed.place
    feed = followed.feed
    return Place(feed.shown, max(feed.here(followed.view).presence, followed.after.presence))

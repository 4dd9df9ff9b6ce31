"""What was said in a room before one came in, fetched page by page and put in order. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tcpchat.client.happenings import Fields

# Lines of one page: as many as the server gives at once.
PAGE = 500


class Backlog:
    """
    The entries of a room from a beginning on, while they are fetched, and those that come meanwhile.

    ``is_wanted`` tells of an entry whether it is not before the beginning.
    """

    def __init__(self, is_wanted: Callable[[Fields], bool], before: int | None = None) -> None:
        """``before`` is where the first page ends, None for the last page of all."""
        self._is_wanted = is_wanted
        self._first = before
        self._entries: dict[int, Fields] = {}
        self._page: list[int] = []  # the numbers of those that the last page has brought

    @property
    def before(self) -> int | None:
        """Return before which entry the next page ends."""
        return min((seq for seq, it in self._entries.items() if it.get("replay")), default=self._first)

    def take(self, it: Fields) -> None:
        """Take in an entry, whether it is of a page or has just come."""
        if it["seq"] not in self._entries:
            self._entries[it["seq"]] = it
            if it.get("replay"):
                self._page.append(it["seq"])

    def ends_here(self) -> bool:
        """Tell, at the end of a page, whether there is nothing before it that is wanted."""
        page, self._page = self._page, []
        return not page or not self._is_wanted(self._entries[min(page)])

    def entries(self) -> Iterator[Fields]:
        """Yield what is wanted, in order."""
        for _, it in sorted(self._entries.items()):
            if self._is_wanted(it):
                yield it
